import { RudderAnalytics } from '@rudderstack/analytics-js/bundled';

const analytics = new RudderAnalytics();
// As their guide for OneTrust says: loaded once OneTrust is there, which OptanonWrapper tells.
const before = window.OptanonWrapper;
let loaded = false;
window.OptanonWrapper = () => {
  before?.();
  if (loaded) return;
  loaded = true;
  analytics.load('key', 'https://data.rudder.test', {
    configUrl: 'https://config.rudder.test',
    plugins: ['XhrQueue', 'OneTrustConsentManager'],
    consentManagement: { enabled: true, provider: 'oneTrust' },
    queueOptions: { batch: { enabled: false } },
    useBeacon: false,
  });
};
window.track = (name) => analytics.track(name);
