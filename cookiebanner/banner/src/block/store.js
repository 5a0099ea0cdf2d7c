/** Cookies and storage of held services are not written while they wait. */
import { apply } from './dom.js';
import { host, waits } from './hold.js';

/** stand-in → [storage, prefix], and storage → stand-in. */
const boxes = new WeakMap();
const stands = new WeakMap();
const GONE = /max-age=[-0]|expires=.* 19[67]\d /i;
/** Prefixes of names that are no cookie's, as compile.py writes them; a cookie's name holds no `=`. */
export const STORES = { localStorage: 'l=', sessionStorage: 's=' };

/** Does a cookie of a release (it may hold a `*`) mean this one? */
export function means(cookie, kind, name) {
  const [start, end] = cookie.split('*');
  const full = kind + String(name);
  return full === cookie || (end !== undefined && (start || !kind) && full.startsWith(start) && full.endsWith(end));
}

/** May not be written: every service that this name belongs to waits. */
function barred(kind, name) {
  const waiting = host.services.flatMap((s, i) => (s.cookies.some((cookie) => means(cookie, kind, name)) ? waits(i) : []));
  return waiting.length && !waiting.includes(false);
}

/** Patches what stores in window `w`. */
export function guard(w, methods, property) {
  property('Document', 'cookie', (line, go) => {
    if (!barred('', `${line}`.split(/[=;]/)[0].trim()) || GONE.test(line)) go(line);
  });
  methods('CookieStore', 'set', (go, a) => (barred('', a[0]?.name ?? a[0]) ? Promise.resolve() : go()));
  methods('IDBFactory', 'open', (go, a) => {
    if (barred('i=', a[0])) throw new DOMException('', 'SecurityError');
    return go();
  });
  // Property writes need a stand-in for the storage object; its methods are told apart by what they are called on.
  for (const name in STORES) {
    property(w, name, null, (go) => {
      const box = go();
      if (box && !stands.has(box)) {
        const stand = new Proxy(box, {
          get: (_, key) => box[key],
          set(_, key, value) {
            if (!barred(STORES[name], key)) box[key] = value;
            return true;
          },
        });
        stands.set(box, stand);
        // Whoever has the storage itself is heard, too.
        for (const key of [stand, box]) boxes.set(key, [box, STORES[name]]);
      }
      return stands.get(box) || box;
    });
  }
  methods('Storage', 'getItem setItem removeItem clear key', (go, a, self, name, native) => {
    const [box, kind] = boxes.get(self) || [self];
    if (name !== 'setItem' || !barred(kind, a[0])) return apply(native, box, a);
  });
  property('Storage', 'length', null, (go, self) => Object.keys(boxes.get(self)?.[0] || self).length);
  property('StorageEvent', 'storageArea', null, (go) => stands.get(go()) || go());
}
