/**
 * Decisions. Pure. A vector is a list of booleans, one for each item on offer: categories, then purposes, then services
 * (undefined = not offered: a purpose that stands alone and was never asked).
 */

import { FLAG_BEFORE, FLAG_CONTAINER, FLAG_NECESSARY, FLAG_SOLD, SIGNAL_CHILD, SIGNAL_GPC } from '../packed.js';

// What a signal denies is a number (packages/enforce/src/fairgate_enforce/signals.py): these, and a bit a category.
export const GPC = SIGNAL_GPC; // denies what is sold
export const CHILD = SIGNAL_CHILD; // denies everything optional

/** @type {('categories'|'purposes'|'services')[]} */
const KINDS = ['categories', 'purposes', 'services'];

/**
 * The rows are taken apart here and nowhere else, in the order of `item` in releases/config.json (a test holds the two
 * together).
 *
 * @param {import('../types.d.ts').Config} cfg lists of packed items, one for each kind
 * @returns {import('../types.d.ts').Item[]}
 */
export function unpack(cfg) {
  /** @type {import('../types.d.ts').Item[]} */
  const items = [];
  for (const kind of KINDS) {
    for (const [key, flags, category, rules, cookies, adapter, ...inline] of cfg[kind] || []) {
      items.push({
        kind,
        key,
        group: items[category],
        container: flags & FLAG_CONTAINER,
        sold: flags & FLAG_SOLD,
        necessary: flags & FLAG_NECESSARY,
        bit: items[category]?.bit || (kind === KINDS[0] && 4 << Math.min(items.length, 29)),
        // Without flags it is not on offer.
        before: flags >= 0 ? flags >= FLAG_BEFORE : flags,
        rules,
        cookies: cookies ? cookies.split(' ') : [],
        inline,
        adapter,
        // Its own, then those that it had in other categories.
        slots: [].concat(cfg.slots ? cfg.slots[items.length] : items.length),
      });
    }
  }
  return items;
}

/** Is it a category that has to be asked about? */
export const optional = ({ kind, necessary }) => kind[0] === 'c' && !necessary;

/** Does the signal deny this? Never what stands in no category. */
export const isDenied = ({ necessary, sold, bit }, signal) => !necessary && bit && signal & (bit | CHILD | (sold && GPC));

/** Applies the signals, and releases containers as soon as any optional category is granted. */
export function applySignals(items, vector, signal) {
  items.forEach((item, i) => {
    if (isDenied(item, signal)) vector[i] = vector[items.indexOf(item.group || item)] = false;
  });
  const any = items.some((item, i) => optional(item) && vector[i]);
  return vector.map((value, i) => value || (any && items[i].container && !isDenied(items[i], signal)) || value);
}

/** What runs before any answer; each item's own default was compiled on the server. @param {number} signal */
export const before = (items, signal) =>
  applySignals(
    items,
    items.map((item) => item.before),
    signal,
  );

/**
 * What a stored answer means under this release, now.
 *
 * @param {Pick<import('../types.d.ts').Core, 'items'|'answer'|'terms'|'signal'|'child'|'optIn'>} core
 *   terms.refusal_days 0 = a refusal never lapses
 * @returns {{vector: import('../types.d.ts').Vector, lapsed: boolean, ask: boolean}}
 */
export function interpret({ items, answer, terms, signal, child, optIn }) {
  const { choices, foreign, yes, x } = answer;
  const start = before(items, child);
  const age = (Date.now() / 1000 - answer.t) / 86400;
  // "Yes" where nothing had to be asked is no consent where something has; nor is one that cannot be understood.
  const weak = optIn && (answer.o || foreign);
  const lapsed = weak || (foreign && !x) || age > ((yes ? terms.consent_days : terms.refusal_days) || Infinity);
  let material = false;
  const vector = items.map(({ kind, group, necessary }, i) => {
    if (necessary) return true;
    const choice = choices[i];
    // null: it was denied where it was before.
    if (choice !== undefined && choice !== null) return lapsed ? (choice || !x) && start[i] : choice;
    const category = group && choices[items.indexOf(group)];
    material ||= category !== undefined || (!group && start[i] !== undefined);
    return choice !== null && (category ?? true) && !(category && kind[0] === 'p') && start[i];
  });
  return {
    vector: applySignals(items, vector, signal(true)),
    lapsed,
    ask: weak || (!x && (material || (lapsed && age >= (terms.reask_days || 0)))),
  };
}
