/** Natives, out of reach of whatever the page does later. */

const { call } = Function.prototype;
const E = Element.prototype;

export const { apply, construct } = Reflect;
export const { getOwnPropertyDescriptor: describe, defineProperty: define } = Object;
/**
 * `uncurried(f)(thisArg, …args)` calls `f`.
 *
 * @returns {(...args: any[]) => any}
 */
export const uncurried = (f) => call.bind(f);
export const getter = (proto, name) => uncurried(describe(proto, name).get);
export const setter = (proto, name) => uncurried(describe(proto, name).set);
export const getAttr = uncurried(E.getAttribute);
export const setAttr = uncurried(E.setAttribute);
export const removeAttr = uncurried(E.removeAttribute);
export const hasAttr = uncurried(E.hasAttribute);
export const matches = uncurried(E.matches);
export const putBefore = uncurried(Node.prototype.insertBefore);
const queries = new Map([Element, Document, DocumentFragment].map((kind, i) => [[1, 9, 11][i], uncurried(kind.prototype.querySelectorAll)]));
const nodeType = uncurried(describe(Node.prototype, 'nodeType').get);
/**
 * Elements below a document, a shadow root, a fragment or an element (a form's own method may be hidden by a field).
 *
 * @param {ParentNode} root
 * @returns {any[]}
 */
export const findAll = (root, selector) => [...queries.get(nodeType(root))(root, selector)];
export const setHtml = setter(E, 'innerHTML');
