/**
 * The pattern matcher. Its twin is `consent/catalogue/patterns.py`; both answer tests/vectors/patterns.json.
 *
 * Table: `{"host": [[path, query, service], …], "/": first-party paths, "": [[regex source, service], …]}`, entries in
 * the order to try. A host covers its subdomains, a path is a prefix, a query parameter must be there, with its value
 * when one is given. Nothing is ever a substring.
 */

/**
 * @param {object} table compiled patterns
 * @param {string|URL} url absolute, protocol-relative or relative
 * @param {string} [pageHost] the page's host: first-party paths hold there only
 * @returns {number} index of the service, or -1
 */
export function match(table, url, pageHost = '', base = `https://${pageHost || 'x.invalid'}/`) {
  let u = url;
  try {
    if (!u.href) u = new URL(url, base);
  } catch {
    return -1;
  }
  if (!/^(http|ws)s?:/.test(u.protocol)) return -1;
  const list = (key) => (Object.hasOwn(table, key) ? table[key] : []);
  const query = u.search.slice(1).split('&');
  const find = (key) =>
    list(key).find(
      ([path, wanted]) =>
        u.pathname.startsWith(path) &&
        (!wanted || query.some((part) => part === wanted || (!/=/.test(wanted) && part.startsWith(`${wanted}=`)))),
    );
  const name = u.hostname.replace(/\.$/, '');
  let found;
  for (let host = name; host && !found; host = host.replace(/^[^.]*\.?/, '')) found = find(host);
  if (!found && name === pageHost.toLowerCase()) found = find('/');
  if (found) return found[2];
  for (const entry of list('')) {
    entry[0] = new RegExp(entry[0]);
    if (entry[0].test(`${u.protocol}//${name}${u.pathname}${u.search}`)) return entry[1];
  }
  return -1;
}
