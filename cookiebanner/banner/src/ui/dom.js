/** Elements without markup strings: nothing here is a Trusted Types sink, and data never becomes code. */

const SVG = 'http://www.w3.org/2000/svg';
// In the gate the natives: its own patches, which come later, have nothing to find in what we draw.
const { append, setAttribute } = Element.prototype;

export function fill(node, props, kids) {
  for (const key in props) {
    const value = props[key];
    if (typeof value === 'function') node.addEventListener(key, value);
    else if (value || value === 0) setAttribute.call(node, key, value === true ? '' : value);
  }
  append.call(node, ...kids.flat(9).filter(Boolean));
  return node;
}

/**
 * @param {string} tag
 * @param {Object<string, *>} [props] attributes; a function listens to the event of that name; empty ones are left out
 * @param {...(Node|string|Array|null|false)} kids
 */
export const el = (tag, props, ...kids) => fill(document.createElement(tag), props, kids);

/** A picture for the eye only: `shapes` are [path, stroke, fill]. */
export const picture = (width, height, shapes) =>
  fill(
    document.createElementNS(SVG, 'svg'),
    { viewBox: `0 0 ${width} ${height}`, width, height, 'aria-hidden': true, focusable: 'false' },
    shapes.map(([d, stroke, inside = 'none']) =>
      fill(document.createElementNS(SVG, 'path'), { d, stroke, fill: inside, 'stroke-width': 2 }, []),
    ),
  );

/** California's opt-out icon, 11 CCR 7015: a pill, a check on its left, a cross on its right. Our own drawing. */
export const optOutIcon = () =>
  picture(30, 14, [
    ['M7 1h16a6 6 0 0 1 0 12H7A6 6 0 0 1 7 1z', '#06f', '#fff'],
    ['M17 1h6a6 6 0 0 1 0 12h-9z', '#06f', '#06f'],
    ['m6 7 3 3 4-5', '#06f'],
    ['m19 4 5 5m0-5-5 5', '#fff'],
  ]);

const stroke = (size, d) => picture(size, size, [[d, 'currentColor']]);

export const settingsIcon = () => stroke(24, 'M4 8h9m5 0h2M4 16h2m5 0h9M13 5v6h5V5zM6 13v6h5v-6z');
export const crossIcon = () => stroke(16, 'm3 3 10 10m0-10L3 13');
export const checkIcon = () => stroke(16, 'm2 8 4 4 8-9');

/** Puts values into `{placeholders}`. */
export const interpolate = (text, values) => (text || '').replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
