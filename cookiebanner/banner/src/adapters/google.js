/**
 * Google Consent Mode v2: defaults before any Google script, one update per answer (docs/reference/signals.md).
 * cfg.google: {signals: [['analytics_storage …', category, …], …], regions: 'DE FR …', ISO 3166 codes}
 */
__fg.adapters.google = ({ cfg, get }, step, has) => {
  const layer = get('data-dLayer-name') || 'dataLayer';
  // OneTrust's data-dLayer-ignore: leave the data layer alone.
  if (/^(true)?$/.test(get('data-dLayer-ignore') ?? 'no')) return;
  const { signals, regions } = cfg.google;
  const said = { security_storage: 'granted' };
  for (const [names, ...keys] of signals) for (const name of names.split(' ')) said[name] = keys.some(has) ? 'granted' : 'denied';
  // Google reads `arguments` objects, not arrays.
  const gtag = function () {
    (window[layer] ||= []).push(arguments);
  };
  window.gtag ||= gtag;
  if (step === 'default') {
    // One for the places of this regime, one for whoever Google sees elsewhere: our server has already decided.
    if (regions) gtag('consent', step, { ...said, region: regions.split(' '), wait_for_update: 500 });
    gtag('consent', step, { ...said, wait_for_update: 500 });
    gtag('set', 'url_passthrough', true);
  } else gtag('consent', step, said);
  gtag('set', 'ads_data_redaction', said.ad_storage === 'denied');
  return said;
};
