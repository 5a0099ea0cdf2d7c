/** Elements without markup strings: nothing here is a Trusted Types sink, and data never becomes code. */

const SVG = 'http://www.w3.org/2000/svg';

export function fill(node, props, kids) {
  for (const key in props) {
    const value = props[key];
    if (typeof value === 'function') node.addEventListener(key, value);
    else if (value || value === 0) node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...kids.flat(9).filter(Boolean));
  return node;
}

/**
 * @param {string} tag
 * @param {Object<string, *>} [props] attributes; a function listens to the event of that name; empty ones are left out
 * @param {...(Node|string|Array|null|false)} kids
 */
export const el = (tag, props, ...kids) => fill(document.createElement(tag), props, kids);

/** A picture for the eye only: `shapes` are [element, attributes]. */
export const picture = (width, height, shapes) =>
  fill(
    document.createElementNS(SVG, 'svg'),
    { viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': true, focusable: 'false' },
    shapes.map(([tag, props]) => fill(document.createElementNS(SVG, tag), props, [])),
  );

/** California's opt-out icon, 11 CCR 7015: a pill, a check on its left, a cross on its right. Our own drawing. */
export const optOutIcon = () =>
  picture(30, 14, [
    ['rect', { x: 0.7, y: 0.7, width: 28.6, height: 12.6, rx: 6.3, fill: '#fff', stroke: '#06f', 'stroke-width': 1.4 }],
    ['path', { d: 'M17.4.7H23a6.3 6.3 0 0 1 0 12.6h-9z', fill: '#06f' }],
    ['path', { d: 'M6 7.3 8.5 9.8 12.6 4.4', fill: 'none', stroke: '#06f', 'stroke-width': 1.8 }],
    ['path', { d: 'm19.4 4.4 5 5.2m0-5.2-5 5.2', stroke: '#fff', 'stroke-width': 1.8 }],
  ]);

const stroke = (size, d) => picture(size, size, [['path', { d, fill: 'none', stroke: 'currentColor', 'stroke-width': 2 }]]);

export const settingsIcon = () =>
  stroke(24, 'M4 8h9m5 0h2M4 16h2m5 0h9M15.5 5.5a2.5 2.5 0 1 1 0 5 2.5 2.5 0 1 1 0-5zm-7 8a2.5 2.5 0 1 1 0 5 2.5 2.5 0 1 1 0-5z');
export const crossIcon = () => stroke(16, 'm3 3 10 10m0-10L3 13');
export const checkIcon = () => stroke(16, 'm2 8 4 4 8-9');

/** Puts values into `{placeholders}`. */
export const fmt = (text, values) => (text || '').replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
