/**
 * The state cookie `fairgate_<the site's tag>`: `v=2&id=…&u=…&t=th4g2v&g=eu_opt_in&n=9.x-Yz.8.aB3_&b=0q2&x=0&o=0`.
 *
 * id record id and u visitor, UUIDs in base64url; t seconds, in base 36; g regime; n the last steps of the numbering that it was
 * given to (how many slots, and the tag that says which); b digits of base 27, each three slots of base 3: 0 not offered,
 * 1 denied, 2 granted; x objection; o answered where nothing had to be asked. Slots and steps: consent/publishing/slots.py.
 * Fields keep their order; whoever reads passes over what follows them. What gates stored before is read by earlier.js.
 *
 * @typedef {{raw: string, id: string, u: string, t: number, g: string, x: boolean, o: boolean, yes: boolean, foreign: boolean,
 *   choices: (boolean|null|undefined)[]}} Answer  yes = grants something; foreign = of another numbering, not to be understood;
 *   choices = of each item: undefined not offered, null not offered and denied where it was before
 */

const FORM = /^v=2&id=([\w-]*)&u=([\w-]*)&t=([0-9a-z]{1,9})&g=([a-z_]*)&n=([\w.-]*)&b=([0-9a-q]*)&x=([01])&o=([01])(&|$)/;

/** @param {string} raw @param {{items: object[], cfg: object}} core @returns {Answer|undefined} undefined when it cannot be read */
export function decode(raw, { items, cfg }) {
  const [, id, u, at, g, steps, digits, x, o] = FORM.exec(raw) || [];
  // Undefined would be a number of base 36, too.
  const t = at && parseInt(at, 36);
  if (!t) return;
  let shared = 0;
  for (const [, count, tag] of steps.matchAll(/(\d+)\.([\w-]+)/g)) if (cfg.steps[count] === tag && +count > shared) shared = +count;
  const choice = (slot) => [undefined, false, true][slot < shared ? ((parseInt(digits[(slot / 3) | 0], 27) / 3 ** (slot % 3)) | 0) % 3 : 0];
  return {
    raw,
    id,
    u,
    t,
    g,
    x: x === '1',
    o: o === '1',
    yes: /[^01349acd]/.test(digits),
    foreign: !shared,
    // An objection of another numbering may have meant everything.
    choices: items.map(({ slots: [own, ...former] }) =>
      shared ? (choice(own) ?? (former.some((slot) => choice(slot) === false) ? null : undefined)) : x === '1' ? false : undefined,
    ),
  };
}

/** @returns {Answer|undefined} the newest of several cookies; what cannot be read (undefined) is always sorted to the end */
export const newest = (raw, core) => raw.map((one) => decode(one, core)).sort((a, b) => b.t - a.t)[0];

/** @returns {string[]} all cookies that can be read, as `name=value`; none in a sandboxed page, where reading throws */
export function cookies() {
  try {
    return document.cookie.split('; ');
  } catch {
    return [];
  }
}

/** @returns {string[]} every value of a cookie, in the browser's order. Whoever asks for several hands in what was read once */
export const values = (name, pairs = cookies()) =>
  pairs.flatMap((pair) => (pair.startsWith(`${name}=`) ? pair.slice(name.length + 1) : []));

/**
 * What stands under one of OneTrust's names, which some tenants' scripts end with a mark of the subdomain (`OptanonConsent_3f9a`).
 *
 * @returns {string[]}
 */
export const oneTrusts = (name, pairs = cookies()) =>
  pairs.flatMap((pair) => (pair.startsWith(name) ? pair.slice(pair.indexOf('=') + 1) : []));

/**
 * All that this browser keeps of answers to this site: in the cookie; in the one of a page without TLS, which neither sees nor
 * replaces a Secure one; in the storage, where cookies are refused.
 *
 * @returns {string[]}
 */
export function kept({ cfg }, pairs = cookies()) {
  const raw = [...values(cfg.cookie, pairs), ...values(`${cfg.cookie}_http`, pairs)];
  try {
    raw.push(...[localStorage[cfg.cookie] || []].flat());
  } catch {}
  return raw;
}
