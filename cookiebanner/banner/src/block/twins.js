/**
 * What an author wrote on a held element. Where something had to be taken away or changed, the author's value is in an
 * attribute of ours beside it, `fg-<name>`, which goes with the element wherever it is copied, moved or parsed again;
 * `fg-held` has the order. Every way to read an element passes over ours (readers.js).
 */
import { ours, trust } from './decide.js';
import { getAttr, hasAttr, inert, removeAttr, setAttr, uncurried } from './dom.js';
import { HELD, KEPT, releaseCss } from './names.js';

export const attributeNames = uncurried(Element.prototype.getAttributeNames);
const setAttrNs = uncurried(Element.prototype.setAttributeNS);
const importNode = uncurried(Document.prototype.importNode);

/** Names that were taken away somewhere on this page: while it is empty, no reader has anything to do. */
export const masked = new Set();
export const isHeldElement = (el) => masked.size > 0 && hasAttr(el, HELD);
/** Does an attribute of this element not stand as it was written? */
export const isMasked = (el) => masked.size > 0 && (hasAttr(el, HELD) || /data:fg,/.test(getAttr(el, 'style')));
export const kept = (el, name) => getAttr(el, KEPT + name);
/** Stands a document in memory of ours in the place of the author's (adopt.js)? What waits has no such address. */
export function isAdopted(el, name = el.localName === 'object' ? 'data' : 'src') {
  const standing = kept(el, name) !== null && getAttr(el, name);
  return !!standing && (ours.has(standing) || ours.has(standing.split('#')[0]));
}
export const written = (el, name) => kept(el, name) ?? getAttr(el, name);

/** @param {[string, string][]} pairs names and values as they stand @returns {[string, string][]} as their author wrote them */
function asWritten(pairs) {
  const found = new Map(pairs);
  const order = (found.get(HELD) || '').replace(/"/g, '').split(' ');
  // Of a customized element `is` is no attribute: browsers write it first.
  const rank = (/** @type {string} */ name) => (/^xmlns/.test(name) ? 0 : order.indexOf(name) + 1 || (name === 'is' ? 0 : 999));
  for (const [name, value] of pairs) {
    if (!name.startsWith(KEPT)) continue;
    found.delete(name);
    if (name !== HELD) found.set(name.slice(KEPT.length), value);
  }
  return [...found].sort((a, b) => rank(a[0]) - rank(b[0]));
}
const pairsOf = (el) => asWritten(attributeNames(el).map((name) => [name, releaseCss(getAttr(el, name))]));
export const writtenNames = (el) => pairsOf(el).map(([name]) => name);

/** HTML or XML that a browser wrote, as the author would have it. */
export const cleanHtml = (html) =>
  releaseCss(html).replace(/(<[^\s<>"!/]+)((?:\s[^\s=>"]+="[^"]*")+)/g, (whole, start, attributes) => {
    if (!attributes.includes(` ${HELD}="`)) return whole;
    const pairs = [...attributes.matchAll(/\s([^\s=>"]+)=("[^"]*")/g)].map(([, name, value]) => [name, value]);
    return (
      start +
      asWritten(/** @type {any} */ (pairs))
        .map(([name, value]) => ` ${name}=${value}`)
        .join('')
    );
  });

/** Sets an attribute to what its author wrote, whatever guards it. */
export function put(el, name, value) {
  const kind = /^on/.test(name)
    ? 'createScript'
    : name === 'srcdoc'
      ? 'createHTML'
      : /^(embed|object)$/.test(el.localName) && 'createScriptURL';
  const given = kind ? trust(value, kind) : value;
  if (/:href$/.test(name)) setAttrNs(el, 'http://www.w3.org/1999/xlink', name, given);
  else setAttr(el, name, given);
}

/** Keeps the author's value of an attribute, which the caller takes away or changes. */
export function keep(el, name, value) {
  masked.add(name);
  const names = writtenNames(el);
  if (!names.includes(name)) names.push(name);
  setAttr(el, HELD, names.join(' '));
  setAttr(el, KEPT + name, value);
}

/** Elements with an attribute that does not stand as it was written. */
export const OURS = `[${HELD}],[style*="data:fg,"]`;

const copies = new WeakMap();
/** Copy → the held element that it speaks for. */
export const originals = new WeakMap();

/** An element with the author's attributes in the author's order, for what reads them as objects. */
export function trueCopy(el) {
  let copy = copies.get(el);
  if (!copy) {
    copy = importNode(inert, el, false);
    copies.set(el, copy);
    originals.set(copy, el);
  }
  for (const name of attributeNames(copy)) removeAttr(copy, name);
  for (const [name, value] of pairsOf(el)) put(copy, name, value);
  return copy;
}

const rewritten = new Map();
let known = 0;

/** A selector that finds by what authors wrote. */
export function trueSelector(selector) {
  if (known !== masked.size || rewritten.size > 999) rewritten.clear();
  known = masked.size;
  let found = rewritten.get(selector);
  if (found === undefined) {
    found = selector.replace(/\\.|\[\s*([\w-]+)((?:"[^"]*"|'[^']*'|[^\]"'])*)\]/g, (whole, name, rest) => {
      const lower = name?.toLowerCase();
      if (lower?.startsWith(KEPT)) return ':not(*)';
      return masked.has(lower) ? `:is(${whole}:not([${KEPT}${lower}]),[${KEPT}${lower}${rest}])` : whole;
    });
    rewritten.set(selector, found);
  }
  return found;
}

/** An XPath that finds by what authors wrote. */
export const truePath = (path) =>
  path.replace(/"[^"]*"|'[^']*'|(?:@|\battribute\s*::)\s*([\w-]+)/g, (whole, name) =>
    masked.has(name) ? `@*[name()="${KEPT}${name}" or name()="${name}" and not(../@${KEPT}${name})]` : whole,
  );
