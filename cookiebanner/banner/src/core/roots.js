/**
 * The document and the open shadow roots in it: links, places and modals of a page may stand in any. Part of late.js. The
 * engine hears of each root that is attached; those that come declared inside one another are found when their outer one is.
 */

/** Milliseconds between two looks at a page that changes all the time. */
const PAUSE = 200;
const CHANGES = { childList: true, subtree: true, attributes: true, attributeFilter: ['open'] };

/**
 * Sets `core.roots`, `core.findDeep` and `core.onPageChange`, and begins to watch.
 *
 * @param {import('../types.d.ts').Core} core
 * @param {() => void} look at the page anew, when it has changed
 */
export function watchRoots(core, look) {
  const { watchedRoots } = core.engine.internals;
  const watched = new WeakSet();
  /** @type {WeakRef<ShadowRoot>[]} */
  const nested = [];
  const listeners = [];
  let timer = 0;

  const isOpen = (root) => root?.host && root.host.shadowRoot === root && root.isConnected && root.ownerDocument === document;
  core.roots = () => [...new Set([document, ...[...watchedRoots, ...nested].map((ref) => ref.deref()).filter(isOpen)])];
  core.findDeep = (selector) => core.roots().flatMap((root) => [...root.querySelectorAll(selector)]);
  core.onPageChange = (listener) => listeners.push(listener);

  const tell = (records, lookLater = true) => {
    watch();
    for (const listener of listeners) core.safely('page', () => listener(records));
    if (timer || !lookLater) return;
    timer = setTimeout(() => {
      timer = 0;
      watch();
      look();
    }, PAUSE);
  };
  const observer = new MutationObserver((records) => tell(records));
  const onToggle = (event) => tell([event]);

  function watchOne(root) {
    if (watched.has(root)) return;
    watched.add(root);
    observer.observe(root, CHANGES);
    // What a popover or a dialog fires when it opens neither bubbles nor leaves its tree.
    root.addEventListener('toggle', onToggle, true);
    findNested(root);
  }
  function findNested(root) {
    const all = root.querySelectorAll('*');
    // Counted through, which asks the browser for less than an iterator.
    for (let i = 0; i < all.length; i++) {
      const { shadowRoot } = all[i];
      if (!shadowRoot) continue;
      if (!watched.has(shadowRoot)) nested.push(new WeakRef(shadowRoot));
      watchOne(shadowRoot);
    }
  }
  function watch() {
    for (const root of core.roots()) watchOne(root);
  }

  core.whenParsed(() => {
    // `tell` watches the others, and looks into them.
    for (const root of core.roots()) if (watched.has(root)) findNested(root);
    tell([], false);
    look();
  });
  // A root attached to an element that stands already changes nothing around it. A modal in it takes the focus; who goes from
  // one thing to the next by keyboard must find its links.
  window.addEventListener('focusin', () => tell([]), true);
  window.addEventListener(
    'keydown',
    ({ key }) => {
      if (key === 'Tab') look();
    },
    true,
  );
}
