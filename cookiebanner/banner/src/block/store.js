/** Cookies and storage of held services are not written while they wait. */
import { host, serviceWaits } from './decide.js';
import { apply, define, sayOnce } from './dom.js';
import { allOwnersWait, STORES } from './names.js';
import { methods, nativeOf, property, standInFor } from './replace.js';

/** Storage → the prefix of its keys. */
const kinds = new WeakMap();
/** Seems to delete a cookie: of several attributes a browser takes the last, and it reads dates in its own way. */
const seemsToDelete = (line) =>
  /^[ -~]*$/.test(line) && (/max-age\s*=\s*[-0]/i.test(line) || Date.parse(/expires\s*=([^;]*)/i.exec(line)?.[1]) < Date.now());
/** May not be written. */
const isBarred = (kind, name) => allOwnersWait(host.services, serviceWaits, kind, name);

const handlerOf = (kind) => ({
  get: (storage, key) => storage[key],
  set(storage, key, value) {
    if (!isBarred(kind, key)) storage[key] = value;
    return true;
  },
  defineProperty: (storage, key, descriptor) => isBarred(kind, key) || !!define(storage, key, descriptor),
});

/** Patches what stores in window `w`. */
export function patchStorage(w) {
  property(w, 'Document', 'cookie', (line, go) => {
    const text = `${line}`;
    if (!isBarred('', /^[\s=]*([^=;]*)/.exec(text)[1].trim())) go(text);
    // What comes last is what counts: now it can do nothing else.
    else if (seemsToDelete(text)) go(`${text};max-age=0`);
  });
  methods(w, 'CookieStore', 'set', (go, args) => {
    if (args.length === 1) args[0] = { ...args[0] };
    sayOnce(args, args.length === 1 ? 1 : 0);
    return isBarred('', args[0]?.name ?? args[0]) ? Promise.resolve() : go();
  });
  methods(w, 'IDBFactory', 'open', (go, args) => {
    sayOnce(args);
    if (isBarred('i=', args[0])) throw new DOMException('', 'SecurityError');
    return go();
  });
  for (const name in STORES) {
    const handler = handlerOf(STORES[name]);
    property(w, w, name, null, (go) => {
      const storage = go();
      if (!storage) return storage;
      kinds.set(storage, STORES[name]);
      return standInFor(storage, handler);
    });
  }
  // The methods are told apart by what they are called on; whoever has the storage itself is heard, too.
  methods(w, 'Storage', 'getItem setItem removeItem clear key', (_go, args, self, name, native) => {
    sayOnce(args);
    const storage = nativeOf(self);
    if (name !== 'setItem' || !isBarred(kinds.get(storage), args[0])) return apply(native, storage, args);
  });
  property(w, 'Storage', 'length', null, (_go, self) => Object.keys(nativeOf(self)).length);
  property(w, 'StorageEvent', 'storageArea', null, (go) => (kinds.has(go()) ? standInFor(go()) : go()));
}
