// As templates of Google Tag Manager's gallery read it: the global, else the data layer, else the cookie; and Google's consent
// mode from each `OneTrustGroupsUpdated` that the data layer brings.
window.heard = [];
window.dataLayer = window.dataLayer || [];
function signals() {
  // biome-ignore lint: Google's queue holds `arguments` objects
  heard.push(arguments);
}
const MAPPING = { C0002: ['analytics_storage'], C0003: ['functionality_storage'], C0004: ['ad_storage', 'ad_user_data', 'ad_personalization'] };
const update = (groups) => {
  const active = groups.split(',').filter(Boolean);
  const state = {};
  for (const [id, names] of Object.entries(MAPPING)) for (const name of names) state[name] = active.includes(id) ? 'granted' : 'denied';
  signals('consent', 'update', state);
};
const see = (entry) => entry && entry.event === 'OneTrustGroupsUpdated' && update(entry.OnetrustActiveGroups);
dataLayer.forEach(see);
const before = dataLayer.push;
dataLayer.push = function (...entries) {
  entries.forEach(see);
  return before.apply(this, entries);
};
window.fromGlobal = () => window.OnetrustActiveGroups;
window.fromLayer = () => dataLayer.filter((entry) => entry && entry.event === 'OneTrustGroupsUpdated').pop()?.OnetrustActiveGroups;
window.fromCookie = () => {
  const found = /(?:^|; )OptanonConsent=([^;]*)/.exec(document.cookie);
  const groups = found && new URLSearchParams(found[1]).get('groups');
  return groups ? `,${groups.split(',').filter((part) => part.endsWith(':1')).map((part) => part.split(':')[0]).join(',')},` : undefined;
};
