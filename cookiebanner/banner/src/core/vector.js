/**
 * Decisions. Pure. A vector is a list of booleans, one for each item on offer: categories, then purposes, then services
 * (undefined = not offered: a purpose that stands alone and was never asked).
 *
 * @typedef {{kind: 'categories'|'purposes'|'services', key: string, group: Item|undefined, necessary: number,
 *   before: boolean|undefined, container: number, sold: number, adapter: string}} Item  sold = sells, shares or targets
 */

export const GPC = 1; // denies what is sold
export const CHILD = 2; // denies everything optional

/**
 * @param {object} cfg categories, purposes, services: lists of [key, bits, category's place, rules, cookies, adapter, …inline]
 *   bits: 1 container, 2 sold, 4 necessary, 8 runs before an answer; absent = not offered
 * @returns {Item[]}
 */
export function unpack(cfg) {
  const items = [];
  for (const kind of ['categories', 'purposes', 'services']) {
    for (const [key, bits, at, rules, cookies, adapter, ...inline] of cfg[kind] || []) {
      items.push({
        kind,
        key,
        group: items[at],
        container: bits & 1,
        sold: bits & 2,
        necessary: bits & 4,
        before: bits >= 0 ? bits > 7 : bits,
        rules,
        cookies: cookies ? cookies.split(' ') : [],
        inline,
        adapter,
      });
    }
  }
  return items;
}

/** Is it a category that has to be asked about? */
export const optional = ({ kind, necessary }) => kind[0] === 'c' && !necessary;

/** What was said of a key; a name that every object has ("constructor") was not. */
export const own = (said, key) => (typeof said[key] === 'boolean' ? said[key] : undefined);

/** Did this answer grant anything that needs asking? */
export const grants = (items, answer) => items.some(({ kind, key, necessary }) => !necessary && own(answer[kind[0]], key));

/** Applies the signals, and releases containers as soon as any optional category is granted. */
export function settle(items, vector, signal) {
  const masked = ({ necessary, sold }) => !necessary && (signal > 1 || (signal && sold));
  items.forEach((item, i) => {
    if (item.group && masked(item)) vector[i] = vector[items.indexOf(item.group)] = false;
  });
  const any = items.some((item, i) => optional(item) && vector[i]);
  return vector.map((value, i) => value || (any && items[i].container && !masked(items[i])) || value);
}

/** What runs before any answer; each item's own default was compiled on the server. @param {number} signal GPC | CHILD */
export const before = (items, signal) =>
  settle(
    items,
    items.map((item) => item.before),
    signal,
  );

/** Three base-36 digits that stand for "this service (or purpose) in this category"; FNV-1a. */
export function mark({ group, kind, key }) {
  let hash = 2166136261;
  for (const letter of group.key + kind + key) hash = Math.imul(hash ^ letter.charCodeAt(0), 16777619);
  return (46656 + ((hash >>> 0) % 46656)).toString(36).slice(1);
}

/**
 * What a stored answer means under this release, now.
 *
 * @param {object} core {items, answer, terms, cfg, signal, child, optIn}; terms.refusal_days 0 = a refusal never lapses
 * @returns {{vector: boolean[], lapsed: boolean, ask: boolean}}
 */
export function recall({ items, answer, terms, cfg, signal, child, optIn }) {
  const start = before(items, child);
  const covered = answer.h !== cfg.content && answer.m && answer.m.match(/.../g);
  const age = (Date.now() / 1000 - answer.t) / 86400;
  // "Yes" where nothing had to be asked is no consent where something has.
  const weak = answer.o && optIn;
  const lapsed = weak || age > ((grants(items, answer) ? terms.consent_days : terms.refusal_days) || Infinity);
  let material = false;
  const vector = items.map((item, i) => {
    const { kind, key, group, necessary } = item;
    if (necessary) return true;
    let said = own(answer[kind[0]], key);
    if (said === undefined && group) {
      said = own(answer.c, group.key);
      if (said !== undefined && covered && !covered.includes(mark(item))) {
        material = true;
        return said && kind !== 'purposes' && start[i];
      }
    }
    if (said === undefined) {
      material ||= !group && start[i] !== undefined;
      return start[i];
    }
    return lapsed ? (said || !answer.x) && start[i] : said;
  });
  return {
    vector: settle(items, vector, signal(true)),
    lapsed,
    ask: weak || (!answer.x && (material || (lapsed && age >= (terms.reask_days || 0)))),
  };
}
