/**
 * `v=1`, as gates wrote it before slots: all is named by its key. Read for ever, never written.
 * `v=1&r=3&h=1a2b3c4d&id=…&u=…&t=1795294000&g=eu_opt_in&c=C0001:1.C0002:0&s=…&p=…&x=0&m=…&o=0`.
 *
 * r release, h its content (the beginning of its hash; none in what earlier gates stored), id record id, u visitor, t seconds,
 * g regime, c categories, s and p what differs from its category, x objection, m marks of what was offered, o answered where
 * nothing had to be asked.
 *
 * @typedef {{r: number, h: string, id: string, u: string, t: number, g: string, c: Object<string, boolean>,
 *   s: Object<string, boolean>, p: Object<string, boolean>, x: boolean, m: string, o: boolean, raw: string}} Keyed
 */

// The gates of 1b79d33 took the regime "notice" for a yes, and wrote 1.
const NOTICE = 'notice';

/** @param {string} raw @returns {Keyed|undefined} undefined when it cannot be read */
export function decodeKeyed(raw) {
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
  return { ...f, raw, r: +f.r, t: +f.t, x: f.x > 0, o: f.o > 0, g: f.g === '1' ? NOTICE : f.g };
}

/** Three base-36 digits that stand for "this service (or purpose) in this category"; FNV-1a. */
export function mark({ group, kind, key }) {
  let hash = 2166136261;
  for (const letter of group.key + kind + key) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  return (46656 + ((hash >>> 0) % 46656)).toString(36).slice(1);
}

/** Marks of all that an answer covers: what a later release adds is missing from them. */
export const marks = (items) => items.map((item) => (item.group && !item.necessary ? mark(item) : '')).join('');

/**
 * What it means for what this release offers: a service goes with its category, unless it was named, or came later.
 *
 * @param {Keyed} keyed @param {object} core {items, cfg} @returns {import('./cookie.js').Answer} ids as UUIDs
 */
export function understood(keyed, { items, cfg }) {
  const covered = keyed.h !== cfg.content && keyed.m && keyed.m.match(/.../g);
  const choices = items.map((item) => {
    const own = keyed[item.kind[0]][item.key];
    return own === undefined && item.group && !(covered && !covered.includes(mark(item))) ? keyed.c[item.group.key] : own;
  });
  const necessary = items.flatMap((item) => (item.necessary ? item.key : []));
  const yes = [keyed.c, keyed.s, keyed.p].some((flags) => Object.keys(flags).some((key) => flags[key] && !necessary.includes(key)));
  return { ...keyed, yes, foreign: false, choices };
}

/** Does it deny what this release does not know? Then slots cannot say it: it stays as it is, for when that comes back. */
export const deniesUnknown = (keyed, items) =>
  ['categories', 'services', 'purposes'].some((kind) =>
    Object.keys(keyed[kind[0]]).some((key) => !keyed[kind[0]][key] && !items.some((item) => item.kind === kind && item.key === key)),
  );
