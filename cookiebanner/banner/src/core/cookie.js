/**
 * The state cookie `fairgate`: `v=1&r=3&id=…&u=…&t=1795294000&g=eu_opt_in&c=C0001:1.C0002:0&s=…&p=…&x=0&m=…&o=0`.
 *
 * r release, id record id, u visitor, t seconds, g regime, c categories, s and p what differs from its category,
 * x objection, m marks of what was offered, o answered where nothing had to be asked.
 *
 * @typedef {{r: number, id: string, u: string, t: number, g: string, c: Object<string, boolean>, s: Object<string, boolean>,
 *   p: Object<string, boolean>, x: boolean, m: string, o: boolean}} Answer
 */

/** @param {Answer} a @returns {string} */
export const encode = (a) =>
  Object.entries({ v: 1, r: a.r, id: a.id, u: a.u, t: a.t, g: a.g, c: a.c, s: a.s, p: a.p, x: +a.x, m: a.m, o: +a.o })
    .map(([name, value]) => `${name}=${typeof value === 'object' ? Object.keys(value).map((key) => `${key}:${+value[key]}`).join('.') : value}`)
    .join('&');

/** @param {string} raw @returns {Answer|undefined} undefined when it cannot be read */
export function decode(raw) {
  const f = Object.fromEntries(raw.split('&').map((pair) => pair.split('=')));
  const flags = (text) => Object.fromEntries((text || '').split('.').filter(Boolean).map((part) => [part.slice(0, -2), part.endsWith(':1')]));
  const sound = (text) => !text || /^[\w-]+:[01](\.[\w-]+:[01])*$/.test(text);
  if (f.v === '1' && +f.t > 0 && f.c && [f.c, f.s, f.p].every(sound)) {
    return { r: +f.r, id: f.id || '', u: f.u || '', t: +f.t, g: f.g, c: flags(f.c), s: flags(f.s), p: flags(f.p), x: f.x === '1', m: f.m || '', o: f.o === '1' };
  }
}

/** @param {string} jar document.cookie @returns {string[]} every value of a name, in the browser's order */
export const values = (jar, name) =>
  jar.split('; ').filter((pair) => pair.startsWith(`${name}=`)).map((pair) => pair.slice(name.length + 1));

/**
 * Writes on the widest registered host that the browser accepts, else host-only.
 *
 * @param {{get: () => string, set: (line: string) => void}} jar
 * @param {number|''} seconds '' = session
 * @param {string} domain '' = host-only
 */
export function write(jar, name, value, seconds, domain) {
  for (const part of [domain && `; Domain=${domain}`, '']) {
    jar.set(`${name}=${value}${seconds === '' ? '' : `; Max-Age=${seconds}`}${part}; Path=/; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`);
    if (values(jar.get(), name).includes(value)) return;
  }
}
