/**
 * Held scripts rest. A browser decides once whether a script runs: at the parser's end tag, at an insertion, at its first
 * source or text. Its type is `text/plain` at that moment only; right after it is the author's again, so that whatever reads,
 * copies or saves the script meets what the author wrote. It stands in the page unstarted until it is moved.
 */
import {
  anyServiceWaits,
  attributeWaitsFor,
  authorKeys,
  decoded,
  heldMentions,
  host,
  isExempt,
  isInSilent,
  serviceWaits,
  textBehind,
  textWaitsFor,
  trust,
  urlWaitsFor,
} from './decide.js';
import { findAll, getAttr, hasAttr, nextSibling, parentNode, removeAttr, setAttr, uncurried } from './dom.js';
import { importMap, mapRest } from './level.js';
import { MARK, PARKED } from './names.js';
import { mayRun } from './replace.js';

const CODE = /^(module|speculationrules|\w+\/(x-)?(java|ecma|j|live)script.*)?$/i;
const PLAIN = /^\s*text\/plain\s*$/i;

/** Held scripts → whether they are to run in order. @type {WeakMap<any, boolean>} */
export const resting = new WeakMap();
/** Did any ever? */
export let didRest = false;
/** @param {any} el @param {boolean} inOrder */
function setResting(el, inOrder) {
  didRest = true;
  resting.set(el, inOrder);
}
/** Scripts whose type the browser must not see now → the author's type (null: none). */
const hidden = new WeakMap();
/** Scripts of which an insertion has decided; for the observer it is too late. */
const decided = new WeakSet();
/** Held scripts that were taken out of the page as soon as they had come in: libraries run code that way. */
export const takenOut = new Set();
/** Scripts that came as `innerHTML`: no browser ever runs them. */
const neverRuns = new WeakSet();
/** Hidden scripts that the parser has yet to prepare → whether something followed them from the start (a table's content). */
const unprepared = new Map();

const getAttrNs = uncurried(Element.prototype.getAttributeNS);

const typeOf = (el) => (hidden.has(el) ? hidden.get(el) : getAttr(el, 'type'));
const isCode = (el) => CODE.test((typeOf(el) || '').trim());
const isParked = (el) => PLAIN.test(typeOf(el)) && authorKeys(el);
const isMap = (el) => /^importmap$/i.test(typeOf(el));
const canRun = (el) => isCode(el) || isParked(el) || isMap(el);
const setType = (el, type) => (type === null ? removeAttr(el, 'type') : setAttr(el, 'type', type));
/** Of an SVG script Chromium asks for the address whenever its type allows. */
const isSvg = (el) => !('src' in el);

/** Services of which a library waits where code behind it would find it. */
const missing = new Set();
/** Is it the code of service `i`, or does it stand behind its library and call it? `after:` is said in services.json. */
const means = (text, i, part) =>
  part.startsWith('after:') ? missing.has(i) && RegExp(`\\b${part.slice(6)}\\s*[.([]`).test(text) : text.includes(part);

/** What the imports in a script's text wait for: a static one makes a module wait, a dynamic one
 * is kept from resolving or, in a browser with one import map a page, makes all of it wait. */
export function importsWaitFor(text, isModule = false) {
  const code = /\\[xu]/.test(text) ? decoded(text) : text;
  for (const [, dynamic, url] of code.matchAll(/\b(?:import|from)\s*(\(?)\s*["'`]((?:(?:https?:)?\/\/|data:text\/css)[^"'`]+)/g)) {
    const i = url[0] === 'd' ? textWaitsFor(textBehind(url) || '') : urlWaitsFor(url, true);
    if (i && (dynamic ? !importMap([url]) : isModule)) return i;
  }
  // Whatever is imported by a variable, or by text that becomes code, is named somewhere.
  const held = /\bimport\b/.test(text) ? heldMentions(text) : [];
  return held[0] && !importMap(held) ? urlWaitsFor(held[0], true) : 0;
}

const OWN_WINDOW = /^((window|document|self|top|parent|this|globalThis)\b\W*)+$/;
const SENDING = /(=[^=]|\.\s*((href|host|hostname)\s*=[^=]|(replace|assign)\s*\())/.source;
const OF_OBJECT = String.raw`(\b(?:[\w$]+\s*\.\s*)*[\w$]+|[\])])\s*(?:\.\s*|\[\s*["'\x60])location\b(?=(?:["'\x60]\s*])?\s*`;
const SENDS = RegExp(`${OF_OBJECT}${SENDING}?)`, 'g');
const SENDS_ITSELF = RegExp(String.raw`(?:^|[^\w$.]|\b(?:window|document|self|this|globalThis)\s*\.)\s*location\s*${SENDING}`);
/** Does code send a frame somewhere by its `location`? Nothing can stop that: such code waits when it names a held address. */
const sendsFrame = (text) =>
  /frame|content[WD]|\b(window|self|parent|top)\s*\[\s*\d/i.test(text) &&
  [...text.matchAll(SENDS)].some(([, object, sends]) => (sends ? !OWN_WINDOW.test(object) : /(^|\W)(content\w+|])$/.test(object)));
/** What code waits for that sends a frame somewhere, or its own. */
export const sendingWaitsFor = (text, el) =>
  /location/.test(text) &&
  (sendsFrame(text) || (isInSilent(el) && SENDS_ITSELF.test(text))) &&
  textWaitsFor(text.replace(/["'`](?=[\w-]+\.)/g, '$&//'));

/** Rules for whatever link there is wait while anything does; those for the site's own paths go on. */
const linksWaitFor = (text) => /"where"|"document"/.test(text) && !/"href_matches"\s*:\s*\[?\s*"\//.test(text) && anyServiceWaits();

/** What a script waits for; `more` is text that it is about to get. */
export function scriptWaitsFor(el, more = '') {
  const src = getAttr(el, 'src') ?? getAttr(el, 'href') ?? getAttrNs(el, 'http://www.w3.org/1999/xlink', 'href');
  const type = typeOf(el);
  if (src !== null || isExempt(el) || authorKeys(el)) {
    const behind = type === 'module' && textBehind(src);
    return attributeWaitsFor(el, 'src', src) || (behind && importsWaitFor(behind, true));
  }
  const text = el.textContent + more;
  if (isMap(el)) {
    const i = textWaitsFor(text);
    if (i && !resting.has(el)) mapRest(text, el.ownerDocument);
    return i;
  }
  const imported = importsWaitFor(text, type === 'module');
  if (imported) return imported;
  const sent = sendingWaitsFor(text, el);
  if (sent) return sent;
  if (type === 'speculationrules') return textWaitsFor(text) || linksWaitFor(text);
  return host.services.findIndex((service, i) => service.inline.some((part) => means(text, i, part)) && serviceWaits(i)) + 1;
}

/** Keeps a script's type from the browser. */
function hide(el) {
  if (!hidden.has(el)) hidden.set(el, getAttr(el, 'type'));
  setAttr(el, 'type', 'text/plain');
}

/** A script is about to be inserted that runs when its turn comes. */
export function rest(el) {
  setResting(el, true);
  decided.add(el);
  hide(el);
}

/** A script that came as `innerHTML`. */
export function keepFromRunning(el) {
  neverRuns.add(el);
  decided.add(el);
}

/** Gives a script its type back. */
export function show(el) {
  unprepared.delete(el);
  if (!hidden.has(el)) return;
  const type = hidden.get(el);
  hidden.delete(el);
  setType(el, type);
  // Prepared in vain, a parser's script would say that it is async.
  if (resting.get(el) && el.async) el.async = false;
}
/** Not those that may run later: which the parser has yet to prepare, or which may come into the page unnoticed. */
const showResting = (el) => isSvg(el) || unprepared.has(el) || (el.isConnected ? show(el) : decided.delete(el));

/** A tag that its author parked becomes what it stands for. */
export function unpark(el) {
  const address = authorKeys(el) && !hasAttr(el, 'src') && getAttr(el, 'data-src');
  if (address) setAttr(el, 'src', trust(address, 'createScriptURL'));
  if (isParked(el)) setType(el, getAttr(el, 'data-type') || null);
}

/**
 * Decides of a script that may run next, and remembers it when it has to wait.
 *
 * @returns {*} whether its type has to be hidden: one that its author parked is inert as it is
 */
function mustHide(el, waits = undefined) {
  if (neverRuns.has(el)) return false;
  const keys = authorKeys(el);
  const runs = canRun(el);
  if (keys && !runs) host.unknown(typeOf(el));
  waits ??= runs && scriptWaitsFor(el);
  if (waits) {
    if (!resting.has(el)) setResting(el, !el.async);
    const src = getAttr(el, 'src');
    if (src && !el.async && !hasAttr(el, 'defer')) missing.add(urlWaitsFor(src, true) - 1);
    host.held?.(el);
    return !isParked(el);
  }
  resting.delete(el);
  show(el);
  if (keys) unpark(el);
  return false;
}

/** Runs `change`, which gives a script its source or text; where that may make it run, it rests when it waits for something. */
function changing(el, waitsFor, change) {
  if (!mayRun(el)) return change();
  const held = mustHide(el, canRun(el) && waitsFor());
  if (held) hide(el);
  try {
    return change();
  } finally {
    if (held) showResting(el);
  }
}

/** A script gets the source `value` by `change`. */
export const holdSource = (el, name, value, change) => changing(el, () => attributeWaitsFor(el, name, value), change);

/** A script gets the text `more` by `change`. */
export const holdText = (el, more, change) => changing(el, () => scriptWaitsFor(el, more), change);

/** Runs `insert`, which brings these scripts into a page; those that wait rest there. */
export function holdInsertion(scripts, insert) {
  const held = scripts.filter((el) => mustHide(el));
  for (const el of held) hide(el);
  for (const el of scripts) decided.add(el);
  try {
    return insert();
  } finally {
    held.forEach(showResting);
  }
}

/** @returns {any[]} the scripts in what is about to be inserted */
export const scriptsIn = (node) => (node.localName === 'script' ? [node] : node.firstElementChild ? findAll(node, 'script') : []);

/** Makes a script wait whose tag is about to become text again. @returns {boolean} whether it does */
export function parkTag(el) {
  if (!mustHide(el)) return false;
  setAttr(el, `${PARKED}type`, getAttr(el, 'type') || '');
  if (!hasAttr(el, 'async')) setAttr(el, `${PARKED}sync`, '');
  setAttr(el, 'type', 'text/plain');
  setAttr(el, MARK, '');
  return true;
}

/** Takes the marks off a tag that was parked as text, by us or by the server. @returns {boolean} whether it was */
function unmark(el) {
  if (!hasAttr(el, MARK)) return false;
  hidden.set(el, getAttr(el, `${PARKED}type`) || null);
  setResting(el, hasAttr(el, `${PARKED}sync`));
  for (const name of [MARK, `${PARKED}type`, `${PARKED}sync`, `${PARKED}begun`]) removeAttr(el, name);
  return true;
}

function isFollowed(el) {
  for (let node = el; node; node = parentNode(node) || node.host) if (nextSibling(node)) return true;
  return false;
}

/** A script that the parser, or a way that is not patched, has put into a page. */
export function checkParsed(el) {
  if (decided.has(el)) return;
  const parked = unmark(el) || PLAIN.test(getAttr(el, 'type'));
  const prepared = el.isConnected && (el.async || isSvg(el));
  const module = typeOf(el) === 'module';
  const deferred = host.deferring && isCode(el) && !hasAttr(el, 'async') && (module || (hasAttr(el, 'defer') && hasAttr(el, 'src')));
  if (mustHide(el, deferred || undefined)) {
    hide(el);
    decided.add(el);
    unprepared.set(el, isFollowed(el));
  } else if (parked && prepared && !resting.has(el) && isCode(el)) {
    // Allowed, but too late for the parser.
    setResting(el, false);
    host.releaseAllowed();
  }
}

/** A script that was there before it was watched: it has run, unless it is the last thing so far, or was parked. */
export function checkEarlier(el) {
  if (hasAttr(el, MARK) || PLAIN.test(getAttr(el, 'type')) || !isFollowed(el)) checkParsed(el);
}

/** Gives the types back to scripts that the parser has prepared in vain; `all` when it has come to its end. */
export function showPrepared(all) {
  for (const [el, followed] of unprepared) {
    // A script without `async` says that it is async from then on.
    const prepared = hasAttr(el, 'async') ? !followed && isFollowed(el) : el.async;
    if (!isSvg(el) && (all === true || prepared || !el.isConnected)) show(el);
  }
}

/** A page writes the type of a script: also of one whose type is hidden. */
export const assignType = (el, value, set) => (hidden.has(el) ? hidden.set(el, `${value}`) : set(value));
