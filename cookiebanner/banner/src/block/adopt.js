/**
 * Documents in memory (`blob:` and `javascript:` addresses) that frames go to. Their code may put an address together as it
 * runs, so while anything waits a frame gets the author's bytes with a script in front of the author's, by which its window is
 * patched; it takes itself out. The author's own address goes on meaning the author's bytes, for whoever reads, saves or shows it.
 */
import { answerOf, anyServiceWaits, asRead, exempted, files, fileText, gone, host, ours, upward } from './decide.js';
import { apply, define, getter, sayOnce } from './dom.js';
import { methods } from './replace.js';

/** What follows a tag's name: quotes count behind the `=` of an attribute alone, whose name may begin with another `=`. */
export const INSIDE = `(?![^\\s/>])(?:[\\s/]|[^\\s/>][^\\s/>=]*(?:\\s*=\\s*(?:"[^"]*"|'[^']*'|[^\\s>"'][^\\s>]*(?=[\\s>])|(?=>))|(?![^\\s/>=]|\\s*=)))*>`;
const SPACE = '(?:\\s|<!--(?:-?>|[^]*?--!?>)|<\\?[^>]*>|<!(?!--|doctype)[^>]*>)*';
/** What comes before everything that runs: a byte order mark, the kind of document, the tags of its root and its head. */
const START = RegExp(`^\ufeff?${SPACE}(?:<!doctype[^>]*>)?${SPACE}(?:<html${INSIDE})?${SPACE}(?:<head${INSIDE})?`, 'i');
const QUOTED = `"[^"]*"|'[^']*'`;
const XML_START = RegExp(
  `^(?:<!--[^]*?-->|<\\?[^]*?\\?>|<!D(?:${QUOTED}|\\[(?:${QUOTED}|<!--[^]*?-->|<\\?[^]*?\\?>|[^\\]"'])*]|[^>"'[])*>|[^<])*<[^\\s?!/>]+${INSIDE}`,
);

/** Under this name a frame's first code finds ours, in the window around it. */
const OURS = '__fgRealm';
/** Code of a frame that calls one of ours. */
function calling(name, argument) {
  if (!window[OURS])
    define(window, OURS, { value: { adopt: upward.patchRealm, made: (value) => (typeof value === 'string' ? withScript(value) : value) } });
  return `((w,i)=>{for(;i--;w=w.parent)if(w.${OURS})return w.${OURS}})(self,9).${name}(${argument})`;
}
/** A script that runs before all others of a document. */
const adoptingScript = () =>
  `<script xmlns="http://www.w3.org/1999/xhtml" nonce="${host.nonce || ''}">document.currentScript.remove();try{${calling('adopt', 'self')}}catch(e){}</script>`;
/** In this encoding the same byte is now a letter, now half of one: nothing can be told of the text. */
const SHIFTS = '\x1b';
/** May there be code in this document, or in one within it? */
export const hasCode = (html) =>
  /<([^\s<>/]+:)?(script|i?frame|object|embed)|\bon\w+\s*=|javascript:|<!(entity|attlist)/i.test(html) || html.includes(SHIFTS);
/** Where an HTML document's first script may stand. */
const startOf = (html) => (html.includes(SHIFTS) ? 0 : START.exec(html)[0].length);

const typeOf = getter(Blob.prototype, 'type');
const sizeOf = getter(Blob.prototype, 'size');
const { createObjectURL, revokeObjectURL } = URL;

/** A document that begins with it, where it has code. */
export const withScript = (html) => {
  const at = hasCode(html) ? startOf(html) : -1;
  return at < 0 ? html : html.slice(0, at) + adoptingScript() + html.slice(at);
};

/** Is this one expression, as far as can be told without an engine, whose value may be a document? */
function isExpression(code) {
  if (
    /^\s*(\w*;?\s*$|{|(async|c(lass|onst)|do|for|function|if|import|let|new|return|switch|t(hrow|ry)|v(ar|oid)|w(hile|ith))\b)/.test(code)
  )
    return;
  let rest = code.replace(/(["'`])(?:\\[^]|(?!\1)[^\\])*\1/g, '0');
  for (let before; before !== rest; ) {
    before = rest;
    rest = rest.replace(/\([^(){}[\]]*\)|\[[^(){}[\]]*]|{[^(){}[\]]*}/g, (inner) => (inner.includes('/') ? '/' : '0'));
  }
  // A regular expression or a comment may hide anything.
  return /^[^\n\r;:(){}[\]"'`/]+(\?[^\n\r;(){}[\]"'`/]+)?;?\s*$/.test(rest);
}
/** The same for code whose value may be a document. */
function adoptedCode(url) {
  const code = url.replace(/^javascript:/i, '');
  if (!isExpression(unescape(code))) return;
  const adopted = `javascript:${calling('made', `(${code.replace(/;\s*$/, '')})`)}`;
  ours.add(adopted);
  return adopted;
}

/** What browsers show as a document. */
const DOCUMENT = /^\s*text\/html|\Wx(ml|sl)/;
/** The address of a copy of a document that begins with our script; '' where there is no need. */
function copyOf(address, { file, text, type }) {
  if (!DOCUMENT.test(type) || !hasCode(text)) return '';
  /** @type {any} */
  let body = file;
  // Each byte as one letter, unless a mark at its beginning says otherwise.
  let letters = file ? answerOf(address, 'text/plain;charset=x-user-defined').responseText : '';
  if (!file || letters.length !== sizeOf(file) || /utf-?16/i.test(type)) body = letters = `\ufeff${text}`;
  const isXml = /\Wx(ml|sl)/.test(type);
  const [before = ''] = isXml ? XML_START.exec(letters) || [] : [];
  const at = isXml ? before.length : startOf(letters);
  // An empty element has no place for it, and nothing to show.
  const isEmpty = isXml && /^$|\/>$/.test(before);
  const parts = isEmpty ? [] : [body.slice(0, at), adoptingScript(), body.slice(at)];
  const copy = apply(createObjectURL, URL, [new Blob(parts, { type })]);
  ours.add(copy);
  return copy;
}

/** @returns {string|undefined} where a frame goes instead of this address, if that is a document in memory whose code may run */
export function adoptedUrl(url) {
  if (ours.has(url)) return;
  if (/^javascript:/i.test(url)) return anyServiceWaits() ? adoptedCode(url) : undefined;
  const [, address, fragment] = /^(blob:[^#]*)?([^]*)/i.exec(url);
  if (!address || !fileText(address)) return;
  const known = files.get(address);
  // The same again is the same for the history.
  known.copy ??= copyOf(address, known);
  return known.copy && known.copy + fragment;
}

/** The same for an attribute that an element is about to load. */
export const adoptedAttribute = (el, name, value) =>
  /^(src|data)$/.test(name) && /^(i?frame|embed|object)$/.test(el.localName) && !exempted.has(el) && adoptedUrl(asRead(value));

/** @param {any} w */
export function patchAddresses(w) {
  methods(w, w.URL, 'createObjectURL', (go, [file]) => {
    const url = go();
    try {
      const type = typeOf(file);
      files.set(url, { type, file: DOCUMENT.test(type) && file });
    } catch {}
    return url;
  });
  methods(w, w.URL, 'revokeObjectURL', (go, args) => {
    sayOnce(args, 0, 1);
    const [url] = args;
    const known = files.get(url);
    if (known) {
      if (known.copy) apply(revokeObjectURL, URL, [known.copy]);
      files.delete(url);
      if (gone.size > 999) gone.clear();
      gone.add(url);
    }
    return go();
  });
}
