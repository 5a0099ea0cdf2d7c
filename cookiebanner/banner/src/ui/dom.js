/** Elements without markup strings: nothing here is a Trusted Types sink, and data never becomes code. */

import { pictures } from './picture.js';

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

const picture = pictures(fill);
const stroke = (size, d) => picture(size, size, [[d, 'currentColor']]);

export const settingsIcon = () => stroke(24, 'M4 8h9m5 0h2M4 16h2m5 0h9M13 5v6h5V5zM6 13v6h5v-6z');
export const crossIcon = () => stroke(16, 'm3 3 10 10m0-10L3 13');

/** Puts values into `{placeholders}`. */
export const interpolate = (text, values) => (text || '').replace(/\{(\w+)\}/g, (all, key) => values[key] ?? all);
