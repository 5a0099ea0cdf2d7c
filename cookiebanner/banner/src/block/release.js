/**
 * Release and revocation; part of late.js, because only an answer needs them.
 *
 * What waited runs exactly once, in document order, as the page's author wrote it. The held element itself is moved to
 * where it stands, which makes the browser prepare it: `currentScript`, nonce, load and error events are its own. Ordered
 * scripts (sync, then defer) go through one queue; async ones start at once.
 */

const HELD = 'data-fg';
const TYPE = 'data-fg-type';
const ORDER = ['readystatechange', 'DOMContentLoaded', 'load'];

/** @param {object} engine what `arm` gave; gets `release()`, `revoke(indexes)` and `loadOnce(element)` */
export function finish(engine) {
  const [
    all,
    check,
    codeVerdict,
    freeCode,
    freeze,
    get,
    has,

    host,
    insert,
    loose,
    means,
    once,
    put,
    roots,
    setHTML,
    STORES,
    thaw,
    trust,
  ] = engine.kit;
  const released = new WeakSet();
  const writes = new Map();
  const queue = [];
  const late = [];
  let flying = 0;
  let modules = 0;
  let pumping = false;
  let hearing = false;
  let onload = null;
  const dom = () => document.readyState !== 'loading';
  const loaded = () => document.readyState === 'complete';

  /** A copy that runs, of a script that cannot any more. */
  function fresh(el) {
    const copy = document.createElement('script');
    for (const { name, value } of el.attributes) put(copy, name, value);
    if (el.textContent) copy.text = trust(el.textContent, 'createScript');
    copy.nonce = el.nonce;
    return copy;
  }

  // `document.write` of a released script would erase the page; it is inserted after the script instead.
  host.wrote = (html) => {
    const by = document.currentScript;
    if (!released.has(by)) return false;
    writes.set(by, (writes.get(by) || '') + html);
    return true;
  };
  function flush(el) {
    const html = writes.get(el);
    writes.delete(el);
    if (!html || !el.parentNode) return;
    const box = document.implementation.createHTMLDocument('').body;
    setHTML(box, trust(html));
    box.querySelectorAll(':not(script)').forEach(check);
    const scripts = all(box, 'script').map((old) => {
      const script = fresh(old);
      // It waits as if held, so that the queue runs it in its turn.
      if (!has(script, HELD)) {
        put(script, HELD, 0);
        put(script, TYPE, get(script, 'type') || '');
        put(script, 'type', 'text/plain');
      }
      insert(old.parentNode, script, old);
      old.remove();
      return script;
    });
    const next = el.nextSibling;
    for (const node of [...box.childNodes]) insert(el.parentNode, node, next);
    queue.unshift(...scripts);
  }

  /** Listeners that released scripts register for what is over are kept, to be called once; nothing is dispatched. */
  function hear() {
    const native = EventTarget.prototype.addEventListener;
    const over = (target, type) =>
      (type === 'DOMContentLoaded' && dom()) ||
      (loaded() && ((type === 'load' && target === window) || (type === 'readystatechange' && target === document)));
    EventTarget.prototype.addEventListener = function addEventListener(...args) {
      const [type, listener] = args;
      const target = this || window;
      const by = document.currentScript;
      const ours = by ? released.has(by) : modules > 0;
      if (listener && ours && (target === window || target === document) && over(target, type)) late.push([target, type, listener]);
      else native.apply(target, args);
    };
  }
  function tellLate() {
    const calls = late.splice(0).sort((a, b) => ORDER.indexOf(a[1]) - ORDER.indexOf(b[1]));
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

  const outer = (el) => has(el, 'src') || has(el, 'href') || has(el, 'xlink:href');

  /** Runs one script, then calls `done` once. */
  function start(held, ordered, done) {
    freeCode(held);
    // The server parks an SVG script with its address in `src`: only an HTML script reads that.
    const el = has(held, 'src') && held.src === undefined ? fresh(held) : held;
    if (ordered) el.async = false;
    released.add(el);
    const module = get(el, 'type') === 'module';
    if (module) modules++;
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      if (module) modules--;
      if (loaded() && window.onload && window.onload !== onload) late.push([window, 'load', window.onload]);
      onload = window.onload;
      flush(el);
      done();
    };
    if (outer(el)) {
      el.addEventListener('load', end);
      el.addEventListener('error', end);
      // A script that the browser will not run again tells nothing.
      setTimeout(end, 15000);
    }
    insert(held.parentNode, el, held.nextSibling);
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
    while (queue.length && !(flying && !outer(queue[0]))) {
      const el = queue.shift();
      if (!el.isConnected || !has(el, HELD) || codeVerdict(el)) continue;
      flying++;
      start(el, true, () => {
        flying--;
        pump();
      });
    }
    pumping = false;
    if (!flying && !queue.length) tellLate();
  }

  function thawSheet(sheet) {
    try {
      [...sheet.cssRules].forEach(({ cssText }, k) => {
        if (!cssText.includes('data:fg,') || freeze(thaw(cssText)) === cssText) return;
        sheet.deleteRule(k);
        sheet.insertRule(thaw(cssText), k);
      });
    } catch {}
  }

  /** Everything in the page that waits: `service` is its index, behind the last for what no rule knows. */
  engine.held = () => all(document, `[${HELD}]`).map((element) => ({ element, service: get(element, HELD) - 1 }));

  engine.loadOnce = (element) => {
    once.add(element);
    check(element);
  };

  engine.release = () => {
    const now = [];
    const deferred = [];
    loose.forEach(check);
    for (const ref of roots) {
      const root = ref.deref();
      if (!root || !(root.defaultView || root.isConnected)) continue;
      for (const el of all(root, `[${HELD}],style,[style]`)) {
        if (el.localName !== 'script') {
          const waited = has(el, HELD);
          check(el);
          // Chromium forgets an <object> that got its data while a placeholder hid it.
          if (el.localName === 'object' && waited && !has(el, HELD)) insert(el.parentNode, el, el.nextSibling);
        } else if (!queue.includes(el) && !codeVerdict(el)) {
          if (el.async && !has(el, 'data-fg-sync')) now.push(el);
          else if (get(el, TYPE) === 'module' || (outer(el) && has(el, 'defer'))) deferred.push(el);
          else queue.push(el);
        }
      }
      for (const sheet of [...(root.styleSheets || []), ...(root.adoptedStyleSheets || [])]) thawSheet(sheet);
    }
    if (!now.length && !deferred.length && !queue.length) return;
    queue.push(...deferred);
    onload = window.onload;
    if (!hearing) {
      hearing = true;
      try {
        hear();
      } catch (error) {
        host.disarmed('addEventListener', error);
      }
    }
    for (const el of now) start(el, false, () => !flying && !queue.length && tellLate());
    pump();
  };

  /** Deletes what services wrote on this site: cookies of this and parent domains and paths, storage, databases. */
  engine.revoke = (indexes) => {
    const mine = (kind) => (name) => indexes.some((i) => host.services[i].cookies.some((cookie) => means(cookie, kind, name)));
    const labels = location.hostname.split('.');
    const domains = ['', ...labels.map((_, k) => `; Domain=${labels.slice(k).join('.')}`)];
    const steps = location.pathname.split('/');
    const paths = new Set(steps.flatMap((_, k) => [`${steps.slice(0, k).join('/')}/`, steps.slice(0, k + 1).join('/') || '/']));
    for (const name of document.cookie
      .split('; ')
      .map((pair) => pair.split('=')[0])
      .filter(mine(''))) {
      // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not on http pages.
      for (const domain of domains) for (const path of paths) document.cookie = `${name}=; Max-Age=0; Path=${path}${domain}`;
    }
    for (const name in STORES) {
      try {
        const box = window[name];
        Object.keys(box)
          .filter(mine(STORES[name]))
          .forEach((key) => box.removeItem(key));
      } catch {}
    }
    try {
      indexedDB.databases().then(
        (found) => found.forEach(({ name }) => mine('i=')(name) && indexedDB.deleteDatabase(name)),
        () => {},
      );
    } catch {}
  };
}
