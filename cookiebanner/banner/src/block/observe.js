/** Watches what the parser and unpatched ways put into documents and shadow roots, before it can run. */
import { upward } from './decide.js';
import { findAll, getter } from './dom.js';
import { checkElement, checkOne, checkTree, LOADING } from './hold.js';

/** Documents and shadow roots under watch. @type {WeakRef<Document|ShadowRoot>[]} */
export const watchedRoots = [];
const watched = new WeakSet();
const contentWindow = getter(HTMLIFrameElement.prototype, 'contentWindow');

/** Reaches into a frame's window, when it is of this origin. */
export function enterFrame(frame) {
  try {
    if (frame.localName === 'iframe') upward.patchRealm(contentWindow(frame));
  } catch {}
}

const watcher = new MutationObserver((/** @type {any[]} */ records) => {
  const added = new Set();
  for (const { target, type, addedNodes } of records) {
    if (type === 'attributes' || /^(style|script)$/.test(target.localName)) checkElement(target);
    for (const node of addedNodes) if (node.nodeType === 1) added.add(node);
  }
  for (const node of added) {
    // A form whose fields are named like methods ("matches") must not keep the rest from being looked at.
    try {
      // The parser reports every node by itself; what came as a whole is looked through.
      const child = node.firstElementChild;
      if (child && !added.has(child)) checkTree(node);
      else checkOne(node);
      enterFrame(node);
      if (node.shadowRoot) observe(node.shadowRoot);
    } catch {}
  }
});

/** @param {Document|ShadowRoot} root */
export function observe(root) {
  if (watched.has(root)) return;
  watched.add(root);
  watchedRoots.push(new WeakRef(root));
  watcher.observe(root, {
    childList: true,
    subtree: true,
    attributeFilter: 'style src href srcset data poster'.split(' '),
  });
  for (const el of findAll(root, LOADING)) checkElement(el);
}
