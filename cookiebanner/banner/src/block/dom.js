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
const nativeSetAttr = uncurried(E.setAttribute);
const nativeRemoveAttr = uncurried(E.removeAttribute);
export const hasAttr = uncurried(E.hasAttribute);
export const matches = uncurried(E.matches);
export const closest = uncurried(E.closest);
const insertBefore = uncurried(Node.prototype.insertBefore);
const queries = new Map(
  [Element, Document, DocumentFragment].map((kind, i) => [[1, 9, 11][i], uncurried(kind.prototype.querySelectorAll)]),
);
const nodeType = uncurried(describe(Node.prototype, 'nodeType').get);
/**
 * Elements below a document, a shadow root, a fragment or an element (a form's own method may be hidden by a field).
 *
 * @param {ParentNode} root
 * @returns {any[]}
 */
export function findAll(root, selector) {
  const found = queries.get(nodeType(root))(root, selector);
  // Mostly there is none, and an iterator costs more than the search.
  return found.length ? [...found] : [];
}
export const nameOf = getter(E, 'localName');
export const parentNode = getter(Node.prototype, 'parentNode');
export const nextSibling = getter(Node.prototype, 'nextSibling');
export const setHtml = setter(E, 'innerHTML');
export const outerHtml = getter(E, 'outerHTML');
export const ruleText = getter(CSSRule.prototype, 'cssText');

/** Node → what we have just changed of it (an attribute's name; '' for its children), or how often it was moved. */
export let changes = new Map();
const forget = () => {
  changes = new Map();
};
/** Remembers a change of ours until every observer was told of it. @param {Node} node @param {string} what */
export function note(node, what) {
  // The second microtask from here comes after the one in which observers are told.
  if (!changes.size) queueMicrotask(() => queueMicrotask(forget));
  if (!changes.has(node)) changes.set(node, { moves: 0 });
  changes.get(node)[what] = true;
  return changes.get(node);
}
export function setAttr(el, name, value) {
  note(el, name);
  nativeSetAttr(el, name, value);
}
export function removeAttr(el, name) {
  note(el, name);
  nativeRemoveAttr(el, name);
}
/** Puts a node where it is to stand; from where it stood it is moved. */
export function putBefore(parent, node, next) {
  if (node.parentNode) note(node, '').moves++;
  return insertBefore(parent, node, next);
}
const addListener = uncurried(EventTarget.prototype.addEventListener);
/** Where our listeners stand → what they hear. @type {WeakMap<EventTarget, [string, (event: any) => void][]>} */
const listeners = new WeakMap();
/** Hears of something before the page does. */
export function listen(target, type, run) {
  listeners.set(target, [...(listeners.get(target) || []), [type, run]]);
  addListener(target, type, run, true);
}
/** Documents that code has opened and not closed: their parser waits for what is written next. */
export const opened = new WeakSet();
/** A document was opened anew, which takes all listeners off it and its window. */
export function listenAgain(doc) {
  opened.add(doc);
  for (const target of [doc, doc.defaultView]) {
    for (const [type, run] of listeners.get(target) || []) addListener(target, type, run, true);
  }
}
const { trustedTypes } = /** @type {any} */ (window);
const KINDS = ['isHTML', 'isScript', 'isScriptURL'];
/** What a value says, once and for all: an object could say something else at the browser's own look. */
export const said = (value) =>
  typeof value === 'string' || Object(value) !== value || (trustedTypes && KINDS.some((kind) => trustedTypes[kind](value)))
    ? value
    : `${value}`;
/** The same for arguments, from `at` on those that were given. */
export function sayOnce(args, from = 0, to = args.length) {
  for (let i = from; i < to && i < args.length; i++) args[i] = said(args[i]);
}
/** @returns {number} a node's type; 0 of what only looks like one */
export function kindOf(node) {
  try {
    return nodeType(node);
  } catch {
    return 0;
  }
}
/** A document in which nothing loads. */
export const inert = document.implementation.createHTMLDocument('');
export const contentWindow = getter(HTMLIFrameElement.prototype, 'contentWindow');
