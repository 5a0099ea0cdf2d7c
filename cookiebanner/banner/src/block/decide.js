/** What has to wait: the one place where the release's rules, the answer and what an author wrote on a tag meet. */
import { getAttr, hasAttr, inert, setHtml } from './dom.js';
import { match } from './match.js';

/** @type {import('./index.js').Host} */
export let host;
/**
 * What lower modules need of higher ones; index.js hands it in, so that no import points upwards.
 *
 * @type {{hearIn: (root: EventTarget) => void, patchRealm: (w: Window) => void, safeSrcdoc: (html: string, frame: Element) => string}} of navigate.js, patch.js and html.js
 */
export let upward;
/** Elements that may load whatever the answer. */
export const exempted = new WeakSet();
const reportedHosts = new Set();

/** @param {import('./index.js').Host} options @param {typeof upward} parts */
export function begin(options, parts) {
  host = options;
  upward = parts;
}

/** Text for a sink that `require-trusted-types-for` guards. */
export const trust = (text, kind = 'createHTML') => host.policy[kind](text);

/** Whether service `i` (behind the last: third parties that no rule knows) has to wait; an exception is a yes. */
export function serviceWaits(i) {
  try {
    return !(host.services[i] ? host.allowed(i) : host.granted());
  } catch {
    return true;
  }
}
export const anyServiceWaits = () => host.services.some((_, i) => serviceWaits(i));

/** Whose a URL is: a service's index, behind the last for an unknown third party, or -1. Pages ask the same again and again. */
const owners = new Map();
/** What those are relative to: a text put together for each question would have to be hashed each time. */
let ownersBase;
function ownerOf(url, rulesOnly, base) {
  if (base !== ownersBase || owners.size > 999) owners.clear();
  ownersBase = base;
  let owner = owners.get(url);
  if (owner !== undefined) return owner;
  owner = -1;
  try {
    const parsed = new URL(url, base);
    const name = parsed.hostname;
    owner = match(host.table, parsed, location.hostname);
    if (owner < 0 && /^(http|ws)/.test(parsed.protocol) && !host.friends.some((friend) => `.${name}`.endsWith(`.${friend}`))) {
      owner = host.services.length;
      if (!rulesOnly && !reportedHosts.has(name)) {
        reportedHosts.add(name);
        host.report('unknown', name);
      }
    }
  } catch {}
  owners.set(url, owner);
  return owner;
}

/** Was this text found to be nobody's address, relative to this base? */
export const isNobodys = (url, base) => base === ownersBase && owners.get(url) === -1;

/**
 * What a request waits for: the service's index + 1 (behind the last: an unknown third party), or 0.
 * @param {string|URL} url @param {boolean} [rulesOnly] @param {string} [base] what it is relative to
 */
export function urlWaitsFor(url, rulesOnly, base = document.baseURI) {
  const owner = ownerOf(`${url}`, rulesOnly, base);
  const { length } = host.services;
  const strange = owner === length && (rulesOnly || !host.cfg.hold);
  return owner < 0 || strange || !serviceWaits(owner) ? 0 : owner + 1;
}

const firstThatWaits = (urls, rulesOnly, base) => urls.map((url) => urlWaitsFor(url, rulesOnly, base)).find(Boolean);

/** Letters that code or CSS writes as escapes. */
export const decoded = (text) =>
  text.replace(/\\(?:x([0-9a-f]{2})|u([0-9a-f]{4})|u\{([0-9a-f]+)}|([0-9a-f]{1,6})\s?)/gi, (_, ...hex) =>
    String.fromCharCode(parseInt(hex.find(Boolean), 16)),
  );

/** What HTML says as text. */
function plainText(html) {
  const box = inert.createElement('textarea');
  setHtml(box, trust(html.replace(/<(?=\/)/g, '< ')));
  return box.value;
}

/** A text as whatever reads it may understand it; last as one that undoes all escapes. */
export function readings(text) {
  const code = text.includes('\\') ? decoded(text) : text;
  return [...new Set([text, code, code.includes('&') ? plainText(code) : code])];
}

/** The addresses that a text names; further ones as browsers read them: with a user, slashes of both kinds, letters of any width. */
const mentions = (text) => [
  ...(text.replace(/\\/g, '').match(/(\w+:)?\/\/[\w.-]+\.\w[^\s"'`<>)]*/g) || []),
  ...readings(text)
    // Within an address browsers pass over line ends, and half of a letter of UTF-16 is nothing.
    .flatMap((one) => (/[\0\t\n\r]/.test(one) ? [one, one.replace(/[\0\t\n\r]/g, '')] : [one]))
    .flatMap((one) => [...one.matchAll(/(?:(https?:|wss?:)[\\/]*|[\\/]{2,})([^\s"'`<>()\\/?#]*[.%。．｡][^\s"'`<>)]*)/gi)])
    .map(([, scheme = '', rest]) => `${scheme}//${rest.replace(/\\(?=\/)/g, '')}`),
];

/** The same for a text that names a URL (workers, `javascript:`, `data:` and `blob:` documents). */
export const textWaitsFor = (text) => firstThatWaits(mentions(text), true);
export const heldMentions = (text) => mentions(text).filter((url) => urlWaitsFor(url, true));

/** The answer behind a URL of this origin; `type`: what it is taken for. @returns {any} */
export function answerOf(url, type = '') {
  const request = new XMLHttpRequest();
  try {
    request.open('GET', url, false);
    if (type) request.overrideMimeType(type);
    request.send();
    return request;
  } catch {
    return {};
  }
}

/** `blob:` addresses → what is known of their files (adopt.js). @type {Map<string, any>} */
export const files = new Map();
/** Those that were taken back: to ask for one would say so in the console. */
export const gone = new Set();
/** Addresses of ours that stand in the place of the author's. */
export const ours = new Set();
/** Nothing in these is code, whatever they name. */
const INERT_FILE = /^(image\/(?!svg)|audio|video|application\/pdf)/;
/** What a `blob:` address says: read once, and not where nothing can wait for it. */
export function fileText(url) {
  const [address] = url.split('#');
  if (!anyServiceWaits() || gone.has(address) || ours.has(address)) return;
  const known = files.get(address) || {};
  if (INERT_FILE.test(known.type)) return;
  if (known.text === undefined) {
    const answer = answerOf(address);
    known.text = answer.responseText || '';
    known.type ??= answer.getResponseHeader?.('content-type') || '';
    files.set(address, known);
  }
  return known.text;
}

/** An address as browsers read it. */
export const asRead = (written) => `${written}`.replace(/^[\0- ]+|[\t\n\r]/g, '');

/** The text of a `data:`, `javascript:` or `blob:` address, if it is one. */
export function textBehind(written) {
  const url = asRead(written);
  if (/^blob:/i.test(url)) return fileText(url);
  const [, base64, text] = /^(?:data:[^,]*?(;\s*base64\s*)?,|javascript:)([^]*)/i.exec(url) || [];
  try {
    return base64 ? atob(unescape(text)) : text && unescape(text);
  } catch {}
}

/** The same for the address of a document, of which the text may be in it. */
export function documentWaitsFor(url, base) {
  const text = textBehind(url);
  return text ? textWaitsFor(text) : urlWaitsFor(url, false, base);
}

/** What addresses in HTML are relative to that is still a text, and whether a silent frame is about to get it. */
let writtenBase;
let isForSilent = false;
/** Runs `change` on HTML that a document with this base is about to get. */
export function withBaseOf(html, base, change, forSilent = false) {
  const before = writtenBase;
  const wasForSilent = isForSilent;
  isForSilent = forSilent;
  const [, href] = /<base\b[^>]*\bhref\s*=\s*["']?([^"'\s>]+)/i.exec(html) || [];
  try {
    writtenBase = href ? new URL(href, base).href : base;
  } catch {}
  try {
    return change();
  } finally {
    writtenBase = before;
    isForSilent = wasForSilent;
  }
}
/** Is this the window of a frame that tells nobody where it goes? Without a Navigation API all are, with one the empty ones. */
export const isSilent = (w) => !!w && w !== top && !w.navigation?.currentEntry;
export const isInSilent = ({ ownerDocument: { defaultView } }) => (defaultView ? isSilent(defaultView) : isForSilent);
/** What an element's addresses are relative to. */
const baseOf = ({ ownerDocument }) => (ownerDocument.defaultView ? ownerDocument.baseURI : writtenBase);

/** The categories (or services) that an author wrote on the element: all must be granted; '' when there is none in it. */
export const authorKeys = (el) => {
  const written = getAttr(el, 'data-consent');
  if (written !== null) return written.match(/[^\s,]+/g) || [''];
  return getAttr(el, 'class')
    ?.match(/(?:optanon-category|ot-vscat)-([\w,-]*)/g)
    ?.flatMap((name) => {
      const ids = name.match(/\w+/g).slice(2);
      return ids[0] ? ids : [''];
    });
};
export const isExempt = (el) => el === host.tag || exempted.has(el) || hasAttr(el, 'data-ot-ignore');

/** What one attribute of one element waits for, as `urlWaitsFor` says it. */
export function attributeWaitsFor(el, name, value) {
  if (isExempt(el)) return 0;
  const keys = authorKeys(el);
  if (keys) return keys.map((key) => host.granted(key)).includes(false) && host.services.length + 1;
  // A page may go where it wants; its frames may not.
  if (el.localName === 'meta')
    return (
      /refresh/i.test(el.httpEquiv) &&
      el.ownerDocument.defaultView !== top &&
      (textWaitsFor(value) || urlWaitsFor(value.replace(/^[^;,]*[;,\s]+(url\s*=)?[\s"']*/i, ''), true, baseOf(el)))
    );
  const base = baseOf(el);
  if (/srcset|ping|values|^(to|from|by)$/.test(name)) {
    return firstThatWaits(value.split(/[\s,;]+/), false, base) || (/\(/.test(value) && textWaitsFor(value));
  }
  const isDocument = el.localName === 'link' || /^(i?frame|object|embed)$/.test(el.localName);
  return isDocument ? documentWaitsFor(value, base) : urlWaitsFor(value, false, base);
}

/** What a string of CSS says that holds escapes. */
const unescaped = (text) =>
  text.replace(/\\(?:([0-9a-f]{1,6})\s?|\n|([^\n]))/gi, (_, hex, letter = '') => (hex ? String.fromCharCode(parseInt(hex, 16)) : letter));
const cssUrlWaits = (url, base) =>
  /^(data:text\/css|blob:)/i.test(url) ? textWaitsFor(textBehind(url) || '') : urlWaitsFor(url, false, base);
/** A string without `url()` is an address when it looks like a whole one. */
const holdPlainCss = (text, base) =>
  text.replace(/(url\(\s*["']?|@import\s*["']|["'](?=\s*\w*[:/\\])(?![^"')]*(?:url\(|@import)))([^"')]+)/gi, (whole, before, written) => {
    const url = asRead(unescaped(written));
    return (before[1] || /^(\w+:|[\\/]{2})/.test(url)) && cssUrlWaits(url, base) ? `${before}data:fg,${written}` : whole;
  });

/** Whether some CSS of this page waits. */
export let holdsCss = false;
/** CSS whose held URLs are made inert in a way that `releaseCss` can undo, without a request or an error. */
export function holdCss(text, el = undefined) {
  const css = `${text}`;
  const base = el && baseOf(el);
  let safe = holdPlainCss(css, base);
  // Any string is an address then.
  if (base && urlWaitsFor(base)) safe = safe.replace(/(image-set\(\s*["'])(?!data:)/gi, '$1data:fg,');
  if (safe !== css) holdsCss = true;
  if (safe !== css || !css.includes('\\')) return safe;
  // Letters may be written as escapes.
  const plain = css.replace(/\\(?:([0-9a-f]{1,6})\s?|([g-z]))/gi, (whole, hex, letter) => {
    const said = letter || String.fromCharCode(parseInt(hex, 16));
    return /[a-z]/i.test(said) ? said : whole;
  });
  const safer = holdPlainCss(plain, base);
  if (safer === plain) return css;
  holdsCss = true;
  return safer;
}
