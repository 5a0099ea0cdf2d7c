/** What follows from an answer: cookies, signals, tags, events, record. */

import { choose, marks } from './choose.js';
import { newest, values } from './cookie.js';
import { adopt, reportedEarlier } from './earlier.js';
import { takeOver } from './optanon.js';
import { before, grants } from './vector.js';
import { encode, write } from './write_cookie.js';

const seconds = () => Math.floor(Date.now() / 1000);

/** RFC 9562 version 4, also where there is no secure context. */
export const uuid = () =>
  crypto.randomUUID?.() ||
  '10000000-1000-4000-8000-100000000000'.replace(/[018]/g, (/** @type {any} a digit */ c) =>
    (c ^ (crypto.getRandomValues(new Uint8Array(1))[0] & (15 >> (c / 4)))).toString(16),
  );

/** @param {import('../types.d.ts').Core} core @param {import('../types.d.ts').Transport} transport */
export function answers(core, transport) {
  const { cfg, terms, items, optIn } = core;
  /** The answer that the browser did not keep. @type {import('./cookie.js').Answer|false|undefined} */
  let unkept;

  /** Keeps the vector as the answer `id`, given at `t`. */
  function keep(id, action, t) {
    const start = before(items, core.child);
    const choices = { c: { __proto__: null }, p: { __proto__: null }, s: { __proto__: null } };
    const { vector } = core;
    let x = action === 'opt_out';
    items.forEach((item, i) => {
      if (vector[i] === undefined) return;
      if (start[i] && !vector[i]) x = true;
      const { kind, key, necessary, container, group } = item;
      if (kind === 'categories' || (!necessary && !container && vector[i] !== vector[items.indexOf(group)]))
        choices[kind[0]][key] = !!vector[i];
    });
    const visitor = core.answer?.u || (id && grants(items, choices) ? uuid() : '');
    core.answer = { r: cfg.release, h: cfg.content, id, u: visitor, t, g: terms.regime, ...choices, x, m: marks(items), o: !optIn };
    core.lapsed = core.ask = false;
    save();
    // What the browser did not keep holds as long as its page.
    unkept = newest(values(cfg.cookie))?.id !== id && core.answer;
  }

  /** 400 days is the longest a browser keeps a cookie; an objection is renewed at every view. */
  function save() {
    const { answer } = core;
    const days = grants(items, answer) ? terms.consent_days : terms.refusal_days;
    const text = encode(answer);
    core.write(cfg.cookie, text, 86400 * (answer.x || !days ? 400 : Math.max(days, terms.reask_days || 0)));
    if (cfg.home) fetch('/.well-known/fairgate/', { method: 'POST', body: `${cfg.cookie}=${text}`, keepalive: true }).catch(() => {});
  }

  /** Makes the vector true on the page: vendors, tags, then whoever listens. */
  function apply(old, detail) {
    const { vector, engine, services } = core;
    const first = items.length - services.length;
    const more = vector.some((value, i) => value && !old[i]);
    const revoked = services.map((_, i) => i).filter((i) => old[first + i] && !vector[first + i]);
    // Without an answer the next view would begin as this one did, and reload again.
    const reload = more && core.answer && (cfg.reload || (cfg.level === 'strict' && !core.dropIn));
    core.emit('write', detail);
    core.signalVendors('update');
    if (revoked.length) core.safely('revoke', () => engine.revoke(revoked));
    if (more && !reload) core.safely('release', () => engine.release());
    core.emit('change', { ...window.fairgate.consent(), ...detail });
    return reload;
  }

  /** Queues the record of what is in force. */
  const record = (id, replaces, action, layer, more) =>
    transport.answer({
      site: cfg.site,
      id,
      visitor: (action !== 'gpc' && core.answer?.u) || null,
      replaces: replaces || null,
      release: cfg.release,
      regime: terms.regime,
      language: core.lang,
      layer: layer || 'api',
      action,
      choices: core.shape((value) => (value === undefined ? 'not_offered' : value ? 'granted' : 'denied')),
      signals: { gpc: core.gpc, vendors: core.vendorSignals },
      page: location.hostname + (cfg.path ? location.pathname : ''),
      client_time: new Date().toISOString(),
      ...more,
    });

  /** Milliseconds since a layer came up by itself; nothing when none did, or it has had its answer. */
  function timeToAnswer() {
    const { since } = core;
    core.asked = core.since = undefined;
    return since && { time_to_answer: Math.min(864e5, Math.round(performance.now() - since)) };
  }

  Object.assign(core, {
    write: (name, value, age) => core.safely('cookie', () => write(core, name, value, age)),
    save,

    /**
     * A visitor's answer.
     *
     * @param {string} action accept_all, reject_all, custom, close, withdraw, opt_out
     * @param {object} [choices] for custom and opt_out: `{categories, services, purposes}`, each id → boolean
     * @param {string} [layer] where it was given: banner, preferences, api
     * @returns {Promise<object|null>} the receipt, or null when the server refused the answer for good
     */
    decide(action, choices, layer) {
      // Another tab may know better, and its message be still on its way.
      const newer = newest(values(cfg.cookie));
      if (newer && newer.id !== core.answer?.id) core.reread();
      const old = core.vector;
      const replaces = core.answer?.id;
      const id = uuid();
      core.vector = choose(items, action, choices, old, core.signal(true));
      // The word must say what the vector says.
      const has = (value) => items.some(({ necessary }, i) => !necessary && core.vector[i] === value);
      if ({ accept_all: has(false), reject_all: has(true), opt_out: !has(false) }[action]) action = 'custom';
      keep(id, action, seconds());
      const reload = apply(old, { action, layer });
      if (action === 'opt_out' || (core.answer.x && !optIn)) core.emit('optout', window.fairgate.consent());
      const receipt = record(id, replaces, action, layer, timeToAnswer());
      core.tabs?.postMessage(1);
      if (reload) Promise.race([receipt, new Promise((resolve) => setTimeout(resolve, 1500))]).then(() => location.reload());
      return receipt;
    },

    /** Reads again: another tab, the back/forward cache, a page that wrote the cookies itself, an age. */
    reread() {
      const old = core.vector;
      core.read();
      if (unkept && !(core.answer?.t > unkept.t)) {
        core.answer = unkept;
        core.applyAnswer();
      }
      adopt(core);
      // An answer given to OneTrust becomes ours, and is never asked again.
      if (takeOver(core)) keep(core.answer.id, 'import', core.answer.t);
      else if (!core.answer) core.vector = before(items, core.signal());
      const unreadable = (name) => values(name)[0] && !newest(values(name));
      if (!core.answer && [cfg.cookie, 'fairgate'].some(unreadable)) {
        core.warn('the consent cookie cannot be read; everything optional waits');
        core.vector = items.map(({ necessary }) => !!necessary);
      }
      // A page that deletes OneTrust's mark wants the question asked again.
      if (core.dropIn && !core.closed && values('OptanonConsent')[0]) core.ask = true;
      if (`${old}` !== `${core.vector}` && apply(old, { action: 'sync' })) location.reload();
      if (!core.ask) {
        core.view?.hideBanner();
        if (core.asked) timeToAnswer();
      }
    },

    /** The signal is an answer of its own: reported once, without a visitor. */
    reportSignal() {
      const answered = core.answer && !core.lapsed;
      const matters = terms.gpc === 'required' || !optIn;
      const once = `${cfg.cookie}.gpc`;
      if (!core.gpc || answered || !matters || !core.vector.includes(false) || localStorage[once]) return;
      localStorage[once] = cfg.content;
      if (reportedEarlier(core)) return;
      record(uuid(), '', 'gpc', 'signal');
      core.emit('optout', window.fairgate.consent());
    },
  });
}
