/**
 * What gates stored before slots, under the site's name: the cookie with keys in it. It becomes one by slot at once.
 *
 * What they stored before names said whose it is: the cookie `fairgate`, the mark `fairgate.gpc`, the queue `fairgate.q.`.
 * It counts where only this site can have written it, moves to our own names then, and stays for its owner otherwise.
 */

import { kept, values } from './cookie.js';
import { encode, long, short } from './encode.js';
import { decodeKeyed, deniesUnknown, marks, understood } from './keyed.js';
import { under } from './write_cookie.js';

const NAME = 'fairgate';
const QUEUE = 'fairgate.q.';
// Their gates took the regime "notice" for a yes, and wrote 1.
const NOTICE = 'notice';

/**
 * Deletes a cookie wherever it stands. A browser does not say on which domain that is, but it deletes one only there.
 *
 * @returns {{value: string, domain: string}[]} what was deleted
 */
function removeAll({ cfg, test }, name) {
  const hosts = test ? [] : cfg.hosts.filter((host) => under([host], location.hostname));
  return [...hosts.map((host) => `; Domain=${host}`), ''].flatMap((domain) => {
    const before = values(name);
    writeOn(name, { value: '', domain }, 0);
    const left = values(name);
    return before.filter((value) => !left.includes(value)).map((value) => ({ value, domain }));
  });
}

function writeOn(name, { value, domain }, seconds) {
  const secure = location.protocol === 'https:' ? '; Secure' : '';
  // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous and not everywhere
  document.cookie = `${name}=${value}; Max-Age=${seconds}; Path=/; SameSite=Lax${secure}${domain}`;
}

/** Makes what `keyed` says the answer in force, and writes it by slot where slots can say it. */
function take(core, keyed) {
  // Anybody writes cookies: what is no id is none.
  const ids = { id: long(short(keyed.id || '')), u: long(short(keyed.u || '')) };
  core.answer = { ...understood(keyed, core), ...ids };
  core.applyAnswer();
  if (!keyed.x || !deniesUnknown(keyed, core.items)) core.answer.raw = encode(core.answer, core, core.answer.choices);
  core.save();
}

/** Reads what an earlier gate stored under the site's own name, if it is newer than what the gate could read. */
export function upgrade(core) {
  const [best] = kept(core)
    .flatMap((raw) => decodeKeyed(raw) || [])
    .sort((a, b) => b.t - a.t);
  if (best?.t > (core.answer?.t || 0)) take(core, best);
}

/**
 * Makes an answer in the cookie `fairgate` ours. Sites may share a host, and did share the cookie then: a later release than
 * ours, or this number with other services, was another site's.
 *
 * @param {object} core
 * @returns {boolean} whether there was one that is newer than ours
 */
export function adopt(core) {
  const { cfg, items, answer: own } = core;
  const fits = (a) => a && (a.r < cfg.release || (a.r === cfg.release && (!a.m || a.m === marks(items))));
  if (!values(NAME).some((value) => fits(decodeKeyed(value)))) return false;
  let best;
  for (const cookie of removeAll(core, NAME)) {
    const answer = decodeKeyed(cookie.value);
    if (!fits(answer)) writeOn(NAME, cookie, 400 * 86400);
    else if (answer.t > (best?.answer || own || { t: 0 }).t) best = { answer, cookie };
  }
  if (!best) return false;
  const { answer, cookie } = best;
  take(core, answer);
  if (core.unkept) {
    // Not kept under our name: as it was.
    writeOn(NAME, cookie, 400 * 86400);
    return false;
  }
  for (const { value, domain } of removeAll(core, 'OptanonConsent')) {
    const ours = value.replace(/(^|&)version=fairgate-/, `$1version=${cfg.cookie}-`);
    writeOn('OptanonConsent', { value: ours, domain }, 365 * 86400);
  }
  return true;
}

/** Was the signal reported by an earlier gate? Not when another site's cookie reaches this page: it may have reported its own. */
export const reportedEarlier = ({ cfg }) =>
  localStorage[`${NAME}.gpc`] && !document.cookie.split('; ').some((pair) => pair.startsWith(NAME) && !pair.startsWith(cfg.cookie));

/** @returns {boolean} whether the queue's entry `key` is an earlier one of this site's */
export function isEarlierEntry(cfg, key, body) {
  try {
    return key.startsWith(QUEUE) && JSON.parse(body).site === cfg.site;
  } catch {
    return false;
  }
}

/** An earlier record as it would be written today. */
export const upgraded = (body) => body.replace('"regime":1,', `"regime":"${NOTICE}",`);
