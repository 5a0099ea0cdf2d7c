/**
 * What waits, and how an element waits.
 *
 * A held script keeps its attributes but gets `type="text/plain"`; everything else loses the attribute that would load.
 * What was taken away is kept in `data-fg-<attribute>`, so that clones and `innerHTML += …` hold too and the page's own
 * getters can answer as if nothing had happened. `data-fg` marks a held element.
 */
import { match } from './match.js';

const { call } = Function.prototype;
/** The native, out of reach of whatever the page does later: `bare(f)(thisArg, …args)`. */
export const bare = (f) => call.bind(f);
const E = Element.prototype;
export const get = bare(E.getAttribute);
export const put = bare(E.setAttribute);
export const drop = bare(E.removeAttribute);
export const has = bare(E.hasAttribute);
export const all = (root, selector) => [...root.querySelectorAll(selector)];
export const setter = (proto, name) => bare(Object.getOwnPropertyDescriptor(proto, name).set);
const setText = setter(Node.prototype, 'textContent');
export const KEPT = 'data-fg-';
export const HELD = 'data-fg';

/** Everything that can load, in one selector. */
export const RISKY =
  'script,style,img,source,iframe,frame,embed,object,track,input[src],audio,video,link,image,use,feImage,[ping],' +
  '[background],[style*=url],[style*=image-set],[data-fg],[data-consent],[class*=optanon-category-]';

const href = ['href', 'xlink:href'];
const LOADS = {
  script: ['src', ...href],
  img: ['src', 'srcset'],
  source: ['src', 'srcset'],
  iframe: ['src', 'srcdoc'],
  frame: ['src'],
  embed: ['src'],
  object: ['data'],
  track: ['src'],
  input: ['src'],
  audio: ['src'],
  video: ['src', 'poster'],
  link: ['href', 'imagesrcset'],
  image: href,
  use: href,
  feImage: href,
  a: ['ping'],
  area: ['ping'],
};
const LOADING_LINK = /sheet|pre[cflr]|icon|mani/i;
const CODE = /^$|^module$|^speculationrules$|^(text|application)\/(x-)?(java|ecma|j|live)script/i;

/** Attributes of `el` that load something. */
export const loads = (el) => LOADS[el.localName] || ['background'];

export const state = {
  /** @type {import('./index.js').Host} */
  host: null,
  /** the gate's own element, and the hosts that are never a third party */
  own: null,
  ours: [],
  policy: null,
  /** elements that the visitor loaded once, and loose ones that load without being in a document */
  once: new WeakSet(),
  loose: new Set(),
  /** called when something held turns out to be allowed */
  wake() {},
  /** makes a document of the page's own safe before it loads */
  srcdoc: (html) => html,
  /** keeps one URL from being imported */
  block() {},
};

const seen = new Set();

/** Whether service `i` has to wait; an exception in the question is a yes. */
export function waits(i) {
  try {
    return !(i < 0 ? state.host.granted() : state.host.allowed(i));
  } catch {
    return true;
  }
}

/** @returns {number|null} the service that this request waits for (-1: an unknown third party), null = let it go */
export function held(url, knownOnly) {
  const { host } = state;
  let u;
  try {
    u = new URL(url, document.baseURI);
  } catch {
    return null;
  }
  if (!/^(http|ws)/.test(u.protocol)) return null;
  const i = match(host.table, u, host.pageHost);
  if (i >= 0) return waits(i) ? i : null;
  if (knownOnly || state.ours.some((h) => u.hostname === h || u.hostname.endsWith(`.${h}`))) return null;
  if (!seen.has(u.hostname)) {
    seen.add(u.hostname);
    host.onUnknown(u.hostname);
  }
  return host.unknown === 'hold' && waits(-1) ? -1 : null;
}

const first = (list) => list.find((i) => i !== null) ?? null;

/** The first held service that a text names by an absolute URL (workers, `javascript:`, `data:` and `blob:` documents). */
export const mentions = (text) =>
  first((text.replace(/\\/g, '').match(/(?:\w+:)?\/\/[\w.-]+\.\w[^\s"'`<>)]*/g) || []).map((url) => held(url, true)));

/** The text behind a URL of this origin, "" when it cannot be read. */
export function read(url) {
  try {
    const x = new XMLHttpRequest();
    open(x, 'GET', url, false);
    x.send();
    return x.responseText;
  } catch {
    return '';
  }
}
const open = bare(XMLHttpRequest.prototype.open);

/** The category ids that an author wrote on the element: all must be granted. */
const marks = (el) => {
  const own = get(el, 'data-consent');
  if (own) return own.split(/[\s,]+/);
  const found = /optanon-category-([\w,-]+)/.exec(get(el, 'class') || '');
  return found && found[1].split(/[-,]/);
};

const granted = (key) => {
  const i = state.host.services.findIndex((service) => service.key === key);
  return i < 0 ? state.host.granted(key) : !waits(i);
};

/** Same answer as `held`, for one attribute of one element. */
function verdict(el, name, value) {
  if (el === state.own || state.once.has(el) || has(el, 'data-ot-ignore')) return null;
  const ids = marks(el);
  if (ids) return ids.every(granted) ? null : -1;
  if (/srcset|ping/.test(name)) return first(value.split(/[\s,]+/).map((url) => held(url)));
  if (/^(javascript|data|blob):/i.test(value.trim())) {
    if (!/^(iframe|frame|object|embed)$/.test(el.localName)) return null;
    try {
      return mentions(/^b/i.test(value.trim()) ? read(value) : decodeURIComponent(value));
    } catch {
      return mentions(value);
    }
  }
  return held(value);
}

/** Inline code waits for its author's mark, a service's signature, or what it imports statically. */
function inline(el, more) {
  const text = el.textContent + more;
  if (el === state.own || has(el, 'data-ot-ignore')) return null;
  if (marks(el)) return verdict(el, '', '');
  const service = state.host.services.findIndex(
    (s, i) => text && s.inline?.some((part) => text.includes(part)) && waits(i),
  );
  if (service >= 0) return service;
  const type = get(el, KEPT + 'type') ?? get(el, 'type');
  if (type === 'speculationrules') return mentions(text);
  for (const [, dynamic, url] of text.matchAll(/\b(?:import|from)\s*(\(?)\s*["'`]((?:https?:)?\/\/[^"'`]+)/g)) {
    const i = held(url, true);
    if (i !== null) {
      if (type === 'module' && !dynamic) return i;
      state.block?.(url);
    }
  }
  return null;
}

/** What a script waits for; `more` is text that it is about to get. */
export const codeVerdict = (el, more = '') => {
  if (state.once.has(el)) return null;
  const src = get(el, 'src') ?? get(el, 'href') ?? get(el, 'xlink:href');
  return src === null ? inline(el, more) : verdict(el, 'src', src);
};

/** Makes a script wait. Called before its source is set or it is inserted, and by the observer before it is prepared. */
function holdCode(el, i) {
  put(el, HELD, i);
  // A parser's script turns async once it was prepared in vain; remember that it was not.
  if (!el.async) put(el, `${KEPT}sync`, '');
  put(el, `${KEPT}type`, get(el, 'type') || '');
  put(el, 'type', 'text/plain');
}

/** Undoes `holdCode`; whoever inserts the element then runs it. */
export function freeCode(el) {
  const type = get(el, `${KEPT}type`);
  for (const name of [HELD, `${KEPT}type`, `${KEPT}sync`]) drop(el, name);
  if (type) put(el, 'type', type);
  else drop(el, 'type');
}

export function checkCode(el, more) {
  const i = has(el, HELD) || CODE.test((get(el, 'type') || '').trim()) ? codeVerdict(el, more) : null;
  if (!has(el, HELD)) {
    if (i !== null) holdCode(el, i);
  } else if (i === null) {
    if (el.isConnected) state.wake();
    else freeCode(el);
  }
}

/** CSS whose held URLs are made inert in a way that `thaw` can undo, without a request or an error. */
export const freeze = (text) =>
  text.replace(/(url\(\s*["']?|["'](?=(?:\w+:)?\/\/)|@import\s*["'])([^"')]+)/gi, (whole, before, url) =>
    held(url) === null ? whole : `${before}data:fg,${url}`,
  );
export const thaw = (text) => text.replace(/data:fg,/g, '');

/** Keeps `value` aside instead of letting `el` load it. */
function keep(el, name, value, i) {
  put(el, HELD, i);
  put(el, KEPT + name, value);
  drop(el, name);
  if (el.isConnected) place(el, i);
  else state.loose.add(el);
}

const placed = new WeakSet();
function place(el, i) {
  if (/^i?frame$/.test(el.localName) && el.contentWindow) stop(el);
  if (/^(iframe|embed|object|video)$/.test(el.localName) && !placed.has(el)) {
    placed.add(el);
    state.host.placeholder?.(el, i);
  }
}

/** Ends a navigation that the parser has begun. */
function stop(el) {
  try {
    if (el.contentDocument?.URL === 'about:blank') el.contentWindow.stop();
  } catch {}
}

/** Gives `el` back what was kept. Trusted Types: `srcdoc` and plug-in sources need our policy. */
function give(el, name, value) {
  drop(el, KEPT + name);
  const trusted = name === 'srcdoc' ? 'createHTML' : 'createScriptURL';
  const plain = !/^(srcdoc|src|data)$/.test(name) || !state.policy || /^(img|source|iframe\0)$/.test(el.localName);
  put(el, name.replace(/.*:/, ''), plain ? value : state.policy[trusted](value));
  if (el.localName === 'source') el.parentNode?.load?.();
}

/** Parked tags of a page's author wait in the same form as ours. */
function adopt(el) {
  if (has(el, HELD) || !marks(el)) return;
  const src = get(el, 'data-src');
  if (el.localName === 'script') {
    if (get(el, 'type') !== 'text/plain') return;
    if (src && !has(el, 'src')) put(el, 'src', src);
    put(el, HELD, -1);
    put(el, `${KEPT}type`, get(el, 'data-type') || '');
    if (!has(el, 'async')) put(el, `${KEPT}sync`, '');
  } else if (src && !has(el, 'src')) {
    put(el, HELD, -1);
    put(el, `${KEPT}src`, src);
  }
}

/** Brings one element in line with what is allowed now: holds it, or gives back what it waits with. */
export function check(el) {
  if (el === state.own) return;
  adopt(el);
  if (el.localName === 'script') {
    checkCode(el, '');
    return;
  }
  if (el.localName === 'style') checkStyle(el);
  const style = get(el, 'style');
  if (style && /url|image-set/.test(style)) {
    const frozen = freeze(thaw(style));
    if (frozen !== style) put(el, 'style', frozen);
  }
  if (el.localName === 'link' && !LOADING_LINK.test(get(el, 'rel') || '')) return;
  let left = null;
  for (const name of loads(el)) {
    const kept = get(el, KEPT + name);
    const value = kept ?? get(el, name);
    if (value === null) continue;
    if (name === 'srcdoc') {
      const safe = state.srcdoc(value);
      if (safe !== value) put(el, name, state.policy ? state.policy.createHTML(safe) : safe);
      continue;
    }
    const i = verdict(el, name, value);
    if (i === null) {
      if (kept !== null) give(el, name, value);
    } else {
      left = i;
      if (kept === null) keep(el, name, value, i);
      else if (el.isConnected) place(el, i);
    }
  }
  if (left === null && has(el, HELD)) {
    drop(el, HELD);
    state.loose.delete(el);
    if (placed.delete(el)) state.host.placeholder?.(el, null);
  }
}

function checkStyle(el) {
  const text = el.textContent;
  if (!/url|import|image-set/i.test(text)) return;
  const frozen = freeze(thaw(text));
  if (frozen !== text) setText(el, frozen);
}

/** `check` for a node and everything in it. */
export function checkTree(node) {
  if (node.nodeType === 1) check(node);
  if (node.firstElementChild) all(node, RISKY).forEach(check);
}

/**
 * A loading attribute is about to be set. Calls `go(value)` to do it, unless it has to wait.
 * @param {Element} el @param {string} name attribute @param {*} value @param {(value: *) => *} go the native
 */
export function assign(el, name, value, go) {
  const tag = el.localName;
  const key = name.toLowerCase();
  if (key === 'style') return go(freeze(`${value}`));
  if (key === 'rel' && tag === 'link') {
    const url = get(el, 'href');
    const i = url !== null && LOADING_LINK.test(value) ? verdict(el, 'href', url) : null;
    if (i !== null) keep(el, 'href', url, i);
    return go(value);
  }
  if (key === 'type' && tag === 'script' && has(el, HELD)) {
    put(el, `${KEPT}type`, value);
    return;
  }
  if (!loads(el).includes(key)) return go(value);
  if (key === 'srcdoc') return go(state.srcdoc(value));
  drop(el, KEPT + key);
  const free = tag === 'link' && !LOADING_LINK.test(get(el, 'rel') || '');
  const i = free ? null : verdict(el, key, `${value}`);
  if (tag === 'script') {
    if (i === null) {
      if (has(el, HELD)) freeCode(el);
    } else if (has(el, HELD)) put(el, HELD, i);
    else if (CODE.test((get(el, 'type') || '').trim())) holdCode(el, i);
    return go(value);
  }
  if (i === null) return go(value);
  keep(el, key, value, i);
}
