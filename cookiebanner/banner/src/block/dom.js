/** Natives, out of reach of whatever the page does later. */

const { call } = Function.prototype;
const E = Element.prototype;

export const { apply, construct } = Reflect;
export const { getOwnPropertyDescriptor: describe, defineProperty: define } = Object;
/** `bare(f)(thisArg, …args)` calls `f`. */
export const bare = (f) => call.bind(f);
export const getter = (proto, name) => bare(describe(proto, name).get);
export const setter = (proto, name) => bare(describe(proto, name).set);
export const get = bare(E.getAttribute);
export const put = bare(E.setAttribute);
export const drop = bare(E.removeAttribute);
export const has = bare(E.hasAttribute);
export const matches = bare(E.matches);
export const insert = bare(Node.prototype.insertBefore);
const find = bare(E.querySelectorAll);
/** Elements below a document, a shadow root, a fragment or an element (a form's own method may be hidden by a field). */
export const all = (root, selector) => {
  try {
    return [...find(root, selector)];
  } catch {
    return [...root.querySelectorAll(selector)];
  }
};
export const setHTML = setter(E, 'innerHTML');

/** Marks a held element; `KEPT + attribute` holds what was taken from it. */
export const HELD = 'data-fg';
export const KEPT = 'data-fg-';
