/**
 * The patches of one realm (a window): everything that loads asks `hold.js` first. Each patch has its own try/catch. An
 * interface that the browser does not have is no failure; a patch that cannot be made is reported.
 */
import { all, apply, construct, define, describe, drop, get, getter, has, KEPT, setHTML } from './dom.js';
import { assign, checkCode, checkTree, freeze, held, holding, host, isLoading, reads, trust } from './hold.js';
import { parsed, rewrite, risky } from './html.js';
import { observe } from './observe.js';
import { guard } from './store.js';

const done = new WeakSet();
const contentWindow = getter(HTMLIFrameElement.prototype, 'contentWindow');

/** A URL that no browser connects to (a forbidden port): the native then fails as without a network. */
const nowhere = (scheme) => `${scheme}//${location.hostname}:1/`;
const address = (input) => (input instanceof Object && input.url) || `${input}`;
const stops = (input) => held(address(input));

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
  if (el.localName === 'style') return freeze(value);
  if (el.localName === 'script' && el.isConnected) checkCode(el, `${value}`);
  return value;
}

/** Patches window `w` and watches its document. Safe to call again. */
export function realm(w) {
  const doc = w.document;
  observe(doc);
  if (done.has(w.Element)) return;
  done.add(w.Element);
  // A frame's own gate must not patch what is patched: it has its document watched, and works with this engine.
  if (w !== window) w.fgUpper = () => (observe(w.document), window.fairgate);

  /** Replaces an accessor or a value of an interface (or of `w`) by what `make(set, get)` or `make(value)` gives. */
  function patch(where, name, make) {
    try {
      const object = w[where]?.prototype || where;
      const d = describe(object, name);
      if (d) define(object, name, 'value' in d ? { value: make(d.value) } : make(d.set, d.get));
    } catch (error) {
      host.disarmed(name, error);
    }
  }

  /** Methods: `run(go, args, self, name)`, where `go()` calls the native with `args` as they then are. */
  function methods(where, names, run) {
    for (const name of names.split(' ')) {
      patch(
        where,
        name,
        (native) =>
          function (...args) {
            return run(() => apply(native, this, args), args, this, name, native);
          },
      );
    }
  }

  /** A property: `set(value, go, self)`, where `go(value)` calls the native; `read(go, self)`. */
  function property(where, name, set, read = (go) => go()) {
    patch(where, name, (native, getter) =>
      set && !native
        ? {}
        : {
            get() {
              return read(() => apply(getter, this, []), this);
            },
            set(value) {
              set?.(value, (v) => apply(native, this, [v]), this);
            },
          },
    );
  }

  const inert = doc.implementation.createHTMLDocument('');
  const { adoptNode } = doc;

  // Attributes and the properties that mirror them.
  for (const name of Object.getOwnPropertyNames(w)) {
    if (!/^(HTML|SVG)\w*Element$/.test(name)) continue;
    for (const attr of 'src srcset data poster href imageSrcset ping background srcdoc type rel'.split(' ')) {
      property(
        name,
        attr,
        (value, go, el) => assign(el, attr, value, go),
        (go, el) => {
          const kept = get(el, KEPT + attr);
          try {
            return kept !== null && /^(src|href|data|poster)$/.test(attr) ? new URL(kept, el.baseURI).href : (kept ?? go());
          } catch {
            return kept;
          }
        },
      );
    }
  }
  methods('Element', 'setAttribute setAttributeNS', (go, a, el, name) => {
    const at = name.length > 12 ? 1 : 0;
    if (a.length < at + 2) return go();
    assign(el, `${a[at]}`, a[at + 1], (value) => {
      a[at + 1] = value;
      go();
    });
  });
  methods('Element', 'setAttributeNode setAttributeNodeNS', (go, [attr], el) => {
    if (!isLoading(el, attr.name)) return go();
    el.setAttributeNS(attr.namespaceURI, attr.name, attr.value);
    return null;
  });
  methods('Element', 'getAttribute', (go, [name], el) => get(el, KEPT + name) ?? go());
  methods('Element', 'hasAttribute', (go, [name], el) => go() || has(el, KEPT + name));
  methods('Element', 'removeAttribute', (go, [name], el) => {
    if (isLoading(el, `${name}`.toLowerCase())) drop(el, KEPT + name);
    go();
  });

  // Nodes.
  for (const name of ['Node', 'Element', 'Document', 'DocumentFragment', 'CharacterData', 'Range']) {
    methods(
      name,
      'appendChild insertBefore replaceChild append prepend replaceChildren moveBefore before after replaceWith insertAdjacentElement insertNode surroundContents',
      (go, a, self) => {
        const kids = [];
        a.forEach((node, k) => {
          const type = node?.nodeType;
          if (/^(script|style)$/.test(self.localName)) {
            if (typeof node === 'string') a[k] = grow(self, node);
            else if (type === 3) node.data = grow(self, node.data);
          }
          if (type === 1 || type === 11) {
            kids.push(...(type === 1 ? [node] : node.children));
            if (self.isConnected !== false || node.ownerDocument !== self.ownerDocument) checkTree(node);
          }
        });
        const result = go();
        kids.forEach(frames);
        return result;
      },
    );
  }
  methods('Element', 'attachShadow', (go) => {
    const made = go();
    observe(made);
    return made;
  });
  // Held in the template, held in all that is made from it; each is freed when it comes into the page.
  methods('Document', 'importNode adoptNode', (go, a) => {
    checkTree(a[0]);
    return go();
  });

  // HTML.
  const fill = (el, context, html, insert, go, parse = (box) => setHTML(box, html)) => {
    const nodes = context && context.localName !== 'template' && risky(`${html}`) && parsed(inert, context, parse);
    if (nodes) el[insert](...nodes);
    else go(grow(el, html));
  };
  for (const object of ['Element', 'ShadowRoot']) {
    property(object, 'innerHTML', (html, go, self) => fill(self, self.host || self, html, 'replaceChildren', go));
  }
  methods('Element', 'setHTML setHTMLUnsafe', (go, a, self, name, native) =>
    fill(self, self, a[0], 'replaceChildren', go, (box) => apply(native, box, a)),
  );
  property('Element', 'outerHTML', (html, go, self) => fill(self, self.parentElement, html, 'replaceWith', go));
  methods('Element', 'insertAdjacentHTML', (go, a, self) => {
    const at = ['beforebegin', 'afterbegin', 'beforeend', 'afterend'].indexOf(`${a[0]}`.toLowerCase());
    const name = ['before', 'prepend', 'append', 'after'][at];
    fill(self, name && (at % 3 ? self : self.parentElement), a[1], name, go);
  });
  methods('Range', 'createContextualFragment', (go, a, self, name, native) => {
    if (!risky(`${a[0]}`)) return go();
    const range = inert.createRange();
    range.selectNodeContents(inert.createElement(self.startContainer.localName || 'body'));
    const fragment = apply(native, range, a);
    checkTree(fragment);
    return apply(adoptNode, doc, [fragment]);
  });
  let rest = '';
  methods('Document', 'write writeln', (go, a, self, name, native) => {
    const html = a.join('') + (name[5] ? '\n' : '');
    if (host.wrote?.(html)) return;
    if (!rest && !risky(html) && !/<[a-z][^<>]*$/i.test(html)) return go();
    const send = (safe) => safe && apply(native, self, [trust(safe)]);
    // A tag that comes in pieces waits for its end.
    const [, whole, tail = ''] = /^([^]*?)(<[a-z][^<>]*)?$/i.exec(rest + html);
    rest = tail;
    const safe = rewrite(whole);
    if (safe === html) go();
    else send(safe);
    queueMicrotask(() => {
      const late = rest;
      rest = '';
      send(late);
    });
  });
  const growing = (value, go, self) => go(grow(self, value));
  property('Node', 'textContent', growing);
  property('HTMLScriptElement', 'text', growing);

  // CSS; inline styles are looked at by the observer.
  methods('CSSStyleSheet', 'insertRule replace replaceSync', (go, a) => {
    a[0] = freeze(a[0]);
    return go();
  });

  // Requests: a held one goes nowhere, and fails as it would without a network.
  const away = (at) => (go, a) => {
    if (stops(a[at])) a[at] = nowhere(location.protocol);
    return go();
  };
  methods(w, 'fetch fetchLater', away(0));
  methods('Worklet', 'addModule', away(0));
  methods('XMLHttpRequest', 'open', away(1));
  methods('Navigator', 'sendBeacon', (go, a) => stops(a[0]) || go());
  methods('HTMLFormElement', 'submit', (go, a, form) => {
    if (!/^[^_]/.test(get(form, 'target') || '') || !stops(get(form, 'action') || '')) go();
  });
  const works = (a) => stops(a[0]) || (holding() && reads(address(a[0])));
  methods('ServiceWorkerContainer', 'register', (go, a) => (works(a) ? Promise.reject(new TypeError()) : go()));
  /** Constructors: `fix(args)` gives other arguments, if need be. */
  const makes = (name, fix) =>
    patch(w, name, (native) => {
      const made = new Proxy(native, { construct: (target, a, as) => construct(target, fix(a) || a, as) });
      native.prototype.constructor = made;
      return made;
    });
  for (const name of ['Worker', 'SharedWorker']) makes(name, (a) => works(a) && ['data:,', a[1]]);
  makes('EventSource', (a) => stops(a[0]) && ['data:,']);
  makes('WebSocket', (a) => stops(a[0]) && [nowhere('wss:')]);
  makes('Audio', (a) => a.length && stops(a[0]) && []);
  makes('FontFace', (a) => typeof a[1] === 'string' && [a[0], freeze(a[1]), a[2]]);

  // Realms of frames: patched before the page can use them.
  for (const name of ['HTMLIFrameElement', 'HTMLObjectElement']) {
    for (const key of ['contentWindow', 'contentDocument']) {
      property(name, key, null, (go) => {
        const found = go();
        try {
          realm(found.defaultView || found);
        } catch {}
        return found;
      });
    }
  }
  guard(w, methods, property);
}
