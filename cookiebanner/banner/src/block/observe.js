/** Watches what the parser and unpatched ways put into documents and shadow roots, before it can run. */
import { RISKY, all, check, checkTree } from './hold.js';
import { inner } from './patch.js';

/** Shadow roots that were seen, for the release. */
export const roots = [];

const watcher = new MutationObserver((records) => {
  const added = new Set();
  for (const { type, addedNodes } of records) if (type === 'childList') for (const node of addedNodes) added.add(node);
  for (const record of records) {
    if (record.type !== 'childList' || record.target.localName === 'style') {
      if (record.target.nodeType === 1) check(record.target);
    }
    for (const node of record.addedNodes) {
      if (node.nodeType !== 1) continue;
      // The parser reports every node by itself; whatever came as a whole is looked through.
      if (node.firstElementChild && !added.has(node.firstElementChild)) checkTree(node);
      else if (node.matches(RISKY)) check(node);
      if (node.localName === 'iframe') inner(node);
      if (node.shadowRoot) shadow(node.shadowRoot);
    }
  }
});

const OPTIONS = { childList: true, subtree: true, attributes: true, attributeFilter: ['style', 'src', 'href', 'srcset', 'data', 'poster'] };

let seen = [];
export const observe = (root) => {
  watcher.observe(root, OPTIONS);
  if (root.defaultView && !seen.some((ref) => ref.deref() === root)) seen.push(new WeakRef(root));
};

/** Documents under watch that are still shown. */
export function documents() {
  seen = seen.filter((ref) => ref.deref()?.defaultView);
  return seen.map((ref) => ref.deref());
}

const known = new WeakSet();
export function shadow(root) {
  if (known.has(root)) return;
  known.add(root);
  roots.push(new WeakRef(root));
  observe(root);
  all(root, RISKY).forEach(check);
}
