// Presses what can be pressed and is no link, and notes the addresses to which that leads: routes of pages that are
// drawn by their scripts. Nothing may be kept meanwhile; that nothing is sent is the caller's part.
async ({ known, most, settle }) => {
  const pressed = new Set(known);
  const addresses = new Set();
  const note = (url) => {
    try {
      if (url != null && addresses.size < 1000) addresses.add(new URL(url, location.href).href);
    } catch {}
  };
  const pause = () => new Promise((done) => setTimeout(done, settle));
  const stores = () => {
    try {
      return [localStorage, sessionStorage];
    } catch {
      return [];
    }
  };
  const kept = stores().map((store) => ({ ...store }));
  const keepNothing = () => {
    const { get } = Object.getOwnPropertyDescriptor(Document.prototype, 'cookie');
    Object.defineProperty(Document.prototype, 'cookie', { configurable: true, get, set() {} });
    if (globalThis.CookieStore) CookieStore.prototype.set = async () => {};
    IDBFactory.prototype.open = () => new EventTarget();
  };
  const restore = () => {
    stores().forEach((store, number) => {
      store.clear();
      Object.assign(store, kept[number]);
    });
  };
  const watchRouter = () => {
    for (const name of ['pushState', 'replaceState']) {
      const own = History.prototype[name];
      History.prototype[name] = function (state, title, url) {
        note(url);
        return own.apply(this, arguments);
      };
    }
    globalThis.open = (url) => {
      note(url);
      return null;
    };
  };
  const isButton = (element) => {
    if (element.closest('a[href], area[href], label, input, select, textarea')) return false;
    if (element.localName === 'button' && element.form && element.type === 'submit') return false;
    const named = 'a, button, [role=button], [role=link], [role=menuitem], [role=tab], [onclick], [data-href]';
    if (element.matches(named)) return true;
    const pointed = (one) => !!one && getComputedStyle(one).cursor === 'pointer';
    return pointed(element) && !pointed(element.parentElement);
  };
  const label = (element) => {
    const words = element.getAttribute('aria-label') || element.textContent || element.id || element.className;
    return `${element.localName} ${String(words).trim().replace(/\s+/g, ' ').slice(0, 80)}`;
  };
  const judged = new WeakSet();
  const next = () => {
    for (const element of [...document.querySelectorAll('body *')].slice(0, 5000)) {
      if (judged.has(element)) continue;
      const { width, height } = element.getBoundingClientRect();
      if (width && height && isButton(element) && !pressed.has(label(element))) return element;
      judged.add(element);
    }
    return null;
  };
  const back = async (url, length) => {
    if (history.length > length) {
      history.back();
    } else {
      history.replaceState(history.state, '', url);
      dispatchEvent(new PopStateEvent('popstate', { state: history.state }));
    }
    await pause();
  };
  keepNothing();
  watchRouter();
  for (let count = 0; count < most; count++) {
    const element = next();
    if (!element) break;
    pressed.add(label(element));
    const [url, length] = [location.href, history.length];
    try {
      element.click();
    } catch {}
    await pause();
    if (location.href !== url) {
      note(location.href);
      await back(url, length);
    }
  }
  restore();
  return { addresses: [...addresses], pressed: [...pressed] };
};
