/**
 * How an element waits.
 *
 * A held script rests (scripts.js). A frame stands empty under its address; everything else loses the attribute that would
 * load. What its author wrote stays readable (twins.js). An element is held where it would load and no earlier: images and
 * media anywhere in a page's document, the rest where it stands in the page; in templates and other inert documents nothing.
 */
import { adoptedAttribute } from './adopt.js';
import { attributeWaitsFor, authorKeys, holdCss, host, isNobodys, trust, upward } from './decide.js';
import {
  findAll,
  getAttr,
  getter,
  hasAttr,
  kindOf,
  matches,
  nameOf,
  nextSibling,
  note,
  parentNode,
  putBefore,
  removeAttr,
  setAttr,
  setter,
  uncurried,
} from './dom.js';
import { HELD, KEPT, MARK, PARKED, releaseCss } from './names.js';
import { incomplete, mayRun } from './replace.js';
import { assignType, holdSource, importsWaitFor, sendingWaitsFor } from './scripts.js';
import { attributeNames, isAdopted, isHeldElement, keep, kept, masked, put, written, writtenNames } from './twins.js';

const getText = getter(Node.prototype, 'textContent');
const setText = setter(Node.prototype, 'textContent');
const baseUri = getter(Node.prototype, 'baseURI');
const hasAttributes = uncurried(Element.prototype.hasAttributes);
const firstElement = getter(Element.prototype, 'firstElementChild');
const removeChild = uncurried(Node.prototype.removeChild);
export const contentDocument = getter(HTMLIFrameElement.prototype, 'contentDocument');

/** Everything that can load, in one selector. */
export const LOADING =
  'script,style,link,object,image,use,feImage,set,animate,meta[http-equiv=refresh i],[onload],[onclick],[mask],[clip-path],[filter],[cursor],[fill*="//"],[stroke*="//"],[marker-start],[marker-mid],[marker-end],[src],[srcset],[srcdoc],[poster],[ping],[background],[style],[fg-held],[data-fg],[data-consent],[class*=optanon-],[class*=ot-vscat]';

/** "element attribute" pairs that load something. */
const LOADS =
  /^(\w+ (src(set)?|data|poster|background)|iframe srcdoc|link (href|imagesrcset)|(script|image|use|feImage) (\w+:)?href|a(rea)? ping|(set|animate) (to|from|by|values))$/;
/** Attributes that are CSS. */
export const CSS_ATTRIBUTE = /^(style|mask|clip-path|filter|cursor|fill|stroke|marker-\w+)$/;
const LINK = /sheet|pre[cflrs]|icon|mani/i;
const isIdleLink = (el, rel = written(el, 'rel')) => el.localName === 'link' && !LINK.test(rel);
/** What such a pair was found to be: pages ask the same again and again, and a match costs more than a look. */
const pairs = new Map();
export function isLoading({ localName }, name) {
  const pair = `${localName} ${name}`;
  if (pairs.size > 999) pairs.clear();
  if (!pairs.has(pair)) pairs.set(pair, pair === 'meta content' || LOADS.test(pair));
  return pairs.get(pair);
}
/** Handlers of what visitors do themselves. */
const BY_VISITOR = /^on(change|click|input|key|mouse|pointer|submit|touch)/;
const EVERYWHERE = new Set('img image input feImage use picture source video audio track'.split(' '));

/** What loads in this node: 0 nothing, 1 images and media, 2 all. */
export function loadsIn(node) {
  if (!(node.ownerDocument || node).defaultView) return 0;
  return mayRun(node) ? 2 : 1;
}
/** The same for what is in no page, but belongs to a document: all, where its insertion may go unnoticed. */
export const loadsOutside = (doc) => (!doc.defaultView ? 0 : incomplete ? 2 : 1);
const wouldLoad = (el, where) => where > (EVERYWHERE.has(el.localName) ? 0 : 1);

/** Held elements that load without being in a document, and never were. */
export const heldOutside = new Set();
/** Held element → the document in it for which a placeholder was asked. */
const placed = new WeakMap();

/** An element left the page: nothing stands for it any more. */
export const unplace = (el) => placed.delete(el) && host.place(el, null);

const isEmptyFrame = (el) => el.localName === 'iframe' && kept(el, 'src') !== null && !hasAttr(el, 'srcdoc');

/**
 * A frame waits as an empty document of this origin under its own address. It is inserted anew, which ends what the parser
 * has begun to load and leaves no trace in the history.
 */
function standEmpty(el) {
  const parent = el.isConnected && parentNode(el);
  const next = nextSibling(el);
  if (parent) {
    note(el, '').moves++;
    removeChild(parent, el);
  }
  const sandbox = getAttr(el, 'sandbox');
  if (sandbox !== null) {
    keep(el, 'sandbox', sandbox);
    removeAttr(el, 'sandbox');
  }
  setAttr(el, 'src', `about:blank?${kept(el, 'src')}`);
  if (parent) putBefore(parent, el, next);
}

/** What a held element has in the place of an address, so that its box and the order of its attributes stay. */
const STAND_IN = /^(about:blank\?|data:(image\/svg\+xml;)?fg,)/;

/** Keeps `value` aside instead of letting `el` load it. */
function holdAttribute(el, name, value) {
  keep(el, name, value);
  if (isEmptyFrame(el) && name === 'src') standEmpty(el);
  else removeAttr(el, name);
  if (!el.isConnected) heldOutside.add(el);
  host.held?.(el);
}

/** Puts a document in memory that its author did not write in the place of the author's (adopt.js). @returns {*} whether there is one */
function adopt(el, name, value, set) {
  const adopted = adoptedAttribute(el, name, value);
  if (!adopted) return;
  if (name === 'src') giveBack(el, 'sandbox');
  keep(el, name, value);
  set(/^i?f/.test(el.localName) ? adopted : trust(adopted, 'createScriptURL'));
  return adopted;
}

/** Gives an attribute back. A document that has come stays as it is. */
function giveBack(el, name) {
  const value = kept(el, name);
  if (value === null || isAdopted(el, name)) return;
  const names = writtenNames(el);
  removeAttr(el, KEPT + name);
  // Before the address, or the frame would load without it.
  if (name === 'src') giveBack(el, 'sandbox');
  (host.putInPlace || put)(el, name, value, names);
  if (el.localName === 'source') el.parentNode?.load?.();
}

/** Holds the URLs in a style sheet's or an attribute's text, or gives them back. */
function checkCss(el, text, write) {
  const safe = holdCss(releaseCss(text), el);
  if (safe !== text) write(safe);
}

/** The same CSS with its held URLs held: whoever reads it, by an attribute of this name, is told what the author wrote. */
export function holdStyle(value, name = 'style', el = undefined) {
  const safe = holdCss(value, el);
  if (safe !== value) masked.add(name);
  return safe;
}

/** A document in an attribute has to be safe before it is parsed. @returns {*} its text, when it is not the author's */
function holdDocument(el, html) {
  const safe = upward.safeSrcdoc(html, el);
  if (safe === html) return;
  keep(el, 'srcdoc', html);
  return trust(safe);
}

/** Of a link only what it is for is taken away: its address stands for itself. */
const takenFrom = (el, name) => (el.localName === 'link' ? 'rel' : name);

/** Holds one attribute or gives it back. @returns {number} what it waits for */
function checkAttribute(el, name, where) {
  const standing = getAttr(el, name);
  // Whatever came past us would load, and counts.
  if (isAdopted(el, name)) return 0;
  const isNew = standing !== null && !(kept(el, name) !== null && STAND_IN.test(standing));
  const value = isNew ? standing : kept(el, name);
  if (CSS_ATTRIBUTE.test(name) && where > 1) checkCss(el, value, (safe) => masked.add(name) && setAttr(el, name, safe));
  const code = /^on/.test(name) && (importsWaitFor(value) || (!BY_VISITOR.test(name) && sendingWaitsFor(value, el)));
  if (code) {
    if (isNew) holdAttribute(el, name, value);
    return code;
  }
  if (!isLoading(el, name) || isIdleLink(el)) return 0;
  if (name === 'srcdoc') {
    const safe = where > 1 && kept(el, name) === null && holdDocument(el, value);
    if (safe) setAttr(el, name, safe);
    return 0;
  }
  const taken = takenFrom(el, name);
  const isKept = kept(el, name) !== null || kept(el, taken) !== null;
  const isLoose = taken === name ? isNew : hasAttr(el, taken);
  const i = (isKept || wouldLoad(el, where)) && attributeWaitsFor(el, name, value);
  if (i && isLoose) holdAttribute(el, taken, getAttr(el, taken));
  else if (!i && kept(el, name) !== null) {
    if (isNew) removeAttr(el, KEPT + name);
    else giveBack(el, name);
  } else if (!i && where > 1 && !el.isConnected) adopt(el, name, value, (adopted) => setAttr(el, name, adopted));
  return i || 0;
}

/** What the server parked waits in the same form as ours. */
function takeOver(el) {
  const names = attributeNames(el).filter((name) => name !== MARK);
  removeAttr(el, MARK);
  setAttr(el, HELD, names.map((name) => name.replace(PARKED, '')).join(' '));
  for (const parked of names.filter((name) => name.startsWith(PARKED))) {
    const name = parked.replace(PARKED, '');
    masked.add(name);
    setAttr(el, KEPT + name, getAttr(el, parked));
    removeAttr(el, parked);
  }
  if (isEmptyFrame(el)) standEmpty(el);
}

/** An element waits for `waiting`, or for nothing any more. */
function settle(el, waiting) {
  if (!waiting) {
    if (hasAttr(el, HELD)) {
      // A document stays as it was parsed; what waits in it comes back by itself.
      for (const name of attributeNames(el)) if (/^fg-(?!held|srcdoc)/.test(name)) giveBack(el, name.slice(KEPT.length));
      if (kept(el, 'srcdoc') === null && !isAdopted(el)) removeAttr(el, HELD);
    }
    heldOutside.delete(el);
    unplace(el);
  } else if (el.isConnected) {
    heldOutside.delete(el);
    const [width, height] = ['width', 'height'].map((side) => getAttr(el, side));
    if (el.localName === 'img' && kept(el, 'src') && width && height && !hasAttr(el, 'src')) {
      setAttr(el, 'src', `data:image/svg+xml;fg,<svg xmlns='http://www.w3.org/2000/svg' width='${width}' height='${height}'/>`);
    }
    const inside = isEmptyFrame(el) ? contentDocument(el) : el;
    if (!/^(iframe|embed|object|video)$/.test(el.localName) || placed.get(el) === inside) return;
    placed.set(el, inside);
    host.place(el, waiting - 1);
  }
}

/** Brings one element in line with what is allowed now: holds it where it would load, or gives back what it waits with. */
export function checkElement(el, where = loadsIn(el)) {
  if (el === host.tag || el.localName === 'script') return;
  if (hasAttr(el, MARK)) takeOver(el);
  // Parked tags of a page's author wait in the same form as ours.
  const asked = where > 1 && !hasAttr(el, HELD) && authorKeys(el);
  const parked = asked && !hasAttr(el, 'src') && getAttr(el, 'data-src');
  if (parked) keep(el, 'src', parked);
  if (el.localName === 'style' && where > 1) checkCss(el, getText(el), (safe) => note(el, 'text') && setText(el, safe));
  let waiting = 0;
  for (const name of hasAttr(el, HELD) ? writtenNames(el) : attributeNames(el)) waiting = checkAttribute(el, name, where) || waiting;
  if (parked && waiting && isEmptyFrame(el)) standEmpty(el);
  settle(el, waiting);
}

/** Elements whose insertion does something, without an attribute or a child. */
export const BUSY = new Set(['script', 'style', 'iframe', 'frame', 'embed', 'object']);
/** Can nothing in this node load, or be reached into, and nothing change where it stood? What most pages make and insert. */
export function isBare(node) {
  const kind = kindOf(node);
  return kind === 3 ? !parentNode(node) : kind === 1 && !hasAttributes(node) && !firstElement(node) && !BUSY.has(nameOf(node));
}

/** `checkElement` for what can load: most nodes can't, and are passed over fast. Without an attribute only text of CSS does. */
export const checkOne = (node, where = undefined) =>
  node.nodeType === 1 && (hasAttributes(node) || node.localName === 'style') && matches(node, LOADING) && checkElement(node, where);

/** The same for a node and everything in it. */
export function checkTree(node, where = undefined) {
  checkOne(node, where);
  if (node.firstElementChild) for (const el of findAll(node, LOADING)) checkElement(el, where);
}

/** The author's value of a name that is taken away changes. @returns {boolean} whether that is all there is to do */
function assignKept(el, name, value) {
  if (kept(el, name) === null && !(name === 'sandbox' && isHeldElement(el) && isEmptyFrame(el) && !isAdopted(el))) return false;
  keep(el, name, value);
  note(el, KEPT + name)[KEPT + name] = false;
  return true;
}

/** A link gets an address, or is told what it is for: only now may it load. */
function assignLink(el, name, value, set) {
  const rel = name === 'rel' ? value : written(el, 'rel');
  const waitsFor = (source) => {
    const url = source === name ? value : getAttr(el, source);
    return url && attributeWaitsFor(el, source, url);
  };
  const waits = loadsIn(el) > 1 && !isIdleLink(el, rel) && (waitsFor('href') || waitsFor('imagesrcset'));
  if (waits) holdAttribute(el, 'rel', rel);
  else if (name === 'rel') removeAttr(el, KEPT + name);
  if (!waits || name !== 'rel') set(value);
  if (isHeldElement(el)) checkElement(el);
}

/** A picture gets an address that is nobody's, as it has before: most pages set no other. */
const isOwnPicture = (el, name, value) =>
  name === 'src' && nameOf(el) === 'img' && isNobodys(value, baseUri(el)) && !isHeldElement(el) && !authorKeys(el);

/**
 * A loading attribute is about to be set. Calls `set(value)` to do it, unless it has to wait.
 * @param {any} el @param {string} attribute @param {*} value @param {(value: *) => *} set the native
 */
export function assign(el, attribute, value, set) {
  if (isOwnPicture(el, attribute, value)) return set(value);
  const name = attribute.toLowerCase();
  if (CSS_ATTRIBUTE.test(name)) {
    return set(/\(/.test(value) && loadsIn(el) > 1 ? holdStyle(value, name, el) : value);
  }
  if (el.localName === 'script') {
    if (name === 'type') return assignType(el, value, set);
    return isLoading(el, name) ? holdSource(el, name, `${value}`, () => set(value)) : set(value);
  }
  if (el.localName === 'link' && /^(rel|href|imagesrcset)$/.test(name)) return assignLink(el, name, `${value}`, set);
  if (!isLoading(el, name)) return assignKept(el, name, value) || set(value);
  const where = loadsIn(el);
  if (name === 'srcdoc') {
    removeAttr(el, KEPT + name);
    return set((where > 1 && holdDocument(el, `${value}`)) || value);
  }
  const i = wouldLoad(el, where) && attributeWaitsFor(el, name, `${value}`);
  if (i) {
    holdAttribute(el, name, `${value}`);
    // This is the page's doing: its observers are told.
    note(el, KEPT + name)[KEPT + name] = false;
    settle(el, i);
  } else if (where > 1 && adopt(el, name, `${value}`, set)) {
    checkElement(el);
  } else if (hasAttr(el, HELD)) {
    removeAttr(el, KEPT + name);
    if (name === 'src') giveBack(el, 'sandbox');
    set(value);
    checkElement(el);
  } else {
    set(value);
  }
}
