/**
 * Release: what waited runs exactly once, in document order, as the page's author wrote it.
 *
 * The held element itself is moved to where it stands, which makes the browser prepare it: `currentScript`, nonce, load
 * and error events are its own. Ordered scripts (sync, then defer) go through one queue; async ones start at once.
 */
import { HELD, KEPT, RISKY, all, bare, check, checkTree, codeVerdict, drop, freeCode, freeze, get, has, put, setter, state, thaw } from './hold.js';
import { roots } from './observe.js';

const insertBefore = bare(Node.prototype.insertBefore);
const listen = bare(EventTarget.prototype.addEventListener);
const setText = setter(Node.prototype, 'textContent');
const setHTML = setter(Element.prototype, 'innerHTML');

const released = new WeakSet();
const writes = new Map();
const queue = [];
const late = [];
let flying = 0;
let modules = 0;
let parsedAll = document.readyState === 'complete';
let loadedAll = parsedAll;
let onload = null;
listen(document, 'DOMContentLoaded', () => { parsedAll = true; });
listen(window, 'load', () => { loadedAll = true; });

/** A copy that runs, of a script that cannot any more. */
function fresh(el) {
  const copy = document.createElement('script');
  for (const { name, value } of el.attributes) if (name !== `${KEPT}begun`) put(copy, name, value);
  const code = el.textContent;
  if (code) copy.text = state.policy ? state.policy.createScript(code) : code;
  if (el.nonce) copy.nonce = el.nonce;
  return copy;
}

/** `document.write` of a released script would erase the page; it is inserted after the script instead. */
export function buffered(html) {
  const by = document.currentScript;
  if (!by || !released.has(by)) return false;
  writes.set(by, (writes.get(by) || '') + html);
  return true;
}

function flush(el) {
  const html = writes.get(el);
  writes.delete(el);
  if (!html || !el.parentNode) return;
  const box = document.implementation.createHTMLDocument('').body;
  setHTML(box, state.policy ? state.policy.createHTML(html) : html);
  const scripts = [];
  for (const old of all(box, 'script')) {
    const script = fresh(old);
    old.replaceWith(script);
    // It waits as if held, so that the queue runs it in its turn.
    if (!has(script, HELD)) {
      put(script, HELD, '');
      put(script, `${KEPT}type`, get(script, 'type') || '');
      put(script, 'type', 'text/plain');
    }
    scripts.push(script);
  }
  checkTree(box);
  let last = el;
  for (const node of [...box.childNodes]) {
    insertBefore(el.parentNode, node, last.nextSibling);
    last = node;
  }
  queue.unshift(...scripts.filter((script) => has(script, HELD)));
}

/** Only the listeners that released scripts registered for what is over are called; nothing is dispatched. */
function hear() {
  const native = EventTarget.prototype.addEventListener;
  const over = (target, type) =>
    (type === 'DOMContentLoaded' && parsedAll && (target === document || target === window)) ||
    (type === 'load' && loadedAll && target === window) ||
    (type === 'readystatechange' && loadedAll && target === document);
  try {
    EventTarget.prototype.addEventListener = function addEventListener(type, listener, ...more) {
      const by = document.currentScript;
      if (listener && (by ? released.has(by) : modules) && over(this || window, type)) late.push([this || window, type, listener]);
      else return Reflect.apply(native, this || window, [type, listener, ...more]);
    };
  } catch (error) {
    state.host.onDisarmed('addEventListener', error);
  }
}
let hearing;

function tellLate() {
  const order = ['readystatechange', 'DOMContentLoaded', 'load'];
  const calls = late.splice(0).sort((a, b) => order.indexOf(a[1]) - order.indexOf(b[1]));
  for (const [target, type, listener] of calls) {
    const event = new Event(type);
    for (const key of ['target', 'currentTarget']) Object.defineProperty(event, key, { value: type === 'load' ? document : target });
    try {
      if (listener.handleEvent) listener.handleEvent(event);
      else listener.call(target, event);
    } catch (error) {
      reportError(error);
    }
  }
}

function after(el) {
  if (loadedAll && window.onload && window.onload !== onload) late.push([window, 'load', window.onload]);
  onload = window.onload;
  flush(el);
}

/** Runs one script. @returns {boolean} whether a load or error event will follow */
function start(el, ordered, finished) {
  let script = el;
  freeCode(el);
  if (has(el, `${KEPT}begun`)) {
    script = fresh(el);
    el.replaceWith(script);
  }
  if (ordered && !has(script, 'async')) script.async = false;
  released.add(script);
  const module = get(script, 'type') === 'module';
  const outer = has(script, 'src') || has(script, 'href') || has(script, 'xlink:href');
  if (module) modules++;
  let timer;
  const end = () => {
    clearTimeout(timer);
    if (!finished) return;
    if (module) modules--;
    const then = finished;
    finished = null;
    after(script);
    then();
  };
  if (outer) {
    listen(script, 'load', end);
    listen(script, 'error', end);
    // A script that the browser will not run again tells nothing.
    timer = setTimeout(end, 15e3);
  }
  insertBefore(script.parentNode, script, script.nextSibling);
  if (!outer) module ? setTimeout(end) : end();
  return outer;
}

function pump() {
  while (queue.length) {
    const el = queue[0];
    const outer = has(el, 'src') || has(el, 'href');
    // Inline code runs after everything before it; files run in order by themselves.
    if (flying && !outer) return;
    queue.shift();
    if (!el.isConnected || !has(el, HELD) || codeVerdict(el) !== null) continue;
    flying++;
    start(el, true, () => {
      flying--;
      if (!pumping) pump();
    });
  }
  if (!flying) tellLate();
}
let pumping = false;

/** Everything that waits, in document order. */
export function waitingElements() {
  const found = all(document, `[${HELD}]`);
  for (const ref of roots) {
    const root = ref.deref();
    if (root?.isConnected) found.push(...all(root, `[${HELD}]`));
  }
  return found;
}

function thawSheet(sheet) {
  try {
    for (let k = 0; k < sheet.cssRules.length; k++) {
      const css = sheet.cssRules[k].cssText;
      if (css.includes('data:fg,') && freeze(thaw(css)) !== css) {
        sheet.deleteRule(k);
        sheet.insertRule(thaw(css), k);
      }
    }
  } catch {}
}

/** Lets go of everything that no longer has to wait. */
export function release(documents) {
  const now = [];
  const deferred = [];
  for (const el of [...state.loose]) check(el);
  const elements = [...documents].flatMap((doc) => (doc === document ? waitingElements() : all(doc, `[${HELD}]`)));
  for (const el of elements) {
    if (el.localName !== 'script') check(el);
    else if (queue.includes(el) || codeVerdict(el) !== null) continue;
    else {
      const type = get(el, `${KEPT}type`);
      const outer = has(el, 'src');
      if (has(el, 'async') || (el.async && !has(el, `${KEPT}sync`))) now.push(el);
      else if (type === 'module' || (outer && has(el, 'defer'))) deferred.push(el);
      else queue.push(el);
    }
  }
  for (const el of all(document, RISKY)) if (el.localName === 'style' || has(el, 'style')) check(el);
  for (const sheet of [...document.styleSheets, ...(document.adoptedStyleSheets || [])]) thawSheet(sheet);
  if (!now.length && !deferred.length && !queue.length) return;
  queue.push(...deferred);
  onload = window.onload;
  if (!hearing) hear();
  hearing = true;
  for (const el of now) start(el, false, () => flying || tellLate());
  pump();
}
