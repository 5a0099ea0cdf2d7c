/** Accept and Reject look the same, whatever the site's style sheets do to one of them. */

const SAME = [
  'width', 'height', 'font', 'color', 'backgroundColor', 'backgroundImage', 'opacity', 'visibility', 'display', 'border', 'boxShadow', 'filter', 'transform',
  'clipPath', 'textDecorationLine', 'textTransform', 'letterSpacing', 'textIndent', 'pointerEvents', 'cursor', 'position', 'order', 'float', 'zIndex', 'scale',
];

// Inline and important: nothing in a style sheet outranks it.
const OURS = {
  all: 'revert', display: 'block', 'box-sizing': 'border-box', margin: '0', padding: '8px 12px', 'min-height': '44px', width: '100%', border: '2px solid var(--fg-ac)',
  'border-radius': '8px', background: 'var(--fg-ac)', color: 'var(--fg-on)', font: '600 15px/1.3 system-ui,sans-serif', cursor: 'pointer', 'overflow-wrap': 'anywhere',
};

/**
 * Compares what the browser computed, repairs both when they differ or cannot be seen.
 *
 * @param {HTMLElement[]} pair
 * @returns {string[]} the properties that differed
 */
export function level(pair) {
  if (pair.length < 2 || !pair[0].isConnected) return [];
  const [a, b] = pair.map((button) => getComputedStyle(button));
  const differing = SAME.filter((key) => a[key] !== b[key]);
  if (!differing.length && (+a.opacity < 1 || a.visibility !== 'visible' || a.display === 'none' || pair[0].offsetHeight < 40)) differing.push('visibility');
  if (differing.length) for (const button of pair) for (const key in OURS) button.style.setProperty(key, OURS[key], 'important');
  return differing;
}
