/** What a visitor's answer makes of the vector. Pure. */

import { applySignals, before } from './vector.js';

/**
 * @param {import('../types.d.ts').Item[]} items
 * @param {string} action accept_all, reject_all, custom, close, withdraw, opt_out
 * @param {object} choices `{categories, purposes, services}`, each id → boolean or "granted"/"denied"; for custom, opt_out
 * @param {import('../types.d.ts').Vector} now the vector in force
 * @param {number} signal
 */
export function choose(items, action, choices, now, signal) {
  const all = { accept_all: true, reject_all: false, withdraw: false }[action];
  if (action === 'close') now = before(items, signal);
  const sold = items.some((item) => item.sold && !item.necessary);
  const wish = ({ kind, key }) => {
    const value = { __proto__: null, ...choices?.[kind] }[key];
    return value === undefined ? undefined : value === true || value === 1 || value === 'granted';
  };
  return applySignals(
    items,
    items.map((item, i) => {
      const { necessary, group, kind } = item;
      if (necessary) return true;
      // A purpose that stands alone (e-mail marketing) is no part of "all cookies".
      if (all !== undefined) return kind !== 'purposes' || group || (now[i] && !all) ? all : now[i];
      if (action === 'opt_out' && !choices)
        return !sold || item.sold || items.some((other) => other.group === item && other.sold) ? false : now[i];
      return wish(item) ?? (group && wish(group)) ?? now[i];
    }),
    signal,
  );
}
