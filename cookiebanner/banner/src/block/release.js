/**
 * Release and revocation; part of late.js, because only an answer needs them.
 *
 * What waited runs exactly once, in document order, as the page's author wrote it. The held element itself is moved to
 * where it stands, which makes the browser prepare it: `currentScript`, nonce, load and error events are its own. Ordered
 * scripts (sync, then defer) go through one queue; async ones start at once.
 */
import { followWorkers } from './late_workers.js';
import { HELD, MARK, releaseCss } from './names.js';
import { tellRefusals } from './refuse.js';

const ORDER = ['readystatechange', 'DOMContentLoaded', 'load'];

/**
 * How an attribute comes back where it stood: those behind it are taken out and set again.
 *
 * @param {ReturnType<typeof import('./index.js').internals>} internals
 * @returns {(el: any, name: string, value: string, names: string[]) => void} of an element whose author wrote these names in this order
 */
const inPlace =
  ({ getAttr, hasAttr, put, removeAttr }) =>
  (el, name, value, names) => {
    const isFrame = el.localName === 'iframe';
    const stands = isFrame && hasAttr(el, name);
    // What a frame may do is said before it gets its address.
    if (name === 'sandbox' && names.indexOf('src') > names.indexOf(name)) removeAttr(el, 'src');
    // A frame's document is not to be lost.
    const behind = names
      .slice(names.indexOf(name) + 1)
      .filter((one) => hasAttr(el, one) && !(isFrame ? /^(nonce|src.*)$/ : /^nonce$/).test(one));
    const values = behind.map((one) => getAttr(el, one));
    if (!stands) for (const one of behind) removeAttr(el, one);
    // A link that is for something complains until it has an address.
    if (!hasAttr(el, name)) put(el, name, name === 'rel' ? '' : value);
    if (!stands) behind.forEach((one, i) => void put(el, one, values[i]));
    if (getAttr(el, name) !== value) put(el, name, value);
  };

/** @param {import('./index.js').Engine} engine gets `release()`, `loadOnce(element)` and `tellRefusals()` */
export function finish(engine) {
  const {
    checkElement,
    exempted,
    findAll,
    getAttr,
    hasAttr,
    heldOutside,
    holdCss,
    host,
    methods,
    putBefore,
    rest,
    resting,
    ruleText,
    watchedRoots,
    scriptWaitsFor,
    setAttr,
    setHtml,
    show,
    takenOut,
    unpark,
  } = engine.internals;
  host.putInPlace = inPlace(engine.internals);
  const released = new WeakSet();
  /** Scripts that leave the page again when they have run. */
  const passing = new WeakSet();
  const written = new Map();
  const queue = [];
  const missed = [];
  let running = 0;
  let modules = 0;
  let pumping = false;
  let listening = false;
  let onload = null;
  let onreadystatechange = null;
  const isParsed = () => document.readyState !== 'loading';
  const isLoaded = () => document.readyState === 'complete';

  /** A copy that runs, of a script that cannot any more. */
  function runnableCopy(el) {
    const copy = document.createElement('script');
    for (const { name, value } of el.attributes) setAttr(copy, name, value);
    if (el.textContent) copy.text = host.policy.createScript(el.textContent);
    copy.nonce = el.nonce;
    return copy;
  }

  /** Codes of held scripts that left the page before they could run: a router swapped it. */
  const left = new Set();
  const codeOf = (el) => getAttr(el, 'src') ?? el.textContent;
  host.left = (node) => {
    for (const el of [node, ...findAll(node, 'script')]) if (resting.has(el)) left.add(codeOf(el));
  };

  /** Does an empty script like this one run? */
  function runs(probe) {
    for (const { name } of [...probe.attributes]) probe.removeAttribute(name);
    probe.nonce = host.nonce;
    probe.text = host.policy.createScript('document.currentScript.ran=1');
    putBefore(document.head, probe, null);
    probe.remove();
    return probe.ran;
  }
  /** A script that was parsed where nothing runs never starts, wherever it comes to stand; nor do copies of it. */
  const canStart = (el) => runs(el.cloneNode(false)) || !runs(document.createElement('script'));

  // `document.write` of a released script would erase the page; it is inserted after the script instead.
  host.takeWritten = (html) => {
    const by = document.currentScript;
    if (!released.has(by)) return false;
    written.set(by, (written.get(by) || '') + html);
    return true;
  };
  function insertWritten(el) {
    const html = written.get(el);
    written.delete(el);
    if (!html || !el.parentNode) return;
    const box = document.implementation.createHTMLDocument('').body;
    setHtml(box, host.policy.createHTML(html));
    for (const other of box.querySelectorAll(':not(script)')) checkElement(other, 2);
    const scripts = findAll(box, 'script').map((old) => {
      const script = runnableCopy(old);
      // It rests, so that the queue runs it in its turn.
      rest(script);
      putBefore(old.parentNode, script, old);
      old.remove();
      return script;
    });
    const next = el.nextSibling;
    for (const node of [...box.childNodes]) putBefore(el.parentNode, node, next);
    scripts.forEach(show);
    queue.unshift(...scripts);
  }

  /** Listeners that released scripts register for what is over are kept, to be called once; nothing is dispatched. */
  function keepMissedListeners() {
    const over = (target, type) =>
      (type === 'DOMContentLoaded' && isParsed()) ||
      (isLoaded() && ((type === 'load' && target === window) || (type === 'readystatechange' && target === document)));
    methods(window, 'EventTarget', 'addEventListener', (go, [type, listener], self) => {
      const target = self || window;
      const by = document.currentScript;
      const ours = by ? released.has(by) : modules > 0;
      if (listener && ours && (target === window || target === document) && over(target, type)) missed.push([target, type, listener]);
      else go();
    });
  }
  function callMissed() {
    const calls = missed.splice(0).sort((a, b) => ORDER.indexOf(a[1]) - ORDER.indexOf(b[1]));
    for (const [target, type, listener] of calls) {
      const event = new Event(type);
      Object.defineProperties(event, { target: { value: document }, currentTarget: { value: target } });
      try {
        if (listener.handleEvent) listener.handleEvent(event);
        else listener.call(target, event);
      } catch (error) {
        reportError(error);
      }
    }
  }

  const outer = (el) => hasAttr(el, 'src') || hasAttr(el, 'href') || el.hasAttributeNS('http://www.w3.org/1999/xlink', 'href');

  /** Runs one script, then calls `done` once. */
  function start(held, ordered, done) {
    show(held);
    resting.delete(held);
    // The server parks an SVG script with its address in `src`: only an HTML script reads that.
    const isOther = hasAttr(held, 'src') && held.src === undefined;
    const el = isOther || (left.delete(codeOf(held)) && !canStart(held)) ? runnableCopy(held) : held;
    if (ordered) el.async = false;
    released.add(el);
    const module = getAttr(el, 'type') === 'module';
    if (module) modules++;
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      if (module) modules--;
      if (isLoaded() && window.onload && window.onload !== onload) missed.push([window, 'load', window.onload]);
      const ready = document.onreadystatechange;
      if (isLoaded() && ready && ready !== onreadystatechange) missed.push([document, 'readystatechange', ready]);
      ({ onload } = window);
      onreadystatechange = ready;
      insertWritten(el);
      if (passing.has(el)) el.remove();
      done();
    };
    if (outer(el)) {
      el.addEventListener('load', end);
      el.addEventListener('error', end);
      // A script that the browser will not run again tells nothing.
      setTimeout(end, 15000);
    }
    putBefore(held.parentNode, el, held.nextSibling);
    if (el !== held) held.remove();
    if (!outer(el)) {
      if (module) setTimeout(end);
      else end();
    }
  }

  /** Inline code runs after everything before it; files run in order by themselves. */
  function pump() {
    if (pumping) return;
    pumping = true;
    while (queue.length && !(running && !outer(queue[0]))) {
      const el = queue.shift();
      if (!el.isConnected || !resting.has(el) || scriptWaitsFor(el)) continue;
      running++;
      start(el, true, () => {
        running--;
        pump();
      });
    }
    pumping = false;
    if (!running && !queue.length) callMissed();
  }

  function releaseSheet(sheet) {
    try {
      [...sheet.cssRules].forEach((rule, k) => {
        const cssText = ruleText(rule);
        if (!cssText.includes('data:fg,') || holdCss(releaseCss(cssText)) === cssText) return;
        sheet.deleteRule(k);
        sheet.insertRule(releaseCss(cssText), k);
      });
    } catch {}
  }

  function afterParsing() {
    document.removeEventListener('readystatechange', afterParsing, true);
    host.deferring = false;
    engine.release();
  }

  engine.loadOnce = (element) => {
    exempted.add(element);
    checkElement(element);
  };

  engine.release = () => {
    const now = [];
    const deferred = [];
    for (const el of heldOutside) checkElement(el);
    for (const ref of watchedRoots) {
      /** @type {any} */
      const root = ref.deref();
      if (!root || !(root.defaultView || root.isConnected)) continue;
      for (const el of findAll(root, `script,[${HELD}],[${MARK}],style,[style]`)) {
        if (el.localName !== 'script') checkElement(el);
        else if (resting.has(el) && !queue.includes(el) && !scriptWaitsFor(el)) {
          show(el);
          unpark(el);
          if (!resting.get(el)) now.push(el);
          else if (getAttr(el, 'type') === 'module' || (outer(el) && hasAttr(el, 'defer'))) deferred.push(el);
          else queue.push(el);
        }
      }
      for (const sheet of [...(root.styleSheets || []), ...(root.adoptedStyleSheets || [])]) releaseSheet(sheet);
    }
    for (const el of takenOut) {
      if (scriptWaitsFor(el)) continue;
      takenOut.delete(el);
      passing.add(el);
      // It stands there resting until its turn.
      rest(el);
      putBefore(document.head, el, null);
      show(el);
      (outer(el) ? now : queue).push(el);
    }
    if (!isParsed()) {
      // They run when the parser has come to its end, and with them those that it has yet to meet.
      if (deferred.length && !host.deferring) document.addEventListener('readystatechange', afterParsing, true);
      host.deferring ||= deferred.length > 0;
      deferred.length = 0;
    }
    if (!now.length && !deferred.length && !queue.length) return;
    queue.push(...deferred);
    ({ onload } = window);
    ({ onreadystatechange } = document);
    if (!listening) {
      listening = true;
      keepMissedListeners();
    }
    for (const el of now) start(el, false, () => !running && !queue.length && callMissed());
    pump();
  };
  followWorkers(engine.internals);
  engine.tellRefusals = tellRefusals(engine.internals);
}
