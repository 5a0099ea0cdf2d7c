/** What follows from an answer: cookies, signals, tags, events, record. */

import { choose } from './choose.js';
import { kept, newest, values } from './cookie.js';
import { dataLayer } from './data_layer.js';
import { adopt, reportedEarlier, upgrade } from './earlier.js';
import { encode, long, renewed } from './encode.js';
import { forget } from './forget.js';
import { decodeKeyed } from './keyed.js';
import { storedFields, takeOver } from './optanon.js';
import { before } from './vector.js';
import { keepState, write } from './write_cookie.js';

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
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
  /** How many answers deep we are in listeners of answers, and what they asked for meanwhile. */
  let inside = 0;
  let waiting = [];
  let receipt = Promise.resolve(null);
  const layer = dataLayer(core);
  const tellDataLayer = (action) => core.safely('data layer', () => layer(action));

  /** late.js, and all that it tells, has the ids of what the gate read as they were made. */
  function lengthen() {
    // The stub reads anew, too, and may come at any time.
    const whole = (one) => (/^[\da-f-]{36}$/.test(one) ? one : long(one));
    if (core.answer) Object.assign(core.answer, { id: whole(core.answer.id), u: whole(core.answer.u) });
  }

  /** Keeps the vector as the answer `id`, given at `t`. */
  function keep(id, action, t) {
    const start = before(items, core.child);
    const { vector } = core;
    const yes = items.some(({ necessary }, i) => !necessary && vector[i]);
    const objects = items.some((_, i) => start[i] && vector[i] === false);
    core.answer = {
      ...{ id, u: core.answer?.u || (id && yes ? uuid() : ''), t, g: terms.regime, o: !optIn, yes, foreign: false },
      ...{ x: action === 'opt_out' || objects, choices: vector, raw: '' },
    };
    core.answer.raw = encode(core.answer, core, vector);
    core.lapsed = core.ask = false;
    save();
  }

  /** 400 days is the longest a browser keeps a cookie; an objection is renewed at every view. */
  function save() {
    const { answer } = core;
    const days = answer.yes ? terms.consent_days : terms.refusal_days;
    answer.raw = renewed(answer, core);
    const seconds = 86400 * (answer.x || !days ? 400 : Math.max(days, terms.reask_days || 0));
    keepState(core, answer.raw, core.cfg.preview ? '' : seconds);
    core.stored = `${kept(core)}`;
    // What the browser did not keep holds as long as its page.
    const lost = !kept(core).includes(answer.raw);
    if (lost && !unkept) {
      core.warn('this browser keeps no answer: neither in a cookie nor in localStorage');
      core.report('unkept', 'answer');
    }
    unkept = lost && answer;
    core.unkept = lost;
    const state = `${cfg.cookie}=${answer.raw}`;
    if (cfg.home && !core.test && !transport.refused)
      fetch('/.well-known/fairgate/', { method: 'POST', body: state, keepalive: true }).catch(() => {});
  }

  /** Makes the vector true on the page: vendors, tags, then whoever listens. */
  function apply(old, detail) {
    const { vector, engine } = core;
    const more = vector.some((value, i) => value && !old[i]);
    // Without an answer the next view would begin as this one did, and reload again.
    const reload = more && core.answer && (cfg.reload || (cfg.level === 'strict' && !core.dropIn));
    core.emit('write', detail);
    core.signalVendors('update');
    tidy();
    if (more && !reload) core.safely('release', () => engine.release());
    tellDataLayer(detail.action);
    core.emit('change', { ...window.fairgate.consent(), ...detail });
    return reload;
  }

  /** What a denied service stored goes, and at each later view what it stored since, or before us. */
  function tidy() {
    if (core.answer && !core.lapsed) forget(core);
  }

  /** Queues the record of what is in force. */
  const record = (id, replaces, action, layer, more) =>
    transport.answer({
      site: cfg.site,
      id,
      visitor: (layer !== 'signal' && core.answer?.u) || null,
      replaces: replaces || null,
      release: cfg.release,
      regime: terms.regime,
      language: core.lang,
      layer: layer || 'api',
      action,
      choices: core.shape((value) => (value === undefined ? 'not_offered' : value ? 'granted' : 'denied')),
      signals: { gpc: false, ...core.signals, vendors: core.vendorSignals },
      page: location.hostname + (cfg.path ? location.pathname : ''),
      client_time: new Date().toISOString(),
      test: core.test || undefined,
      ...more,
    });

  /** Keeps what was said elsewhere as an answer of its own, whose time is a remark: its words are not ours to prove. */
  function bringOver() {
    const { consentId = '' } = core.saidElsewhere ? {} : storedFields(core);
    const { t, yes, id: replaces } = core.answer;
    // Whoever said yes is known by their number from then on; nobody gets one for a no, which is found by what the server
    // makes of the number.
    const known = yes && UUID.test(consentId);
    if (known) core.answer.u = consentId.toLowerCase();
    const id = uuid();
    // What was not asked about there is no part of it, whatever may run: of that the banner asks.
    const { choices } = core.answer;
    core.vector = core.vector.map((value, i) => (items[i].necessary || choices[i] !== undefined || items[i].container ? value : undefined));
    keep(id, 'import', t);
    const reference = known ? undefined : consentId.slice(0, 100) || undefined;
    receipt = record(id, replaces, 'import', 'api', { client_time: new Date(t * 1000).toISOString(), reference });
    core.applyAnswer();
  }

  /** Milliseconds since a layer came up by itself; nothing when none did, or it has had its answer. */
  function timeToAnswer() {
    const { since, asked, arm } = core;
    core.asked = core.since = undefined;
    return since && { time_to_answer: Math.min(864e5, Math.round(performance.now() - since)), arm: asked ? arm : undefined };
  }

  /** An answer, and all that follows. */
  function decideNow(action, choices, layer) {
    lengthen();
    // Another tab may know better, and its message be still on its way.
    if (`${kept(core)}` !== core.stored) core.reread();
    const old = core.vector;
    const vector = choose(items, action, choices, old, core.signal(true));
    // Pages say the same again at every event, and scripts that delay others press again what was pressed. In preferences that
    // are open it is a person who says it.
    const byPerson = layer === 'preferences' && core.uiParts?.root.querySelector('dialog[open]');
    // What a member said before waits, and can still be taken back.
    const standing = core.answer && !core.ask && !core.lapsed && !byPerson && !(core.member && core.answer.yes);
    if (standing && `${vector}` === `${old}` && (action !== 'opt_out' || core.answer.x)) return receipt;
    const replaces = core.answer?.id;
    const id = uuid();
    core.vector = vector;
    core.pressed = action;
    // The word must say what the vector says.
    const has = (value) => items.some(({ necessary }, i) => !necessary && vector[i] === value);
    if ({ accept_all: has(false), reject_all: has(true), opt_out: !has(false) }[action]) action = 'custom';
    keep(id, action, seconds());
    // A layer that was answered in closes itself, with its focus.
    if (layer === 'api') core.uiParts?.hideBanner();
    const reload = apply(old, { action, layer });
    if (action === 'opt_out' || (core.answer.x && !optIn)) core.emit('optout', window.fairgate.consent());
    receipt = record(id, replaces, action, layer, timeToAnswer());
    core.tabs?.postMessage(1);
    if (reload) Promise.race([receipt, new Promise((resolve) => setTimeout(resolve, 1500))]).then(() => location.reload());
    return receipt;
  }

  lengthen();
  Object.assign(core, {
    write: (name, value, age) => core.safely('cookie', () => write(core, name, value, age)),
    save,

    /**
     * A visitor's answer. Called from inside a listener it waits until all have heard of the one before; what those of that
     * second answer ask for is no third, or two listeners could go on for ever.
     *
     * @param {string} action accept_all, reject_all, custom, close, withdraw, opt_out
     * @param {object} [choices] for custom and opt_out: `{categories, services, purposes}`, each id → boolean
     * @param {string} [layer] where it was given: banner, preferences, api
     * @returns {Promise<object|null>} the receipt, or null when the server refused the answer for good
     */
    decide(action, choices, layer) {
      // Of a member nothing is asked, so nothing can be a yes; a no is taken at any time.
      if (core.member && !/^(reject|with|opt)/.test(action)) {
        core.warn('a member is asked nothing');
        return Promise.resolve(null);
      }
      if (inside > 1) {
        core.warn('an answer from a listener of an answer from a listener is none:', action);
        return receipt;
      }
      if (inside) return new Promise((resolve) => waiting.push(() => resolve(decideNow(action, choices, layer))));
      try {
        inside = 1;
        const given = decideNow(action, choices, layer);
        inside = 2;
        for (const next of waiting.splice(0)) core.safely('answer', next);
        return given;
      } finally {
        inside = 0;
        waiting = [];
      }
    },

    /** Reads again: another tab, the back/forward cache, a page that wrote the cookies itself, an age. */
    reread() {
      const old = core.vector;
      core.read();
      lengthen();
      if (unkept && !(core.answer?.t > unkept.t)) {
        core.answer = unkept;
        core.applyAnswer();
      }
      upgrade(core);
      adopt(core);
      // An answer given elsewhere becomes ours, and is never asked again; one that is too old by now asks, at every view.
      if (takeOver(core, core.saidElsewhere?.())) {
        if (!core.lapsed && !core.member) bringOver();
      } else if (!core.answer) core.vector = before(items, core.signal());
      const unreadable = (raw) => raw[0] && !newest(raw, core) && !raw.some(decodeKeyed);
      if (!core.answer && [kept(core), values('fairgate')].some(unreadable)) {
        core.warn('the consent cookie cannot be read; everything optional waits');
        core.vector = items.map(({ necessary }) => !!necessary);
      }
      // A page that deletes OneTrust's mark wants the question asked again.
      if (core.dropIn && !core.member && !core.closed && +storedFields(core).interactionCount > 0) core.ask = true;
      if (`${old}` !== `${core.vector}` && apply(old, { action: 'sync' })) location.reload();
      // What was stored may be a no and change nothing.
      core.safely('refusals', core.engine.tellRefusals);
      if (!core.ask) {
        core.uiParts?.hideBanner();
        if (core.asked) timeToAnswer();
      }
    },

    tidy,
    tellDataLayer,

    /** A signal is an answer of its own: each reported once, without a visitor. */
    reportSignal() {
      const answered = core.answer && !core.lapsed;
      if (answered || !core.vector.includes(false)) return;
      const once = (key) => `${cfg.cookie}.${key}`;
      const matters = ([key, , , , alone]) => alone && key in core.signals && !localStorage[once(key)];
      const keys = cfg.signals.filter(matters).map(([key]) => key);
      for (const key of keys) localStorage[once(key)] = cfg.content;
      const gpc = keys.includes('gpc');
      if (!keys[0] || (gpc && reportedEarlier(core))) return;
      record(uuid(), '', gpc ? 'gpc' : 'signal', 'signal');
      core.emit('optout', window.fairgate.consent());
    },
  });
}
