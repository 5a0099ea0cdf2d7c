/**
 * Ways of which lists of attributes and methods know nothing: nodes that are attributes, lists of tokens, rules of style sheets,
 * animations, and interfaces that fetch by themselves. tests/browser/sinks/ says of every member of every interface what it does.
 */
import { holdCss, textWaitsFor } from './decide.js';
import { getAttr, removeAttr, setAttr } from './dom.js';
import { assign, checkElement } from './hold.js';
import { safeHtml } from './html.js';
import { enterFrames } from './navigate.js';
import { constructors, methods, property } from './replace.js';
import { holdText } from './scripts.js';

/** What belongs to an element and does not say so → the element. */
const elements = new WeakMap();
const belongs = (w, name, attribute) =>
  property(w, name, attribute, null, (go, el) => {
    const found = go();
    if (found instanceof Object) elements.set(found, el);
    return found;
  });

/** Attributes by their nodes, animated strings and lists of tokens. */
function patchAttributeNodes(w) {
  const setNode = (value, go, attr) => (attr.ownerElement ? assign(attr.ownerElement, attr.name, value, go) : go(value));
  property(w, 'Attr', 'value', setNode);
  for (const name of ['nodeValue', 'textContent']) {
    property(w, 'Node', name, (value, go, node) => (node.nodeType === 2 ? setNode(value, go, node) : go(value)));
  }
  belongs(w, 'Element', 'attributes');
  methods(w, 'NamedNodeMap', 'setNamedItem setNamedItemNS', (go, [attr], map) =>
    elements.has(map) ? elements.get(map).setAttributeNode(attr) : go(),
  );
  for (const name of Object.getOwnPropertyNames(w)) if (/^SVG\w+Element$/.test(name)) belongs(w, name, 'href');
  const setString = (value, go, string) => (elements.has(string) ? assign(elements.get(string), 'href', value, go) : go(value));
  property(w, 'SVGAnimatedString', 'baseVal', setString);
  property(
    w,
    'HTMLLinkElement',
    'relList',
    (value, go, el) => assign(el, 'rel', value, go),
    (go, el) => {
      const list = go();
      elements.set(list, el);
      return list;
    },
  );
  const setRel = (list, tokens) => elements.has(list) && assign(elements.get(list), 'rel', tokens, () => {});
  methods(w, 'DOMTokenList', 'add toggle replace', (go, args, list) => {
    setRel(list, args.join(' '));
    return go();
  });
  property(w, 'DOMTokenList', 'value', (value, go, list) => {
    setRel(list, value);
    go(value);
  });
}

/** Runs `change` on a style sheet that stands in the page: its text takes effect at once, and as a whole. */
export function changeSheet(el, more, change) {
  const text = el?.localName === 'style' && el.isConnected && el.textContent + more;
  if (!text || holdCss(text) === text) return change();
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

/** Text nodes of style sheets and scripts. */
function patchText(w) {
  const give = (value, go, el, set) => {
    if (el?.localName === 'script') return holdText(el, `${value}`, go);
    return changeSheet(el, `${value}`, set || go);
  };
  const setData = (value, go, node) => give(value, () => go(value), node.nodeType === 3 && node.parentNode);
  property(w, 'CharacterData', 'data', setData);
  for (const name of ['nodeValue', 'textContent']) property(w, 'Node', name, setData);
  methods(w, 'CharacterData', 'appendData insertData replaceData deleteData', (go, args, node) =>
    give(args[args.length - 1], go, node.parentNode),
  );
  methods(w, 'Element', 'insertAdjacentText', (go, args, el) => give(args[1], go, el));
  for (const [name, keys] of Object.entries({ HTMLElement: ['innerText', 'outerText'], HTMLScriptElement: ['innerText', 'textContent'] })) {
    for (const key of keys) property(w, name, key, (value, go, el) => give(value, () => go(value), el));
  }
  methods(w, 'Document', 'createProcessingInstruction', (go, args) => {
    args[1] = holdCss(args[1]);
    return go();
  });
}

/** The same value with its held URLs held: a style, or what is made of styles. */
function holdStyles(value) {
  if (typeof value === 'string') return holdCss(value);
  if (!(value instanceof Object) || !/url\(|image-set/i.test(JSON.stringify(value))) return value;
  if (Array.isArray(value)) return value.map(holdStyles);
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, holdStyles(one)]));
}

/** Rules of style sheets and animations. */
function patchStyles(w) {
  const held = (at) => (go, args) => {
    if (args.length > at) args[at] = holdStyles(args[at]);
    return go();
  };
  methods(w, 'CSSGroupingRule', 'insertRule', held(0));
  methods(w, 'CSSStyleRule', 'insertRule', held(0));
  methods(w, 'CSSKeyframesRule', 'appendRule', held(0));
  methods(w, 'CSSStyleSheet', 'addRule', held(1));
  methods(w, 'Element', 'animate', held(0));
  methods(w, 'KeyframeEffect', 'setKeyframes', held(0));
  methods(w, 'CSSStyleDeclaration', 'setProperty', held(1));
  property(w, 'CSSStyleDeclaration', 'cssText', (value, go) => go(holdCss(value)));
  constructors(w, 'KeyframeEffect', ([el, frames, ...more]) => frames && [el, holdStyles(frames), ...more]);
  methods(w, 'StylePropertyMap', 'set append', (go, args) => {
    args.forEach((value, i) => {
      const safe = holdCss(value);
      if (i && safe !== `${value}`) args[i] = safe;
    });
    return go();
  });
  // Properties of a rule's style are no properties of its interface; nothing of it loads before the page is drawn.
  for (const name of ['CSSStyleRule', 'CSSKeyframeRule', 'CSSNestedDeclarations', 'CSSPageRule']) {
    property(
      w,
      name,
      'style',
      (value, go) => go(holdCss(value)),
      (go) => {
        const style = go();
        queueMicrotask(() => {
          const text = style.cssText;
          const safe = holdCss(text);
          if (safe !== text) style.cssText = safe;
        });
        return style;
      },
    );
  }
}

/** Interfaces that fetch by themselves. */
function patchFetching(w, isHeld, unreachable) {
  const failing = (name, methodNames, addressesOf) =>
    methods(w, name, methodNames, (go, args) =>
      addressesOf(args).some(isHeld) ? Promise.reject(new w.TypeError('Failed to fetch')) : go(),
    );
  failing('Cache', 'add addAll', ([what]) => [what].flat());
  failing('CredentialsContainer', 'get', ([what]) => (what?.identity?.providers || []).map((provider) => provider.configURL));
  constructors(w, 'WebSocketStream', ([url]) => isHeld(url) && [unreachable('wss:')]);
  constructors(w, 'WebTransport', ([url]) => isHeld(url) && [unreachable('https:')]);
  constructors(w, 'PaymentRequest', ([ways, ...more]) => {
    const free = [...ways].map((way) => (isHeld(way.supportedMethods) ? { ...way, supportedMethods: unreachable('https:') } : way));
    return [free, ...more];
  });
  constructors(w, 'RTCPeerConnection webkitRTCPeerConnection', ([config, ...more]) => {
    const servers = config?.iceServers?.filter(
      ({ urls }) => ![urls].flat().some((url) => isHeld(`${url}`.replace(/^(stun|turn)s?:/, 'https://'))),
    );
    return servers && [{ ...config, iceServers: servers }, ...more];
  });
}

/** HTML that becomes trees which nobody reaches later, and frames that come with HTML. */
function patchTrees(w) {
  const held = (at) => (go, args) => {
    if (/shadowrootmode/i.test(args[at])) args[at] = safeHtml(`${args[at]}`);
    return go();
  };
  methods(w, 'Element', 'setHTMLUnsafe', held(0));
  methods(w, 'ShadowRoot', 'setHTMLUnsafe', held(0));
  methods(w, w.Document, 'parseHTMLUnsafe', held(0));
  methods(w, 'Document', 'execCommand', (go, args) => {
    if (/^insertimage$/i.test(args[0])) args.splice(0, 3, 'insertHTML', false, `<img src="${`${args[2]}`.replace(/"/g, '&quot;')}">`);
    if (/^inserthtml$/i.test(args[0])) args[2] = safeHtml(`${args[2]}`);
    return go();
  });
  const enter = (go) => {
    const result = go();
    enterFrames(w);
    return result;
  };
  const set = (value, go) => enter(() => go(value));
  for (const name of ['Element', 'ShadowRoot']) {
    property(w, name, 'innerHTML', set);
    methods(w, name, 'setHTML setHTMLUnsafe', enter);
  }
  property(w, 'Element', 'outerHTML', set);
  methods(w, 'Element', 'insertAdjacentHTML', enter);
  methods(w, 'Document', 'close execCommand', enter);
  methods(w, 'Document', 'write writeln', (go, args) => {
    if (w !== w.top) {
      args.forEach((html, i) => {
        args[i] = `${html}`.replace(/<meta\b[^>]*refresh[^>]*>/gi, (tag) => (textWaitsFor(tag) ? '' : tag));
      });
    }
    return enter(go);
  });
}

/** Patches all of these in window `w`. @param {any} w @param {(input: any) => any} isHeld @param {(scheme: string) => string} unreachable */
export function patchSinks(w, isHeld, unreachable) {
  patchAttributeNodes(w);
  patchText(w);
  patchStyles(w);
  patchFetching(w, isHeld, unreachable);
  patchTrees(w);
}

/** A sandboxed document is out of reach: its code waits when it names a held address. */
export const safeSandbox = (el, html) =>
  getAttr(el, 'sandbox') === null || /allow-same-origin/i.test(getAttr(el, 'sandbox'))
    ? html
    : html.replace(/<script\b[^]*?<\/script/gi, (whole) =>
        textWaitsFor(whole + el.name) ? `<script type="text/plain"${whole.slice(7)}` : whole,
      );
