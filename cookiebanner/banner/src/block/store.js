/** Cookies and storage of held services: not written while they wait, deleted when they are revoked. */
import { state, waits } from './hold.js';

const { apply } = Reflect;
const cookie = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
let names = [];

/** Reads the release's cookie names (with `*`) once. */
export function learn(services) {
  names = services.flatMap((service, i) =>
    (service.cookies || []).map(({ name, kind }) => ({
      i,
      kind: kind || 'cookie',
      is: new RegExp(`^${name.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*')}$`),
    })),
  );
}

/** May not be written: every service that this name belongs to waits. */
function barred(kind, name) {
  const owners = names.filter((known) => known.kind === kind && known.is.test(name));
  return owners.length > 0 && owners.every(({ i }) => waits(i));
}

const GONE = /(max-age=\s*(-|0\b)|expires=[^;]*\b(19\d\d|200\d)\b)/i;
const boxes = new WeakMap();
const shown = new WeakMap();
const raw = (box) => boxes.get(box) || box;
const KINDS = { localStorage: 'local', sessionStorage: 'session' };

/** Patches what stores in window `w`. */
export function guard(w, patch) {
  const proto = (name) => w[name]?.prototype;
  patch(proto('Document'), 'cookie', (set, get) => ({
    get,
    set(line) {
      const name = `${line}`.split(/[=;]/)[0].trim();
      if (!barred('cookie', name) || GONE.test(line)) apply(set, this, [line]);
    },
  }));
  patch(proto('CookieStore'), 'set', (native) => async function (...a) {
    if (!barred('cookie', `${a[0]?.name ?? a[0]}`)) return apply(native, this, a);
  });
  patch(proto('IDBFactory'), 'open', (native) => function (...a) {
    if (barred('indexeddb', `${a[0]}`)) throw new DOMException('held until consent', 'SecurityError');
    return apply(native, this, a);
  });
  // Property writes need a stand-in for the storage object; its methods are told apart by what they are called on.
  for (const name in KINDS) {
    const kind = KINDS[name];
    patch(w, name, (_, get) => ({
      get() {
        const box = apply(get, w, []);
        if (!box || shown.has(box)) return shown.get(box);
        const write = (key, value) => barred(kind, key) || Reflect.set(box, key, value);
        const stand = new Proxy(box, {
          get: (_target, key) => Reflect.get(box, key),
          set: (_target, key, value) => write(key, value),
          defineProperty: (_target, key, d) => barred(kind, key) || Reflect.defineProperty(box, key, d),
        });
        boxes.set(stand, box);
        shown.set(box, stand);
        kinds.set(box, kind);
        return stand;
      },
    }));
  }
  for (const name of ['getItem', 'setItem', 'removeItem', 'clear', 'key']) {
    patch(proto('Storage'), name, (native) => function (...a) {
      const box = raw(this);
      if (name !== 'setItem' || !barred(kinds.get(box), `${a[0]}`)) return apply(native, box, a);
    });
  }
  patch(proto('Storage'), 'length', (_, get) => ({
    get() {
      return apply(get, raw(this), []);
    },
  }));
  patch(proto('StorageEvent'), 'storageArea', (_, get) => ({
    get() {
      const box = apply(get, this, []);
      return shown.get(box) || box;
    },
  }));
}
const kinds = new WeakMap();

/** Deletes what the services wrote on this site: cookies of this and parent domains and paths, storage, databases. */
export function erase(indexes) {
  const mine = (kind) => (name) => names.some((n) => indexes.includes(n.i) && n.kind === kind && n.is.test(name));
  const labels = location.hostname.split('.');
  const domains = ['', ...labels.map((_, k) => `; Domain=${labels.slice(k).join('.')}`)];
  const steps = location.pathname.split('/');
  const paths = steps.flatMap((_, k) => [`${steps.slice(0, k).join('/')}/`, steps.slice(0, k + 1).join('/') || '/']);
  const jar = apply(cookie.get, document, []).split('; ');
  for (const name of jar.map((pair) => pair.split('=')[0]).filter(mine('cookie'))) {
    for (const domain of domains) {
      for (const path of new Set(paths)) {
        apply(cookie.set, document, [`${name}=; Max-Age=0; Path=${path}${domain}`]);
      }
    }
  }
  for (const name in KINDS) {
    try {
      const box = window[name];
      Object.keys(box).filter(mine(KINDS[name])).forEach((key) => box.removeItem(key));
    } catch {}
  }
  try {
    indexedDB.databases().then((found) => found.map((db) => db.name).filter(mine('indexeddb')).forEach((name) => indexedDB.deleteDatabase(name)), () => {});
  } catch {}
}
