/**
 * The patches of one realm (a window): everything that loads asks `hold.js` first. Each patch has its own try/catch. An
 * interface that the browser does not have is no failure; a patch that cannot be made is reported.
 */
import { hasCode, patchAddresses } from './adopt.js';
import { anyServiceWaits, host, isSilent, trust, urlWaitsFor, withBaseOf } from './decide.js';
import { apply, define, findAll, getter, hasAttr, inert, kindOf, listen, listenAgain, opened, said, sayOnce, setHtml } from './dom.js';
import { BUSY, checkTree, isBare, loadsIn, loadsOutside } from './hold.js';
import { mayLoad, safeHtml, safeNodes, unclosedAt } from './html.js';
import { mapFrame } from './level.js';
import { MARK, readClean } from './names.js';
import { enterFrames, patchNavigation } from './navigate.js';
import { enterFrame, observe } from './observe.js';
import { patchReaders } from './readers.js';
import { patchObservers } from './records.js';
import { constructors, methods, nativeOf, property } from './replace.js';
import { checkParsed, holdInsertion, scriptsIn, showPrepared } from './scripts.js';
import { changeSheet, changeText, patchSinks } from './sinks.js';
import { patchStorage } from './store.js';
import { cleanHtml, isAdopted, isHeldElement } from './twins.js';
import { patchWorkers } from './workers.js';

const patched = new WeakSet();

/** A URL that no browser connects to (a forbidden port): the native then fails as without a network. */
const unreachable = (scheme) => `${scheme}//${location.hostname}:1/`;
const requestUrl = getter(Request.prototype, 'url');
/** What `args[at]` asks for; it becomes its address, if it is no request. */
function takeAddress(args, at = 0) {
  try {
    return requestUrl(args[at]);
  } catch {
    args[at] = `${args[at]}`;
    return args[at];
  }
}

/** Reaches into the frames that come in with a node. */
function enterFramesIn(node) {
  if (/^(embed|object|frame)$/.test(node.localName)) enterFrames(node.ownerDocument.defaultView);
  enterFrame(node);
  if (node.firstElementChild) for (const frame of findAll(node, 'iframe')) enterFrame(frame);
}

const INSERTING =
  'replaceChild append prepend replaceChildren moveBefore before after replaceWith insertAdjacentElement insertNode surroundContents';

/** Hosts → their shadow roots, closed ones, too. */
const roots = new WeakMap();
let anyRoots = false;
/** The shadow roots in a tree, which come into the page with it. */
const rootsIn = (node) =>
  [node, ...findAll(node, '*')].flatMap((el) => {
    const root = roots.get(el) || el.shadowRoot;
    return root ? [root, ...rootsIn(root)] : [];
  });

/** One bare node comes in where nothing is text of code: that is most of what pages insert. */
const isBareInsertion = (args, self) => !anyRoots && !BUSY.has(self.localName) && isBare(args[0]);

/** Nodes come into a tree: what loads waits, scripts rest. */
function insertNodes(go, all, self, method) {
  const beside = /^(before|after|replaceWith)$/.test(method);
  // What the nodes go beside, or take the place of, does not come in.
  const args = /^(insertB|replaceChild$|mo)/.test(method) ? [all[0]] : all;
  const parent = beside ? self.parentNode : self.startContainer || self;
  const where = parent ? loadsIn(parent) : 0;
  const inserted = [];
  const scripts = [];
  let text = '';
  let insert = () => (scripts.length ? holdInsertion(scripts, go) : go());
  for (let i = 0; i < args.length; i++) {
    const type = kindOf(args[i]);
    if (!type && args === all) args[i] = said(args[i]);
    const node = args[i];
    if (typeof node === 'string' || type === 3) {
      text += type ? node.data : node;
      const next = insert;
      if (type) insert = () => changeSheet(node.parentNode, null, next);
    }
    if (type === 11 && /^(style|script)$/.test(parent?.localName)) text += node.textContent;
    if (type === 1) inserted.push(node);
    if (type === 11) inserted.push(...node.children);
    if (where && (type === 1 || type === 11) && (where > 1 || node.ownerDocument !== parent.ownerDocument)) {
      // Trees in shadow are watched, but what watches them has its turn later.
      for (const tree of anyRoots ? [node, ...rootsIn(node)] : [node]) {
        checkTree(tree, where);
        if (where > 1) scripts.push(...scriptsIn(tree));
      }
    }
  }
  const result = changeText(parent, text, insert, /^app/.test(method));
  inserted.forEach(enterFramesIn);
  return result;
}

/** Ways on which nodes come into a tree. */
function patchNodes(w) {
  for (const name of ['Node', 'Element', 'Document', 'DocumentFragment', 'DocumentType', 'CharacterData', 'Range']) {
    methods(w, name, 'appendChild insertBefore', insertNodes, isBareInsertion);
    methods(w, name, INSERTING, insertNodes);
  }
  const asItIs = (node) => node;
  const insertPart = (value, go, self) => insertNodes(() => go(value), [value], self, '');
  property(w, 'Document', 'body', insertPart, undefined, asItIs);
  for (const key of ['caption', 'tHead', 'tFoot']) property(w, 'HTMLTableElement', key, insertPart, undefined, asItIs);
  // The second half of a script's text is a new child.
  methods(w, 'Text', 'splitText', (go, _args, self) => changeText(self.parentNode, '', go));
  methods(w, 'Element', 'attachShadow', (go, _args, host) => {
    const root = go();
    roots.set(host, root);
    anyRoots = true;
    observe(root);
    return root;
  });
  // A picture that the browser has in memory loads while it is copied, so it is held before it belongs to the page.
  methods(w, 'Document', 'importNode', (go, args, self, _name, native) => {
    if (!loadsOutside(self) || !args[0]?.firstElementChild || !findAll(args[0], 'img,image,video')[0]) {
      const copy = go();
      checkTree(copy);
      return copy;
    }
    const copy = apply(native, inert, args);
    checkTree(copy, loadsOutside(self));
    self.adoptNode(copy);
    w.customElements.upgrade(copy);
    return copy;
  });
  methods(w, 'Document', 'adoptNode', (go, args, self) => {
    checkTree(args[0], loadsOutside(self));
    return changeSheet(args[0].parentNode, null, go);
  });
}

/** The method that inserts nodes where `insertAdjacentHTML` inserts text. */
const METHODS = { beforebegin: 'before', afterbegin: 'prepend', beforeend: 'append', afterend: 'after' };

/** Do scripts in this HTML run, unlike those of `innerHTML`? */
const runsScripts = ([, options]) => Object(options).runScripts;
/** Trees that nobody reaches later are held as text, as are scripts that run at once. */
const holdShadowRoots = (args) => {
  if (/shadowrootmode/i.test(args[0]) || runsScripts(args)) args[0] = safeHtml(`${args[0]}`);
};

/** What text that becomes nodes beside an element is read in; without an element around it, as in a body. */
const around = ({ parentElement, parentNode, ownerDocument }) =>
  parentElement || parentNode?.host || (kindOf(parentNode) === 11 && ownerDocument.createElement('body'));

/** HTML that is given as text. */
function patchHtml(w) {
  const doc = w.document;
  const inert = doc.implementation.createHTMLDocument('');
  const { adoptNode } = doc;
  const insertHtml = (el, context, html, insert, go, parse = (box) => setHtml(box, html), run = false) => {
    const insertAsItIs = () => changeText(el, html, () => go(html));
    if (!mayLoad(`${html}`)) return insertAsItIs();
    // A base may come in with what is relative to it.
    withBaseOf(`${html}`, el.baseURI, () => {
      const nodes = context && context.localName !== 'template' && safeNodes(inert, context, parse, run);
      if (nodes) el[insert](...nodes);
      else insertAsItIs();
    });
    enterFrames(el.ownerDocument.defaultView);
  };
  const readHtml = (go) => cleanHtml(go());
  for (const name of ['Element', 'ShadowRoot']) {
    methods(w, name, 'getHTML', readHtml);
    property(w, name, 'innerHTML', (html, go, self) => insertHtml(self, self.host || self, html, 'replaceChildren', go), readHtml);
  }
  methods(w, 'Element', 'setHTML setHTMLUnsafe', (go, args, self, _name, native) => {
    sayOnce(args, 0, 1);
    holdShadowRoots(args);
    insertHtml(self, self, args[0], 'replaceChildren', go, (box) => apply(native, box, args), runsScripts(args));
  });
  methods(w, 'ShadowRoot', 'setHTML setHTMLUnsafe', (go, args) => {
    sayOnce(args, 0, 1);
    holdShadowRoots(args);
    go();
    enterFrames(w);
  });
  methods(w, w.Document, 'parseHTMLUnsafe', (go, args) => {
    sayOnce(args, 0, 1);
    holdShadowRoots(args);
    return go();
  });
  methods(w, 'Document', 'execCommand', (go, args, self) => {
    sayOnce(args);
    if (/^insertimage$/i.test(args[0])) args.splice(0, 3, 'insertHTML', false, `<img src="${`${args[2]}`.replace(/"/g, '&quot;')}">`);
    if (/^inserthtml$/i.test(args[0])) args[2] = trust(safeHtml(`${args[2]}`));
    const done = go();
    enterFrames(self.defaultView);
    return done;
  });
  // What a visitor pastes or drops has come in: its pictures load when this task ends, before any observer has its turn.
  const checkEdited = ({ isTrusted, inputType, target }) => isTrusted && /^insertF|^hi/.test(inputType) && checkTree(target);
  listen(w, 'input', checkEdited);
  for (const type of ['beforeinput', 'copy', 'cut', 'dragstart', 'drop']) listen(w, type, (event) => host.edited?.(event));
  property(w, 'Element', 'outerHTML', (html, go, self) => insertHtml(self, around(self), html, 'replaceWith', go), readHtml);
  methods(w, 'Element', 'insertAdjacentHTML', (go, args, self) => {
    sayOnce(args);
    const method = METHODS[`${args[0]}`.toLowerCase()];
    insertHtml(self, method && (/pend/.test(method) ? self : around(self)), args[1], method, go);
  });
  methods(w, 'Range', 'createContextualFragment', (go, args, self, _name, native) => {
    sayOnce(args);
    if (!mayLoad(`${args[0]}`)) return go();
    const range = inert.createRange();
    range.selectNodeContents(inert.createElement(self.startContainer.localName || 'body'));
    const fragment = apply(native, range, args);
    checkTree(fragment, loadsOutside(doc));
    return apply(adoptNode, doc, [fragment]);
  });
  methods(w, 'Range', 'toString', readClean);
  // What a page's own policy of types makes of a text comes after all that we look at.
  methods(w, 'TrustedTypePolicyFactory', 'createPolicy', (go, args) => {
    sayOnce(args, 0, 1);
    const rules = args[0] === 'default' && args[1];
    const { createHTML, createScriptURL } = Object(rules);
    if (createHTML || createScriptURL) {
      const then = (make, hold) => make && ((...given) => hold(apply(make, rules, given)));
      args[1] = {
        ...rules,
        createHTML: then(createHTML, (html) => html && safeHtml(`${html}`)),
        createScriptURL: then(createScriptURL, (url) => (url && urlWaitsFor(url) ? 'data:,' : url)),
      };
    }
    return go();
  });
}

/** Documents → what was written to them of a tag, a style sheet or a script that has yet to end. */
const unfinished = new WeakMap();

/** `document.write`, whose text may end within a tag. */
function patchWrite(w) {
  /** Writes what is safe, and what it brings in waits. */
  const send = (doc, safe, native) => {
    if (safe) apply(native, doc, [trust(safe)]);
    // No observer has its turn within a script.
    for (const el of findAll(doc, `script[${MARK}]`)) checkParsed(el);
    showPrepared();
  };
  /** What never ended goes to the parser as it is. */
  const flush = (doc, native) => {
    const rest = unfinished.get(doc);
    unfinished.delete(doc);
    if (rest) send(doc, rest, native);
  };
  const { write } = w.Document.prototype;
  methods(w, 'Document', 'close', (go, _args, self) => {
    flush(self, write);
    opened.delete(self);
    return go();
  });
  methods(w, 'Document', 'write writeln', (go, args, self, name, native) => {
    sayOnce(args);
    const html = args.join('') + (name === 'writeln' ? '\n' : '');
    if (host.takeWritten?.(html)) return;
    const pending = unfinished.get(self) || '';
    const text = pending + html;
    const at = unclosedAt(text);
    if (self.readyState !== 'loading') {
      // It may be opened anew, and frames that come in say `load` at once.
      apply(native, self, [trust('')]);
      listenAgain(self);
    }
    if (!pending && !mayLoad(html) && !hasCode(html) && at === text.length) {
      go();
      enterFrames(self.defaultView);
      return;
    }
    // A tag that comes in pieces waits for its end.
    const whole = text.slice(0, at);
    unfinished.set(self, text.slice(at));
    const safe = safeHtml(whole, self.baseURI, isSilent(self.defaultView));
    if (safe === html) go();
    else send(self, safe, native);
    enterFrames(self.defaultView);
    // What a page writes while it is parsed goes on with the page.
    if (!opened.has(self)) queueMicrotask(() => flush(self, native));
  });
}

/** Requests: a held one goes nowhere, and fails as it would without a network. */
function patchRequests(w, isHeld) {
  const redirectHeld = (at) => (go, args) => {
    if (args.length > at && isHeld(takeAddress(args, at))) args[at] = unreachable(location.protocol);
    return go();
  };
  methods(w, w, 'fetch fetchLater', redirectHeld(0));
  const { XMLHttpRequest } = w;
  // Of another window's request the address is relative to that.
  methods(w, 'XMLHttpRequest', 'open', (go, args, self) =>
    self instanceof XMLHttpRequest ? redirectHeld(1)(go, args) : self.open(...args),
  );
  methods(w, 'Navigator', 'sendBeacon', (go, args) => {
    sayOnce(args, 0, 1);
    return isHeld(args[0]) || go();
  });
  // What a service worker or a worklet imports, only its text says; late.js reads it while the page waits for it.
  const readFirst = (go, [url]) => {
    const refuse = () => Promise.reject(new w.TypeError());
    if (isHeld(url)) return refuse();
    return anyServiceWaits() ? host.importsHeld(new URL(url, w.document.baseURI).href).then((held) => (held ? refuse() : go())) : go();
  };
  methods(w, 'ServiceWorkerContainer', 'register', readFirst);
  methods(w, 'Worklet', 'addModule', readFirst);
  const instead = (address) => (args) => {
    sayOnce(args, 0, 1);
    return isHeld(args[0]) && [address];
  };
  constructors(w, 'EventSource', instead('data:,'));
  constructors(w, 'WebSocket', instead(unreachable('wss:')));
  const isHeldSound = (args) => args.length && isHeld(args[0]);
  constructors(
    w,
    'Audio',
    (args) => isHeldSound(args) && [],
    (sound, _native, args) => {
      if (isHeldSound(args)) sound.src = args[0];
    },
  );
}

/** Realms of frames: patched before the page can use them. */
function patchFrames(w) {
  for (const name of ['HTMLIFrameElement', 'HTMLObjectElement']) {
    for (const key of ['contentWindow', 'contentDocument']) {
      property(w, name, key, null, (go, frame) => {
        if (key === 'contentDocument' && isHeldElement(frame) && !hasAttr(frame, 'srcdoc') && !isAdopted(frame)) return null;
        const found = go();
        try {
          patchRealm(found.defaultView || found);
        } catch {}
        return found;
      });
    }
  }
}

/** Patches window `w` and watches its document. Safe to call again. @param {any} w */
export function patchRealm(w) {
  const doc = w.document;
  observe(doc);
  if (patched.has(w.Element)) return;
  patched.add(w.Element);
  // A frame's own gate must not patch what is patched: it has its document watched, and works with this engine.
  const isHeld = (input) => urlWaitsFor(takeAddress([input]), false, w.document.baseURI);
  if (w !== window) {
    const value = () => {
      observe(w.document);
      return /** @type {any} */ (window).fairgate;
    };
    define(w, 'fgUpper', { configurable: true, value });
  }
  methods(w, 'Function', 'toString', (_go, _args, self, _name, native) => apply(native, nativeOf(self), []));
  patchReaders(w);
  patchObservers(w);
  patchNodes(w);
  patchHtml(w);
  patchWrite(w);
  patchRequests(w, isHeld);
  patchWorkers(w);
  patchFrames(w);
  patchAddresses(w);
  patchStorage(w);
  patchSinks(w, isHeld, unreachable);
  patchNavigation(w);
  if (w !== window) mapFrame(w);
}
