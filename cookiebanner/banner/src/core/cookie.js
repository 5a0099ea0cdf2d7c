/**
 * The state cookie `fairgate`: `v=1&r=3&id=…&u=…&t=1795294000&g=eu_opt_in&c=C0001:1.C0002:0&s=…&p=…&x=0&m=…&o=0`.
 *
 * r release, id record id, u visitor, t seconds, g regime, c categories, s and p what differs from its category,
 * x objection, m marks of what was offered, o answered where nothing had to be asked.
 *
 * @typedef {{r: number, id: string, u: string, t: number, g: string, c: Object<string, boolean>, s: Object<string, boolean>,
 *   p: Object<string, boolean>, x: boolean, m: string, o: boolean}} Answer
 */

/** @param {string} raw @returns {Answer|undefined} undefined when it cannot be read */
export function decode(raw) {
  const f = Object.fromEntries(raw.split('&').map((pair) => pair.split('=')));
  if (f.v !== '1' || !(f.t > 0) || !f.c) return;
  for (const name of 'csp') {
    const parts = f[name] ? f[name].split('.') : [];
    if (!parts.every((part) => /^[\w-]+:[01]$/.test(part))) return;
    f[name] = Object.fromEntries(parts.map((part) => [part.slice(0, -2), part.endsWith('1')]));
  }
  return { ...f, r: +f.r, t: +f.t, x: f.x > 0, o: f.o > 0 };
}

/** @returns {string[]} every value of a cookie, in the browser's order; none in a sandboxed page, where reading throws */
export function values(name) {
  try {
    return document.cookie.split('; ').flatMap((pair) => (pair.startsWith(`${name}=`) ? pair.slice(name.length + 1) : []));
  } catch {
    return [];
  }
}
