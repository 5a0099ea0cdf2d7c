/**
 * The heart of the gate: finds the answer in force, arms the engine, publishes `window.fairgate`. What follows from a
 * new answer is in late.js, which a page loads when there is something to do.
 */

import { ABSENT_TERMS, SCREEN_LANGUAGE, SCREEN_TEXTS } from '../packed.js';
import { firstLayer } from '../ui/first.js';
import { cookies, kept, newest, oneTrusts, values } from './cookie.js';
import { language, origin } from './origin.js';
import { before, interpret, optional, unpack } from './vector.js';

const { get: following } = Object.getOwnPropertyDescriptor(Node.prototype, 'nextSibling');
/** @param {Node} node @returns {Node|null} what really follows it */
const nextSibling = (node) => following.call(node);

/**
 * @param {import('../types.d.ts').Config} cfg the packed release (compile.py)
 * @param {{arm: (host: object) => object, tabled: typeof import('../block/match.js').tabled}} engine the blocking engine (engine.js)
 */
export function start(cfg, { arm, tabled }) {
  const { langs } = cfg;
  const terms = Object.assign(cfg.terms, { ...ABSENT_TERMS, ...cfg.terms });
  const items = unpack(cfg);
  const services = items.filter(({ kind }) => kind === 'services');
  const first = items.length - services.length;
  const same = (text) => text;
  const unchecked = { createHTML: same, createScript: same, createScriptURL: same };
  /** Files on their way, and those that came. @type {Object<string, Promise<void>>} */
  const loads = {};
  const ours = new WeakSet();
  /** Trusted Types forbid our files: the page has no policy that allows them; and whether that was told. */
  let forbidden = false;
  let told = false;

  /** The inside of the gate, for late.js, ui.js and stub.js. @type {import('../types.d.ts').Core} */
  const core = {
    ...origin(cfg.site),
    cfg,
    terms,
    items,
    child: cfg.child,
    optIn: terms.model === 'opt_in',
    reports: [],
    /** What the page's code threw; late.js looks for names of held libraries. */
    errors: [],
    /** What stands before the gate, as long as the page is read in its order. */
    above: [...document.all],
    listeners: { __proto__: null },
    made: {},
    unknownKeys: new Set(),
    warn: (what, error = '') => console.warn(`fairgate: ${what}`, error),
    safely,
    /** What is denied. In opt-in regimes a "yes" said to us is more specific than a browser's signal; elsewhere that wins (11 CCR 7025). */
    signal: (answered) => core.child | (answered && core.optIn ? 0 : core.signalled),
    /** Reads the stored answer. */
    read() {
      // A browser may ask another process for them.
      const pairs = cookies();
      const raw = kept(core, pairs);
      core.stored = `${raw}`;
      core.answer = newest(raw, core);
      // Of twins, on the host and on its domain, the newest.
      core.closed = oneTrusts('OptanonAlertBoxClosed', pairs).sort().pop();
      core.signals = {};
      core.signalled = 0;
      for (const [key, property, value, denies] of cfg.signals) {
        if (navigator[property] !== value) continue;
        core.signals[key] = value;
        core.signalled |= denies;
      }
      core.ask = items.some(({ necessary }) => !necessary);
      core.lapsed = false;
      core.unsure = false;
      core.vector = before(items, core.signal());
      // Vendors hear their defaults before any script of theirs can run; an earlier answer follows at once.
      if (!core.vendorSignals) core.signalVendors('default');
      if (core.answer) core.applyAnswer();
      // Perhaps an objection, or of an earlier gate: late.js finds out. `fairgate` was every site's name once.
      else if (raw[0] || core.closed || values('fairgate', pairs)[0]) {
        core.unsure = true;
        core.vector = items.map(({ necessary }) => !!necessary);
      }
      if (core.member) core.ask = false;
    },
    applyAnswer: () => Object.assign(core, interpret(core)),
    /** @returns {{categories: object, purposes: object, services: object}} what `convert` makes of each value */
    shape(convert = same) {
      const out = { categories: [], purposes: [], services: [] };
      items.forEach(({ kind, key }, i) => {
        const value = convert(core.vector[i]);
        if (value !== undefined) out[kind].push([key, value]);
      });
      // Any key is a key here, `__proto__` too.
      for (const kind in out) out[kind] = Object.fromEntries(out[kind]);
      return out;
    },
    /** One step (default, update) of every vendor adapter; what they sent goes into the record. */
    signalVendors(step) {
      core.vendorSignals = {};
      for (const name in cfg.adapters) {
        try {
          core.vendorSignals[name] = cfg.adapters[name](core, step, api.allowed);
        } catch (error) {
          core.disarmed(name, error);
        }
      }
    },
    /** @param {(core: object) => *} [run] only when late.js did its work @returns {Promise<*>} what it gives, else null */
    late: (run) =>
      load('late', cfg.late).then(
        () => safely('late', () => run?.(core)),
        () => null,
      ),
    loadScreen: (lang = core.lang) => load(`ui.${lang}`, langs[lang]),
    whenParsed(run) {
      if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', run, { once: true });
      else run();
    },
    table: tabled(services, /** @type {any} */ (cfg.re)),
    services,
    // Google's own tags run unasked only behind the defaults that deny them everything.
    allowed: (i) => core.vector[first + i] || (cfg.advanced && core.vendorSignals.google && services[i].adapter === 'google'),
    /** Is this category, purpose or service granted (all that are called so)? Without a key: any optional category? */
    granted(key) {
      if (key === undefined) return items.some((item, i) => core.vector[i] && optional(item));
      const mine = items.flatMap((item, i) => (item.key === key ? !!core.vector[i] : []));
      return mine[0] === undefined ? core.unknown(key) : !mine.includes(false);
    },
    /** A key that the release does not have waits, and is reported once (late.js). @returns {false} */
    unknown(key) {
      core.unknownKeys.add(key);
      return false;
    },
    disarmed(what, error) {
      core.warn(`${what} is not armed`, error);
      core.report('disarmed', what);
    },
    /** Puts a node of ours beside the page's body, before it. */
    putBeside(node) {
      const { documentElement, head, body } = document;
      ours.add(node);
      documentElement.insertBefore(node, body);
      // React 18, which renders whole documents, walks from the head to what follows it and expects the body.
      if (!head) return;
      const get = () => {
        let next = nextSibling(head);
        while (ours.has(next)) next = nextSibling(next);
        return next;
      };
      Object.defineProperty(head, 'nextSibling', { configurable: true, get });
    },
    report(kind, subject) {
      core.reports.push({ kind, subject });
    },
    /** The page draws all of it itself (docs/headless.md). */
    isHeadless: () => isOn('data-headless'),
    /** That, and OneTrust's ways to have no banner. */
    isBare: () => core.isHeadless() || core.get('data-ignore-html') === 'true' || /[?&]hidebanner=true/.test(location.search),
    /** What the first layer says, of the language that came with the gate. */
    firstScreen: () => ({ ...cfg.first, ...core.first, [SCREEN_TEXTS]: { ...cfg.first[SCREEN_TEXTS], ...core.first[SCREEN_TEXTS] } }),
    makeUi() {
      core.uiParts ||= firstLayer(core);
      return core.uiParts;
    },
    /** Fetches what goes on with the first layer; without it that does not stand. @returns the view, or nothing */
    loadRest: () =>
      Promise.all([load('late', cfg.late), core.loadScreen()])
        .then(() => core.loadUi())
        .catch(() => core.uiParts.hideBanner()),
    /** Begins what a visitor sees. */
    beginOnce() {
      core.started ||= core.begin();
    },
  };
  const isOn = (name) => /^(true)?$/.test(core.get(name) ?? 'no');
  // A subscriber of the site's: nothing is asked, and all that is optional waits, whatever was said before.
  core.member = cfg.member && isOn('data-member');
  if (core.member) core.child = cfg.child |= cfg.member;
  const attempt = (name, hash, more) =>
    new Promise((done) => {
      const script = document.createElement('script');
      script.nonce = core.nonce;
      script.crossOrigin = core.get('crossorigin');
      script.onload = script.onerror = () => {
        script.remove();
        done();
      };
      try {
        script.src = core.policy.createScriptURL(`${core.base}/v1/${cfg.site}/a/${hash}/${name}.js${more}`);
        core.putBeside(script);
        forbidden = false;
      } catch {
        forbidden = true;
        done();
      }
    }).then(() => {
      if (core.made[name] !== cfg.made) throw name;
      if (name !== 'late') return;
      core.startLate(api);
      // What a press brought must not run before what it stands on.
      if (core.uiParts) core.beginOnce();
    });
  /**
   * Fetches a file of ours. "Loaded" is not "did its work": its last line (compile.py) says in `made` whose it is. What says
   * something else (empty, cut, thrown, a portal's page, another release) is asked for once more, past every cache.
   */
  function load(name, hash) {
    loads[name] ||= attempt(name, hash, '')
      .catch(() =>
        // The page's default policy may be made after us.
        forbidden ? new Promise(core.whenParsed).then(() => attempt(name, hash, '')) : attempt(name, hash, `?${Date.now()}`),
      )
      .catch(() => {
        if (!forbidden) setTimeout(() => delete loads[name], 9999);
        else if (told) throw 0;
        else {
          told = true;
          name = 'trusted-types';
        }
        core.warn(forbidden ? 'Trusted Types: the page allows no policy "fairgate"' : `${name}.js did not load or did not do its work`);
        // late.js, which reports everything else, may be the one that is missing.
        const body = JSON.stringify({ site: cfg.site, release: cfg.release, items: [{ kind: 'broken', subject: name }] });
        safely(name, () => fetch(`${core.base}/api/v1/reports`, { method: 'POST', body, credentials: 'omit' }).catch(() => {}));
        return Promise.reject();
      });
    return loads[name];
  }
  function safely(what, run) {
    try {
      return run();
    } catch (error) {
      core.warn(what, error);
    }
  }

  core.lang = language(Object.keys(langs), core);
  /**
   * The rest of it comes with late.js.
   *
   * @type {any}
   * @satisfies {Omit<import('../../fairgate.d.ts').Fairgate, 'ready'|keyof import('../types.d.ts').LateApi>}
   */
  const api = {
    version: '1',
    site: cfg.site,
    release: cfg.release,
    regime: terms.regime,
    language: core.lang,
    consent: () => ({ answered: !!core.answer && !core.lapsed, gpc: !!core.signals.gpc, ...core.shape() }),
    allowed: (key = '') => core.granted(key),
    on(event, listener) {
      /** What no key can be made of is no event: its listener is never called. */
      const listenersOf = () => {
        core.listeners[event] ||= [];
        return core.listeners[event];
      };
      const list = safely('on', listenersOf) || [];
      list.push(listener);
      if (event === 'ready') safely(event, () => listener(api.consent()));
      return () => list.includes(listener) && list.splice(list.indexOf(listener), 1);
    },
    _: core,
  };
  // late.js puts the real ones in their place; ui.js may arrive before it.
  const forwardToLate = (object, names) => {
    for (const name of names.split(' ')) {
      const forward = (...given) => core.late(() => object[name] !== forward && object[name](...given));
      object[name] = forward;
    }
  };
  forwardToLate(api, 'accept reject withdraw optOut set setAge open show content signIn');
  forwardToLate(core, 'begin place ui releaseAllowed restart importsHeld');
  core.policy = unchecked;
  try {
    core.policy = window.trustedTypes?.createPolicy('fairgate', unchecked) || unchecked;
  } catch {
    // Then the page's default policy is asked, where it has one.
  }
  core.read();
  // What may be an objection denies at once; vendors hear no more than that.
  if ((core.answer && !core.lapsed) || `${core.vector}` !== `${before(items, core.signal())}`) core.signalVendors('update');

  core.friends = [location.hostname, ...cfg.hosts, new URL(core.base || '/', /** @type {any} */ (location)).hostname];
  core.level = core.dropIn ? 'drop_in' : cfg.level || 'snippet';
  core.engine = window.fgUpper?.()?._.engine || arm(core);
  api.ready = Promise.resolve(api.consent());
  window.fairgate = api;
  addEventListener('error', ({ message }) => core.errors.push(message));

  /** Shows the banner that came with this file as soon as there is a body; the other files follow the first paint. */
  function showFirst() {
    const { body, documentElement } = document;
    if (!body) {
      const observer = new MutationObserver(() => {
        if (!document.body) return;
        observer.disconnect();
        // Not in the parser's task: what it would put off by that could be a picture, asked for before the gate sees it.
        setTimeout(() => core.safely('banner', showFirst));
      });
      return observer.observe(documentElement, { childList: true });
    }
    // An answer by the page may have been faster.
    if (!core.ask || core.uiParts) return core.beginOnce();
    const ui = core.makeUi();
    ui.read(core.firstScreen());
    ui.draw();
    core.putBeside(ui.root);
    core.since = performance.now();
    const whenIdle = window.requestIdleCallback || setTimeout;
    requestAnimationFrame(() => whenIdle(core.loadRest));
    // Nothing is painted in a tab that nobody sees.
    setTimeout(core.loadRest, 3000);
  }
  const ask = () => {
    if (core.first?.[SCREEN_LANGUAGE] === core.lang && !core.unsure && !core.dropIn && !document.prerendering && !core.isBare())
      return core.safely('banner', showFirst);
    core.loadScreen().catch(() => {});
    core.beginOnce();
  };
  // Who has to be asked is asked at once; the rest can wait for the page. So does a drop-in, whose stub says more.
  if (core.ask && terms.banner && !core.dropIn && parent === self)
    Promise.resolve().then(ask); // behind the last part of this file
  else core.whenParsed(core.beginOnce);
  dispatchEvent(new CustomEvent('fairgate:ready', { detail: api.consent() }));
}
