/** Behind the gate of a preview on the site itself: the pages that follow show it too, and a visitor sees what it is. */

/** @type {any} */
const core = window.fairgate?._;
const { said, end, path, keep } = __preview;
if (core) {
  const { hash, pathname, search } = location;
  if (hash.includes(path)) history.replaceState(history.state, '', pathname + search);
  window.name = path;
  const host = document.createElement('div');
  const root = host.attachShadow({ mode: 'open' });
  // As of a page with a policy: no style in markup, no handler in an attribute.
  const bar = document.createElement('p');
  const button = document.createElement('button');
  bar.textContent = `${said} `;
  button.textContent = end;
  button.onclick = () => {
    window.name = '';
    for (const name of keep) {
      for (const domain of ['', ...core.cfg.hosts.map((one) => `; Domain=${one}`)]) {
        // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous and not everywhere
        document.cookie = `${name}=; Max-Age=0; Path=/${domain}`;
      }
      try {
        delete localStorage[name];
      } catch {}
    }
    location.reload();
  };
  bar.append(button);
  root.append(bar);
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(
    ':host{all:initial;position:fixed;z-index:2147483647;inset:8px 8px auto auto;pointer-events:none}' +
      'p{all:initial;pointer-events:auto;display:flex;flex-wrap:wrap;align-items:center;gap:4px 12px;max-width:min(420px,90vw);padding:8px 12px;border-radius:8px;' +
      'font:14px/1.4 system-ui,sans-serif;background:#1d2330;color:#fff;box-shadow:0 2px 12px #0005}' +
      'button{font:inherit;min-height:32px;padding:4px 10px;border:1px solid #fff;border-radius:6px;' +
      'background:none;color:inherit;cursor:pointer}',
  );
  root.adoptedStyleSheets = [sheet];
  core.whenParsed(() => core.putBeside(host));
}
