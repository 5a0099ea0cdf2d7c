import kit from '@mparticle/web-onetrust-kit';

/** mParticle's own SDK is what a kit plugs into: of it stands here what the kit calls, and it writes down what it is told. */
const state = { gdpr: {}, ccpa: null };
const consent = (consented, time, purpose) => ({ Consented: consented, Purpose: purpose });
const consentState = {
  getGDPRConsentState: () => state.gdpr,
  addGDPRConsentState: (purpose, given) => {
    state.gdpr[purpose] = given;
  },
  setCCPAConsentState: (given) => {
    state.ccpa = given;
  },
};
window.heard = state;
window.mParticle = {
  Identity: { getCurrentUser: () => ({ getConsentState: () => consentState, setConsentState: () => {} }) },
  Consent: { createConsentState: () => consentState, createGDPRConsent: consent, createCCPAConsent: consent },
  addForwarder: (forwarder) => {
    window.forwarder = forwarder;
  },
};
const config = {};
kit.register(config);
const [{ constructor: Kit }] = Object.values(config.kits);
const settings = JSON.stringify([
  { value: 'C0002', map: 'Measuring' },
  { value: 'C0004', map: 'Advertising' },
  { value: 'C0001', map: 'data_sale_opt_out' },
]);
const forwarder = new Kit();
window.OptanonWrapper ||= () => {};
forwarder.init({ consentGroups: settings }, null, false, null, null, null, null, null, null, null);
