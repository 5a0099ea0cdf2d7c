/**
 * Attributes of one realm: what sets them asks `hold.js` first, what reads them is given what the author wrote (twins.js).
 * While nothing was ever held, a reader costs one comparison more than without us.
 */
import { apply, findAll, getter, hasAttr, note, outerHtml, removeAttr, sayOnce } from './dom.js';
import { assign, CSS_ATTRIBUTE, checkElement, isLoading, loadsIn } from './hold.js';
import { KEPT, releaseCss } from './names.js';
import { methods, property } from './replace.js';
import {
  cleanHtml,
  isHeldElement,
  isMasked,
  kept,
  masked,
  OURS,
  originals,
  trueCopy,
  truePath,
  trueSelector,
  writtenNames,
} from './twins.js';

/** What has an attribute that loads, by its interface; tests/browser/test_sinks.py finds one that is missing. */
const LOADERS =
  'HTMLAnchor HTMLArea HTMLBody HTMLEmbed HTMLFrame HTMLIFrame HTMLImage HTMLInput HTMLLink HTMLMedia HTMLMeta HTMLObject HTMLScript HTMLSource HTMLTrack HTMLVideo SVGA SVGScript';
const MIRRORED = 'src srcset data poster href imageSrcset ping background srcdoc type rel sandbox relList content'.split(' ');
const ownerElement = getter(Attr.prototype, 'ownerElement');
const URLS = /^(src|href|data|poster)$/;

/** What an attribute's property says of a held element. */
function readMirrored(el, attribute, go) {
  if (!isHeldElement(el)) return go();
  if (/sandbox|List/.test(attribute)) return trueCopy(el)[attribute];
  const value = kept(el, attribute);
  try {
    return value !== null && URLS.test(attribute) ? new URL(value, el.baseURI).href : (value ?? go());
  } catch {
    return value;
  }
}

/** Does this name stand for what it says? Else it is one of ours, or one that was taken away. */
function readAttribute(el, name, go) {
  const lower = masked.size ? `${name}`.toLowerCase() : '';
  if (masked.size && lower.startsWith(KEPT)) return null;
  if (!masked.has(lower)) return go();
  const value = kept(el, lower) ?? go();
  return CSS_ATTRIBUTE.test(lower) && value ? releaseCss(`${value}`) : value;
}
const qualified = (namespace, name) => (/xlink$/.test(namespace) ? `xlink:${name}` : name);

/** What pages set most, and what loads nothing on any element. */
const IDLE = /^(class|id|(aria|data)-\w+)$/;

/** Attributes and the properties that mirror them, as they are set and read. */
function patchAttributes(w) {
  for (const name of LOADERS.split(' ')) {
    for (const attribute of MIRRORED) {
      const assigned = attribute.replace('List', '');
      property(
        w,
        `${name}Element`,
        attribute,
        (value, go, el) => assign(el, assigned, value, go),
        (go, el) => readMirrored(el, attribute, go),
      );
    }
  }
  const setNamed = (at) => (go, args, el) => {
    if (args.length < at + 2) return go();
    sayOnce(args, at);
    assign(el, `${args[at]}`, args[at + 1], (value) => {
      args[at + 1] = value;
      go();
    });
  };
  const isIdle = (args) => typeof args[0] === 'string' && typeof args[1] === 'string' && IDLE.test(args[0]) && !masked.has(args[0]);
  methods(w, 'Element', 'setAttribute', setNamed(0), isIdle);
  methods(w, 'Element', 'setAttributeNS', setNamed(1));
  methods(w, 'Element', 'setAttributeNode setAttributeNodeNS', (go, [attr], el) => {
    if (!(isLoading(el, attr.name) && loadsIn(el)) && !isHeldElement(el)) return go();
    el.setAttributeNS(attr.namespaceURI, attr.name, attr.value);
    return null;
  });
  methods(
    w,
    'Element',
    'getAttribute',
    (go, args, el) => readAttribute(el, args[0], go),
    () => !masked.size,
  );
  methods(w, 'Element', 'getAttributeNS', (go, [namespace, name], el) => readAttribute(el, qualified(namespace, name), go));
  const has = (el, name, go) => {
    const found = readAttribute(el, name, go);
    return found !== null && found !== false;
  };
  methods(w, 'Element', 'hasAttribute', (go, args, el) => has(el, args[0], go));
  methods(w, 'Element', 'hasAttributeNS', (go, [namespace, name], el) => has(el, qualified(namespace, name), go));
  methods(w, 'Element', 'getAttributeNames', (go, _args, el) => (isHeldElement(el) ? writtenNames(el) : go()));
  methods(w, 'Element', 'getAttributeNode getAttributeNodeNS', (go, args, el, _name, native) =>
    isMasked(el) ? apply(native, trueCopy(el), args) : go(),
  );
  property(w, 'Element', 'attributes', null, (go, el) => (isMasked(el) ? trueCopy(el).attributes : go()));
  methods(w, 'Element', 'removeAttribute removeAttributeNS', (go, args, el) => {
    const name = args.length > 1 ? qualified(...args) : `${args[0]}`;
    const stood = hasAttr(el, name);
    go();
    if (!isHeldElement(el)) return;
    if (hasAttr(el, KEPT + name)) {
      removeAttr(el, KEPT + name);
      // This is the page's doing: its observers are told, once.
      note(el, KEPT + name)[KEPT + name] = stood && !note(el, '')[name];
    }
    checkElement(el);
  });
  methods(w, 'Element', 'removeAttributeNode', (go, [attr], el) => {
    if (!isMasked(el)) return go();
    el.removeAttribute(attr.name);
    return attr;
  });
  methods(w, 'Element', 'toggleAttribute', (go, [name, force], el) => {
    if (!isHeldElement(el)) return go();
    const wanted = force ?? !el.hasAttribute(name);
    if (!wanted) el.removeAttribute(name);
    else if (!el.hasAttribute(name)) el.setAttribute(name, '');
    return !!wanted;
  });
  // What `attributes` of a held element gave writes to that element.
  property(w, 'Attr', 'ownerElement', null, (go, attr) => originals.get(ownerElement(attr)) || go());
  const setValue = (value, go, attr) => {
    const owner = ownerElement(attr);
    const original = originals.get(owner);
    if (original) {
      go(value);
      original.setAttribute(attr.name, value);
    } else if (owner) assign(owner, attr.name, value, go);
    else go(value);
  };
  property(w, 'Attr', 'value', setValue);
}

const holds = (node) => isMasked(node) || findAll(node, OURS)[0];

/** Ways to read or compare whole trees. */
function patchTrees(w) {
  methods(w, 'XMLSerializer', 'serializeToString', (go) => cleanHtml(go()));
  methods(w, 'Node', 'isEqualNode', (go, [other], self) => {
    const mayDiffer = !go() && masked.size > 0 && self.nodeType === 1 && other?.nodeType === 1 && (holds(self) || holds(other));
    return mayDiffer ? cleanHtml(outerHtml(self)) === cleanHtml(outerHtml(other)) : go();
  });
  for (const name of ['Element', 'Document', 'DocumentFragment']) {
    methods(w, name, 'matches webkitMatchesSelector closest querySelector querySelectorAll', (go, args) => {
      if (masked.size) args[0] = trueSelector(`${args[0]}`);
      return go();
    });
  }
  for (const name of ['Document', 'XPathEvaluator']) {
    methods(w, name, 'evaluate createExpression', (go, args) => {
      if (masked.size) args[0] = truePath(`${args[0]}`);
      return go();
    });
  }
}

/** What images, films and sounds say of themselves while they wait. */
function patchImages(w) {
  property(w, 'HTMLImageElement', 'complete', null, (go, el) => !isHeldElement(el) && go());
  property(w, 'HTMLImageElement', 'currentSrc', null, (go, el) => (isHeldElement(el) ? '' : go()));
  property(w, 'HTMLMediaElement', 'currentSrc', null, (go, el) => readMirrored(el, 'src', go));
  methods(w, 'HTMLImageElement', 'decode', (go, _args, el) =>
    isHeldElement(el)
      ? new w.Promise((resolve) => {
          for (const type of ['load', 'error']) el.addEventListener(type, () => resolve(go()), { once: true });
        })
      : go(),
  );
}

/** @param {any} w */
export function patchReaders(w) {
  patchAttributes(w);
  patchTrees(w);
  patchImages(w);
}
