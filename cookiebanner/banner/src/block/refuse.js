/**
 * After a refusal what is held fails, as it does where it cannot be reached: loaders fall back, pages that wait for it go on.
 * Part of late.js.
 */
import { isDenied } from '../core/vector.js';
import { callbacks } from './callbacks.js';
import { HELD, KEPT } from './names.js';
import { showPage } from './prehiding.js';

/** What loads without standing in a page. */
const LOADS_ALONE = /^(img|video|audio)$/;

/** @param {ReturnType<typeof import('./index.js').internals>} internals @returns {() => void} tells all that is to be told now */
export function tellRefusals(internals) {
  const { authorKeys, findAll, getAttr, hasAttr, heldOutside, resting, scriptWaitsFor, setAttr, takenOut, urlWaitsFor, watchedRoots } =
    internals;
  /** @type {any} */
  const { host } = internals;
  /** Elements → the address of which they were told. */
  const told = new WeakMap();
  /** Addresses → the script that was told last. */
  const lastOf = new Map();

  /** What the signals deny that are a no by themselves. */
  const refused = () => host.cfg.signals.reduce((all, [key, , value, , alone]) => (host.signals[key] === value ? all | alone : all), 0);

  /** Is this denied by the signals? As decisions take it (core/vector.js): the thing itself, or something in it. */
  const signalDenies = (key) => host.items.some((item) => isDenied(item, refused()) && (item.key === key || item.group?.key === key));

  /**
   * Has the visitor said no to it? The signal alone is a no where the law takes it for one.
   *
   * @param {number} i what it waits for: the service's number + 1; behind the last: what its author wrote, or no service
   */
  function isRefused(i, el) {
    if (host.answer && !host.lapsed) return true;
    const service = host.services[i - 1];
    return service ? !!isDenied(service, refused()) : (authorKeys(el) || []).some(signalDenies);
  }

  /** What a script waits for, when it does. */
  const waitsFor = (el) => resting.has(el) && scriptWaitsFor(el);

  /** The held script of a library, by its address or in the text that would load it. */
  const heldLibrary = (name) => findAll(document, 'script').find((el) => waitsFor(el) && name.test(getAttr(el, 'src') ?? el.textContent));

  /** What says nothing when it cannot be reached. */
  const isSilent = (el) =>
    el.localName === 'feImage' ||
    (el.localName === 'link' && /icon/i.test(getAttr(el, `${KEPT}rel`))) ||
    (el.localName === 'source' && el.parentNode?.localName === 'picture') ||
    (el.localName === 'track' && !hasAttr(el, 'default'));

  /** The address that an element waits for, when that may fail. */
  function refusedAddress(el) {
    if (el.localName === 'script') {
      const i = waitsFor(el);
      return i && isRefused(i, el) && (getAttr(el, 'src') ?? getAttr(el, 'href'));
    }
    // A document in memory has come, if not under its author's address (adopt.js).
    const isThere = /^(blob|javascript):/.test(getAttr(el, 'src') ?? getAttr(el, 'data'));
    if (!hasAttr(el, HELD) || isSilent(el) || isThere) return null;
    const kept = (name) => getAttr(el, KEPT + name);
    const address =
      el.localName === 'link'
        ? (kept('href') ?? getAttr(el, 'href'))
        : ['src', 'srcset', 'data', 'href', 'xlink:href'].map(kept).find((value) => value !== null);
    return address && isRefused(urlWaitsFor(address.trim().split(/[\s,]+/)[0]), el) && address;
  }

  /** Lets an element fail as its kind does. */
  function tell(el) {
    const { localName } = el;
    // A film or sound says why, and ends what waits for it to play: that only the browser can.
    if (/^(video|audio)$/.test(localName)) setAttr(el, 'src', 'data:fg,');
    // A frame that cannot be reached shows the browser's own page, and has loaded.
    else el.dispatchEvent(new Event(/^(iframe|embed)$/.test(localName) ? 'load' : 'error'));
  }

  /** Tells one element; `again` when it came after the answer. */
  function fail(el, again) {
    const address = refusedAddress(el);
    if (!address || told.get(el) === address) return;
    told.set(el, address);
    const { isConnected } = el;
    tell(el);
    if (el.localName !== 'script') return;
    // A loader that tries again wants its library once.
    const before = again && lastOf.get(address);
    if (before) {
      resting.delete(before);
      takenOut.delete(before);
    }
    lastOf.set(address, el);
    // A loader takes out what failed: after a change of mind it runs all the same.
    if (isConnected && !el.isConnected) takenOut.add(el);
  }

  const callBack = callbacks(host, (name) => {
    const el = heldLibrary(name);
    return el && isRefused(waitsFor(el), el) && el;
  });

  function tellAll() {
    for (const ref of watchedRoots) {
      /** @type {any} */
      const root = ref.deref();
      for (const el of root ? findAll(root, `script,[${HELD}]`) : []) fail(el, false);
    }
    for (const el of [...heldOutside]) if (LOADS_ALONE.test(el.localName)) fail(el, false);
    showPage(heldLibrary);
    callBack();
  }

  // A page sets its listeners after the address, and a framework makes elements well before it puts them into the page.
  host.held = (el) =>
    setTimeout(
      () => {
        if (el.isConnected || el.localName === 'script' || LOADS_ALONE.test(el.localName)) fail(el, true);
        if (el.localName !== 'script') return;
        showPage(heldLibrary);
        callBack();
      },
      el.isConnected ? 0 : 100,
    );
  host.listeners.change ||= [];
  host.listeners.change.push(() => setTimeout(tellAll));
  return tellAll;
}
