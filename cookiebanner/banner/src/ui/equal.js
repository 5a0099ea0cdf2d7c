/** Accept and Reject look the same, whatever the site's style sheets do to one of them. Part of ui.js. */

// Inline and important: nothing in a style sheet outranks it.
const FORCED =
  'all:revert;box-sizing:border-box;display:block;width:100%;font:inherit;min-height:44px;padding:8px 12px;border:2px solid var(--fg-ed);border-radius:8px;background:var(--fg-ac);color:var(--fg-on);font-weight:600;line-height:1.3;cursor:pointer;';

/**
 * Compares everything the browser computed for both; repairs both when they differ or cannot be seen.
 *
 * @param {HTMLElement[]} pair
 * @returns {string[]} the properties that differed
 */
export function makeEqual(pair) {
  const [one, two] = /** @type {any[]} */ (pair);
  // Closed, hidden as a whole; or a difference that we want.
  if (!one.parentNode?.getClientRects().length || pair.some((button) => button.matches(':hover,:focus'))) return [];
  /** @type {any} */
  const a = getComputedStyle(one);
  const b = getComputedStyle(two);
  const differing = [...a].filter((key) => key[0] !== '-' && a[key] !== b[key]);
  if (a.opacity < 1 || a.visibility !== 'visible' || one.offsetHeight < 40) differing.push('visibility');
  if (differing.length) for (const { style } of pair) style.cssText = FORCED.replace(/;/g, '!important;');
  return differing;
}
