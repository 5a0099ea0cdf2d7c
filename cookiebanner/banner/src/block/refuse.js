/**
 * After a refusal what is held fails, as it does where it cannot be reached: loaders fall back, pages that wait for it go on.
 * Part of late.js.
 */
import { HELD, KEPT } from './names.js';

/** @param {ReturnType<typeof import('./index.js').internals>} internals */
export function tellRefusals({ findAll, getAttr, hasAttr, heldOutside, host, resting, scriptWaitsFor, watchedRoots }) {
  /** Elements → the address of which they were told. */
  const told = new WeakMap();

  /** The address that an element waits for, when that may fail. */
  function heldAddress(el) {
    if (el.localName === 'script') return resting.has(el) && scriptWaitsFor(el) && getAttr(el, 'src');
    if (!hasAttr(el, HELD)) return null;
    const kept = (name) => getAttr(el, KEPT + name);
    return el.localName === 'link' ? (kept('href') ?? getAttr(el, 'href')) : (kept('src') ?? kept('srcset'));
  }

  function fail(el) {
    const address = heldAddress(el);
    if (!address || told.get(el) === address || !host.answer || host.lapsed) return;
    told.set(el, address);
    el.dispatchEvent(new Event('error'));
  }

  function failAll() {
    for (const ref of watchedRoots) {
      /** @type {any} */
      const root = ref.deref();
      if (root) findAll(root, `script[src],img[${HELD}],link[${HELD}]`).forEach(fail);
    }
    for (const el of [...heldOutside]) if (el.localName === 'img') fail(el);
  }

  // A page sets its listeners after the address.
  host.held = (el) => setTimeout(() => /^(script|img|link)$/.test(el.localName) && fail(el));
  host.listeners.change ||= [];
  host.listeners.change.push(() => setTimeout(failAll));
  failAll();
}
