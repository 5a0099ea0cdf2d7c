/** Meta Pixel: revoke before init, grant after a yes; Limited Data Use where the law is an opt-out. */
__fg.adapters.meta = ({ items, terms, optIn }, _step, has) => {
  // Facebook's own snippet leaves an existing fbq alone, so this stand-in must be complete.
  if (!window.fbq) {
    /** @type {any} */
    const fbq = function () {
      // biome-ignore lint/complexity/noArguments: Facebook's own stand-in queues `arguments` objects
      const given = arguments;
      if (fbq.callMethod) fbq.callMethod.apply(fbq, given);
      else fbq.queue.push(given);
    };
    window.fbq = Object.assign(fbq, { push: fbq, loaded: true, version: '2.0', queue: [] });
    window._fbq = window.fbq;
  }
  const on = items.some(({ adapter, key }) => adapter === 'meta' && has(key));
  const sent = { consent: on ? 'grant' : 'revoke' };
  window.fbq('consent', sent.consent);
  if (!optIn) {
    // 0, 0 lets Meta find the state; 1, 1000 is California.
    sent.limited_data_use = !on;
    window.fbq('dataProcessingOptions', ...(on ? [[]] : [['LDU'], ...(terms.regime === 'us_ca' ? [1, 1000] : [0, 0])]));
  }
  return sent;
};
