/** Microsoft Clarity: consentv2, with its capital S. Cookieless until told otherwise. */
__fg.adapters.clarity = ({ items }, _step, has) => {
  const on = (also) => (items.some((item) => item.adapter === 'clarity' && has(item.key) && also(item)) ? 'granted' : 'denied');
  const signals = { ad_Storage: on((item) => item.sold), analytics_Storage: on(() => true) };
  if (!window.clarity) {
    /** @type {any} */
    const clarity = function () {
      clarity.q ||= [];
      // biome-ignore lint/complexity/noArguments: Clarity's own stand-in queues `arguments` objects
      clarity.q.push(arguments);
    };
    window.clarity = clarity;
  }
  window.clarity('consentv2', signals);
  return signals;
};
