/** The methods of `window.OneTrust` (onetrust.md §1.5, §1.9). */

import { groups, stands } from '../core/optanon.js';

const NAMES = {
  C0001: 'Strictly Necessary Cookies',
  C0002: 'Performance Cookies',
  C0003: 'Functional Cookies',
  C0004: 'Targeting Cookies',
  C0005: 'Social Media Cookies',
};
const MODELS = { opt_in: 'opt-in', opt_out: 'opt-out', notice: 'notice only' };

/** @param {object} core @param {object} page see page.js @returns {object} the methods */
export function methods(core, page) {
  const { cfg, terms, items } = core;
  const heard = {};
  const byId = (id) => document.getElementById(id);
  const decide = (action, choices, layer = 'banner') => core.decide(action, choices, layer);
  const isActive = (id) => page.active().includes(id);
  const known = (id) => items.some((item) => item.kind === 'categories' && item.key === id);

  /** May this be inserted now? A group is served once a page; what one run of OptanonWrapper inserts counts together. */
  function may(id, options) {
    if (!id || options.ignoreGroupCheck || !known(id)) return true;
    if (!isActive(id) || page.state.inserted.has(id)) return false;
    page.state.pending.push(id);
    return true;
  }
  /** @returns {HTMLElement|null|false} where to insert */
  function room(selector, given, group) {
    const options = given || {};
    if (!may(group, options)) return false;
    const target = selector === 'head' || selector === 'body' ? document[selector] : byId(selector);
    if (target && options.deleteSelectorContent) target.replaceChildren();
    if (target && options.makeSelectorVisible) target.style.display = 'block';
    for (const id of options.makeElementsVisible || []) byId(id)?.style.setProperty('display', 'block');
    for (const id of options.deleteElements || []) byId(id)?.remove();
    return target;
  }

  function domainData() {
    const { texts } = core;
    const { services, categories } = window.fairgate.consent();
    const cookies = Object.fromEntries((texts?.s || []).map((service) => [service[0], service[7]]));
    const named = Object.fromEntries((texts?.c || []).map(([key, , name, text]) => [key, { name, text }]));
    const status = (item) => (item.necessary ? 'always active' : item.before ? 'active' : 'inactive');
    return {
      cctId: cfg.site,
      Domain: cfg.hosts[0],
      Language: { Culture: core.lang },
      ConsentModel: { Name: MODELS[terms.model] },
      ShowAlertNotice: !!terms.banner,
      IsBannerLoaded: !!byId('onetrust-banner-sdk'),
      IsConsentLoggingEnabled: true,
      IsIABEnabled: false,
      IabType: '',
      LastReconsentDate: null,
      ForceConsent: false,
      BannerPosition: texts?.look?.[1] || 'bottom',
      BannerTitle: texts?.t.title || '',
      AlertNoticeText: texts?.t.body || '',
      AlertAllowCookiesText: texts?.t.accept || '',
      BannerRejectAllButtonText: texts?.t.reject || '',
      CookieSettingButtonText: texts?.t.reopen || '',
      GoogleConsent: { GCEnable: !!cfg.google, GCWaitTime: 500 },
      GeneralVendors: [],
      ConsentIntegrationData: { consentApi: `${core.base}/api/v1/consents`, consentPayload: null, enabledOptInDefault: false },
      Groups: items
        .filter(({ kind }) => kind === 'categories')
        .map((item, order) => ({
          CustomGroupId: item.key,
          OptanonGroupId: item.key,
          GroupName: named[item.key]?.name || NAMES[item.key] || item.key,
          GroupDescription: named[item.key]?.text || '',
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
              Cookies: (cookies[service.key] || []).map(([name]) => ({
                Name: name,
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
  const subject = () => stands(core).consentId;

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
      if (!heard[source]) window.addEventListener('consent.onetrust', listener);
      heard[source] = true;
    },
    InsertScript(url, selector, callback, options, groupId, async) {
      const target = room(selector, options, groupId);
      if (!target) return;
      const script = document.createElement('script');
      if (core.nonce) script.nonce = core.nonce;
      script.async = !!async;
      if (typeof callback === 'function') script.onload = () => callback();
      script.src = core.policy.createScriptURL(url);
      target.append(script);
    },
    InsertHtml(html, selector, callback, options, groupId) {
      const target = room(selector, options, groupId);
      if (!target) return;
      const text = core.policy.createHTML(html);
      target.append(document.createRange().createContextualFragment(text));
      if (typeof callback === 'function') callback();
    },
    BlockGoogleAnalytics(id, groupId) {
      window[`ga-disable-${id}`] = !isActive(groupId);
    },
    TriggerGoogleAnalyticsEvent(category, action, label, value) {
      if (page.get('data-ignore-ga') === 'true') return;
      const event = { optanonCategory: category, optanonAction: action, optanonLabel: label, optanonValue: value };
      window._gaq?.push(['_trackEvent', category, action, label, value]);
      if (typeof window.ga === 'function') window.ga('send', 'event', category, action, label, value);
      const list = window[page.layerName];
      if (typeof window.gtag === 'function') window.gtag('event', 'trackOptanonEvent', event);
      else if (!page.ignoreLayer && list?.constructor === Array) list.push({ event: 'trackOptanonEvent', ...event });
    },
    UpdateConsent(type, list) {
      const given = typeof list === 'string' ? groups(list.replace(/\s/g, '')) : {};
      const of = (kind) =>
        Object.fromEntries(
          Object.entries(given).filter(([id]) => items.some((item) => item.kind === kind && item.key === id && !item.necessary)),
        );
      const choices = type === 'Category' ? { categories: of('categories') } : { services: of('services') };
      if (Object.keys(Object.values(choices)[0]).length) decide('custom', choices, 'api');
    },
    UpdateGCM: (run) => page.state.gcm.push(run),
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
      if (!cfg.langs[code]) {
        console.error(`OneTrust: no language ${code}`);
        return Promise.resolve();
      }
      return core.loadUi(code).catch(nothing);
    },
    initializeCookiePolicyHtml: () => core.loadUi().then((view) => view.cookieList?.(), nothing),
    getHTML: () => byId('onetrust-consent-sdk')?.outerHTML || '',
    getCSS: () => byId('onetrust-style')?.textContent || '',
    getDataSubjectId: subject,
    setDataSubjectId: (id, isAnonymous = false, identifierType = '') =>
      page.remember({ consentId: `${id}`.replace(/\s/g, ''), isAnonUser: isAnonymous ? 1 : 0, identifierType }),
    getDSDefaultIdentifier: subject,
    setConsentProfile(profile) {
      const on = { CONFIRMED: true, OPT_OUT: false, NOTGIVEN: false, NO_OPT_OUT: true };
      const categories = {};
      for (const { Id, TransactionType } of profile?.purposes || []) if (TransactionType in on) categories[Id] = on[TransactionType];
      if (Object.keys(categories).length) decide('custom', { categories }, 'api');
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
