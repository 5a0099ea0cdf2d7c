/**
 * The state cookie `fairgate_<the site's tag>`:
 * `v=1&r=3&h=1a2b3c4d&id=…&u=…&t=1795294000&g=eu_opt_in&c=C0001:1.C0002:0&s=…&p=…&x=0&m=…&o=0`.
 *
 * r release, h its content (the beginning of its hash; none in what earlier gates stored), id record id, u visitor, t seconds,
 * g regime, c categories, s and p what differs from its category, x objection, m marks of what was offered, o answered where
 * nothing had to be asked. Whoever reads passes over fields that he does not know.
 *
 * @typedef {{r: number, h: string, id: string, u: string, t: number, g: string, c: Object<string, boolean>,
 *   s: Object<string, boolean>, p: Object<string, boolean>, x: boolean, m: string, o: boolean}} Answer
 */

/** @param {string} raw @returns {Answer|undefined} undefined when it cannot be read */
export function decode(raw) {
  const f = Object.fromEntries(raw.split('&').map((pair) => pair.split('=')));
  if (f.v !== '1' || !(f.t > 0) || !f.c) return;
  for (const name of 'csp') {
    const flags = { __proto__: null };
    for (const part of f[name] ? f[name].split('.') : []) {
      if (!/^[\w-]+:[01]$/.test(part)) return;
      flags[part.slice(0, -2)] = part.endsWith('1');
    }
    f[name] = flags;
  }
  return { ...f, r: +f.r, t: +f.t, x: f.x > 0, o: f.o > 0 };
}

/** @returns {Answer|undefined} the newest of several cookies; what cannot be read (undefined) is always sorted to the end */
export const newest = (raw) => raw.map(decode).sort((a, b) => b.t - a.t)[0];

/** @returns {string[]} every value of a cookie, in the browser's order; none in a sandboxed page, where reading throws */
export function values(name) {
  try {
    return document.cookie.split('; ').flatMap((pair) => (pair.startsWith(`${name}=`) ? pair.slice(name.length + 1) : []));
  } catch {
    return [];
  }
}
