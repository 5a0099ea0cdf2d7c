/** What a level adds to the patches, written into the document while the parser waits for the gate. */
import { anyServiceWaits, exempted, host, serviceWaits, trust, urlWaitsFor } from './decide.js';

/** Windows of the page, each of which has import maps of its own. @type {WeakRef<any>[]} */
const windows = [new WeakRef(window)];
/** What these keep from resolving. */
const mapped = new Set();

function addMap(json, doc) {
  const map = doc.createElement('script');
  map.type = 'importmap';
  map.nonce = host.nonce;
  map.text = trust(JSON.stringify(json), 'createScript');
  exempted.add(map);
  (doc.documentElement || doc).append(map);
  map.remove();
}
const addUnresolved = (urls, doc) => addMap({ imports: Object.fromEntries(urls.map((url) => [url, 'data:,/'])) }, doc);

/** Keeps `import()` of these URLs from resolving. @returns {boolean} whether: only where several import maps may be on a page */
export function importMap(urls) {
  if (!urls.length || !(+/Chrom\w+\/(\d+)/.exec(navigator.userAgent)?.[1] > 132)) return false;
  const more = urls.filter((url) => !mapped.has(url));
  for (const url of more) mapped.add(url);
  if (!more[0]) return true;
  for (const ref of windows) {
    try {
      addUnresolved(more, ref.deref().document);
    } catch {}
  }
  return true;
}

/** A frame's window keeps the same from resolving. */
export function mapFrame(w) {
  windows.push(new WeakRef(w));
  const urls = [...mapped].filter((url) => urlWaitsFor(url, true));
  if (urls[0]) addUnresolved(urls, w.document);
}

/** The page's own import map as long as some of it waits: the rest goes on. */
export function mapRest(text, doc) {
  try {
    addMap(
      JSON.parse(text, (_, value) => (typeof value === 'string' && urlWaitsFor(value, true) ? undefined : value)),
      doc,
    );
  } catch {}
}

/** Everything that waits and can be named in an import map. */
function importable() {
  const urls = [];
  for (const name in host.table) {
    for (const [path, query, i] of host.table[name]) {
      if (name.length > 1 && !query && serviceWaits(i)) urls.push(`https://${name}${path || '/'}`, `https://www.${name}${path || '/'}`);
    }
  }
  return urls;
}

/**
 * SWALLOW: the scanner saw a policy that the parser never meets, so its preloads wait.
 *
 * A script's start tag takes what follows, up to the next `</script>`, for its text. Before the parser prepares the script,
 * the observer looks at what it took (`swallowed`).
 */
const swallow = () => document.write(trust(`<script id="fg-swallow" nonce="${host.nonce || ''}">`));

/** What is not the SWALLOW markup goes back to the parser: a page without it stays whole. */
export function swallowed(el) {
  const text = el.textContent;
  if (!text) return;
  el.id = '';
  if (/^\s*<meta[^>]*><script[^>]*>-->$/.test(text)) {
    host.swallows = true;
    el.remove();
    return;
  }
  const html = trust(`${text}</script>`);
  el.back = () => {
    el.remove();
    document.write(html);
  };
  el.text = trust('document.currentScript.back()', 'createScript');
  // A policy of the page forbids inline code: it comes back, if later than it was meant.
  setTimeout(() => el.isConnected && el.replaceWith(document.createRange().createContextualFragment(html)));
}

/** Arms what the site's level adds. */
export function armLevel() {
  const { tag } = host;
  const late = document.readyState !== 'loading' || !tag || tag.async || (tag.defer && tag.src);
  if (late) host.disarmed('late');
  if (!anyServiceWaits()) return;
  try {
    if (!late && host.level === 'snippet') swallow();
    if (!late && host.level === 'strict') host.cfg.strict(host);
    importMap(importable());
  } catch (error) {
    host.disarmed(host.level, error);
  }
}
