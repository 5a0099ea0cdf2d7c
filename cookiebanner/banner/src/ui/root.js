/**
 * Where our one element stands: beside the page's body, never in it, so that a page that lays out, renders or swaps its
 * body does not meet us. While the page has a modal open, everything outside it is dead: then inside that modal, the one
 * place of the page's own tree that we ever enter. And where the focus was before it came to us. Part of late.js.
 */

/** How often we go back to a place from which the page takes us: a page that always does has decided. */
const PATIENCE = 99;
const MODAL = 'dialog:modal';
const BANNER = '#onetrust-banner-sdk';

/** @returns {any} what has the focus, inside open shadow roots too */
export function focused() {
  let at = document.activeElement;
  while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement;
  return at;
}

/**
 * Gives a shadow root our style sheet, or takes it away when nothing of ours is left there; the document has it always.
 *
 * @param {Node} home @param {CSSStyleSheet} [sheet] missing where the browser makes none: then its text is in our root
 */
export function dress(home, sheet) {
  if (!sheet || !(home instanceof ShadowRoot)) return;
  const others = [...home.adoptedStyleSheets].filter((one) => one !== sheet);
  home.adoptedStyleSheets = home.querySelector('.fg') ? [...others, sheet] : others;
}

/**
 * @param {import('../types.d.ts').Core} core
 * @param {HTMLElement} root
 * @param {() => HTMLElement|false|null|undefined} wayBack what of ours the focus goes to; nothing: to where it was before
 * @returns {{stand: () => void, leave: (run: () => void) => void}} `stand` puts
 *   the root in its place, and keeps it there from then on; `leave` runs what takes layers of ours away
 */
export function keeper(core, root, wayBack) {
  const opened = new Set();
  let left = PATIENCE;
  let place;
  let standing = false;
  /** The page's topmost modal: what was opened last. One of ours is above it by itself. */
  function modal() {
    try {
      const now = core.findDeep(MODAL).filter((dialog) => !root.contains(dialog));
      for (const dialog of opened) if (!now.includes(dialog)) opened.delete(dialog);
      for (const dialog of now) opened.add(dialog);
    } catch {
      // A browser without :modal.
    }
    return [...opened].pop();
  }

  /** Into the top layer, above all that is there. */
  function raise() {
    root.popover = 'manual';
    root.hidePopover?.();
    root.showPopover?.();
  }

  /** @param {boolean} [again] the page took us from where we have to be */
  function put(again) {
    const dialog = modal();
    const parent = dialog || document.documentElement;
    // Moving a modal of ours would close it, and it is above the page's.
    if (root.parentNode === parent || (root.isConnected && root.querySelector('dialog[open]'))) return;
    if (parent !== place) left = PATIENCE;
    else if (again && left-- < 1) return;
    place = parent;
    const home = root.getRootNode();
    const active = focused();
    document.getElementById(root.id)?.remove();
    if (dialog) {
      dialog.append(root);
      dress(dialog.getRootNode(), core.sheet);
      // Above it, too, and out of what moves or cuts its children.
      raise();
    } else {
      // Before the body, which makes it first in the order of the Tab key without taking the focus.
      root.removeAttribute('popover');
      core.putBeside(root);
    }
    dress(home, core.sheet);
    if (root.contains(active)) active.focus({ preventScroll: true });
  }

  /** A popover of the page's that has just opened stands above our banner. */
  const covers = ({ type, target, newState }) => type === 'toggle' && newState === 'open' && target.popover && !root.contains(target);

  /** Was one open before anybody listened? */
  function isCovered() {
    try {
      return core.findDeep(':popover-open').some((popover) => !root.contains(popover));
    } catch {
      return false; // a browser without popovers
    }
  }

  function onPageChange(records) {
    // Pages change all the time; a modal comes by its attribute or takes the focus, and only one that was there can go in
    // another way.
    const quiet =
      root.parentNode === document.documentElement &&
      !opened.size &&
      records.length > 0 &&
      !records.some(({ attributeName, type }) => attributeName || type === 'toggle');
    if (!quiet) put(true);
    if (root.querySelector(BANNER) && !root.querySelector('dialog[open]') && records.some(covers) && left-- > 0) raise();
  }

  /** What had the focus when it came to us; nothing when nothing had. */
  let before = core.uiParts.before;
  let lost = null;
  const onFocus = (event) => {
    const from = event.relatedTarget;
    // Of what is in a shadow root, only the host is told to others.
    if (event.composedPath().includes(root) && !root.contains(from)) before = from?.shadowRoot ? lost : from;
  };
  window.addEventListener('focusout', (event) => (lost = event.composedPath()[0]), true);
  window.addEventListener('focusin', onFocus, true);
  // In a modal's shadow root the window hears of nothing.
  root.addEventListener('focusin', onFocus);

  return {
    stand() {
      put();
      if (!standing) {
        core.onPageChange(onPageChange);
        if (root.querySelector(BANNER) && isCovered()) raise();
      }
      standing = true;
    },
    leave(run) {
      const had = root.contains(focused());
      run();
      const now = focused();
      // Whoever took the focus meanwhile keeps it.
      const nowhere = !now || now === document.body || (root.contains(now) && !now.getClientRects().length);
      if (!had || !nowhere) return;
      const to = wayBack() || before;
      if (to?.isConnected) to.focus({ preventScroll: true });
      else now?.blur();
    },
  };
}
