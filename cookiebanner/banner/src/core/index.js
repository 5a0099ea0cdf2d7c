/**
 * The heart of the gate: finds the answer in force, arms the engine, publishes `window.fairgate`. What follows from a
 * new answer is in late.js, which a page loads when there is something to do.
 */

import { language, origin } from './config.js';
import { newest, values } from './cookie.js';
import { tabled } from '../block/match.js';
import { before, GPC, optional, recall, unpack } from './vector.js';

/**
 * @param {object} cfg the packed release (compile.py)
 * @param {(host: object) => object} arm the blocking engine (src/block)
 */
export function start(cfg, arm) {
  const { terms, langs } = cfg;
  const items = unpack(cfg);
  const services = items.filter(({ kind }) => kind === 'services');
  const first = items.length - services.length;
  const same = (text) => text;
  const plain = { createHTML: same, createScript: same, createScriptURL: same };
  const loads = {};

  /** The inside of the gate, for late.js, ui.js and stub.js. */
  const core = {
    ...origin(cfg.site),
    cfg,
    terms,
    items,
    child: cfg.child,
    optIn: terms.model === 'opt_in',
    reports: [],
    listeners: { __proto__: null },
    made: {},
    strange: new Set(),
    warn: (what, error = '') => console.warn(`fairgate: ${what}`, error),
    safely,
    /** The signals that bind. In opt-in regimes a "yes" said to us is more specific than GPC; elsewhere GPC wins (11 CCR 7025). */
    signal: (said) => core.child | (core.gpc && !(said && core.optIn) ? GPC : 0),
    /** Reads the stored answer. */
    read() {
      const raw = values(cfg.cookie);
      core.answer = newest(raw);
      core.closed = values('OptanonAlertBoxClosed')[0];
      core.gpc = navigator.globalPrivacyControl === true;
      core.ask = true;
      core.lapsed = false;
      core.vector = before(items, core.signal());
      // Vendors hear their defaults before any script of theirs can run; an earlier answer follows at once.
      if (!core.told) core.tell('default');
      if (core.answer) core.recall();
      // Perhaps an objection: late.js finds out. `fairgate` was every site's name once.
      else if (raw[0] || core.closed || values('fairgate')[0]) core.vector = items.map(({ necessary }) => !!necessary);
    },
    recall: () => Object.assign(core, recall(core)),
    /** @returns {{categories: object, purposes: object, services: object}} what `say` makes of each value */
    shape(say = same) {
      const out = { categories: [], purposes: [], services: [] };
      items.forEach(({ kind, key }, i) => {
        const value = say(core.vector[i]);
        if (value !== undefined) out[kind].push([key, value]);
      });
      // Any key is a key here, `__proto__` too.
      for (const kind in out) out[kind] = Object.fromEntries(out[kind]);
      return out;
    },
    /** One step (default, update) of every vendor adapter; `told` goes into the record. */
    tell(step) {
      core.told = {};
      for (const name in cfg.adapters) {
        try {
          core.told[name] = cfg.adapters[name](core, step, api.allowed);
        } catch (error) {
          core.disarmed(name, error);
        }
      }
    },
    /**
     * A file of ours. "Loaded" is not "did its work": its last line (compile.py) says in `made` whose it is. What says
     * something else (empty, cut, thrown, a portal's page, another release) is asked for once more, past every cache.
     */
    load: (name, hash) =>
      (loads[name] ||= attempt(name, hash, '')
        .catch(() => attempt(name, hash, `?${Date.now()}`))
        .catch(() => {
          setTimeout(() => delete loads[name], 9999);
          core.warn(`${name}.js did not load or did not do its work`);
          // late.js, which tells everything else, may be the one that is missing.
          const body = JSON.stringify({ site: cfg.site, release: cfg.release, items: [{ kind: 'broken', subject: name }] });
          safely(name, () => fetch(`${core.base}/api/v1/reports`, { method: 'POST', body, credentials: 'omit' }).catch(() => {}));
          return Promise.reject();
        })),
    /** @param {(core: object) => *} [run] only when late.js did its work @returns {Promise<*>} what it gives, else null */
    late: (run) =>
      core.load('late', cfg.late).then(
        () => safely('late', () => run?.(core)),
        () => null,
      ),
    screen: (lang = core.lang) => core.load(`ui.${lang}`, langs[lang]),
    parsed: (run) => (document.readyState === 'loading' ? document.addEventListener('DOMContentLoaded', run, { once: true }) : run()),
    table: tabled(services, cfg.re),
    services,
    // Google's own tags run unasked only behind the defaults that deny them everything.
    allowed: (i) => core.vector[first + i] || (cfg.advanced && core.told.google && services[i].adapter === 'google'),
    /** Is this category, purpose or service granted (all that are called so)? Without a key: any optional category? */
    granted(key) {
      if (key === undefined) return items.some((item, i) => core.vector[i] && optional(item));
      const mine = items.flatMap((item, i) => (item.key === key ? !!core.vector[i] : []));
      return mine[0] === undefined ? core.unknown(key) : !mine.includes(false);
    },
    /** What nothing is called here waits, and is told of once (late.js). @returns {false} */
    unknown: (key) => core.strange.add(key) && false,
    disarmed(what, error) {
      core.warn(`${what} is not armed`, error);
      core.report('disarmed', what);
    },
    report: (kind, subject) => core.reports.push({ kind, subject }),
    /** Begins what a visitor sees, once. */
    kick: () => (core.started ||= core.begin()),
  };
  const attempt = (name, hash, more) =>
    new Promise((done) => {
      const script = document.createElement('script');
      script.nonce = core.nonce;
      script.crossOrigin = core.get('crossorigin');
      script.onload = script.onerror = done;
      script.src = core.policy.createScriptURL(`${core.base}/v1/${cfg.site}/a/${hash}/${name}.js${more}`);
      document.documentElement.append(script);
    }).then(() => {
      if (core.made[name] !== cfg.made) throw name;
      if (name === 'late') core.work(api);
    });
  function safely(what, run) {
    try {
      return run();
    } catch (error) {
      core.warn(what, error);
    }
  }

  const api = {
    version: '1',
    site: cfg.site,
    release: cfg.release,
    regime: terms.regime,
    language: (core.lang = language(Object.keys(langs), core)),
    consent: () => ({ answered: !!core.answer && !core.lapsed, gpc: core.gpc, ...core.shape() }),
    allowed: (key = '') => core.granted(key),
    on(event, listener) {
      const list = safely('on', () => (core.listeners[event] ||= [])) || [];
      list.push(listener);
      if (event === 'ready') safely(event, () => listener(api.consent()));
      return () => list.includes(listener) && list.splice(list.indexOf(listener), 1);
    },
    _: core,
  };
  // late.js puts the real ones in their place; ui.js may arrive before it.
  const later = (object, names) => {
    for (const name of names.split(' ')) {
      const wait = (...said) => core.late(() => object[name] !== wait && object[name](...said));
      object[name] = wait;
    }
  };
  later(api, 'accept reject withdraw optOut set setAge open show');
  later(core, 'begin place ui releaseAllowed');
  core.policy = safely('policy', () => window.trustedTypes?.createPolicy('fairgate', plain)) || plain;
  core.read();
  if (core.answer && !core.lapsed) core.tell('update');

  core.friends = [location.hostname, ...cfg.hosts, new URL(core.base || '/', location).hostname];
  core.level = core.dropIn ? 'drop_in' : cfg.level || 'snippet';
  core.engine = window.fgUpper?.()?._.engine || arm(core);
  api.ready = Promise.resolve(api.consent());
  window.fairgate = api;

  // Who has to be asked is asked at once; the rest can wait for the page. So does a drop-in, whose stub says more.
  if (core.ask && terms.banner && !core.dropIn && parent === self) {
    core.screen().catch(() => {});
    core.kick();
  } else core.parsed(core.kick);
  dispatchEvent(new CustomEvent('fairgate:ready', { detail: api.consent() }));
}
