/** Watches what the parser and unpatched ways put into documents and shadow roots, before it can run. */
import { all } from './dom.js';
import { check, checkOne, checkTree, RISKY } from './hold.js';
import { inner } from './patch.js';

/** Documents and shadow roots under watch, as weak references. */
export const roots = [];
const known = new WeakSet();

const watcher = new MutationObserver((records) => {
  const added = new Set();
  for (const { target, type, addedNodes } of records) {
    if (type === 'attributes' || /^(style|script)$/.test(target.localName)) check(target);
    for (const node of addedNodes) if (node.nodeType === 1) added.add(node);
  }
  for (const node of added) {
    // A form whose fields are named like methods ("matches") must not keep the rest from being looked at.
    try {
      // The parser reports every node by itself; what came as a whole is looked through.
      const child = node.firstElementChild;
      if (child && !added.has(child)) checkTree(node);
      else checkOne(node);
      inner(node);
      if (node.shadowRoot) observe(node.shadowRoot);
    } catch {}
  }
});

/** @param {Document|ShadowRoot} root */
export function observe(root) {
  if (known.has(root)) return;
  known.add(root);
  roots.push(new WeakRef(root));
  watcher.observe(root, {
    childList: true,
    subtree: true,
    attributeFilter: 'style src href srcset data poster'.split(' '),
  });
  all(root, RISKY).forEach(check);
}
