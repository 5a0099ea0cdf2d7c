/**
 * How an element waits.
 *
 * A held script keeps its attributes but gets `type="text/plain"`; everything else loses the attribute that would load.
 * What was taken away is kept in `data-fg-<attribute>`, so that clones and `innerHTML += …` hold too and the page's own
 * getters can answer as if nothing had happened. `data-fg` marks a held element.
 */
import {
  attributeWaitsFor,
  authorKeys,
  holdCss,
  host,
  isExempt,
  serviceWaits,
  textWaitsFor,
  trust,
  upward,
  urlWaitsFor,
} from './decide.js';
import { findAll, getAttr, hasAttr, matches, removeAttr, setAttr, setter, uncurried } from './dom.js';
import { importMap, swallowed } from './level.js';
import { HELD, KEPT, releaseCss, TYPE } from './names.js';

const attributeNames = uncurried(Element.prototype.getAttributeNames);
const setText = setter(Node.prototype, 'textContent');

/** Everything that can load, in one selector. */
export const LOADING =
  'script,style,link,object,image,use,feImage,[src],[srcset],[srcdoc],[poster],[ping],[background],[style],[data-fg],[data-consent],[class*=optanon-],[class*=ot-vscat]';

/** "element attribute" pairs that load something. */
const LOADS =
  /^(\w+ (src(set)?|data|poster|background)|iframe srcdoc|link (href|imagesrcset)|(script|image|use|feImage) (xlink:)?href|a(rea)? ping)$/;
const LINK = /sheet|pre[cflr]|icon|mani/i;
const CODE = /^(module|speculationrules|\w+\/(x-)?(java|ecma|j|live)script.*)?$/i;
const isIdleLink = (el, rel = getAttr(el, 'rel')) => el.localName === 'link' && !LINK.test(rel);
const isCode = (el) => CODE.test((getAttr(el, 'type') || '').trim());
export const isLoading = (el, name) => LOADS.test(`${el.localName} ${name}`);

/** Held elements that load without being in a document. */
export const heldOutside = new Set();
const withPlaceholder = new WeakSet();

/** What a script waits for; `more` is text that it is about to get. */
export function scriptWaitsFor(el, more = '') {
  const src = getAttr(el, 'src') ?? getAttr(el, 'href') ?? getAttr(el, 'xlink:href');
  if (src !== null || isExempt(el) || authorKeys(el)) return attributeWaitsFor(el, 'src', src);
  const text = el.textContent + more;
  const type = getAttr(el, TYPE) || getAttr(el, 'type');
  // A static import makes the module wait; a dynamic one is kept from resolving, or makes its script wait.
  for (const [, dynamic, url] of text.matchAll(/\b(?:import|from)\s*(\(?)\s*["'`]((?:https?:)?\/\/[^"'`]+)/g)) {
    const i = urlWaitsFor(url, true);
    if (i && (dynamic ? !importMap([url]) : type === 'module')) return i;
  }
  // Nothing can stop a frame's own `location`: code that sets it to a held address waits itself.
  for (const [, url] of text.matchAll(/(?:content\w+|frames\[[^\]]*])\s*\.\s*location[\s.\w]*[=(]\s*["'`]([^"'`]+)/g)) {
    const i = urlWaitsFor(url, true);
    if (i) return i;
  }
  if (type === 'speculationrules') return textWaitsFor(text);
  return host.services.findIndex((service, i) => service.inline.some((part) => text.includes(part)) && serviceWaits(i)) + 1;
}

/** Undoes the holding of a script; whoever inserts the element then runs it. */
export function freeScript(el) {
  const type = getAttr(el, TYPE);
  for (const name of [HELD, TYPE, `${KEPT}sync`]) removeAttr(el, name);
  if (type) setAttr(el, 'type', type);
  else removeAttr(el, 'type');
}

/** Makes a script wait for `i`. Called before its source is set, before it is inserted, before the parser prepares it. */
function holdScript(el, i, type) {
  setAttr(el, HELD, i);
  setAttr(el, TYPE, type || '');
  // A parser's script turns async once it was prepared in vain; remember that it was not.
  if (!el.async) setAttr(el, `${KEPT}sync`, '');
  setAttr(el, 'type', 'text/plain');
}

/** Holds or frees a script that is about to get the text `more`. */
export function checkScript(el, more) {
  const waiting = hasAttr(el, HELD);
  const i = (waiting || isCode(el)) && scriptWaitsFor(el, more);
  if (!waiting) {
    if (i) holdScript(el, i, getAttr(el, 'type'));
  } else if (!i) {
    // Not async: the parser has yet to prepare it.
    if (!el.isConnected || !el.async) freeScript(el);
    else host.releaseAllowed();
  }
}

/** Keeps `value` aside instead of letting `el` load it. */
function holdAttribute(el, name, value, i) {
  setAttr(el, HELD, i);
  setAttr(el, KEPT + name, value);
  // Of all ways to end a navigation that the parser has begun, only this one won every race.
  if (el.localName === 'iframe' && hasAttr(el, name) && el.isConnected) setAttr(el, name, 'about:blank');
  removeAttr(el, name);
  if (!el.isConnected) heldOutside.add(el);
}

/** Holds the URLs in a style sheet's or an attribute's text, or gives them back. */
function checkCss(text, write) {
  const safe = holdCss(releaseCss(text));
  if (safe !== text) write(safe);
}

/** Holds one attribute or gives it back. @returns {number} what it waits for */
function checkAttribute(el, name) {
  const value = getAttr(el, name);
  if (name === 'style') checkCss(value, (safe) => setAttr(el, name, safe));
  const plain = name.replace(KEPT, '');
  if (!isLoading(el, plain) || isIdleLink(el)) return 0;
  if (plain === 'srcdoc') {
    const safe = upward.safeSrcdoc(value);
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
  if (el === host.tag) return;
  if (el.id === 'fg-swallow') {
    swallowed(el);
    return;
  }
  const tag = el.localName;
  // Parked tags of a page's author wait in the same form as ours.
  const asked = !hasAttr(el, HELD) && authorKeys(el);
  const parked = asked && !hasAttr(el, 'src') && getAttr(el, 'data-src');
  if (tag === 'script') {
    const type = asked && getAttr(el, 'type');
    if (parked) setAttr(el, 'src', parked);
    if (asked && /^\s*text\/plain\s*$/i.test(type)) holdScript(el, host.services.length + 1, getAttr(el, 'data-type'));
    else if (asked && !isCode(el)) host.unknown(type);
    checkScript(el);
    return;
  }
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
    if (withPlaceholder.delete(el)) host.place(el, null);
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
  const isScript = el.localName === 'script';
  if (name === 'style') return set(holdCss(value));
  const waiting = hasAttr(el, HELD);
  if (isScript && name === 'type' && waiting) return setAttr(el, TYPE, value);
  if (name === 'rel' && el.localName === 'link') assignRel(el, value);
  if (!isLoading(el, name) || isIdleLink(el)) return set(value);
  if (name === 'srcdoc') return set(upward.safeSrcdoc(value));
  removeAttr(el, KEPT + name);
  const i = attributeWaitsFor(el, name, `${value}`);
  if (!isScript) return i ? holdAttribute(el, name, value, i) : set(value);
  if (waiting && !i) freeScript(el);
  if (!waiting && i && isCode(el)) holdScript(el, i, getAttr(el, 'type'));
  return set(value);
}
