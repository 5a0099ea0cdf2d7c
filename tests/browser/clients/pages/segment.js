/** OneTrust for Segment by the documentation of both: their own wrapper is not to be had from a registry. */
import { createWrapper, resolveWhen } from '@segment/analytics-consent-tools';
import { AnalyticsBrowser } from '@segment/analytics-next';

const groups = () => window.OnetrustActiveGroups.split(',').filter(Boolean);
/** Every category that OneTrust knows → may it be used now? */
const categories = () => {
  const active = groups();
  return Object.fromEntries(window.OneTrust.GetDomainData().Groups.map((one) => [one.CustomGroupId, active.includes(one.CustomGroupId)]));
};
const withOneTrust = createWrapper({
  shouldLoadWrapper: () =>
    resolveWhen(
      () =>
        ['OnConsentChanged', 'IsAlertBoxClosed', 'GetDomainData'].every((name) => window.OneTrust?.[name]) &&
        typeof window.OnetrustActiveGroups === 'string',
      100,
    ),
  shouldLoadSegment: async (context) => {
    const { ConsentModel, ShowAlertNotice } = window.OneTrust.GetDomainData();
    const optIn = ConsentModel.Name === 'opt-in';
    if (optIn && ShowAlertNotice) await resolveWhen(() => window.OneTrust.IsAlertBoxClosed(), 100);
    context.load({ consentModel: optIn ? 'opt-in' : 'opt-out' });
  },
  getCategories: categories,
  registerOnConsentChanged: (heard) => window.OneTrust.OnConsentChanged(() => heard(categories())),
});
const analytics = new AnalyticsBrowser();
withOneTrust(analytics);
analytics.load({ writeKey: 'key', cdnURL: 'https://cdn.segment.test' }, { integrations: { 'Segment.io': { apiHost: 'api.segment.test/v1', protocol: 'https' } } });
window.track = (name) => analytics.track(name);
