/** Watches what the parser and unpatched ways put into documents and shadow roots, before it can run. */
import { host, upward } from './decide.js';
import { contentWindow, findAll, hasAttr, listen } from './dom.js';
import { checkElement, checkOne, checkTree, LOADING, unplace } from './hold.js';
import { swallowed } from './level.js';
import { HELD } from './names.js';
import { checkEarlier, checkParsed, didRest, resting, scriptsIn, showPrepared, takenOut } from './scripts.js';
import { isAdopted, masked } from './twins.js';

/** Documents and shadow roots under watch. @type {WeakRef<Document|ShadowRoot>[]} */
export const watchedRoots = [];
const watched = new WeakSet();

/** Reaches into a frame's window, when it is of this origin. */
export function enterFrame(frame) {
  try {
    if (frame.localName === 'iframe') upward.patchRealm(contentWindow(frame));
  } catch {}
}

function checkScript(el) {
  if (el.id === 'fg-swallow') swallowed(el);
  // The end of the markup that SWALLOW is, where nothing was to be swallowed.
  else if (el.textContent === '-->') el.remove();
  else if (el !== host.tag) checkParsed(el);
}

/** What is taken out of a page takes its placeholders with it. */
function removeFrom(node) {
  unplace(node);
  if (node.firstElementChild) findAll(node, `[${HELD}]`).forEach(unplace);
}

/**
 * What stands in the place of a held frame or picture would say that it is there; Firefox calls it an `error`, and all browsers a
 * film's source without an address. A picture that a scanner has fetched says so before the observer has its turn (WebKit).
 */
function keepLoad(event) {
  const { isTrusted, target } = event;
  if (!isTrusted || !/^(i?frame|img|source|track)$/.test(target.localName)) return;
  checkElement(target);
  if (hasAttr(target, HELD) && !hasAttr(target, 'srcdoc') && !isAdopted(target)) event.stopImmediatePropagation();
}

/** The parser reports every node by itself: does this one hold others, with which it came as a whole? */
function cameAsWhole(node, added) {
  for (let child = node.firstElementChild; child; child = child.nextElementSibling) if (!added.has(child)) return true;
}

function checkAdded(node, added) {
  const { localName, shadowRoot } = node;
  if (localName === 'script') checkScript(node);
  else if (cameAsWhole(node, added)) {
    checkTree(node);
    scriptsIn(node).forEach(checkScript);
  } else checkOne(node);
  if (localName === 'iframe') enterFrame(node);
  if (shadowRoot) observe(shadowRoot);
}

/** An attribute has changed, or perhaps the text of a script or a style sheet. */
function checkTarget(record, isText) {
  const { target } = record;
  const { localName } = target;
  if (localName === 'script') checkScript(target);
  else if (localName === 'style' || (!isText && record.type === 'attributes')) checkElement(target);
}

// Every node of a page passes here: lists are counted through, which asks the browser for less than their iterators.
const watcher = new MutationObserver((/** @type {any[]} */ records) => {
  const added = new Set();
  showPrepared();
  for (const record of records) {
    const { addedNodes } = record;
    const count = addedNodes.length;
    let elements = 0;
    for (let i = 0; i < count; i++) {
      const node = addedNodes[i];
      if (node.nodeType === 1) {
        added.add(node);
        elements++;
      }
    }
    if (!count || elements < count) checkTarget(record, count);
    // What leaves had something that waits, or nothing depends on it.
    const removedNodes = didRest || masked.size ? record.removedNodes : [];
    for (let i = 0; i < removedNodes.length; i++) {
      const node = removedNodes[i];
      if (node.nodeType !== 1 || node.isConnected) continue;
      removeFrom(node);
      host.left?.(node);
      if (added.has(node) && resting.has(node)) takenOut.add(node);
    }
  }
  for (const node of added) {
    // A form whose fields are named like methods ("matches") must not keep the rest from being looked at.
    try {
      checkAdded(node, added);
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
  for (const type of ['load', 'error']) listen(root, type, keepLoad);
  // Before any listener of the page hears that the parser has come to its end.
  if (root.nodeType === 9) listen(root, 'readystatechange', () => showPrepared(true));
  else upward.hearIn(root);
  for (const el of findAll(root, 'script')) if (el !== host.tag) checkEarlier(el);
  for (const el of findAll(root, LOADING)) checkElement(el);
  for (const el of findAll(root, '*')) if (el.shadowRoot) observe(el.shadowRoot);
}
