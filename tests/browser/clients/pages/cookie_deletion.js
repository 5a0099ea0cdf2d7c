// As public wrappers do it: when a group is not active, the cookies that the domain data lists under it are deleted on the host
// and on its parent domains; a withdrawn group reloads the page, once.
window.heard = [];
const wrapped = window.OptanonWrapper;
let last = null;
const domains = () => location.hostname.split('.').map((_, i, labels) => labels.slice(i).join('.')).filter((name) => name.includes('.'));
window.OptanonWrapper = () => {
  wrapped?.();
  if (!window.OneTrust?.GetDomainData) return;
  const active = OnetrustActiveGroups.split(',').filter(Boolean);
  for (const { CustomGroupId, FirstPartyCookies, Status } of OneTrust.GetDomainData().Groups) {
    if (active.includes(CustomGroupId) || /always active/i.test(Status)) continue;
    for (const { Name } of FirstPartyCookies)
      for (const domain of ['', ...domains().map((name) => `; domain=.${name}`)])
        document.cookie = `${Name}=; expires=Thu, 01 Jan 1970 00:00:00 GMT; path=/${domain}`;
  }
  const withdrawn = last ? last.filter((id) => !active.includes(id)) : [];
  heard.push({ active, withdrawn, cookies: document.cookie.split('; ').map((pair) => pair.split('=')[0]).filter((name) => /^_g/.test(name)).sort() });
  last = active;
};
