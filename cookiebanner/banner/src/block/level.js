/** What a level adds to the patches, written into the document while the parser waits for the gate. */
import { holding, host, trust, waits } from './hold.js';

/** Keeps `import()` of these URLs from resolving. Only where several import maps may be on a page. */
export function importMap(urls) {
  const version = /Chrom\w+\/(\d+)/.exec(navigator.userAgent);
  if (!urls.length || !version || version[1] < 133) return;
  const map = document.createElement('script');
  map.type = 'importmap';
  map.nonce = host.nonce;
  map.text = trust(JSON.stringify({ imports: Object.fromEntries(urls.map((url) => [url, null])) }), 'createScript');
  document.documentElement.append(map);
  map.remove();
}

/** Everything that waits and can be named in an import map. */
function importable() {
  const urls = [];
  for (const name in host.table) {
    for (const [path, query, i] of host.table[name]) {
      if (name.length > 1 && !query && waits(i)) urls.push(`https://${name}${path || '/'}`, `https://www.${name}${path || '/'}`);
    }
  }
  return urls;
}

/** @param {HTMLScriptElement|null} own the gate's element */
export function level(own) {
  const late = document.readyState !== 'loading' || !own || own.async || (own.defer && own.src);
  if (late) host.onDisarmed('late', new Error('the gate must be a plain script, first in <head>'));
  if (!holding()) return;
  try {
    // SWALLOW: the scanner saw a policy that the parser never meets, so its preloads wait.
    if (!late && host.level === 'snippet') document.write(trust('<!--'));
    if (!late && host.strict) document.write(trust(host.strict.html));
    importMap(importable());
  } catch (error) {
    host.onDisarmed(host.level, error);
  }
}
