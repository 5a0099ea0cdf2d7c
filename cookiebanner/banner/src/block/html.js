/** HTML that is about to be parsed: made safe as a string (document.write, srcdoc) or as nodes (innerHTML and friends). */
import { RISKY, all, bare, check, freeze, setter, state } from './hold.js';

const setHTML = setter(Element.prototype, 'innerHTML');
const outer = bare(Object.getOwnPropertyDescriptor(Element.prototype, 'outerHTML').get);
const inert = document.implementation.createHTMLDocument('');

/** Our own policy lets us hand changed HTML to a sink under `require-trusted-types-for`. */
export const trust = (html) => (state.policy ? state.policy.createHTML(html) : html);

/** Can this HTML load anything? Cheap, and wrong only on the safe side. */
export const risky = (html) => /<\w/.test(html) && /src|href|data|poster|style|ping|background|script/i.test(html);

const ATTRS = '(?:[^>"\']|"[^"]*"|\'[^\']*\')*>';
const TAG = new RegExp(
  `<!--[^]*?-->|(<(script|style)\\b${ATTRS})([^]*?)(?=</\\2)|<(?:img|iframe|frame|embed|object|video|audio|source|track|link|input|image|use|a|area|script|\\w+(?=[^>]*\\b(?:background|style)\\b))\\b${ATTRS}`,
  'gi',
);

/** One start tag, held if need be. */
function tag(html, text = '') {
  const box = inert.createElement('div');
  setHTML(box, trust(html));
  const el = box.firstElementChild;
  if (!el) return html;
  const before = outer(el);
  if (text) el.textContent = text;
  check(el);
  state.loose.delete(el);
  el.textContent = '';
  const after = outer(el);
  return after === before ? html : after.replace(/<\/[^>]*>$/, '');
}

/** The same HTML with its held tags held, everything else byte for byte. */
export const rewrite = (html) =>
  html.replace(TAG, (whole, start, name, text) => {
    if (whole.startsWith('<!--')) return whole;
    if (!start) return tag(whole);
    if (/style/i.test(name)) return tag(start) + freeze(text);
    return tag(start, text) + text;
  });

/**
 * Parses as `context` would, where nothing loads, and holds what has to wait.
 *
 * @param {Document} doc an inert one @param {Element} context @param {(box: Element) => void} parse the native, given the box to fill
 * @returns {Node[]|null} the nodes, or null when nothing in them waits (let the native do it)
 */
export function parsed(doc, context, parse) {
  const box = doc.createElementNS(context.namespaceURI, context.localName);
  parse(box);
  let some = false;
  for (const el of all(box, RISKY)) {
    const before = outer(el);
    // A script that comes this way never runs, so it never waits.
    if (el.localName === 'script') state.once.add(el);
    check(el);
    state.loose.delete(el);
    some ||= el.localName === 'script' || before !== outer(el);
  }
  return some ? [...box.childNodes] : null;
}
