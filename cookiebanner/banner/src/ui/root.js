/**
 * Where our one element stands: beside the page's body, never in it, so that a page that lays out, renders or swaps its
 * body does not meet us. While the page has a modal open, everything outside it is dead: then the last child of that
 * modal, the one place of the page's own tree that we ever enter.
 */

/** How often what a page takes away is put back: a page that always does has decided. */
const PATIENCE = 99;
const MODAL = 'dialog:modal';

/**
 * @param {import('../types.d.ts').Core} core
 * @param {HTMLElement} root
 * @returns {() => void} puts the root in its place, and keeps it there from then on
 */
export function keeper(core, root) {
  const opened = new Set();
  let left = PATIENCE;
  let observer;
  // Out of the flow of the page's html, which may be a grid.
  root.style.position = 'absolute';

  /** The page's topmost modal: what was opened last. One of ours is above it by itself. */
  function modal() {
    try {
      const now = [...document.querySelectorAll(MODAL)].filter((dialog) => !root.contains(dialog));
      for (const dialog of opened) if (!now.includes(dialog)) opened.delete(dialog);
      for (const dialog of now) opened.add(dialog);
    } catch {
      // A browser without :modal.
    }
    return [...opened].pop();
  }

  function enter(dialog) {
    dialog.append(root);
    // Above it, too, and out of what moves or cuts its children.
    root.popover = 'manual';
    root.showPopover?.();
  }

  /** Before the body, which makes it first in the order of the Tab key without taking the focus. */
  function standAlone() {
    root.removeAttribute('popover');
    core.putBeside(root);
  }

  function place() {
    const dialog = modal();
    const parent = dialog || document.documentElement;
    const inPlace = root.parentNode === parent && (!dialog || dialog.lastChild === root);
    // Moving a modal of ours would close it, and it is above the page's.
    if (inPlace || (root.isConnected && root.querySelector('dialog[open]'))) return;
    const activeElement = /** @type {any} */ (document.activeElement);
    const focused = root.contains(activeElement) ? activeElement : null;
    document.getElementById(root.id)?.remove();
    if (dialog) enter(dialog);
    else standAlone();
    focused?.focus({ preventScroll: true });
  }

  return () => {
    place();
    if (observer) return;
    observer = new MutationObserver((records) => {
      // Pages change all the time; a modal comes by its attribute, and only one that was there can go in another way.
      const quiet = root.parentNode === document.documentElement && !opened.size && !records.some(({ attributeName }) => attributeName);
      if (!quiet && (root.isConnected || left-- > 0)) place();
    });
    observer.observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ['open'] });
  };
}
