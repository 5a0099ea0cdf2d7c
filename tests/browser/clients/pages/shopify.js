// As themes hand OneTrust's answer to Shopify's customer privacy interface, once it has loaded and at each change.
window.heard = [];
window.Shopify = {
  loadFeatures: (features, done) => setTimeout(done, 30),
  customerPrivacy: { setTrackingConsent: (consent, done) => { heard.push(consent); done?.(); } },
};
const tell = () => {
  const has = (id) => window.OnetrustActiveGroups.includes(`,${id},`);
  const consent = { analytics: has('C0002'), preferences: has('C0003'), marketing: has('C0004'), sale_of_data: has('C0004') };
  Shopify.customerPrivacy.setTrackingConsent(consent, () => {});
};
Shopify.loadFeatures([{ name: 'consent-tracking-api', version: '0.1' }], () => {
  const wait = setInterval(() => {
    if (!window.OneTrust || !OneTrust.OnConsentChanged) return;
    clearInterval(wait);
    tell();
    OneTrust.OnConsentChanged(tell);
  }, 40);
});
