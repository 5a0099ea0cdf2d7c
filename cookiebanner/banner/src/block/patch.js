/**
 * The patches of one realm (a window): everything that loads asks `hold.js` first. Each patch has its own try/catch. An
 * interface that the browser does not have is no failure; a patch that cannot be made is reported.
 */
import { anyServiceWaits, host, trust, urlWaitsFor } from './decide.js';
import { apply, findAll, hasAttr, inert, listen, listenAgain, setHtml } from './dom.js';
import { checkTree, isBare, loadsIn, loadsOutside } from './hold.js';
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
import { cleanHtml, isHeldElement } from './twins.js';
import { patchWorkers } from './workers.js';

const patched = new WeakSet();

/** A URL that no browser connects to (a forbidden port): the native then fails as without a network. */
const unreachable = (scheme) => `${scheme}//${location.hostname}:1/`;
const addressOf = (input) => input?.url || `${input}`;

/** Reaches into the frames that come in with a node. */
function enterFramesIn(node) {
  enterFrame(node);
  if (node.firstElementChild) for (const frame of findAll(node, 'iframe')) enterFrame(frame);
}

const INSERTING =
  'appendChild insertBefore replaceChild append prepend replaceChildren moveBefore before after replaceWith insertAdjacentElement insertNode surroundContents';

/** Nodes come into a tree: what loads waits, scripts rest. */
function insertNodes(go, all, self, method) {
  if (/^(appendC|insertB)/.test(method) && isBare(all[0]) && !/^s(cript|tyle)$/.test(self.localName)) return go();
  const beside = /^(before|after|replaceWith)$/.test(method);
  // What the nodes go beside, or take the place of, does not come in.
  const args = /^(insertB|replaceChild$|mo)/.test(method) ? [all[0]] : all;
  const parent = beside ? self.parentNode : self.startContainer || self;
  const where = parent ? loadsIn(parent) : 0;
  const inserted = [];
  const scripts = [];
  let text = '';
  let insert = () => (scripts.length ? holdInsertion(scripts, go) : go());
  for (const node of args) {
    const type = node?.nodeType;
    if (typeof node === 'string' || type === 3) {
      text += type ? node.data : node;
      const next = insert;
      if (type) insert = () => changeSheet(node.parentNode, null, next);
    }
    if (type === 11 && /^(style|script)$/.test(parent?.localName)) text += node.textContent;
    if (type === 1 || type === 11) {
      inserted.push(...(type === 1 ? [node] : node.children));
      const isForeign = where && node.ownerDocument !== parent.ownerDocument;
      if (where > 1 || isForeign) checkTree(node, where);
      // Where nothing loads, trees in shadow are not watched.
      if (isForeign) for (const { shadowRoot } of findAll(node, '*')) if (shadowRoot) checkTree(shadowRoot, where);
      if (where > 1) scripts.push(...scriptsIn(node));
    }
  }
  const result = changeText(parent, text, insert, /^app/.test(method));
  inserted.forEach(enterFramesIn);
  return result;
}

/** Ways on which nodes come into a tree. */
function patchNodes(w) {
  for (const name of ['Node', 'Element', 'Document', 'DocumentFragment', 'DocumentType', 'CharacterData', 'Range']) {
    methods(w, name, INSERTING, insertNodes);
  }
  const insertPart = (value, go, self) => insertNodes(() => go(value), [value], self, '');
  property(w, 'Document', 'body', insertPart);
  for (const key of ['caption', 'tHead', 'tFoot']) property(w, 'HTMLTableElement', key, insertPart);
  // The second half of a script's text is a new child.
  methods(w, 'Text', 'splitText', (go, _args, self) => changeText(self.parentNode, '', go));
  methods(w, 'Element', 'attachShadow', (go) => {
    const root = go();
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

/** Trees that nobody reaches later are held as text. */
const holdShadowRoots = (args) => {
  if (/shadowrootmode/i.test(args[0])) args[0] = safeHtml(`${args[0]}`);
};

/** HTML that is given as text. */
function patchHtml(w) {
  const doc = w.document;
  const inert = doc.implementation.createHTMLDocument('');
  const { adoptNode } = doc;
  const insertHtml = (el, context, html, insert, go, parse = (box) => setHtml(box, html)) => {
    const nodes = context && context.localName !== 'template' && mayLoad(`${html}`) && safeNodes(inert, context, parse);
    if (nodes) el[insert](...nodes);
    else changeText(el, html, () => go(html));
    enterFrames(w);
  };
  const readHtml = (go) => cleanHtml(go());
  for (const name of ['Element', 'ShadowRoot']) {
    methods(w, name, 'getHTML', readHtml);
    property(w, name, 'innerHTML', (html, go, self) => insertHtml(self, self.host || self, html, 'replaceChildren', go), readHtml);
  }
  methods(w, 'Element', 'setHTML setHTMLUnsafe', (go, args, self, _name, native) => {
    holdShadowRoots(args);
    insertHtml(self, self, args[0], 'replaceChildren', go, (box) => apply(native, box, args));
  });
  methods(w, 'ShadowRoot', 'setHTML setHTMLUnsafe', (go, args) => {
    holdShadowRoots(args);
    go();
    enterFrames(w);
  });
  methods(w, w.Document, 'parseHTMLUnsafe', (go, args) => {
    holdShadowRoots(args);
    return go();
  });
  methods(w, 'Document', 'execCommand', (go, args) => {
    if (/^insertimage$/i.test(args[0])) args.splice(0, 3, 'insertHTML', false, `<img src="${`${args[2]}`.replace(/"/g, '&quot;')}">`);
    if (/^inserthtml$/i.test(args[0])) args[2] = trust(safeHtml(`${args[2]}`));
    const done = go();
    enterFrames(w);
    return done;
  });
  // What a visitor pastes or drops has come in: its pictures load when this task ends, before any observer has its turn.
  const checkEdited = ({ isTrusted, inputType, target }) => isTrusted && /^insertF|^hi/.test(inputType) && checkTree(target);
  listen(w, 'input', checkEdited);
  for (const type of ['beforeinput', 'copy', 'cut', 'dragstart', 'drop']) listen(w, type, (event) => host.edited?.(event));
  property(w, 'Element', 'outerHTML', (html, go, self) => insertHtml(self, self.parentElement, html, 'replaceWith', go), readHtml);
  methods(w, 'Element', 'insertAdjacentHTML', (go, args, self) => {
    const method = METHODS[`${args[0]}`.toLowerCase()];
    insertHtml(self, method && (/pend/.test(method) ? self : self.parentElement), args[1], method, go);
  });
  methods(w, 'Range', 'createContextualFragment', (go, args, self, _name, native) => {
    if (!mayLoad(`${args[0]}`)) return go();
    const range = inert.createRange();
    range.selectNodeContents(inert.createElement(self.startContainer.localName || 'body'));
    const fragment = apply(native, range, args);
    checkTree(fragment, loadsOutside(doc));
    return apply(adoptNode, doc, [fragment]);
  });
  methods(w, 'Range', 'toString', readClean);
}

/** `document.write`, whose text may end within a tag. */
function patchWrite(w) {
  let pending = '';
  methods(w, 'Document', 'write writeln', (go, args, self, name, native) => {
    const html = args.join('') + (name === 'writeln' ? '\n' : '');
    if (host.takeWritten?.(html)) return;
    const text = pending + html;
    const at = unclosedAt(text);
    if (self.readyState !== 'loading') {
      // It may be opened anew, and frames that come in say `load` at once.
      apply(native, self, [trust('')]);
      listenAgain(self);
    }
    if (!pending && !mayLoad(html) && at === text.length) {
      go();
      enterFrames(w);
      return;
    }
    const send = (safe) => {
      if (safe) apply(native, self, [trust(safe)]);
      // No observer has its turn within a script.
      for (const el of findAll(self, `script[${MARK}]`)) checkParsed(el);
      showPrepared();
    };
    // A tag that comes in pieces waits for its end.
    const whole = text.slice(0, at);
    pending = text.slice(at);
    const safe = safeHtml(whole, self.baseURI);
    if (safe === html) go();
    else send(safe);
    enterFrames(w);
    queueMicrotask(() => {
      const rest = pending;
      pending = '';
      send(rest);
    });
  });
}

/** Requests: a held one goes nowhere, and fails as it would without a network. */
function patchRequests(w, isHeld) {
  const redirectHeld = (at) => (go, args) => {
    if (isHeld(args[at])) args[at] = unreachable(location.protocol);
    return go();
  };
  methods(w, w, 'fetch fetchLater', redirectHeld(0));
  methods(w, 'XMLHttpRequest', 'open', redirectHeld(1));
  methods(w, 'Navigator', 'sendBeacon', (go, args) => isHeld(args[0]) || go());
  // What a service worker or a worklet imports, only its text says; late.js reads it while the page waits for it.
  const readFirst = (go, [url]) => {
    const refuse = () => Promise.reject(new w.TypeError());
    if (isHeld(url)) return refuse();
    return anyServiceWaits() ? host.importsHeld(new URL(url, w.document.baseURI).href).then((held) => (held ? refuse() : go())) : go();
  };
  methods(w, 'ServiceWorkerContainer', 'register', readFirst);
  methods(w, 'Worklet', 'addModule', readFirst);
  constructors(w, 'EventSource', (args) => isHeld(args[0]) && ['data:,']);
  constructors(w, 'WebSocket', (args) => isHeld(args[0]) && [unreachable('wss:')]);
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
        if (key === 'contentDocument' && isHeldElement(frame) && !hasAttr(frame, 'srcdoc')) return null;
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
  const isHeld = (input) => urlWaitsFor(addressOf(input), false, w.document.baseURI);
  if (w !== window) {
    w.fgUpper = () => {
      observe(w.document);
      return /** @type {any} */ (window).fairgate;
    };
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
  patchStorage(w);
  patchSinks(w, isHeld, unreachable);
  patchNavigation(w);
  if (w !== window) mapFrame(w);
}
