/** What a level adds to the patches, written into the document while the parser waits for the gate. */
import { state, waits } from './hold.js';
import { trust } from './html.js';

/** Whether the parser stands still behind the gate, so that writing reaches the page before anything else does. */
function blocking(own) {
  return document.readyState === 'loading' && own && !own.async && !(own.defer && own.src) && own.type !== 'module';
}

/** Keeps `import()` of held URLs from resolving. Only where several import maps may be on a page. */
export function importMap(urls) {
  const version = /Chrom\w+\/(\d+)/.exec(navigator.userAgent);
  if (!version || version[1] < 133 || !urls.length) return;
  const map = document.createElement('script');
  map.type = 'importmap';
  map.nonce = state.host.nonce || '';
  const code = JSON.stringify({ imports: Object.fromEntries(urls.map((url) => [url, null])) });
  map.text = state.policy ? state.policy.createScript(code) : code;
  (document.head || document.documentElement).append(map);
  map.remove();
}

/** URLs and prefixes of everything that waits and can be named in an import map. */
function importable() {
  const { table } = state.host;
  const urls = [];
  for (const name in table) {
    if (name.length < 2) continue;
    for (const [path, query, i] of table[name]) {
      if (query || !waits(i)) continue;
      for (const host of [name, `www.${name}`]) urls.push(`https://${host}${path || '/'}`);
    }
  }
  return urls;
}

export function level(own) {
  const { host } = state;
  const holding = host.unknown === 'hold' || host.services.some((_, i) => waits(i));
  const here = blocking(own);
  if (!here) host.onDisarmed('late', new Error('the gate must be a plain script, first in <head>'));
  if (!holding) return;
  try {
    importMap(importable());
  } catch (error) {
    host.onDisarmed('import', error);
  }
  if (!here) return;
  try {
    // SWALLOW: the scanner saw a policy that the parser never meets, so its preloads wait.
    if (host.level === 'snippet') document.write(trust('<!--'));
    if (host.strict) document.write(trust(policy(host.strict.allow)));
  } catch (error) {
    host.onDisarmed(host.level, error);
  }
}

/** The allow-list as a policy. Inline code stays as free as the page made it. */
function policy(allow) {
  const hosts = [...new Set(allow)].filter((name) => /^[\w.-]+$/.test(name)).flatMap((name) => [name, `*.${name}`]);
  const list = ["'self'", "'unsafe-inline'", "'unsafe-eval'", 'data:', 'blob:', ...hosts].join(' ');
  return `<meta http-equiv="Content-Security-Policy" content="default-src ${list}">`;
}
