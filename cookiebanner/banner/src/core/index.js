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
    listeners: {},
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
      for (const name in cfg.adapters) safely(name, () => (core.told[name] = cfg.adapters[name](core, step, api.allowed)));
    },
    load: (name, hash) =>
      (loads[name] ||= new Promise((resolve, reject) => {
        const script = document.createElement('script');
        const url = `${core.base}/v1/${cfg.site}/a/${hash}/${name}.js`;
        script.nonce = core.nonce;
        script.crossOrigin = core.get('crossorigin');
        script.onload = resolve;
        script.onerror = () => {
          delete loads[name];
          reject(core.warn(`${url} did not load`));
        };
        script.src = core.policy.createScriptURL(url);
        document.documentElement.append(script);
      })),
    late: (run) =>
      core.load('late', cfg.late).then(
        () => run?.(core),
        () => {},
      ),
    /** @returns {Promise<object>} the view */
    screen: () => core.load(`ui.${core.lang}`, langs[core.lang]),
    parsed: (run) => (document.readyState === 'loading' ? document.addEventListener('DOMContentLoaded', run, { once: true }) : run()),
    table: tabled(services, cfg.re),
    services,
    allowed: (i) => core.vector[first + i] || (cfg.advanced && services[i].adapter === 'google'),
    granted: (key) => items.some((item, i) => core.vector[i] && (key ? item.key === key : optional(item))),
    disarmed(what, error) {
      core.warn(`${what} is not armed`, error);
      core.report('disarmed', what);
    },
    report: (kind, subject) => core.reports.push({ kind, subject }),
    /** Begins what a visitor sees, once. */
    kick: () => (core.started ||= core.begin()),
  };
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
    allowed: (key) => !!key && core.granted(key),
    on(event, listener) {
      const list = (core.listeners[event] ||= []);
      list.push(listener);
      if (event === 'ready') safely(event, () => listener(api.consent()));
      return () => list.splice(list.indexOf(listener), 1);
    },
    _: core,
  };
  // late.js puts the real ones in their place; ui.js may arrive before it.
  const later = (object, names) => {
    for (const name of names.split(' ')) object[name] = (...said) => core.late(() => object[name](...said));
  };
  later(api, 'accept reject withdraw optOut set setAge open show');
  later(core, 'begin place ui wake');
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
