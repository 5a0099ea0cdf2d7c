// As Adobe Launch reads it: a data element on the cookie's groups, a rule on the custom event, and the Web SDK's
// `setConsent` from OptanonWrapper, which the page defined itself.
window.heard = [];
window.consents = [];
window.alloy = (command, options) => consents.push([command, options.consent[0].value.collect.val]);
const fromCookie = () => {
  const found = /(?:^|; )OptanonConsent=([^;]*)/.exec(document.cookie);
  const groups = found && /(?:^|&)groups=([^&]*)/.exec(found[1]);
  return groups ? decodeURIComponent(groups[1]).split(',').filter((part) => part.endsWith(':1')).map((part) => part.split(':')[0]).sort() : null;
};
window.addEventListener('consent.onetrust', ({ detail }) => heard.push({ event: [...detail].sort(), cookie: fromCookie() }));
const wrapped = window.OptanonWrapper;
window.OptanonWrapper = () => {
  wrapped?.();
  // A library that comes late has missed the event; its rule for "library loaded" reads the global.
  if (!heard.length) heard.push({ event: OnetrustActiveGroups.split(',').filter(Boolean).sort(), cookie: fromCookie() });
  const value = OnetrustActiveGroups.includes(',C0002,') ? 'y' : 'n';
  if (consents.length === 0 || consents[consents.length - 1][1] !== value)
    alloy('setConsent', { consent: [{ standard: 'Adobe', version: '2.0', value: { collect: { val: value } } }] });
};
