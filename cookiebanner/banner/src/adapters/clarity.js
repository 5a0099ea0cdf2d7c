/** Microsoft Clarity: consentv2, with its capital S. Cookieless until told otherwise. */
__fg.adapters.clarity = ({ items }, step, has) => {
  const on = (also) => (items.some((item) => item.adapter === 'clarity' && has(item.key) && also(item)) ? 'granted' : 'denied');
  const said = { ad_Storage: on((item) => item.sold), analytics_Storage: on(() => true) };
  const clarity = (window.clarity ||= function () {
    (clarity.q ||= []).push(arguments);
  });
  clarity('consentv2', said);
  return said;
};
