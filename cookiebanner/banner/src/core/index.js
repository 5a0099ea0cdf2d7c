/**
 * The heart of the gate: finds the answer in force, arms the engine, publishes `window.fairgate`. What follows from a
 * new answer is in late.js, which a page loads when there is something to do.
 */

import { language, origin } from './config.js';
import { decode, values } from './cookie.js';
import { before, CHILD, GPC, optional, recall, unpack } from './vector.js';

const OPENERS = '.ot-sdk-show-settings,.optanon-toggle-display,.optanon-show-settings,.ot-pc-handler,#ot-sdk-btn,[data-fairgate-open]';
const PLACES = '#ot-sdk-cookie-policy,#ot-sdk-cookie-policy-v2,#optanon-cookie-policy,[data-fairgate-links]';
const NAMES = { c: 'categories', p: 'purposes', s: 'services' };
const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');

/**
 * @param {object} cfg the packed release (compile.py)
 * @param {(host: object) => object} arm the blocking engine (src/block)
 */
export function start(cfg, arm) {
  const { terms, hosts, site, langs } = cfg;
  const items = unpack(cfg);
  const first = items.length - cfg.s.length;
  const { hostname } = location;
  const ours = (host) => hosts.find((name) => host === name || host.endsWith(`.${name}`));
  const listeners = {};
  const loads = {};
  let frozen = false;

  /** The inside of the gate, for late.js, ui.js and stub.js. */
  const core = {
    ...origin(site),
    cfg,
    terms,
    items,
    first,
    ours,
    openers: OPENERS,
    optIn: terms.model === 'opt_in',
    // A sandboxed page has no cookies, and says so loudly.
    jar: {
      get() {
        try {
          return cookie.get.call(document);
        } catch {
          return '';
        }
      },
      set: (line) => cookie.set.call(document, line),
    },
    reports: [],
    child: 0,
    warn: (what, error = '') => console.warn(`fairgate: ${what}`, error),
    safely(what, run) {
      try {
        return run();
      } catch (error) {
        core.warn(what, error);
      }
    },
    emit(event, detail) {
      for (const listener of listeners[event] || []) core.safely(event, () => listener(detail));
      if (/ready|change|stored|optout/.test(event)) window.dispatchEvent(new CustomEvent(`fairgate:${event}`, { detail }));
    },
    on(event, listener) {
      (listeners[event] ||= []).push(listener);
      if (event === 'ready' && core.engine) core.safely(event, () => listener(core.consent()));
      return () => listeners[event].splice(listeners[event].indexOf(listener), 1);
    },
    /** The signals that bind. In opt-in regimes a "yes" said to us is more specific than GPC; elsewhere GPC wins (11 CCR 7025). */
    signal: (said) => core.child | (core.gpc && !(said && core.optIn) ? GPC : 0),
    /** The age of who is asked changes what may run: advertising waits, or everything does. */
    young(is) {
      core.child = is ? (terms.minors?.hold === 'all' ? CHILD : GPC) : 0;
    },
    /** Reads the stored answer. */
    read() {
      const raw = values(core.jar.get(), 'fairgate');
      core.gpc = navigator.globalPrivacyControl === true;
      core.answer = raw.map(decode).filter(Boolean).sort((a, b) => b.t - a.t)[0];
      core.closed = values(core.jar.get(), 'OptanonAlertBoxClosed')[0];
      Object.assign(core, { ask: true, lapsed: false, vector: before(items, core.signal()) });
      if (core.answer) core.recall();
      else if (raw[0] || core.closed) {
        // Perhaps an objection: late.js finds out.
        core.vector = items.map(({ necessary }) => !!necessary);
      }
    },
    recall: () => Object.assign(core, recall(items, core, cfg.release)),
    shape(say) {
      const out = { categories: {}, purposes: {}, services: {} };
      items.forEach(({ kind, key }, i) => {
        const value = say(core.vector[i]);
        if (value !== undefined) out[NAMES[kind]][key] = value;
      });
      return out;
    },
    consent: () => ({
      answered: !!core.answer && !core.lapsed,
      at: core.answer ? new Date(core.answer.t * 1000).toISOString() : null,
      id: core.answer?.id || null,
      visitor: core.answer?.u || null,
      gpc: core.gpc,
      objected: !!core.answer?.x,
      ...core.shape((value) => value),
    }),
    /** One step (default, update) of every vendor adapter; `told` goes into the record. */
    tell(step) {
      core.told = {};
      for (const name in cfg.adapters) core.safely(name, () => (core.told[name] = cfg.adapters[name](core, step, core.allowed)));
    },
    allowed: (key) => items.some((item, i) => item.key === key && core.vector[i]),
    load: (name, hash) =>
      (loads[name] ||= new Promise((resolve, reject) => {
        const script = document.createElement('script');
        const url = `${core.base}/v1/${site}/a/${hash}/${name}.js`;
        if (core.nonce) script.nonce = core.nonce;
        if (core.tag?.crossOrigin) script.crossOrigin = core.tag.crossOrigin;
        script.onload = resolve;
        script.onerror = () => {
          delete loads[name];
          reject(core.warn(`${url} did not load`));
        };
        script.src = core.policy ? core.policy.createScriptURL(url) : url;
        (document.head || document.documentElement).append(script);
      })),
    late: (run = () => {}) => core.load('late', cfg.late).then(() => run(core)),
    /** @returns {Promise<object>} the view, in the language `code` from now on */
    loadUi(code) {
      if (langs[code]) core.lang = code;
      return Promise.all([core.load(`ui.${core.lang}`, langs[core.lang]), core.late(), new Promise(core.parsed)]).then(() => core.view);
    },
    parsed: (run) => (document.readyState === 'loading' ? document.addEventListener('DOMContentLoaded', run, { once: true }) : run()),
    ui(factory) {
      if (core.view) core.view.setLanguage(core.lang);
      else core.view = factory(core);
    },
    report(kind, subject) {
      core.reports.push({ kind, subject });
      if (core.begun) core.go();
    },
    decide: (...said) => core.late(() => core.decide(...said)),
    open: (layer) => core.loadUi().then(() => core.open(layer), () => {}),
    show: () => core.loadUi().then(() => core.show(), () => {}),
  };
  core.lang = language(Object.keys(langs), core);
  core.domain = core.test ? '' : ours(hostname) || '';
  core.policy = core.safely('trusted types', () => {
    const same = (text) => text;
    return window.trustedTypes?.createPolicy('fairgate', { createHTML: same, createScript: same, createScriptURL: same });
  });
  core.young(cfg.child);
  core.gpc = navigator.globalPrivacyControl === true;
  core.vector = before(items, core.signal());
  // Vendors hear their defaults before any script of theirs can run; an earlier answer follows at once.
  core.tell('default');
  core.read();
  if (core.answer && !core.lapsed) core.tell('update');

  const friends = [...hosts, (core.base || location.origin).replace(/^\w*:?\/\/|[:/].*$/g, '')];
  const allowed = (i) => core.vector[first + i] || (cfg.advanced && items[first + i].adapter === 'google');
  core.engine = arm({
    table: cfg.table,
    services: items.slice(first),
    allowed,
    granted: (category) => (category ? core.allowed(category) : items.some((item, i) => core.vector[i] && optional(item))),
    unknown: cfg.unknown,
    pageHost: hostname,
    nonce: core.nonce,
    tag: core.tag,
    policy: core.policy,
    level: core.dropIn ? 'drop_in' : cfg.level,
    firstPartyHosts: friends,
    onUnknown: (host) => core.report('unknown', host),
    onDisarmed(what, error) {
      core.warn(`${what} is not armed`, error);
      core.report('disarmed', what);
    },
    placeholder: (element, service) => core.parsed(() => core.loadUi().then((view) => view.placeholder(element, service), () => {})),
    wake: () => core.late(() => core.engine.release()),
    strict: !core.dropIn && cfg.strict?.(friends, allowed),
  });
  core.loadOnce = core.engine.loadOnce;

  const say = (action) => (choices) => core.decide(action, choices, 'api');
  window.fairgate = {
    version: '1',
    site,
    release: cfg.release,
    regime: terms.regime,
    get language() {
      return core.lang;
    },
    consent: core.consent,
    allowed: core.allowed,
    open: (layer) => core.open(layer),
    show() {
      core.ask = true;
      return core.show();
    },
    accept: say('accept_all'),
    reject: say('reject_all'),
    withdraw: say('withdraw'),
    optOut: say('opt_out'),
    set: say('custom'),
    setAge(years) {
      core.young(cfg.child || years < (terms.minors?.ads_off_under || 0));
      return core.late(() => core.reread());
    },
    on: core.on,
    ready: Promise.resolve(core.consent()),
    _: core,
  };

  const pressed = (event) => {
    const link = event.target.closest?.(OPENERS);
    if (link && (event.type === 'click' || (/^(Enter| )$/.test(event.key) && link.getAttribute('role')))) {
      event.preventDefault();
      event.stopPropagation();
      core.open(link.dataset.fairgateOpen);
    }
  };
  for (const type of ['click', 'keydown']) document.addEventListener(type, pressed);
  // A span is no button until somebody says so.
  const dress = () =>
    document.querySelectorAll(OPENERS).forEach((link) => {
      if (link.tabIndex < 0) {
        link.tabIndex = 0;
        link.setAttribute('role', 'button');
      }
    });
  core.parsed(() => {
    dress();
    new MutationObserver(dress).observe(document, { childList: true, subtree: true });
  });

  const reread = () => core.late(() => core.reread());
  window.addEventListener('pageshow', (event) => event.persisted && reread());
  core.safely('tabs', () => {
    core.tabs = new BroadcastChannel(`fairgate.${site}`);
    core.tabs.onmessage = reread;
  });
  core.go = () => (core.started = core.late((late) => late.begin()).catch(() => {}));
  let begun = false;
  core.kick = () => {
    if (begun) return;
    begun = true;
    const todo = () => Object.keys(localStorage).some((key) => /^fairgate\.q/.test(key)) || document.querySelector(PLACES) || terms.links || (cfg.button && !document.querySelector(OPENERS));
    if (core.ask || core.closed || core.answer.x || core.reports[0]) core.go();
    else core.parsed(() => core.safely('start', todo) && core.go());
  };
  // A drop-in waits for its stub, whose tag says more.
  const begin = () => (core.dropIn ? core.parsed(core.kick) : core.kick());
  if (document.prerendering) document.addEventListener('prerenderingchange', () => reread().then(begin), { once: true });
  else setTimeout(begin);
  core.emit('ready', core.consent());
}
