/** Watches what the parser and unpatched ways put into documents and shadow roots, before it can run. */
import { all } from './dom.js';
import { check, checkTree, RISKY } from './hold.js';
import { inner } from './patch.js';

/** Documents and shadow roots under watch, as weak references. */
export const roots = [];
const known = new WeakSet();

const watcher = new MutationObserver((records) => {
  const added = new Set(records.flatMap((record) => [...record.addedNodes]));
  for (const { target, type } of records) if (type === 'attributes' || /^(style|script)$/.test(target.localName)) check(target);
  for (const node of added) {
    if (node.nodeType !== 1) continue;
    // The parser reports every node by itself; what came as a whole is looked through.
    if (node.firstElementChild && !added.has(node.firstElementChild)) checkTree(node);
    else if (node.matches(RISKY)) check(node);
    inner(node);
    if (node.shadowRoot) observe(node.shadowRoot);
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
    attributeFilter: ['style', 'src', 'href', 'srcset', 'data', 'poster'],
  });
  all(root, RISKY).forEach(check);
}
