/** Meta Pixel: revoke before init, grant after a yes; Limited Data Use where the law is an opt-out. */
__fg.adapters.meta = ({ items, terms, optIn }, step, has) => {
  // Facebook's own snippet leaves an existing fbq alone, so this stand-in must be complete.
  if (!window.fbq) {
    const fbq = function () {
      fbq.callMethod ? fbq.callMethod.apply(fbq, arguments) : fbq.queue.push(arguments);
    };
    window.fbq = window._fbq = Object.assign(fbq, { push: fbq, loaded: true, version: '2.0', queue: [] });
  }
  const on = items.some(({ adapter, key }) => adapter === 'meta' && has(key));
  const said = { consent: on ? 'grant' : 'revoke' };
  window.fbq('consent', said.consent);
  if (!optIn) {
    // 0, 0 lets Meta find the state; 1, 1000 is California.
    said.limited_data_use = !on;
    window.fbq('dataProcessingOptions', ...(on ? [[]] : [['LDU'], ...(terms.regime === 'us_ca' ? [1, 1000] : [0, 0])]));
  }
  return said;
};
