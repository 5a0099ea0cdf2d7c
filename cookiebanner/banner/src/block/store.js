/** Cookies and storage of held services are not written while they wait. */
import { host, waits } from './hold.js';

const { apply } = Reflect;
const boxes = new WeakMap();
const stands = new WeakMap();
const kinds = new WeakMap();
const GONE = /max-age=\s*(-|0\b)|expires=[^;]*\b(19\d\d|200\d)\b/i;
export const STORES = { localStorage: 'local', sessionStorage: 'session' };

/** Does a name in a release (with `*`) mean this one? */
export const named = (pattern, name) =>
  new RegExp(`^${pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*')}$`).test(name);

/** May not be written: every service that this name belongs to waits. */
function barred(kind, name) {
  const owners = host.services.map((_, i) => i).filter((i) => host.services[i].cookies?.some((c) => (c.kind || 'cookie') === kind && named(c.name, `${name}`)));
  return owners.length > 0 && owners.every(waits);
}

/** Patches what stores in window `w`. */
export function guard(w, methods, property) {
  const proto = (name) => w[name]?.prototype;
  property(proto('Document'), 'cookie', (line, go) => {
    if (!barred('cookie', `${line}`.split(/[=;]/)[0].trim()) || GONE.test(line)) go(line);
  });
  methods(proto('CookieStore'), 'set', (go, a) => (barred('cookie', a[0]?.name ?? a[0]) ? Promise.resolve() : go()));
  methods(proto('IDBFactory'), 'open', (go, a) => {
    if (barred('indexeddb', a[0])) throw new DOMException('waits for consent', 'SecurityError');
    return go();
  });
  // Property writes need a stand-in for the storage object; its methods are told apart by what they are called on.
  for (const name in STORES) {
    property(w, name, () => {}, (go) => {
      const box = go();
      if (box && !stands.has(box)) {
        const kind = STORES[name];
        const stand = new Proxy(box, {
          get: (_, key) => Reflect.get(box, key),
          set: (_, key, value) => barred(kind, key) || Reflect.set(box, key, value),
          defineProperty: (_, key, d) => barred(kind, key) || Reflect.defineProperty(box, key, d),
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
  property(proto('Storage'), 'length', () => {}, (go, self) => (boxes.get(self) || self) && Object.keys(boxes.get(self) || self).length);
  property(proto('StorageEvent'), 'storageArea', () => {}, (go) => stands.get(go()) || go());
}
