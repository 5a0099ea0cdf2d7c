/**
 * How an element waits.
 *
 * A held script rests (scripts.js); everything else loses the attribute that would load.
 * What was taken away is kept in `data-fg-<attribute>`, so that clones and `innerHTML += …` hold too and the page's own
 * getters can answer as if nothing had happened. `data-fg` marks a held element.
 */
import { attributeWaitsFor, authorKeys, holdCss, host, trust, upward } from './decide.js';
import { findAll, getAttr, hasAttr, matches, removeAttr, setAttr, setter, uncurried } from './dom.js';
import { HELD, KEPT, releaseCss } from './names.js';
import { assignType, holdSource } from './scripts.js';

const attributeNames = uncurried(Element.prototype.getAttributeNames);
const setText = setter(Node.prototype, 'textContent');

/** Everything that can load, in one selector. */
export const LOADING =
  'script,style,link,object,image,use,feImage,set,animate,[mask],[clip-path],[filter],[src],[srcset],[srcdoc],[poster],[ping],[background],[style],[data-fg],[data-consent],[class*=optanon-],[class*=ot-vscat]';

/** "element attribute" pairs that load something. */
const LOADS =
  /^(\w+ (src(set)?|data|poster|background)|iframe srcdoc|link (href|imagesrcset)|(script|image|use|feImage) (xlink:)?href|a(rea)? ping|(set|animate) (to|from|by|values))$/;
const CSS_ATTRIBUTE = /^(style|mask|clip-path|filter)$/;
const LINK = /sheet|pre[cflrs]|icon|mani/i;
const isIdleLink = (el, rel = getAttr(el, 'rel')) => el.localName === 'link' && !LINK.test(rel);
export const isLoading = (el, name) => LOADS.test(`${el.localName} ${name}`);

/** Held elements that load without being in a document. */
export const heldOutside = new Set();
const withPlaceholder = new WeakSet();

/** An element left the page: nothing stands for it any more. */
export const unplace = (el) => withPlaceholder.delete(el) && host.place(el, null);

/** Keeps `value` aside instead of letting `el` load it. */
function holdAttribute(el, name, value, i) {
  setAttr(el, HELD, i);
  setAttr(el, KEPT + name, value);
  // Of all ways to end a navigation that the parser has begun, only this one won every race.
  if (el.localName === 'iframe' && hasAttr(el, name) && el.isConnected) setAttr(el, name, 'about:blank');
  removeAttr(el, name);
  if (!el.isConnected) heldOutside.add(el);
  host.held?.(el);
}

/** Holds the URLs in a style sheet's or an attribute's text, or gives them back. */
export function checkCss(text, write) {
  const safe = holdCss(releaseCss(text));
  if (safe !== text) write(safe);
}

/** Holds one attribute or gives it back. @returns {number} what it waits for */
function checkAttribute(el, name) {
  const value = getAttr(el, name);
  if (CSS_ATTRIBUTE.test(name)) checkCss(value, (safe) => setAttr(el, name, safe));
  const plain = name.replace(KEPT, '');
  if (!isLoading(el, plain) || isIdleLink(el)) return 0;
  if (plain === 'srcdoc') {
    const safe = upward.safeSrcdoc(value, el);
    if (safe !== value) setAttr(el, plain, trust(safe));
    return 0;
  }
  const i = attributeWaitsFor(el, plain, value);
  if (i) {
    if (plain === name) holdAttribute(el, name, value, i);
  } else if (plain !== name) {
    removeAttr(el, name);
    setAttr(el, plain.replace(/.*:/, ''), /^(embed|object)$/.test(el.localName) ? trust(value, 'createScriptURL') : value);
    if (el.localName === 'source') el.parentNode?.load?.();
  }
  return i || 0;
}

/** Brings one element in line with what is allowed now: holds it, or gives back what it waits with. */
export function checkElement(el) {
  if (el === host.tag || el.localName === 'script') return;
  const tag = el.localName;
  // Parked tags of a page's author wait in the same form as ours.
  const asked = !hasAttr(el, HELD) && authorKeys(el);
  const parked = asked && !hasAttr(el, 'src') && getAttr(el, 'data-src');
  if (parked) setAttr(el, `${KEPT}src`, parked);
  if (tag === 'style') checkCss(el.textContent, (safe) => setText(el, safe));
  let waiting = 0;
  for (const name of attributeNames(el)) waiting = checkAttribute(el, name) || waiting;
  if (waiting) {
    setAttr(el, HELD, waiting);
    if (el.isConnected && /^(iframe|embed|object|video)$/.test(tag) && !withPlaceholder.has(el)) {
      withPlaceholder.add(el);
      host.place(el, waiting - 1);
    }
  } else {
    removeAttr(el, HELD);
    heldOutside.delete(el);
    unplace(el);
  }
}

/** `checkElement` for what can load: most nodes can't, and are passed over fast. */
export const checkOne = (node) => node.nodeType === 1 && matches(node, LOADING) && checkElement(node);

/** The same for a node and everything in it. */
export function checkTree(node) {
  checkOne(node);
  if (node.firstElementChild) for (const el of findAll(node, LOADING)) checkElement(el);
}

/** A link is told what it is for: only now may its address load. */
function assignRel(el, rel) {
  const url = !isIdleLink(el, rel) && getAttr(el, 'href');
  const i = url && attributeWaitsFor(el, 'href', url);
  if (i) holdAttribute(el, 'href', url, i);
}

/**
 * A loading attribute is about to be set. Calls `set(value)` to do it, unless it has to wait.
 * @param {any} el @param {string} attribute @param {*} value @param {(value: *) => *} set the native
 */
export function assign(el, attribute, value, set) {
  const name = attribute.toLowerCase();
  if (CSS_ATTRIBUTE.test(name)) return set(holdCss(value));
  if (el.localName === 'script') {
    if (name === 'type') return assignType(el, value, set);
    return isLoading(el, name) ? holdSource(el, name, `${value}`, () => set(value)) : set(value);
  }
  if (name === 'rel' && el.localName === 'link') assignRel(el, value);
  if (!isLoading(el, name) || isIdleLink(el)) return set(value);
  if (name === 'srcdoc') return set(upward.safeSrcdoc(value, el));
  removeAttr(el, KEPT + name);
  const i = attributeWaitsFor(el, name, `${value}`);
  return i ? holdAttribute(el, name, value, i) : set(value);
}
