/** The methods of `window.OneTrust` (docs/reference/onetrust.md, Methods). */

import { groups } from '../core/optanon.js';
import { nearest } from '../core/origin.js';
import { domainData } from './domain_data.js';

/** What a visitor did, as their events call it. @type {Object<string, Object<string, string>>} */
const ACTIONS = {
  banner: { accept_all: 'Banner Accept Cookies', reject_all: 'Banner Reject All', close: 'Banner Close Button' },
  preferences: {
    accept_all: 'Preferences Allow All',
    reject_all: 'Preferences Reject All',
    custom: 'Preferences Save Settings',
  },
};

/** @param {import('../types.d.ts').Core} core @param {ReturnType<typeof import('./page.js').page>} page @returns {object} the methods */
export function methods(core, page) {
  const { cfg, terms } = core;
  /** Listeners by their source text. */
  const registered = {};
  const byId = (id) => document.getElementById(id);
  const decide = (action) => core.decide(action, undefined, 'banner');
  const { inserted, pending, gcm } = page.state;

  /** Ids as pages write them: text, a number, a list, text with commas. Whatever else it is names nothing we know. */
  const ids = (id) =>
    String(id)
      .trim()
      .split(/\s*,\s*/);
  const isActive = (id) =>
    !ids(id)
      .map((key) => core.granted(key))
      .includes(false);

  /**
   * Puts what `make()` gives where the page wants it, if its group is granted. A group is served once a page; what one run
   * of OptanonWrapper inserts counts together, and the same thing once.
   *
   * @param {*} selector `head`, `body`, or an element's id, which pages write as `#id`, too; nothing is `home`
   * @param {'head'|'body'} home
   * @returns {HTMLElement|null|undefined} where it is now
   */
  function insert(selector, home, given, id, text, callback, make) {
    const options = given || {};
    const place = `${selector ?? ''}`.trim().replace(/^#/, '') || home;
    const target = /^(head|body)$/.test(place) ? document[place] : byId(place);
    if (!options.ignoreGroupCheck) {
      const list = ids(id);
      const group = `${list}`;
      const key = `${[list, selector, text, callback]}`;
      if (!isActive(list) || inserted.has(group) || inserted.has(key)) return;
      pending.push(group);
      if (target) inserted.add(key);
    }
    if (target && options.deleteSelectorContent) target.replaceChildren();
    if (target && options.makeSelectorVisible) target.style.display = 'block';
    for (const other of options.makeElementsVisible || []) byId(other)?.style.setProperty('display', 'block');
    for (const other of options.deleteElements || []) byId(other)?.remove();
    target?.append(make());
    return target;
  }

  const boxClosed = () => !!page.cookie('OptanonAlertBoxClosed') && !core.ask;
  const loadBanner = () => {
    page.fire('otloadbanner');
    if (!page.cookie('OptanonAlertBoxClosed')) core.ask = true;
    return core.ask && terms.banner ? window.fairgate.show() : undefined;
  };
  /** An event in the three forms that Google's libraries take. */
  function tellAnalytics(category, action, label, value) {
    if (page.get('data-ignore-ga') === 'true') return;
    const event = { optanonCategory: category, optanonAction: action, optanonLabel: label, optanonValue: value };
    window._gaq?.push(['_trackEvent', category, action, label, value]);
    if (window.ga?.call) window.ga('send', 'event', category, action, label, value);
    const list = window[page.layerName];
    if (window.gtag?.call) window.gtag('event', 'trackOptanonEvent', event);
    else if (!page.ignoreLayer && list?.constructor === Array) list.push({ event: 'trackOptanonEvent', ...event });
  }
  // What was done is told to those who may hear it.
  const hears = () => core.services.some(({ adapter }, i) => adapter === 'google' && core.allowed(i));
  const tell = (action) => action && hears() && tellAnalytics('OneTrust Cookie Consent', action);
  window.fairgate.on('change', ({ layer }) => tell(ACTIONS[layer]?.[core.pressed]));
  const nothing = () => {};
  const subject = () => page.fields().consentId;

  return {
    AllowAll: () => decide('accept_all'),
    RejectAll: () => decide('reject_all'),
    Close: () => decide('close'),
    ToggleInfoDisplay() {
      tell('Preference Center Opened From Function');
      return window.fairgate.open();
    },
    showVendorsList: () => window.fairgate.open(),
    LoadBanner: loadBanner,
    Init: nothing,
    InitializeBanner: nothing,
    FetchAndDownloadPC: () => core.loadUi().catch(nothing),
    IsAlertBoxClosed: boxClosed,
    IsAlertBoxClosedAndValid: boxClosed,
    SetAlertBoxClosed: (persist) => page.closed(!persist),
    OnConsentChanged(listener) {
      // Pages register in OptanonWrapper, which runs many times.
      const source = `${listener}`;
      if (!registered[source]) window.addEventListener('consent.onetrust', listener);
      registered[source] = true;
    },
    InsertScript: (url, selector, callback, options, groupId, async) =>
      insert(selector, 'head', options, groupId, url, callback, () => {
        const script = document.createElement('script');
        if (core.nonce) script.nonce = core.nonce;
        script.async = !!async;
        script.onload = callback?.call && (() => callback());
        script.src = core.policy.createScriptURL(url);
        return script;
      }),
    InsertHtml(html, selector, callback, options, groupId) {
      const make = () => document.createRange().createContextualFragment(core.policy.createHTML(html));
      if (insert(selector, 'body', options, groupId, html, callback, make) && callback?.call) callback();
    },
    BlockGoogleAnalytics(id, groupId) {
      window[`ga-disable-${id}`] = !isActive(groupId);
    },
    TriggerGoogleAnalyticsEvent: tellAnalytics,
    UpdateConsent(type, list) {
      const kind =
        type === 'Category' ? 'categories' : /^(Host|General Vendor|VendorService)$/.test(type) ? 'services' : core.unknown(type);
      if (kind) window.fairgate.set({ [kind]: groups(`${list}`.replace(/\s/g, '')) });
    },
    UpdateGCM: (run) => gcm.push(run),
    ReconsentGroups: () => {
      core.ask = true;
    },
    GetDomainData: () => domainData(core, page.state.content, { country: page.geo().country, fields: page.fields() }),
    getGeolocationData: page.geo,
    setGeoLocation(country, state = '') {
      window.OneTrust.geolocationResponse = { countryCode: country, stateCode: state };
      window.otStubData.userLocation = page.geo();
    },
    changeLanguage(code) {
      const found = /^(st|nu)/.test(typeof code) && nearest(Object.keys(cfg.langs), code);
      if (!found) console.error('OneTrust: no language', code);
      return found ? core.loadUi(found).then(page.readContent, nothing) : Promise.resolve();
    },
    initializeCookiePolicyHtml: () => core.loadUi().then((view) => core.safely('cookies', () => view.cookieList?.()), nothing),
    getHTML: () => byId('onetrust-consent-sdk')?.outerHTML || '',
    getCSS: () => byId('onetrust-style')?.textContent || '',
    getDataSubjectId: subject,
    setDataSubjectId(id, isAnonymous = false, identifierType = '') {
      const consentId = `${id ?? ''}`.replace(/\s/g, '');
      if (consentId) page.identify({ consentId, isAnonUser: isAnonymous ? 1 : 0, identifierType });
    },
    getDSDefaultIdentifier: subject,
    setConsentProfile(profile) {
      const categories = { __proto__: null };
      for (const { Id, TransactionType } of profile.purposes)
        if (/^(CONFIRMED|OPT_OUT|NOTGIVEN|NO_OPT_OUT)$/.test(TransactionType)) categories[Id] = /^(C|NO_)/.test(TransactionType);
      window.fairgate.set({ categories });
    },
    syncConsentProfile: nothing,
    SendReceipt: () => core.late((late) => late.flush?.()),
    IsVendorServiceEnabled: () => false,
    updateConsentFromCookies: () => core.reread(),
    getPingRequest: nothing,
    getVendorConsentsRequestV2: nothing,
    testLog: () => console.info(window.fairgate.consent(), terms),
    useGeoLocationService: false,
    otCookieData: [],
    mobileOnlineURL: [],
  };
}
