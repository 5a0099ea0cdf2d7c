/** HTML that is about to be parsed: made safe as a string (document.write, srcdoc) or as nodes (innerHTML and friends). */
import { all, getter, setHTML } from './dom.js';
import { check, freeze, host, loose, once, RISKY, trust } from './hold.js';
import { realm } from './patch.js';

const outer = getter(Element.prototype, 'outerHTML');
const inert = document.implementation.createHTMLDocument('');

/** Can this HTML load anything? Cheap, and wrong only on the safe side. */
export const risky = (html) => /<\w/.test(html) && /src|href|data|poster|style|ping|background|script/i.test(html);

const TAG = /<!--[^]*?-->|(<(script|style)\b(?:[^>"']|"[^"]*"|'[^']*')*>)([^]*?)(?=<\/\2)|<\w(?:[^>"']|"[^"]*"|'[^']*')*>/gi;

/** Checks an element where nothing loads. @returns {boolean} whether it changed */
function changes(el) {
  const before = outer(el);
  check(el);
  loose.delete(el);
  return before !== outer(el);
}

/** One start tag, held if need be. */
function tag(html, text = '') {
  if (!risky(html)) return html;
  const box = inert.createElement('div');
  setHTML(box, trust(html));
  const el = box.firstElementChild;
  if (!el) return html;
  el.textContent = trust(text, 'createScript');
  const changed = changes(el);
  el.replaceChildren();
  return changed ? outer(el).replace(/<\/[^>]*>$/, '') : html;
}

/** The same HTML with its held tags held, everything else byte for byte. */
export const rewrite = (html) =>
  html.replace(TAG, (whole, start, name, text) => {
    if (whole[1] === '!') return whole;
    if (!start) return tag(whole);
    return /style/i.test(name) ? start + freeze(text) : tag(start, text) + text;
  });

/** A frame's document gets the patches before its first script. */
const door = '__fgRealm';
export function srcdoc(html) {
  const safe = rewrite(`${html}`);
  if (safe.includes(door) || !/<script|\bon\w+\s*=/i.test(safe)) return safe;
  window[door] ||= realm;
  return `<script nonce="${host.nonce || ''}">try{parent.${door}(self)}catch(e){}</script>${safe}`;
}

/**
 * Parses as `context` would, where nothing loads, and holds what has to wait.
 *
 * @param {Document} doc an inert one @param {Element} context @param {(box: Element) => void} parse fills the box
 * @returns {Node[]|null} the nodes, or null when nothing in them waits (let the native do it)
 */
export function parsed(doc, context, parse) {
  const box = doc.createElementNS(context.namespaceURI, context.localName);
  parse(box);
  let some = false;
  for (const el of all(box, RISKY)) {
    // A script that comes this way never runs, so it never waits.
    if (el.localName === 'script') some = once.add(el);
    else if (changes(el)) some = true;
  }
  return some && [...box.childNodes];
}
