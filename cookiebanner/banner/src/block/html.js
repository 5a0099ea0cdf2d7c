/** HTML that is about to be parsed: made safe as a string (document.write, srcdoc) or as nodes (innerHTML and friends). */
import { hasCode, INSIDE, withScript } from './adopt.js';
import { holdCss, readings, trust, withBaseOf } from './decide.js';
import { findAll, inert, outerHtml, setHtml } from './dom.js';
import { checkElement, heldOutside, LOADING, loadsIn } from './hold.js';
import { keepFromRunning, parkTag } from './scripts.js';

/** Can this HTML load anything, or bring in a window? Cheap, and wrong only on the safe side. */
export const mayLoad = (html) => /<\w/.test(html) && /src|href|data|poster|style|ping|background|script|refresh|url\(|frame/i.test(html);

const TAG = RegExp(`<!--(?:-?>|[^]*?--!?>)|(<(script|style)${INSIDE})([^]*?)(?=<\\/\\2)|<\\w[^\\s/>]*${INSIDE}`, 'gi');

/** Where a tag begins that does not end in this HTML. @returns {number} */
export const unclosedAt = (html) =>
  // A style sheet or a script takes effect at its end tag.
  `${html.replace(TAG, (tag, start) => (!start && /^<(script|style)\b/i.test(tag) ? tag : ' '.repeat(tag.length)))}<a`.search(/<[a-z]/i);

/** Checks an element where nothing loads. @returns {boolean} whether it changed */
function changes(el, where = 2) {
  const before = outerHtml(el);
  if (el.localName === 'script') parkTag(el);
  else checkElement(el, where);
  heldOutside.delete(el);
  return before !== outerHtml(el);
}

/** One start tag, held if need be. */
function safeTag(html, text = '') {
  if (!mayLoad(html) && !hasCode(html)) return html;
  const box = inert.createElement('div');
  setHtml(box, trust(html));
  const el = box.firstElementChild;
  if (!el) return html;
  el.textContent = trust(text, 'createScript');
  const changed = changes(el);
  el.replaceChildren();
  return changed ? outerHtml(el).replace(/<\/[^>]*>$/, '') : html;
}

/** The same HTML with its held tags held, everything else byte for byte. */
export const safeHtml = (html, base = document.baseURI, forSilent = false) =>
  withBaseOf(
    html,
    base,
    () =>
      html.replace(TAG, (whole, start, name, text) => {
        if (whole[1] === '!') return whole;
        if (!start) return safeTag(whole);
        // In a drawing, comments and escapes of HTML count in both.
        const drawn = /[&<]/.test(text) ? readings(text.replace(/<!--[^]*?-->/g, '')).at(-1) : text;
        if (!/style/i.test(name)) return safeTag(start, `${text}${drawn === text ? '' : drawn}`) + text;
        const safe = holdCss(text);
        return start + (safe === text && holdCss(drawn) !== drawn ? holdCss(drawn) : safe);
      }),
    forSilent,
  );

/** A frame's document gets the patches before its first script. */
export function safeSrcdoc(html, el) {
  return withScript(safeHtml(html, el.baseURI, !('navigation' in window)));
}

/**
 * Parses as `context` would, where nothing loads, and holds what has to wait.
 *
 * @param {Document} doc an inert one @param {Element} context @param {(box: Element) => void} parse fills the box @param {boolean} [run] do its scripts run?
 * @returns {Node[]|null} the nodes, or null when nothing in them waits (let the native do it)
 */
export function safeNodes(doc, context, parse, run = false) {
  const where = loadsIn(context);
  if (!where) return null;
  const box = doc.createElementNS(context.namespaceURI, context.localName);
  parse(box);
  let changed = false;
  for (const el of findAll(box, LOADING)) {
    if (el.localName === 'script') {
      if (!run) keepFromRunning(el);
      changed = true;
    } else if (changes(el, where)) changed = true;
  }
  return changed ? [...box.childNodes] : null;
}
