/**
 * Decisions. Pure. A vector is a list of booleans, one for each item on offer: categories, then purposes, then services
 * (undefined = not offered: a purpose that stands alone and was never asked).
 */

import { FLAG_BEFORE, FLAG_CONTAINER, FLAG_NECESSARY, FLAG_SOLD, SIGNAL_CHILD, SIGNAL_GPC } from '../packed.js';

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
        // Without flags it is not on offer.
        before: flags >= 0 ? flags >= FLAG_BEFORE : flags,
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

/** What was chosen for a key; for a name that every object has ("constructor") nothing was. */
export const choiceOf = (choices, key) => (typeof choices[key] === 'boolean' ? choices[key] : undefined);

/** Did this answer (its c, p and s) grant anything that needs asking? */
export const grants = (items, answer) => items.some(({ kind, key, necessary }) => !necessary && choiceOf(answer[kind[0]], key));

/** Applies the signals, and releases containers as soon as any optional category is granted. */
export function applySignals(items, vector, signal) {
  const masked = ({ necessary, sold }) => !necessary && (signal > 1 || (signal && sold));
  items.forEach((item, i) => {
    if (item.group && masked(item)) vector[i] = vector[items.indexOf(item.group)] = false;
  });
  const any = items.some((item, i) => optional(item) && vector[i]);
  return vector.map((value, i) => value || (any && items[i].container && !masked(items[i])) || value);
}

/** What runs before any answer; each item's own default was compiled on the server. @param {number} signal GPC | CHILD */
export const before = (items, signal) =>
  applySignals(
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
 * @param {Pick<import('../types.d.ts').Core, 'items'|'answer'|'terms'|'cfg'|'signal'|'child'|'optIn'>} core
 *   terms.refusal_days 0 = a refusal never lapses
 * @returns {{vector: import('../types.d.ts').Vector, lapsed: boolean, ask: boolean}}
 */
export function interpret({ items, answer, terms, cfg, signal, child, optIn }) {
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
    let choice = choiceOf(answer[kind[0]], key);
    if (choice === undefined && group) {
      choice = choiceOf(answer.c, group.key);
      if (choice !== undefined && covered && !covered.includes(mark(item))) {
        material = true;
        return choice && kind !== 'purposes' && start[i];
      }
    }
    if (choice === undefined) {
      material ||= !group && start[i] !== undefined;
      return start[i];
    }
    return lapsed ? (choice || !answer.x) && start[i] : choice;
  });
  return {
    vector: applySignals(items, vector, signal(true)),
    lapsed,
    ask: weak || (!answer.x && (material || (lapsed && age >= (terms.reask_days || 0)))),
  };
}
