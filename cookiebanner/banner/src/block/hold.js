/**
 * What waits, and how an element waits.
 *
 * A held script keeps its attributes but gets `type="text/plain"`; everything else loses the attribute that would load.
 * What was taken away is kept in `data-fg-<attribute>`, so that clones and `innerHTML += …` hold too and the page's own
 * getters can answer as if nothing had happened. `data-fg` marks a held element.
 */
import { all, bare, drop, get, has, HELD, KEPT, matches, put, setter } from './dom.js';
import { srcdoc } from './html.js';
import { importMap, swallowed } from './level.js';
import { match } from './match.js';

const names = bare(Element.prototype.getAttributeNames);
const setText = setter(Node.prototype, 'textContent');

const TYPE = 'data-fg-type';

/** Everything that can load, in one selector. */
export const RISKY =
  'script,style,link,object,image,use,feImage,[src],[srcset],[srcdoc],[poster],[ping],[background],[style],[data-fg],[data-consent],[class*=optanon-],[class*=ot-vscat]';

/** "element attribute" pairs that load something. */
const LOADS =
  /^(\w+ (src(set)?|data|poster|background)|iframe srcdoc|link (href|imagesrcset)|(script|image|use|feImage) (xlink:)?href|a(rea)? ping)$/;
const LINK = /sheet|pre[cflr]|icon|mani/i;
const CODE = /^(module|speculationrules|\w+\/(x-)?(java|ecma|j|live)script.*)?$/i;
const idle = (el, rel = get(el, 'rel')) => el.localName === 'link' && !LINK.test(rel);
const isCode = (el) => CODE.test((get(el, 'type') || '').trim());
export const isLoading = (el, name) => LOADS.test(`${el.localName} ${name}`);

/** @type {import('./index.js').Host} */
export let host;
/** Elements that may load whatever the answer, and held ones that load without being in a document. */
export const once = new WeakSet();
export const loose = new Set();
const placed = new WeakSet();
const seen = new Set();

export const begin = (options) => {
  host = options;
};

/** Text for a sink that `require-trusted-types-for` guards. */
export const trust = (text, kind = 'createHTML') => host.policy[kind](text);

/** Whether service `i` (behind the last: third parties that no rule knows) has to wait; an exception is a yes. */
export function waits(i) {
  try {
    return !(host.services[i] ? host.allowed(i) : host.granted());
  } catch {
    return true;
  }
}
export const holding = () => host.services.some((_, i) => waits(i));

/** Whose a URL is: a service's index, behind the last for an unknown third party, or -1. Pages ask the same again and again. */
const memo = new Map();
function owner(url, known) {
  const base = document.baseURI;
  const key = base + url;
  if (memo.size > 999) memo.clear();
  let i = memo.get(key);
  if (i !== undefined) return i;
  i = -1;
  try {
    const u = new URL(url, base);
    const name = u.hostname;
    i = match(host.table, u, location.hostname);
    if (i < 0 && /^(http|ws)/.test(u.protocol) && !host.friends.some((h) => `.${name}`.endsWith(`.${h}`))) {
      i = host.services.length;
      if (!known && !seen.has(name)) {
        seen.add(name);
        host.report('unknown', name);
      }
    }
  } catch {}
  memo.set(key, i);
  return i;
}

/**
 * What a request waits for: the service's index + 1 (behind the last: an unknown third party), or 0.
 * @param {string|URL} url @param {boolean} [known] ask the rules only
 */
export function held(url, known) {
  const i = owner(`${url}`, known);
  const { length } = host.services;
  return i < 0 || (i === length && (known || !host.cfg.hold)) || !waits(i) ? 0 : i + 1;
}

const first = (urls, known) => (urls || []).map((url) => held(url, known)).find(Boolean);

/** The same for a text that names a URL (workers, `javascript:`, `data:` and `blob:` documents). */
const mentions = (text) => first(text.replace(/\\/g, '').match(/(\w+:)?\/\/[\w.-]+\.\w[^\s"'`<>)]*/g), true);

/** The same for the text behind a URL of this origin. */
export function reads(url) {
  try {
    const x = new XMLHttpRequest();
    x.open('GET', url, false);
    x.send();
    return mentions(x.responseText);
  } catch {}
}

/** The categories (or services) that an author wrote on the element: all must be granted; '' when there is none in it. */
const marks = (el) => {
  const said = get(el, 'data-consent');
  if (said !== null) return said.match(/[^\s,]+/g) || [''];
  const found = [...(get(el, 'class') || '').matchAll(/(?:optanon-category|ot-vscat)-([\w,-]*)/g)];
  return found[0] && found.flatMap(([, ids]) => ids.match(/\w+/g) || ['']);
};
const free = (el) => el === host.tag || once.has(el) || has(el, 'data-ot-ignore');

/** Same answer as `held`, for one attribute of one element. */
function verdict(el, name, value) {
  if (free(el)) return 0;
  const keys = marks(el);
  if (keys) return keys.map((key) => host.granted(key)).includes(false) && host.services.length + 1;
  if (/srcset|ping/.test(name)) return first(value.split(/[\s,]+/));
  if (/^(i?frame|object|embed)$/.test(el.localName)) {
    if (/^\s*blob:/i.test(value)) return reads(value);
    if (/^\s*(data|javascript):/i.test(value)) return mentions(unescape(value));
  }
  return held(value);
}

/** What a script waits for; `more` is text that it is about to get. */
export function codeVerdict(el, more = '') {
  const src = get(el, 'src') ?? get(el, 'href') ?? get(el, 'xlink:href');
  if (src !== null || free(el) || marks(el)) return verdict(el, 'src', src);
  const text = el.textContent + more;
  const type = get(el, TYPE) || get(el, 'type');
  // A static import makes the module wait; a dynamic one is kept from resolving, or makes its script wait.
  for (const [, dynamic, url] of text.matchAll(/\b(?:import|from)\s*(\(?)\s*["'`]((?:https?:)?\/\/[^"'`]+)/g)) {
    const i = held(url, true);
    if (i && (dynamic ? !importMap([url]) : type === 'module')) return i;
  }
  // Nothing can stop a frame's own `location`: code that sets it to a held address waits itself.
  for (const [, url] of text.matchAll(/(?:content\w+|frames\[[^\]]*])\s*\.\s*location[\s.\w]*[=(]\s*["'`]([^"'`]+)/g)) {
    const i = held(url, true);
    if (i) return i;
  }
  if (type === 'speculationrules') return mentions(text);
  return host.services.findIndex((s, i) => s.inline.some((part) => text.includes(part)) && waits(i)) + 1;
}

/** Undoes the holding of a script; whoever inserts the element then runs it. */
export function freeCode(el) {
  const type = get(el, TYPE);
  for (const name of [HELD, TYPE, `${KEPT}sync`]) drop(el, name);
  if (type) put(el, 'type', type);
  else drop(el, 'type');
}

/** Makes a script wait for `i`. Called before its source is set, before it is inserted, before the parser prepares it. */
function holdCode(el, i, type) {
  put(el, HELD, i);
  put(el, TYPE, type || '');
  // A parser's script turns async once it was prepared in vain; remember that it was not.
  if (!el.async) put(el, `${KEPT}sync`, '');
  put(el, 'type', 'text/plain');
}

/** A script, and the text it is about to get. */
export function checkCode(el, more) {
  const waiting = has(el, HELD);
  const i = (waiting || isCode(el)) && codeVerdict(el, more);
  if (!waiting) {
    if (i) holdCode(el, i, get(el, 'type'));
  } else if (!i) {
    // Not async: the parser has yet to prepare it.
    if (!el.isConnected || !el.async) freeCode(el);
    else host.wake();
  }
}

/** CSS whose held URLs are made inert in a way that `thaw` can undo, without a request or an error. */
export const freeze = (text) =>
  `${text}`.replace(/(url\(\s*["']?|["'](?=(?:\w+:)?\/\/)|@import\s*["'])([^"')]+)/gi, (whole, before, url) =>
    held(url) ? `${before}data:fg,${url}` : whole,
  );
export const thaw = (text) => text.replace(/data:fg,/g, '');

/** Keeps `value` aside instead of letting `el` load it. */
function keep(el, name, value, i) {
  put(el, HELD, i);
  put(el, KEPT + name, value);
  // Of all ways to end a navigation that the parser has begun, only this one won every race.
  if (el.localName === 'iframe' && has(el, name) && el.isConnected) put(el, name, 'about:blank');
  drop(el, name);
  if (!el.isConnected) loose.add(el);
}

/** Brings one element in line with what is allowed now: holds it, or gives back what it waits with. */
export function check(el) {
  if (el === host.tag) return;
  const tag = el.localName;
  // Parked tags of a page's author wait in the same form as ours.
  const asked = !has(el, HELD) && marks(el);
  const parked = asked && !has(el, 'src') && get(el, 'data-src');
  if (el.id === 'fg-swallow') return swallowed(el);
  if (tag === 'script') {
    if (parked) put(el, 'src', parked);
    if (asked && /^\s*text\/plain\s*$/i.test(get(el, 'type'))) holdCode(el, host.services.length + 1, get(el, 'data-type'));
    else if (asked && !isCode(el)) host.unknown(get(el, 'type'));
    checkCode(el);
    return;
  }
  if (parked) put(el, `${KEPT}src`, parked);
  if (tag === 'style') {
    const css = el.textContent;
    const cold = freeze(thaw(css));
    if (cold !== css) setText(el, cold);
  }
  let left = 0;
  for (const name of names(el)) {
    const value = get(el, name);
    if (name === 'style') {
      const cold = freeze(thaw(value));
      if (cold !== value) put(el, name, cold);
    }
    const key = name.replace(KEPT, '');
    if (!isLoading(el, key) || idle(el)) continue;
    if (key === 'srcdoc') {
      const safe = srcdoc(value);
      if (safe !== value) put(el, key, trust(safe));
      continue;
    }
    const i = verdict(el, key, value);
    if (i) {
      left = i;
      if (key === name) keep(el, name, value, i);
    } else if (key !== name) {
      drop(el, name);
      put(el, key.replace(/.*:/, ''), /^(embed|object)$/.test(tag) ? trust(value, 'createScriptURL') : value);
      if (tag === 'source') el.parentNode?.load?.();
    }
  }
  if (left) {
    put(el, HELD, left);
    if (el.isConnected && /^(iframe|embed|object|video)$/.test(tag) && !placed.has(el)) {
      placed.add(el);
      host.place(el, left - 1);
    }
  } else {
    drop(el, HELD);
    loose.delete(el);
    if (placed.delete(el)) host.place(el, null);
  }
}

/** `check` for what can load: most nodes can't, and are passed over fast. */
export const checkOne = (node) => node.nodeType === 1 && matches(node, RISKY) && check(node);

/** The same for a node and everything in it. */
export function checkTree(node) {
  checkOne(node);
  if (node.firstElementChild) all(node, RISKY).forEach(check);
}

/**
 * A loading attribute is about to be set. Calls `go(value)` to do it, unless it has to wait.
 * @param {Element} el @param {string} name attribute @param {*} value @param {(value: *) => *} go the native
 */
export function assign(el, name, value, go) {
  const key = name.toLowerCase();
  const code = el.localName === 'script';
  if (key === 'style') return go(freeze(value));
  const waiting = has(el, HELD);
  if (code && key === 'type' && waiting) return put(el, TYPE, value);
  if (key === 'rel' && el.localName === 'link' && !idle(el, value)) {
    const url = get(el, 'href');
    const i = url && verdict(el, 'href', url);
    if (i) keep(el, 'href', url, i);
  }
  if (!isLoading(el, key) || idle(el)) return go(value);
  if (key === 'srcdoc') return go(srcdoc(value));
  drop(el, KEPT + key);
  const i = verdict(el, key, `${value}`);
  if (!code) return i ? keep(el, key, value, i) : go(value);
  if (waiting) i || freeCode(el);
  else if (i && isCode(el)) holdCode(el, i, get(el, 'type'));
  return go(value);
}
