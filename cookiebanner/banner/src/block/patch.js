/**
 * The patches of one realm (a window): everything that loads asks `hold.js` first. Table-driven, each in its own
 * try/catch. An interface that the browser does not have is no failure; a patch that cannot be made is reported.
 */
import { HELD, KEPT, all, assign, bare, check, checkCode, checkTree, drop, freeze, get, has, held, loads, mentions, put, read, setter, state, waits } from './hold.js';
import { parsed, rewrite, risky, trust } from './html.js';
import { observe, shadow } from './observe.js';
import { buffered } from './release.js';
import { guard } from './store.js';

const { apply, construct } = Reflect;
const done = new WeakSet();
const setHTML = setter(Element.prototype, 'innerHTML');
const contentWindow = bare(Object.getOwnPropertyDescriptor(HTMLIFrameElement.prototype, 'contentWindow').get);
const fetching = window.fetch;
const text = (url) => fetching(url).then((answer) => answer.text(), () => '');

/** A URL that no browser connects to (a forbidden port): the native then fails as without a network. */
const nowhere = (scheme) => `${scheme}//${location.hostname || 'localhost'}:1/`;
const address = (input) => (input instanceof Object && input.url) || `${input}`;
const waiting = () => state.host.services.some((_, i) => waits(i));

/** Replaces `object[name]`: a method by `make(native)`, an accessor by what `make(set, get)` gives. */
export function patch(object, name, make) {
  try {
    const d = object && Object.getOwnPropertyDescriptor(object, name);
    if (d) Object.defineProperty(object, name, 'value' in d ? { value: make(d.value) } : make(d.set, d.get));
  } catch (error) {
    state.host.onDisarmed(name, error);
  }
}

const MIRRORS = {
  HTMLScriptElement: 'src type',
  SVGScriptElement: 'type',
  HTMLImageElement: 'src srcset',
  HTMLSourceElement: 'src srcset',
  HTMLIFrameElement: 'src srcdoc',
  HTMLFrameElement: 'src',
  HTMLEmbedElement: 'src',
  HTMLObjectElement: 'data',
  HTMLLinkElement: 'href rel imageSrcset',
  HTMLMediaElement: 'src',
  HTMLVideoElement: 'poster',
  HTMLTrackElement: 'src',
  HTMLInputElement: 'src',
  HTMLAnchorElement: 'ping',
  HTMLAreaElement: 'ping',
  HTMLBodyElement: 'background',
};
const INSERTS = {
  Node: 'appendChild insertBefore replaceChild',
  Element: 'append prepend replaceChildren moveBefore before after replaceWith insertAdjacentElement',
  Document: 'append prepend replaceChildren moveBefore',
  DocumentFragment: 'append prepend replaceChildren moveBefore',
  CharacterData: 'before after replaceWith',
  Range: 'insertNode surroundContents',
};
/** Where the URL or the CSS stands among a method's arguments. */
const REQUESTS = { window: 'fetch fetchLater', XMLHttpRequest: 'open', Worklet: 'addModule' };
const SHEETS = { CSSStyleSheet: 'insertRule replace replaceSync addRule', CSSGroupingRule: 'insertRule', CSSStyleDeclaration: 'setProperty' };
const SECOND = /^(open|addRule|setProperty)$/;
const PLACES = { beforebegin: 'before', afterbegin: 'prepend', beforeend: 'append', afterend: 'after' };

/** Reaches into a frame's window, when it is of this origin. */
export function inner(frame) {
  try {
    if (frame.localName === 'iframe') realm(contentWindow(frame));
  } catch {}
}
const frames = (node) => {
  inner(node);
  if (node.firstElementChild) all(node, 'iframe').forEach(inner);
};

/** A script or style sheet that stands in the page gets text. @returns the text to give it */
function grow(el, value) {
  if (el.localName === 'style') return freeze(`${value}`);
  if (el.localName === 'script' && el.isConnected) checkCode(el, `${value}`);
  return value;
}

/** Patches window `w` and watches its document. Safe to call again. */
export function realm(w) {
  const doc = w.document;
  observe(doc);
  if (done.has(w.Element.prototype)) return;
  done.add(w.Element.prototype);
  const inert = doc.implementation.createHTMLDocument('');
  const proto = (name) => (name === 'window' ? w : w[name]?.prototype);
  const each = (names, make) => {
    for (const type in names) for (const name of names[type].split(' ')) patch(proto(type), name, make(name));
  };
  /** Patches a setter; `set(value, native setter)` is called on the object. */
  const setting = (type, name, set) =>
    patch(proto(type), name, (native, getter) => ({
      get: getter,
      set(value) {
        set.call(this, value, (v) => apply(native, this, [v]));
      },
    }));
  const element = proto('Element');
  const root = proto('ShadowRoot');
  const { replaceChildren, adoptNode } = Document.prototype;
  const natives = { ...Object.fromEntries('before after prepend append replaceWith replaceChildren setHTML setHTMLUnsafe'.split(' ').map((n) => [n, element[n]])) };
  const { replaceChildren: refill } = root;

  // Attributes and the properties that mirror them.
  each(MIRRORS, (name) => (set, getter) => {
    const attr = name.toLowerCase();
    return {
      get() {
        const kept = get(this, KEPT + attr);
        if (kept === null) return apply(getter, this, []);
        try {
          return /^(src|href|data|poster)$/.test(attr) ? new URL(kept, this.baseURI).href : kept;
        } catch {
          return kept;
        }
      },
      set(value) {
        assign(this, attr, value, (v) => apply(set, this, [v]));
      },
    };
  });
  setting('Attr', 'value', function (value, go) {
    if (this.ownerElement) assign(this.ownerElement, this.name, value, go);
    else go(value);
  });
  ['setAttribute', 'setAttributeNS'].forEach((name, at) => {
    patch(element, name, (native) => function (...a) {
      if (a.length < at + 2) return apply(native, this, a);
      assign(this, `${a[at]}`, a[at + 1], (v) => {
        a[at + 1] = v;
        apply(native, this, a);
      });
    });
  });
  each({ Element: 'setAttributeNode setAttributeNodeNS' }, () => (native) =>
    function (attr) {
      let result = null;
      assign(this, attr.name, attr.value, (v) => {
        if (v !== attr.value) attr.value = v;
        result = apply(native, this, [attr]);
      });
      return result;
    });
  patch(element, 'getAttribute', (native) => function (name) {
    return get(this, KEPT + name) ?? apply(native, this, [name]);
  });
  patch(element, 'hasAttribute', (native) => function (name) {
    return apply(native, this, [name]) || has(this, KEPT + name);
  });
  patch(element, 'removeAttribute', (native) => function (name) {
    if (loads(this).includes(`${name}`.toLowerCase())) drop(this, KEPT + name);
    return apply(native, this, [name]);
  });

  // Nodes.
  each(INSERTS, () => (native) =>
    function (...a) {
      const kids = [];
      a.forEach((node, k) => {
        if (/^(script|style)$/.test(this.localName)) {
          if (typeof node === 'string') a[k] = grow(this, node);
          else if (node?.nodeType === 3) node.data = grow(this, node.data);
        }
        if (node?.nodeType === 1 || node?.nodeType === 11) {
          kids.push(...(node.nodeType === 1 ? [node] : node.children));
          if (this.isConnected !== false || node.ownerDocument !== this.ownerDocument) checkTree(node);
        }
      });
      const result = apply(native, this, a);
      kids.forEach(frames);
      return result;
    });
  patch(element, 'attachShadow', (native) => function (...a) {
    const made = apply(native, this, a);
    shadow(made);
    return made;
  });
  patch(proto('Document'), 'adoptNode', (native) => function (node) {
    checkTree(node);
    return apply(native, this, [node]);
  });
  // A template's content stays as it is; what is made from it may have to wait.
  patch(proto('Document'), 'importNode', (native) => function (...a) {
    if (a[0]?.ownerDocument && a[0].ownerDocument !== this) {
      const copy = a[0].cloneNode(a[1]);
      checkTree(copy);
      const marked = `[${HELD}],[style*="data:fg"]`;
      if (copy.matches?.(marked) || copy.querySelector?.(marked)) return apply(adoptNode, this, [copy]);
    }
    return apply(native, this, a);
  });

  // HTML.
  const fill = (el, context, html, insert, go, parse = (box) => setHTML(box, html)) => {
    const nodes = context && context.localName !== 'template' && risky(`${html}`) && parsed(inert, context, parse);
    if (!nodes) return go(grow(el, html));
    apply(insert, el, nodes);
    nodes.forEach(frames);
  };
  for (const [type, insert] of [['Element', natives.replaceChildren], ['ShadowRoot', refill]]) {
    setting(type, 'innerHTML', function (html, go) {
      fill(this, this.host || this, html, insert, go);
    });
    each({ [type]: 'setHTML setHTMLUnsafe' }, (name) => (native) =>
      function (...a) {
        fill(this, this.host || this, a[0], insert, () => apply(native, this, a), (box) => apply(natives[name], box, a));
      });
  }
  setting('Element', 'outerHTML', function (html, go) {
    fill(this, this.parentElement, html, natives.replaceWith, go);
  });
  patch(element, 'insertAdjacentHTML', (native) => function (...a) {
    const place = PLACES[`${a[0]}`.toLowerCase()];
    const context = place && (/^(before|after)$/.test(place) ? this.parentElement : this);
    fill(this, context, a[1], natives[place], () => apply(native, this, a));
  });
  patch(proto('Range'), 'createContextualFragment', (native) => function (html) {
    if (!risky(`${html}`)) return apply(native, this, [html]);
    const at = this.startContainer;
    const context = (at.nodeType === 1 ? at : at.parentElement) || doc.documentElement;
    const range = inert.createRange();
    range.selectNodeContents(inert.createElementNS(context.namespaceURI, context.localName));
    const fragment = apply(native, range, [html]);
    checkTree(fragment);
    return apply(adoptNode, doc, [fragment]);
  });
  let rest = '';
  each({ Document: 'write writeln' }, (name) => (native) =>
    function (...a) {
      const html = a.join('') + (name === 'write' ? '' : '\n');
      if (buffered(html)) return;
      if (!rest && !risky(html) && !/<[a-z][^<>]*$/i.test(html)) return apply(native, this, a);
      const go = (safe) => safe && apply(native, this, [trust(safe)]);
      // A tag that comes in pieces waits for its end.
      const [, whole, tail = ''] = /^([^]*?)(<[a-z][^<>]*)?$/i.exec(rest + html);
      rest = tail;
      const safe = rewrite(whole);
      if (safe === html) apply(native, this, a);
      else go(safe);
      queueMicrotask(() => {
        const late = rest;
        rest = '';
        go(late);
      });
    });
  const growing = function (value, go) {
    go(grow(this, value));
  };
  setting('Node', 'textContent', growing);
  setting('HTMLElement', 'innerText', growing);
  setting('HTMLScriptElement', 'text', growing);

  // CSS.
  each(SHEETS, (name) => (native) =>
    function (...a) {
      const at = +SECOND.test(name);
      if (typeof a[at] === 'string') a[at] = freeze(a[at]);
      return apply(native, this, a);
    });
  setting('CSSStyleDeclaration', 'cssText', (css, go) => go(freeze(`${css}`)));

  // Requests: a held one goes nowhere, and fails as it would without a network.
  each(REQUESTS, (name) => (native) =>
    function (...a) {
      const at = +SECOND.test(name);
      if (held(address(a[at])) !== null) a[at] = nowhere(location.protocol);
      return apply(native, this, a);
    });
  patch(proto('Navigator'), 'sendBeacon', (native) => function (...a) {
    return held(a[0]) !== null || apply(native, this, a);
  });
  patch(proto('HTMLFormElement'), 'submit', (native) => function () {
    if (/^[^_]/.test(get(this, 'target') || '') && held(get(this, 'action') || '') !== null) return;
    apply(native, this, []);
  });
  /** A constructor whose arguments `fix` may replace. */
  const making = (name, fix) =>
    patch(w, name, (native) => {
      const made = new Proxy(native, { construct: (target, a, as) => construct(target, fix(a) || a, as) });
      native.prototype.constructor = made;
      return made;
    });
  const worker = (a) => {
    const url = address(a[0]);
    if (held(url) !== null || (waiting() && mentions(read(url)) !== null)) return ['data:,', a[1]];
  };
  const to = (elsewhere) => (a) => held(address(a[0])) !== null && [elsewhere];
  making('Worker', worker);
  making('SharedWorker', worker);
  making('WebSocket', to(nowhere('wss:')));
  making('EventSource', to('data:,'));
  making('WebTransport', to(nowhere('https:')));
  making('FontFace', (a) => typeof a[1] === 'string' && [a[0], freeze(a[1]), a[2]]);
  making('Audio', ([src]) => src !== undefined && held(`${src}`) !== null && []);
  patch(proto('ServiceWorkerContainer'), 'register', (native) => async function (...a) {
    const url = address(a[0]);
    if (held(url) !== null || (waiting() && mentions(await text(url)) !== null)) throw new TypeError('held until consent');
    return apply(native, this, a);
  });

  // Realms of frames: patched before the page can use them.
  for (const type of ['HTMLIFrameElement', 'HTMLFrameElement', 'HTMLObjectElement']) {
    each({ [type]: 'contentWindow contentDocument' }, () => (set, getter) => ({
      get() {
        const found = apply(getter, this, []);
        try {
          if (found) realm(found.defaultView || found);
        } catch {}
        return found;
      },
    }));
  }
  guard(w, patch);
  // Firefox before 137 asks here, after it has looked at the type.
  doc.addEventListener('beforescriptexecute', (event) => {
    check(event.target);
    if (has(event.target, HELD)) {
      put(event.target, `${KEPT}begun`, '');
      event.preventDefault();
    }
  }, true);
}
