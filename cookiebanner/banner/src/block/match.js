/**
 * The pattern matcher. Its twin is `consent/catalogue/patterns.py`; both answer tests/vectors/patterns.json.
 *
 * Table: `{"host": [[path, query, service], …], "/": first-party paths, "": [[regex source, service], …]}`, entries in
 * the order to try. A host covers its subdomains, a path is a prefix, a query parameter must be there, with its value
 * when one is given. Nothing is ever a substring.
 */

/**
 * @param {object[]} services what a release says of each: `rules`, patterns with blanks between them
 * @param {[string, number][]} [regexes]
 * @returns {object} the table
 */
export function tabled(services, regexes = []) {
  const table = { __proto__: null, '': regexes };
  services.forEach(({ rules = '' }, i) => {
    for (const [, name, path, query] of rules.matchAll(/(?=\S)([^\s/?]*)([^\s?]*)\??(\S*)/g)) {
      const host = name || '/';
      table[host] ||= [];
      table[host].push([path, query, i]);
    }
  });
  for (const host in table) if (host) table[host].sort((a, b) => b[0].length - a[0].length || b[1].length - a[1].length);
  return table;
}

/**
 * @param {object} table without a prototype
 * @param {URL} u
 * @param {string} pageHost the page's host: first-party paths hold there only
 * @returns {number} index of the service, or -1
 */
export function match(table, u, pageHost) {
  const { protocol, pathname, search } = u;
  const query = search.slice(1).split('&');
  const find = (key) =>
    table[key]?.find(
      ([path, wanted]) =>
        pathname.startsWith(path) &&
        (!wanted || query.some((part) => part === wanted || (!/=/.test(wanted) && part.startsWith(`${wanted}=`)))),
    );
  const name = u.hostname.replace(/\.$/, '');
  let found;
  if (!/^(http|ws)/.test(protocol)) return -1;
  for (let host = name; host && !found; host = host.replace(/^[^.]*\.?/, '')) found = find(host);
  if (!found && name === pageHost) found = find('/');
  found ||= table[''].find((entry) => new RegExp(entry[0]).test(`${protocol}//${name}${pathname}${search}`));
  return found ? (found[2] ?? found[1]) : -1;
}
