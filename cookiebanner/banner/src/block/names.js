/** Names that the parts which hold, and the part that lets go, share. */

/** On a held element: its attributes in the author's order; `KEPT + attribute` has the author's value of one. */
export const HELD = 'fg-held';
export const KEPT = 'fg-';
/** Marks of a tag that was parked as text, by the server or by us; `PARKED + attribute` has what was taken from it. */
export const MARK = 'data-fg';
export const PARKED = 'data-fg-';

/** Prefixes of names that are no cookie's, as compile.py writes them; a cookie's name holds no `=`. */
export const STORES = { localStorage: 'l=', sessionStorage: 's=' };

/** Does a cookie of a release (it may hold a `*`) mean this one? */
export function nameMatches(cookie, kind, name) {
  const [start, end] = cookie.split('*');
  const full = kind + String(name);
  return full === cookie || (end !== undefined && (start || !kind) && full.startsWith(start) && full.endsWith(end));
}

const ownersOf = (services, kind, name) =>
  services.flatMap(({ cookies }, i) => (cookies.some((cookie) => nameMatches(cookie, kind, name)) ? [i] : []));

/**
 * Does all that this name belongs to wait? Then nobody may have it. What belongs to nobody is nobody's to hold. A key that
 * nobody declared is whose cookie has its name.
 *
 * @param {{cookies: string[]}[]} services @param {(index: number) => boolean} waits
 */
export function allOwnersWait(services, waits, kind, name) {
  let owners = ownersOf(services, kind, name);
  if (!owners.length) owners = ownersOf(services, '', name);
  return owners.length > 0 && owners.every((i) => waits(i));
}

/** CSS that `holdCss` made, as its author wrote it. */
export const releaseCss = (text) => text?.replace?.(/data:fg,/g, '') ?? text;
/** The same of what a native reads. */
export const readClean = (go) => releaseCss(go());
