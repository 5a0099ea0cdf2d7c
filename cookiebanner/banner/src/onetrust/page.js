/** What a page sees of an answer: globals, data layer, events, `OptanonWrapper`, cookies (docs/reference/onetrust.md). */

import { values } from '../core/cookie.js';
import { serialize, storedFields } from '../core/optanon.js';

const YEAR = 365 * 86400;
const INTERACTIONS = { accept_all: 4, reject_all: 5, withdraw: 5, close: 3, custom: 6, opt_out: 6, gpc: 7, signal: 7 };
const ON_BANNER = { accept_all: 1, reject_all: 2, close: 3 };

/**
 * @param {import('../types.d.ts').Core} core `fairgate._`
 * @param {HTMLScriptElement|null} tag of the stub
 */
export function page(core, tag) {
  const get = (name) => tag?.getAttribute(name) ?? null;
  const query = new URLSearchParams(tag?.src.split('?')[1] || '');
  const layerName = get('data-dLayer-name') || query.get('data-dLayer-name') || query.get('dLayer-name') || 'dataLayer';
  const ignoreLayer = /^(true)?$/.test(get('data-dLayer-ignore') ?? 'no');
  const cookie = (name) => values(name).pop();
  /** What the server told of the visitor's place with the gate: `US-CA`, `DE`, or nothing. */
  const told = () => {
    const [entry] = /** @type {any[]} */ (performance.getEntriesByName(core.tag?.src || '', 'resource'));
    return entry?.serverTiming?.find(({ name }) => name === 'place')?.description || '';
  };
  const geo = () => {
    const own = window.OneTrust?.geolocationResponse;
    const text = (value) => (typeof value === 'string' ? value : '');
    if (own) return { country: text(own.countryCode), state: text(own.stateCode), stateName: text(own.stateName || own.regionCode) };
    const variant = core.cfg.variant || core.terms.regime;
    const row = (/-([A-Z]{2}(?:-\w+)?)$/.exec(variant) || [])[1] || (/^us_([a-z]{2})$/.test(variant) ? variant.replace('_', '-') : '');
    const [country, state = ''] = (told() || row).toUpperCase().split('-');
    return { country, state, stateName: '' };
  };

  /** @returns {string[]} ids of the categories that may run */
  const active = () => {
    const { categories } = window.fairgate.consent();
    return Object.keys(categories).filter((key) => categories[key]);
  };

  function globals() {
    const groups = `,${active()
      .map((id) => `${id},`)
      .join('')}`;
    window.OnetrustActiveGroups = groups;
    window.OptanonActiveGroups = groups;
  }

  function layer() {
    if (ignoreLayer) return;
    const groups = window.OnetrustActiveGroups;
    window[layerName] ??= [];
    const list = window[layerName];
    if (list.constructor !== Array) return;
    list.push({ event: 'OneTrustLoaded', OnetrustActiveGroups: groups });
    list.push({ event: 'OptanonLoaded', OptanonActiveGroups: groups });
    list.push({ event: 'OneTrustGroupsUpdated', OnetrustActiveGroups: groups });
  }

  const fire = (name, detail) => window.dispatchEvent(new CustomEvent(name, { detail }));
  const events = () =>
    setTimeout(() => {
      fire('consent.onetrust', active());
      fire('OneTrustGroupsUpdated', active());
    });

  const state = { inserted: new Set(), pending: [], gcm: [], content: null, subject: {} };
  const readContent = async () => {
    state.content = await window.fairgate.content();
  };
  function wrapper() {
    core.safely('OptanonWrapper', () => window.OptanonWrapper?.());
    for (const id of state.pending.splice(0)) state.inserted.add(id);
  }

  /** @param {boolean} [session] until the browser closes */
  const closed = (session) => core.write('OptanonAlertBoxClosed', new Date().toISOString(), session ? '' : YEAR);

  /** OptanonConsent as it is, or will be with the next answer. @returns {Object<string, string>} */
  const fields = () => ({ ...storedFields(core), ...state.subject });

  /** Whose answer it will be; nothing of it is stored before there is one. */
  function identify(subject) {
    state.subject = subject;
    if (core.answer && !core.ask) remember();
  }

  /** Rewrites OptanonConsent; fields that are not ours stay as they are. @param {object} [change] */
  function remember(change = {}) {
    const old = storedFields(core);
    const { categories, gpc } = window.fairgate.consent();
    const { country, state: region } = geo();
    // What the browser says, whether or not the law here asks for it.
    const flag = navigator.globalPrivacyControl ? 1 : 0;
    const now = {
      isGpcEnabled: gpc && Object.values(categories).includes(false) ? 1 : 0,
      datestamp: new Date().toString(),
      version: `${core.cfg.cookie}-${core.cfg.release}`,
      browserGpcFlag: flag,
      // The signal has changed since.
      ...(old.browserGpcFlag === `${1 - flag}` && { intType: 7 }),
      landingPath: 'NotLandingPage',
      AwaitingReconsent: core.ask && !!cookie('OptanonAlertBoxClosed'),
      ...(country && { geolocation: `${country};${region}` }),
    };
    const { answer } = core;
    const first = {
      isIABGlobal: false,
      hosts: '',
      ...(answer && { consentId: answer.u || answer.id }),
      interactionCount: answer ? 1 : 0,
      isAnonUser: 1,
    };
    const fields = { ...first, ...old, ...now, ...(answer && state.subject), ...change };
    // Groups that we do not have (bundles, IAB purposes) keep their value.
    const foreign = (old.groups || '').split(',').filter((part) => part && !(part.split(':')[0] in categories));
    fields.groups = [...Object.keys(categories).map((key) => `${key}:${categories[key] ? 1 : 0}`), ...foreign].join(',');
    core.write('OptanonConsent', serialize(fields), YEAR);
  }

  /** Before the tags of an answer run: cookies and globals. */
  window.fairgate.on('write', ({ action, layer: where }) => {
    // Under the signal "accept all" is kept as what it came to; what was pressed is still that.
    const type = INTERACTIONS[action] && ((where === 'banner' && ON_BANNER[core.pressed]) || INTERACTIONS[core.pressed]);
    if (type) {
      core.view?.hideBanner();
      closed();
      const count = +storedFields(core).interactionCount || 0;
      remember({ interactionCount: count + 1, intType: type });
    }
    globals();
  });
  /** After them. */
  window.fairgate.on('change', () => {
    for (const run of state.gcm) core.safely('UpdateGCM', run);
    layer();
    wrapper();
    events();
  });
  for (const event of /** @type {('stored'|'refused'|'queued')[]} */ (['stored', 'refused', 'queued'])) {
    window.fairgate.on(event, () => {
      /** @type {any} */
      const applied = new CustomEvent('OTConsentApplied');
      applied.OTConsentApplied = 'yes';
      window.dispatchEvent(applied);
    });
  }

  return {
    ...{ get, active, globals, layer, events, wrapper, closed, remember, cookie, geo, fire, state, layerName, ignoreLayer },
    ...{ fields, identify, readContent },
  };
}
