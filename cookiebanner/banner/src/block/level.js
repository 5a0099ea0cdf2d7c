/** What a level adds to the patches, written into the document while the parser waits for the gate. */
import { holding, host, trust, waits } from './hold.js';

/** Keeps `import()` of these URLs from resolving. Only where several import maps may be on a page. */
export function importMap(urls) {
  const version = /Chrom\w+\/(\d+)/.exec(navigator.userAgent);
  if (!urls.length || !version || version[1] < 133) return;
  const map = document.createElement('script');
  map.type = 'importmap';
  map.nonce = host.nonce;
  map.text = trust(
    JSON.stringify({
      imports: Object.fromEntries(urls.map((url) => [url, 'data:,/'])),
    }),
    'createScript',
  );
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

/**
 * SWALLOW: the scanner saw a policy that the parser never meets, so its preloads wait.
 *
 * A script's start tag takes what follows, up to the next `</script>`, for its text. It runs in the parser's own time,
 * looks at what it took, and gives back to the parser whatever is not the SWALLOW markup: a page without it stays whole.
 */
function swallow() {
  const code = `(function(s,t){t=s.text;s.remove();/^\\s*<meta[^>]*><script[^>]*>-->$/.test(t)||document.write(t+"<\\/script>")})(document.currentScript)`;
  addEventListener(
    'error',
    function blocked({ target }) {
      // A policy of the page forbids `data:` scripts: what was taken comes back, if later than it was meant.
      if (!/^data:/.test(target.src) || !/^\s*</.test(target.text)) return;
      removeEventListener('error', blocked, true);
      if (/<script[^>]*>-->$/.test(target.text)) return;
      target.replaceWith(document.createRange().createContextualFragment(trust(`${target.text}</script>`)));
    },
    true,
  );
  document.write(trust(`<script${host.nonce ? ` nonce="${host.nonce}"` : ''} src="data:text/javascript,${encodeURIComponent(code)}">`));
}

/** @param {HTMLScriptElement|null} own the gate's element */
export function level(own) {
  const late = document.readyState !== 'loading' || !own || own.async || (own.defer && own.src);
  if (late) host.onDisarmed('late', new Error('the gate must be a plain script, first in <head>'));
  if (!holding()) return;
  try {
    if (!late && host.level === 'snippet') swallow();
    if (!late && host.strict) document.write(trust(host.strict.html));
    importMap(importable());
  } catch (error) {
    host.onDisarmed(host.level, error);
  }
}
