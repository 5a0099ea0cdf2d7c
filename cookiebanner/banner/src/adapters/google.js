/**
 * Google Consent Mode v2: defaults before any Google script, one update per answer (docs/reference/signals.md).
 * cfg.google: {signals: rows of names and the categories that govern them, regions: 'DE FR …', ISO 3166 codes}
 */

import { GOOGLE_CATEGORIES, GOOGLE_NAMES } from '../packed.js';

__fg.adapters.google = ({ cfg, get }, step, has) => {
  const layer = get('data-dLayer-name') || 'dataLayer';
  // OneTrust's data-dLayer-ignore: leave the data layer alone.
  if (/^(true)?$/.test(get('data-dLayer-ignore') ?? 'no')) return;
  const { signals, regions } = cfg.google;
  const states = { security_storage: 'granted' };
  for (const row of signals) {
    const granted = row.slice(GOOGLE_CATEGORIES).some(has);
    for (const name of row[GOOGLE_NAMES].split(' ')) states[name] = granted ? 'granted' : 'denied';
  }
  const globals = /** @type {any} */ (window);
  const gtag = function () {
    globals[layer] ||= [];
    // biome-ignore lint/complexity/noArguments: Google reads `arguments` objects, not arrays
    globals[layer].push(arguments);
  };
  window.gtag ||= gtag;
  if (step === 'default') {
    // One for the places of this regime, one for whoever Google sees elsewhere: our server has already decided.
    if (regions) gtag('consent', step, { ...states, region: regions.split(' '), wait_for_update: 500 });
    gtag('consent', step, { ...states, wait_for_update: 500 });
    gtag('set', 'url_passthrough', true);
  } else gtag('consent', step, states);
  gtag('set', 'ads_data_redaction', states.ad_storage === 'denied');
  return states;
};
