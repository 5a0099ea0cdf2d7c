/** What `OneTrust.GetDomainData()` says (docs/reference/onetrust.md, Domain data): the release, in OneTrust's words. */

import { LOOK_POSITION } from '../packed.js';

/** The status of an item as their templates have it. */
const status = ({ necessary, before }) => (necessary ? 'always active' : before ? 'active' : 'inactive');

/** `IDE (doubleclick.net)` → `['IDE', 'doubleclick.net']`: whose cookie it is, when it is not the site's own. */
const nameAndHost = (name) => (/^(.*) \((.*)\)$/.exec(name) || ['', name, '']).slice(1);

/**
 * @param {import('../types.d.ts').Core} core
 * @param {import('../../fairgate.d.ts').Content|null} content null as long as its file did not come: then keys stand for names
 * @param {{country: string, fields: Object<string, string>}} about the visitor's country; what OptanonConsent holds
 */
export function domainData(core, content, { country, fields }) {
  const { cfg, terms, items } = core;
  const [site] = cfg.hosts;
  const texts = content?.texts || {};
  const { services, categories, answered } = window.fairgate.consent();
  const model = terms.model === 'notice' ? 'notice only' : terms.model.replace('_', '-');
  const named = (list, key) => list?.find((one) => one.key === key);
  const cookie = ({ name: written, lifetime, purpose }) => {
    const [name, host] = nameAndHost(written);
    return {
      Name: name,
      Host: host || site,
      IsSession: lifetime === texts.session,
      Length: lifetime,
      description: purpose,
      DurationType: 1,
      isThirdParty: !!host,
    };
  };
  const offered = (item) => items.filter(({ kind, group }) => kind === 'services' && group === item);
  const cookiesOf = ({ key }) => (named(content?.services, key)?.cookies || []).map(cookie);
  const group = (item, order) => {
    const text = named(content?.categories, item.key);
    const mine = offered(item);
    const cookies = mine.flatMap(cookiesOf);
    return {
      CustomGroupId: item.key,
      OptanonGroupId: item.key,
      GroupName: text?.name || item.key,
      GroupDescription: text?.description || '',
      Status: status(item),
      Type: 'COOKIE',
      Parent: '',
      SubGroups: [],
      Order: `${order + 1}`,
      PurposeId: item.key,
      HasConsentOptOut: !item.necessary,
      IsDntEnabled: false,
      IsGpcEnabled: mine.some(({ sold }) => sold),
      ShowInPopup: true,
      Active: !!categories[item.key],
      Cookies: cookies,
      FirstPartyCookies: cookies.filter(({ isThirdParty }) => !isThirdParty),
      GeneralVendorsIds: [],
      VendorServices: [],
      Hosts: mine.map((service) => {
        const { name = service.key, description = '', policy = '' } = named(content?.services, service.key) || {};
        const cookies = cookiesOf(service).filter(({ isThirdParty }) => isThirdParty);
        return {
          HostId: service.key,
          DisplayName: name,
          HostName: cookies[0]?.Host || name,
          Description: description,
          PrivacyPolicy: policy,
          Active: !!services[service.key],
          Cookies: cookies,
        };
      }),
    };
  };
  const asked = items.filter(({ kind }) => kind === 'categories');
  const transaction = ({ key, necessary }) => {
    if (necessary) return 'NO_CHOICE';
    if (categories[key]) return core.optIn ? 'CONFIRMED' : 'NO_OPT_OUT';
    return answered || !core.optIn ? 'OPT_OUT' : 'NOTGIVEN';
  };
  return {
    cctId: cfg.site,
    Domain: site,
    Language: { Culture: core.lang },
    ConsentModel: { Name: model },
    ShowAlertNotice: !!terms.banner,
    IsBannerLoaded: !!document.getElementById('onetrust-banner-sdk'),
    IsConsentLoggingEnabled: true,
    IsIABEnabled: false,
    IabType: '',
    LastReconsentDate: null,
    ForceConsent: false,
    BannerPosition: cfg.first?.look?.[LOOK_POSITION] || 'bottom',
    BannerTitle: texts.title || '',
    AlertNoticeText: texts.body || '',
    AlertAllowCookiesText: texts.accept || '',
    BannerRejectAllButtonText: texts.reject || '',
    CookieSettingButtonText: texts.reopen || '',
    GoogleConsent: { GCEnable: !!cfg.google, GCWaitTime: 500 },
    GeneralVendors: [],
    VendorServices: [],
    ConsentIntegrationData: {
      consentApi: `${core.base}/request/v1/consentreceipts`,
      consentPayload: {
        identifier: fields.consentId || '',
        identifierType: fields.identifierType || '',
        isAnonymous: fields.isAnonUser !== '0',
        test: !!core.test,
        requestInformation: '',
        purposes: asked.map((item) => ({ Id: item.key, TransactionType: transaction(item) })),
        customPayload: { Interaction: +fields.interactionCount || 0, AddDefaultInteraction: false },
        dsDataElements: { InteractionType: fields.intType || '', Country: country, ConsentModel: model },
      },
      enabledOptInDefault: false,
    },
    Groups: asked.map(group),
  };
}
