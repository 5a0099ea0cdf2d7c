/**
 * Documents in memory (`blob:` and `javascript:` addresses) that frames go to. Their code may put an address together as it
 * runs, so while anything waits a frame gets the author's bytes with a script in front of the author's, by which its window is
 * patched; it takes itself out. The author's own address goes on meaning the author's bytes, for whoever reads, saves or shows it.
 */
import { anyServiceWaits, asRead, exempted, host, textOf, upward } from './decide.js';
import { apply, getter } from './dom.js';
import { methods } from './replace.js';

/** What stands in a tag: quotes count behind `=` alone. */
export const INSIDE = `(?:[^>=]|=\\s*(?:"[^"]*"|'[^']*'|[^\\s>"'][^\\s>]*(?=[\\s>])|(?=>)))*>`;
const SPACE = '(?:\\s|<!--(?:-?>|[^]*?--!?>))*';
/** What comes before everything that runs: a byte order mark, the kind of document, the tags of its root and its head. */
const START = RegExp(`^\ufeff?${SPACE}(?:<!doctype${INSIDE})?${SPACE}(?:<html\\b${INSIDE})?${SPACE}(?:<head\\b${INSIDE})?`, 'i');
const XML_START = RegExp(`^(?:<!--[^]*?-->|<[?!][^>]*>|[^<])*<\\w${INSIDE}`);

/** Under this name a frame's first code finds ours, in the window around it. */
const OURS = '__fgRealm';
/** Code of a frame that calls one of ours. */
function calling(name, argument) {
  window[OURS] ||= { adopt: upward.patchRealm, made: (value) => (typeof value === 'string' ? withScript(value) : value) };
  return `((w,i)=>{for(;i--;w=w.parent)if(w.${OURS})return w.${OURS}})(self,9).${name}(${argument})`;
}
/** A script that runs before all others of a document. */
const adoptingScript = () =>
  `<script xmlns="http://www.w3.org/1999/xhtml" nonce="${host.nonce || ''}">document.currentScript.remove();try{${calling('adopt', 'self')}}catch(e){}</script>`;
/** Is there code in this document? */
export const hasCode = (html) => /<([\w]+:)?script|\bon\w+\s*=|javascript:/i.test(html);
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
/** The same for code whose value may be a document. */
function adoptedCode(url) {
  const code = url.replace(/^javascript:/i, '');
  const [expression] = EXPRESSION.exec(unescape(code)) || [];
  if (!expression || !/["'`(]/.test(expression)) return;
  return `javascript:${calling('made', `(${code.replace(/;\s*$/, '')})`)}`;
}

/** @returns {string|undefined} where a frame goes instead of this address, if that is a document in memory whose code may run */
export function adoptedUrl(url) {
  if (/^javascript:/i.test(url)) return anyServiceWaits() ? adoptedCode(url) : undefined;
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

/** The same for an attribute that an element is about to load. */
export const adoptedAttribute = (el, name, value) =>
  /^(src|data)$/.test(name) && /^(i?frame|embed|object)$/.test(el.localName) && !exempted.has(el) && adoptedUrl(asRead(value));

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
