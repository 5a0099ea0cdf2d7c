/** Cookies and storage of held services are not written while they wait. */
import { host, waits } from './hold.js';

const { apply } = Reflect;
const boxes = new WeakMap();
const stands = new WeakMap();
const kinds = new WeakMap();
const GONE = /max-age=[-0]|expires=.* 19[67]\d /i;
export const STORES = { localStorage: 'local', sessionStorage: 'session' };

/** Does a cookie of a release (its name may hold a `*`) mean this one? */
export function means(cookie, kind, name) {
  const [start, end] = cookie.name.split('*');
  return (cookie.kind || 'cookie') === kind && (end === undefined ? name === start : name.startsWith(start) && name.endsWith(end));
}

/** May not be written: every service that this name belongs to waits. */
function barred(kind, name) {
  const waiting = host.services.flatMap((s, i) => (s.cookies?.some((cookie) => means(cookie, kind, `${name}`)) ? waits(i) : []));
  return waiting.length && !waiting.includes(false);
}

/** Patches what stores in window `w`. */
export function guard(w, methods, property) {
  const proto = (name) => w[name]?.prototype;
  property(proto('Document'), 'cookie', (line, go) => {
    if (!barred('cookie', `${line}`.split(/[=;]/)[0].trim()) || GONE.test(line)) go(line);
  });
  methods(proto('CookieStore'), 'set', (go, a) => (barred('cookie', a[0]?.name ?? a[0]) ? Promise.resolve() : go()));
  methods(proto('IDBFactory'), 'open', (go, a) => {
    if (barred('indexeddb', a[0])) throw new DOMException('', 'SecurityError');
    return go();
  });
  // Property writes need a stand-in for the storage object; its methods are told apart by what they are called on.
  for (const name in STORES) {
    property(w, name, null, (go) => {
      const box = go();
      if (box && !stands.has(box)) {
        const kind = STORES[name];
        const stand = new Proxy(box, {
          get: (_, key) => Reflect.get(box, key),
          set: (_, key, value) => !!barred(kind, key) || Reflect.set(box, key, value),
        });
        boxes.set(stand, box);
        stands.set(box, stand);
        kinds.set(box, kind);
      }
      return stands.get(box) || box;
    });
  }
  methods(proto('Storage'), 'getItem setItem removeItem clear key', (go, a, self, name, native) => {
    const box = boxes.get(self) || self;
    if (name !== 'setItem' || !barred(kinds.get(box), a[0])) return apply(native, box, a);
  });
  property(proto('Storage'), 'length', null, (go, self) => Object.keys(boxes.get(self) || self).length);
  property(proto('StorageEvent'), 'storageArea', null, (go) => stands.get(go()) || go());
}
