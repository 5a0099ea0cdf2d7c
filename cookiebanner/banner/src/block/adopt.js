/**
 * Documents in memory (`blob:` addresses) that frames go to. Their code may put an address together as it runs, so while
 * anything waits a frame gets the author's bytes with a script in front of the author's, by which its window is patched; it
 * takes itself out. The author's own address goes on meaning the author's bytes, for whoever reads, saves or shows it.
 */
import { anyServiceWaits, exempted, host, textOf, upward } from './decide.js';
import { apply, contentWindow, getter } from './dom.js';
import { methods } from './replace.js';

/** What stands in a tag: quotes count behind `=` alone. */
export const INSIDE = `(?:[^>=]|=\\s*(?:"[^"]*"|'[^']*'|[^\\s>"'][^\\s>]*(?=[\\s>])|(?=>)))*>`;
const SPACE = '(?:\\s|<!--(?:-?>|[^]*?--!?>))*';
/** What comes before everything that runs: a byte order mark, the kind of document, the tags of its root and its head. */
const START = RegExp(`^\ufeff?${SPACE}(?:<!doctype${INSIDE})?${SPACE}(?:<html\\b${INSIDE})?${SPACE}(?:<head\\b${INSIDE})?`, 'i');
const XML_START = RegExp(`^(?:<!--[^]*?-->|<[?!][^>]*>|[^<])*<\\w${INSIDE}`);

/** Under this name a frame's first script finds what patches its window. */
const PATCH = '__fgRealm';
const MADE = '__fgMade';
/** A script that runs before all others of a document. */
function adoptingScript() {
  window[PATCH] ||= upward.patchRealm;
  return `<script xmlns="http://www.w3.org/1999/xhtml" nonce="${host.nonce || ''}">document.currentScript.remove();try{for(let w=self,i=9;i--;w=w.parent)if(w.${PATCH}){w.${PATCH}(self);break}}catch(e){}</script>`;
}
/** Is there code in this document? */
const hasCode = (html) => /<([\w]+:)?script|\bon\w+\s*=|javascript:/i.test(html);
/** Where a document's first script may stand. @returns {number} -1: nowhere */
function startOf(html, isXml) {
  const [before = ''] = (isXml ? XML_START : START).exec(html) || [];
  return isXml && /(^|\/>)$/.test(before) ? -1 : before.length;
}

/** `blob:` addresses → their files. @type {Map<string, Blob>} */
const files = new Map();
const typeOf = getter(Blob.prototype, 'type');
const sizeOf = getter(Blob.prototype, 'size');
const { createObjectURL } = URL;

/** A document that begins with it, where it has code. */
export const withScript = (html, isXml = false) => {
  const at = hasCode(html) ? startOf(html, isXml) : -1;
  return at < 0 ? html : html.slice(0, at) + adoptingScript() + html.slice(at);
};

/** One expression, as far as can be told without an engine: texts, names and calls. */
const EXPRESSION =
  /^(?!\s*(?:void|var|let|const|return|throw|function|class|import|new)\b)((["'`])(?:\\[^]|(?!\2)[^\\])*\2|[\w$.+,()[\] ])+(?=;?\s*$)/;
/** The same for code whose value may be a document; window `w` runs it. */
function adoptedCode(url, w) {
  const code = url.replace(/^javascript:/i, '');
  const [expression] = EXPRESSION.exec(unescape(code)) || [];
  if (!expression || !/["'`(]/.test(expression)) return;
  w[MADE] = (value) => delete w[MADE] && (typeof value === 'string' ? withScript(value) : value);
  return `javascript:${MADE}(${code.replace(/;\s*$/, '')})`;
}

/** @returns {string|undefined} where frame `w` goes instead of this address, if that is a document in memory whose code may run */
export function adoptedUrl(url, w) {
  if (/^javascript:/i.test(url)) return anyServiceWaits() && w ? adoptedCode(`${url}`, w) : undefined;
  const [address, fragment] = `${url}`.split('#');
  const file = files.get(address);
  if (!file || !anyServiceWaits()) return;
  const type = typeOf(file);
  /** @type {any} */
  let body = file;
  // Each byte as one letter, unless a mark at its beginning says otherwise.
  let text = textOf(address, 'text/plain;charset=x-user-defined');
  if (text.length !== sizeOf(file) || /utf-?16/i.test(type)) {
    text = textOf(address);
    body = text = `\ufeff${text}`;
  }
  const at = hasCode(text) ? startOf(text, /xml/.test(type)) : -1;
  if (at < 0) return;
  const adopted = apply(createObjectURL, URL, [new Blob([body.slice(0, at), adoptingScript(), body.slice(at)], { type })]);
  return fragment === undefined ? adopted : `${adopted}#${fragment}`;
}

/** A frame in the page has got this address. Of one that is still empty there is no event (navigate.js). */
export function adoptFrame(el, url) {
  if (!/^(blob|javascript):/i.test(url) || !/^i?frame$/.test(el.localName) || exempted.has(el)) return;
  const w = el.localName === 'iframe' ? contentWindow(el) : el.contentWindow;
  try {
    const adopted = w.location.protocol === 'about:' && adoptedUrl(url, w);
    if (!adopted) return;
    // Chromium forgets code that has yet to run; of the others nobody has shown it.
    if (/^j/.test(adopted)) {
      if (!/Chrom/.test(navigator.userAgent)) return;
      w.stop();
    }
    w.location.replace(adopted);
  } catch {}
}

/** @param {any} w */
export function patchAddresses(w) {
  methods(w, w.URL, 'createObjectURL', (go, [file]) => {
    const url = go();
    try {
      if (/^(text\/html|.*\Wxml)/.test(typeOf(file))) files.set(url, file);
    } catch {}
    return url;
  });
  methods(w, w.URL, 'revokeObjectURL', (go, [url]) => {
    files.delete(`${url}`);
    return go();
  });
}
