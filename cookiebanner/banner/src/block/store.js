/** Cookies and storage of held services are not written while they wait. */
import { host, serviceWaits } from './decide.js';
import { apply, define } from './dom.js';
import { allOwnersWait, STORES } from './names.js';
import { methods, property } from './replace.js';

/** stand-in → [storage, prefix], and storage → stand-in. */
const storages = new WeakMap();
const standIns = new WeakMap();
/** Seems to delete a cookie: of several attributes a browser takes the last, and it reads dates in its own way. */
const seemsToDelete = (line) =>
  /^[ -~]*$/.test(line) && (/max-age\s*=\s*[-0]/i.test(line) || Date.parse(/expires\s*=([^;]*)/i.exec(line)?.[1]) < Date.now());
/** May not be written. */
const isBarred = (kind, name) => allOwnersWait(host.services, serviceWaits, kind, name);

/** Stands for a storage object, because property writes cannot be patched. */
function standInFor(storage, kind) {
  if (!standIns.has(storage)) {
    const standIn = new Proxy(storage, {
      get: (_, key) => storage[key],
      set(_, key, value) {
        if (!isBarred(kind, key)) storage[key] = value;
        return true;
      },
      defineProperty: (_, key, descriptor) => isBarred(kind, key) || !!define(storage, key, descriptor),
    });
    standIns.set(storage, standIn);
    // Whoever has the storage itself is heard, too.
    for (const key of [standIn, storage]) storages.set(key, [storage, kind]);
  }
  return standIns.get(storage);
}

/** Patches what stores in window `w`. */
export function patchStorage(w) {
  property(w, 'Document', 'cookie', (line, go) => {
    const text = `${line}`;
    if (!isBarred('', /^[\s=]*([^=;]*)/.exec(text)[1].trim())) go(text);
    // What comes last is what counts: now it can do nothing else.
    else if (seemsToDelete(text)) go(`${text};max-age=0`);
  });
  methods(w, 'CookieStore', 'set', (go, args) => (isBarred('', args[0]?.name ?? args[0]) ? Promise.resolve() : go()));
  methods(w, 'IDBFactory', 'open', (go, args) => {
    if (isBarred('i=', args[0])) throw new DOMException('', 'SecurityError');
    return go();
  });
  for (const name in STORES) {
    property(w, w, name, null, (go) => {
      const storage = go();
      return storage && standInFor(storage, STORES[name]);
    });
  }
  // The methods are told apart by what they are called on.
  methods(w, 'Storage', 'getItem setItem removeItem clear key', (_go, args, self, name, native) => {
    const [storage, kind] = storages.get(self) || [self];
    if (name !== 'setItem' || !isBarred(kind, args[0])) return apply(native, storage, args);
  });
  property(w, 'Storage', 'length', null, (_go, self) => Object.keys(storages.get(self)?.[0] || self).length);
  property(w, 'StorageEvent', 'storageArea', null, (go) => standIns.get(go()) || go());
}
