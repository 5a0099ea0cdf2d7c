/**
 * Ways of which lists of attributes and methods know nothing: nodes that are attributes, lists of tokens, rules of style sheets,
 * animations, and interfaces that fetch by themselves. tests/browser/sinks/ says of every member of every interface what it does.
 */
import { holdCss, holdsCss, textWaitsFor } from './decide.js';
import { apply, describe, getAttr, getter, inert, removeAttr, said, sayOnce, setAttr } from './dom.js';
import { assign, checkElement, holdStyle } from './hold.js';
import { readClean, releaseCss } from './names.js';
import { constructors, methods, nativeOf, property, standInFor } from './replace.js';
import { holdText } from './scripts.js';
import { kept } from './twins.js';

/** The same for methods of several interfaces: `Interface:method method,…`. */
function methodsOf(w, table, run) {
  for (const row of table.split(',')) methods(w, ...row.split(':'), run);
}

/** What belongs to an element and does not say so → the element. */
const elements = new WeakMap();

/** Attributes by their nodes and as animated strings. */
function patchAttributeNodes(w) {
  const remember = (go, el) => {
    const found = go();
    elements.set(found, el);
    return found;
  };
  property(w, 'Element', 'attributes', null, remember);
  methods(w, 'NamedNodeMap', 'setNamedItem setNamedItemNS', (go, [attr], map) =>
    elements.has(map) ? elements.get(map).setAttributeNode(attr) : go(),
  );
  for (const name of ['FEImage', 'Image', 'Script', 'Use']) property(w, `SVG${name}Element`, 'href', null, remember);
  const readString = (go, string) => {
    const el = elements.get(string);
    return (el && (kept(el, 'href') ?? kept(el, 'xlink:href'))) ?? go();
  };
  property(
    w,
    'SVGAnimatedString',
    'baseVal',
    (value, go, string) => (elements.has(string) ? assign(elements.get(string), 'href', value, go) : go(value)),
    readString,
  );
  property(w, 'SVGAnimatedString', 'animVal', null, readString);
  property(w, 'HTMLLinkElement', 'relList', null, remember);
  property(w, 'HTMLIFrameElement', 'sandbox', null, remember);
  const listed = (el) => (el.localName === 'link' ? 'rel' : 'sandbox');
  property(w, 'DOMTokenList', 'value', (value, go, list) => {
    const el = elements.get(list);
    if (el) el.setAttribute(listed(el), value);
    else go(value);
  });
  methods(w, 'DOMTokenList', 'add remove toggle replace', (go, args, list, _name, native) => {
    const el = elements.get(list);
    if (!el) return go();
    const name = listed(el);
    const scratch = inert.createElement(el.localName);
    const before = el.getAttribute(name);
    if (before !== null) setAttr(scratch, name, before);
    const result = apply(native, name === 'rel' ? scratch.relList : scratch.sandbox, args);
    const after = getAttr(scratch, name);
    if (after !== before) el.setAttribute(name, after);
    return result;
  });
}

/**
 * Runs `change` on a style sheet that stands in the page: its text takes effect at once, and as a whole.
 *
 * @param {any} el @param {string|null} more what comes to its end; null when anything may come or go @param {() => any} change
 */
export function changeSheet(el, more, change) {
  const text = el?.localName === 'style' && el.isConnected && el.textContent + more;
  if (!text || (more !== null && holdCss(text) === text)) return change();
  const type = getAttr(el, 'type');
  setAttr(el, 'type', 'text/plain');
  try {
    return change();
  } finally {
    checkElement(el);
    if (type === null) removeAttr(el, 'type');
    else setAttr(el, 'type', type);
  }
}

/** The text of an element changes: of a style sheet, or of a script that may have to rest. */
export const changeText = (el, text, change, atEnd = true) =>
  el?.localName === 'script' ? holdText(el, `${text}`, change) : changeSheet(el, atEnd ? `${text}` : null, change);

/** Text nodes of style sheets and scripts. */
function patchText(w) {
  const owner = (node) => (node?.nodeType === 3 ? node.parentNode : node);
  const set = (value, go, node) => changeText(owner(node), value, () => go(value));
  property(w, 'CharacterData', 'data', set, readClean);
  for (const name of ['nodeValue', 'textContent']) {
    property(
      w,
      'Node',
      name,
      (value, go, node) => {
        if (node.nodeType === 2) node.value = value;
        else set(value, go, node);
      },
      readClean,
    );
  }
  for (const name of ['HTMLElement', 'HTMLScriptElement'])
    for (const key of ['innerText', 'outerText', 'textContent', 'text']) property(w, name, key, set, readClean);
  methods(w, 'CharacterData', 'appendData insertData replaceData deleteData', (go, args, node, name) => {
    sayOnce(args);
    return changeText(node.parentNode, args[args.length - 1], go, /^app/.test(name));
  });
  methods(w, 'Element', 'insertAdjacentText', (go, args, el) => {
    sayOnce(args);
    return changeText(el, args[1], go, false);
  });
  // A text that leaves may have kept the rest from being an address.
  const cut = (go, _args, from) =>
    changeSheet(owner(from.startContainer || from.anchorNode || from), null, () =>
      changeSheet(owner(from.endContainer || from.focusNode), null, go),
    );
  methodsOf(
    w,
    'Node:removeChild,CharacterData:remove,Range:deleteContents extractContents insertNode surroundContents,Selection:deleteFromDocument',
    cut,
  );
}

/** One style with its held URLs held; `el` says what its addresses are relative to. */
function holdOne(value, el) {
  if (!/^(string|object|function)$/.test(typeof value) || value === null) return value;
  const text = `${value}`;
  const safe = holdStyle(text, 'style', el);
  return safe === text && window.CSSStyleValue && value instanceof CSSStyleValue ? value : safe;
}

/** The same for keyframes: a list of them, or one with lists. */
function holdFrames(frames, el) {
  if (Object(frames) !== frames) return frames;
  const holdAll = (frame) =>
    Object.fromEntries(
      Object.entries(Object(frame)).map(([name, one]) => [
        name,
        typeof one === 'object' && one?.[Symbol.iterator] ? [...one].map((each) => holdOne(each, el)) : holdOne(one, el),
      ]),
    );
  return frames[Symbol.iterator] ? [...frames].map(holdAll) : holdAll(frames);
}

const bufferLength = getter(ArrayBuffer.prototype, 'byteLength');
/** Is it a file in memory? */
function isBuffer(value) {
  try {
    return ArrayBuffer.isView(value) || bufferLength(value) >= 0;
  } catch {
    return false;
  }
}

/** Rules of style sheets and animations. */
function patchStyles(w) {
  // All addresses in this window's styles are relative to its document.
  const page = {
    get ownerDocument() {
      return w.document;
    },
  };
  const held = (at, hold) => (go, args) => {
    for (let i = at; i < args.length; i++) args[i] = hold(args[i], page);
    return go();
  };
  /** What is written to a style's property loads at the next layout, before an observer is told. */
  const holding = {
    get: (style, name) => releaseCss(style[name]),
    set(style, name, given) {
      const value = typeof style[name] === 'string' ? said(given) : given;
      // Most values name nothing; what else a page keeps there is its own.
      style[name] = /[(\\"']/.test(value) && typeof style[name] === 'string' ? holdOne(value, page) : value;
      return true;
    },
  };
  methodsOf(
    w,
    'CSSGroupingRule:insertRule,CSSStyleRule:insertRule,CSSStyleSheet:insertRule replace replaceSync,CSSKeyframesRule:appendRule',
    held(0, holdOne),
  );
  methodsOf(w, 'Element:animate,KeyframeEffect:setKeyframes', (go, args) => {
    if (args.length) args[0] = holdFrames(args[0], page);
    return go();
  });
  if (w.CSS) methods(w, w.CSS, 'registerProperty', held(0, holdFrames));
  methodsOf(w, 'CSSStyleSheet:addRule,StylePropertyMap:set append,Document:createProcessingInstruction', held(1, holdOne));
  methods(
    w,
    'CSSStyleDeclaration',
    'getPropertyValue getPropertyPriority item removeProperty setProperty',
    (_go, args, self, _name, native) => {
      if (args.length > 1) args[1] = holdOne(args[1], page);
      return releaseCss(apply(native, nativeOf(self), args));
    },
  );
  constructors(w, 'FontFace', ([name, source, ...more]) => {
    return source !== undefined && !isBuffer(source) && [name, holdCss(`${source}`, page), ...more];
  });
  constructors(w, 'KeyframeEffect', ([el, frames, ...more]) => frames && [el, holdFrames(frames, page), ...more]);
  methods(w, w, 'getComputedStyle', (go) => (holdsCss ? standInFor(go(), holding) : go()));
  property(w, 'CSSRule', 'cssText', null, readClean);
  methods(w, 'CSSStyleValue', 'toString', readClean);
  const owners = 'HTMLElement SVGElement MathMLElement CSSStyleRule CSSKeyframeRule CSSNestedDeclarations CSSPageRule CSSFontFaceRule';
  for (const name of owners.split(' ')) {
    property(w, name, 'style', describe(w[name]?.prototype || {}, 'style')?.set && ((value, go) => go(holdOne(value, page))), (go) =>
      standInFor(go(), holding),
    );
  }
}

/** Interfaces that fetch by themselves. */
function patchFetching(w, isHeld, unreachable) {
  const failing = (name, methodNames, addressesOf) =>
    methods(w, name, methodNames, (go, args) =>
      addressesOf(args).some(isHeld) ? Promise.reject(new w.TypeError('Failed to fetch')) : go(),
    );
  failing('Cache', 'add addAll', (args) => {
    if (typeof args[0] === 'object' && args[0]?.[Symbol.iterator]) args[0] = [...args[0]];
    return [args[0]].flat();
  });
  const hosts = ({ identity, publicKey, rpId } = /** @type {any} */ ({})) => [
    ...(identity?.providers || []).map((provider) => provider.configURL),
    `https://${publicKey?.rp?.id || publicKey?.rpId || rpId || location.hostname}`,
  ];
  methods(w, 'RTCPeerConnection', 'setIdentityProvider', (go, [name]) => isHeld(`https://${name}`) || go());
  failing('CredentialsContainer', 'get create', ([what]) => hosts(what));
  const signals = 'signalUnknownCredential signalAllAcceptedCredentials signalCurrentUserDetails';
  failing(w.PublicKeyCredential || {}, signals, ([what]) => hosts(what));
  constructors(w, 'WebSocketStream WebTransport', (args) => {
    sayOnce(args, 0, 1);
    return isHeld(args[0]) && [unreachable(new URL(args[0]).protocol)];
  });
  constructors(
    w,
    'PaymentRequest',
    ([ways, ...more]) =>
      ways?.map && [ways.map((way) => (isHeld(way.supportedMethods) ? { ...way, supportedMethods: unreachable('https:') } : way)), ...more],
  );
  const withoutHeld = ([config, ...more]) => {
    const servers =
      config?.iceServers &&
      [...config.iceServers].filter(
        ({ urls }) => ![urls].flat().some((url) => isHeld(`${url}`.replace(/:/, '://').replace(/^\w+/, 'https'))),
      );
    return servers && [{ ...config, iceServers: servers }, ...more];
  };
  constructors(w, 'RTCPeerConnection webkitRTCPeerConnection', withoutHeld);
  methods(w, 'RTCPeerConnection', 'setConfiguration', (_go, args, self, _name, native) => apply(native, self, withoutHeld(args) || args));
}

/** Patches all of these in window `w`. @param {any} w @param {(input: any) => any} isHeld @param {(scheme: string) => string} unreachable */
export function patchSinks(w, isHeld, unreachable) {
  patchAttributeNodes(w);
  patchText(w);
  patchStyles(w);
  patchFetching(w, isHeld, unreachable);
}

/** A sandboxed document is out of reach: its code waits when it names a held address. */
export const safeSandbox = (el, html) =>
  getAttr(el, 'sandbox') === null || /allow-same-origin/i.test(getAttr(el, 'sandbox'))
    ? html
    : html.replace(/<script\b[^]*?<\/script/gi, (whole) =>
        textWaitsFor(whole + el.name) ? `<script type="text/plain"${whole.slice(7)}` : whole,
      );
