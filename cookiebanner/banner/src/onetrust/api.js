/** The methods of `window.OneTrust` (docs/reference/onetrust.md, Methods). */

import { groups, storedFields } from '../core/optanon.js';
import {
  CATEGORY_DESCRIPTION,
  CATEGORY_KEY,
  CATEGORY_NAME,
  COOKIE_NAME,
  LOOK_POSITION,
  SCREEN_CATEGORIES,
  SCREEN_SERVICES,
  SCREEN_TEXTS,
  SERVICE_COOKIES,
  SERVICE_KEY,
} from '../packed.js';

/** @param {import('../types.d.ts').Core} core @param {ReturnType<typeof import('./page.js').page>} page @returns {object} the methods */
export function methods(core, page) {
  const { cfg, terms, items } = core;
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
   * @returns {HTMLElement|null|undefined} where it is now
   */
  function insert(selector, given, id, text, callback, make) {
    const options = given || {};
    const target = /^(head|body)$/.test(selector) ? document[selector] : byId(selector);
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

  function domainData() {
    const screen = core.texts;
    const texts = screen?.[SCREEN_TEXTS];
    const { services, categories } = window.fairgate.consent();
    const cookies = Object.fromEntries((screen?.[SCREEN_SERVICES] || []).map((row) => [row[SERVICE_KEY], row[SERVICE_COOKIES]]));
    const named = Object.fromEntries((screen?.[SCREEN_CATEGORIES] || []).map((row) => [row[CATEGORY_KEY], row]));
    const status = (item) => (item.necessary ? 'always active' : item.before ? 'active' : 'inactive');
    return {
      cctId: cfg.site,
      Domain: cfg.hosts[0],
      Language: { Culture: core.lang },
      ConsentModel: { Name: terms.model === 'notice' ? 'notice only' : terms.model.replace('_', '-') },
      ShowAlertNotice: !!terms.banner,
      IsBannerLoaded: !!byId('onetrust-banner-sdk'),
      IsConsentLoggingEnabled: true,
      IsIABEnabled: false,
      IabType: '',
      LastReconsentDate: null,
      ForceConsent: false,
      BannerPosition: screen?.look?.[LOOK_POSITION] || 'bottom',
      BannerTitle: texts?.title || '',
      AlertNoticeText: texts?.body || '',
      AlertAllowCookiesText: texts?.accept || '',
      BannerRejectAllButtonText: texts?.reject || '',
      CookieSettingButtonText: texts?.reopen || '',
      GoogleConsent: { GCEnable: !!cfg.google, GCWaitTime: 500 },
      GeneralVendors: [],
      ConsentIntegrationData: { consentApi: `${core.base}/api/v1/consents`, consentPayload: null, enabledOptInDefault: false },
      Groups: items
        .filter(({ kind }) => kind === 'categories')
        .map((item, order) => ({
          CustomGroupId: item.key,
          OptanonGroupId: item.key,
          GroupName: named[item.key]?.[CATEGORY_NAME] || item.key,
          GroupDescription: named[item.key]?.[CATEGORY_DESCRIPTION] || '',
          Status: status(item),
          Type: 'COOKIE',
          Parent: '',
          SubGroups: [],
          Order: `${order + 1}`,
          PurposeId: item.key,
          HasConsentOptOut: !item.necessary,
          IsDntEnabled: false,
          IsGpcEnabled: items.some(({ group, sold }) => group === item && sold),
          ShowInPopup: true,
          Active: !!categories[item.key],
          FirstPartyCookies: [],
          Hosts: items
            .filter(({ kind, group }) => kind === 'services' && group === item)
            .map((service) => ({
              HostId: service.key,
              DisplayName: service.key,
              HostName: service.key,
              Description: '',
              PrivacyPolicy: '',
              Active: !!services[service.key],
              Cookies: (cookies[service.key] || []).map((row) => ({
                Name: row[COOKIE_NAME],
                Host: '',
                IsSession: false,
                Length: '',
                description: '',
              })),
            })),
        })),
    };
  }

  const boxClosed = () => !!page.cookie('OptanonAlertBoxClosed') && !core.ask;
  const loadBanner = () => {
    page.fire('otloadbanner');
    if (!page.cookie('OptanonAlertBoxClosed')) core.ask = true;
    return core.ask && terms.banner ? window.fairgate.show() : undefined;
  };
  const nothing = () => {};
  const subject = () => storedFields(core).consentId;

  return {
    AllowAll: () => decide('accept_all'),
    RejectAll: () => decide('reject_all'),
    Close: () => decide('close'),
    ToggleInfoDisplay: () => window.fairgate.open(),
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
      insert(selector, options, groupId, url, callback, () => {
        const script = document.createElement('script');
        if (core.nonce) script.nonce = core.nonce;
        script.async = !!async;
        script.onload = callback?.call && (() => callback());
        script.src = core.policy.createScriptURL(url);
        return script;
      }),
    InsertHtml(html, selector, callback, options, groupId) {
      const make = () => document.createRange().createContextualFragment(core.policy.createHTML(html));
      if (insert(selector, options, groupId, html, callback, make) && callback?.call) callback();
    },
    BlockGoogleAnalytics(id, groupId) {
      window[`ga-disable-${id}`] = !isActive(groupId);
    },
    TriggerGoogleAnalyticsEvent(category, action, label, value) {
      if (page.get('data-ignore-ga') === 'true') return;
      const event = { optanonCategory: category, optanonAction: action, optanonLabel: label, optanonValue: value };
      window._gaq?.push(['_trackEvent', category, action, label, value]);
      if (window.ga?.call) window.ga('send', 'event', category, action, label, value);
      const list = window[page.layerName];
      if (window.gtag?.call) window.gtag('event', 'trackOptanonEvent', event);
      else if (!page.ignoreLayer && list?.constructor === Array) list.push({ event: 'trackOptanonEvent', ...event });
    },
    UpdateConsent(type, list) {
      const kind =
        type === 'Category' ? 'categories' : /^(Host|General Vendor|VendorService)$/.test(type) ? 'services' : core.unknown(type);
      if (kind) window.fairgate.set({ [kind]: groups(`${list}`.replace(/\s/g, '')) });
    },
    UpdateGCM: (run) => gcm.push(run),
    ReconsentGroups: () => {
      core.ask = true;
    },
    GetDomainData() {
      // Names come with the texts; the first call answers with what is known.
      if (!core.texts) core.loadUi().catch(nothing);
      return domainData();
    },
    getGeolocationData: page.geo,
    setGeoLocation(country, state = '') {
      window.OneTrust.geolocationResponse = { countryCode: country, stateCode: state };
      window.otStubData.userLocation = page.geo();
    },
    changeLanguage(code) {
      if (!Object.keys(cfg.langs).includes(code)) console.error('OneTrust: no language', code);
      return core.loadUi(`${code}`).catch(nothing);
    },
    initializeCookiePolicyHtml: () => core.loadUi().then((view) => core.safely('cookies', () => view.cookieList?.()), nothing),
    getHTML: () => byId('onetrust-consent-sdk')?.outerHTML || '',
    getCSS: () => byId('onetrust-style')?.textContent || '',
    getDataSubjectId: subject,
    setDataSubjectId: (id, isAnonymous = false, identifierType = '') =>
      page.remember({ consentId: `${id}`.replace(/\s/g, ''), isAnonUser: isAnonymous ? 1 : 0, identifierType }),
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
