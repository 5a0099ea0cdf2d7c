// Runs before a page's scripts, in each frame: notes which script writes which cookie or stored name, under a key that
// the page does not know. Nothing that a page reads changes, but for the text of these functions.
(key) => {
  const MOST = 500;
  const OURS = /\/(?:gate|late|otSDKStub|OtAutoBlock)[^/]*\.js/;
  const notes = [];
  Object.defineProperty(globalThis, key, { value: notes });
  const caller = () => {
    const found = String(new Error().stack).match(/https?:\/\/[^\s)]+/g) || [];
    const places = found.map((place) => place.replace(/(?::\d+){1,2}$/, ''));
    return places.find((place) => !OURS.test(place)) || places[0] || '';
  };
  const note = (kind, name) => {
    if (notes.length < MOST) notes.push([kind, String(name).slice(0, 200), caller()]);
  };
  const wrap = (holder, name, before) => {
    const own = holder[name];
    if (typeof own !== 'function') return;
    Object.defineProperty(holder, name, {
      configurable: true,
      enumerable: true,
      writable: true,
      value: { [name](...given) {
        before(this, given);
        return own.apply(this, given);
      } }[name],
    });
  };
  const jar = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
  if (jar?.set) {
    Object.defineProperty(Document.prototype, 'cookie', {
      ...jar,
      set(text) {
        note('cookie', String(text).split('=')[0].trim());
        jar.set.call(this, text);
      },
    });
  }
  if (globalThis.CookieStore) {
    wrap(CookieStore.prototype, 'set', (_, [first]) => note('cookie', first?.name ?? first));
  }
  wrap(Storage.prototype, 'setItem', (store, [name]) => {
    let kind = 'local';
    try {
      if (store === sessionStorage) kind = 'session';
    } catch {}
    note(kind, name);
  });
  wrap(IDBFactory.prototype, 'open', (_, [name]) => note('databases', name));
};
