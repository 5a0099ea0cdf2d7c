/** OneTrust's `OptanonConsent` value: `k=v` joined with `&`; unknown fields survive a rewrite (docs/reference/onetrust.md, Cookies). */

import { oneTrusts } from './cookie.js';
import { optional } from './vector.js';

/** @param {string} text @returns {string} as it stands when it is not URL-encoded */
function decoded(text) {
  try {
    return decodeURIComponent(text.replace(/\+/g, ' '));
  } catch {
    return text;
  }
}

/** @param {string} [raw] @returns {Object<string, string>} fields in their order */
export const parse = (raw = '') =>
  Object.fromEntries(
    // Some servers' copies are encoded as a whole, once more.
    (raw.includes('=') ? raw : decoded(raw)).split('&').flatMap((pair) => {
      const at = pair.indexOf('=');
      return at > 0 ? [[decoded(pair.slice(0, at)), decoded(pair.slice(at + 1))]] : [];
    }),
  );

/** @param {Object<string, string>} fields @returns {string} */
export const serialize = (fields) =>
  Object.keys(fields)
    .map((key) => `${key}=${encodeURIComponent(fields[key]).replace(/%20/g, '+')}`)
    .join('&');

/** @param {string} [list] `C0001:1,C0002:0` @returns {Object<string, boolean>} */
export const groups = (list = '') => {
  const choices = { __proto__: null };
  for (const part of decoded(list).split(',')) if (/^[\w-]+:\d$/.test(part)) choices[part.slice(0, -2)] = part.endsWith('1');
  return choices;
};

/**
 * What stands in OptanonConsent: OneTrust's own, a page's, or ours; not what we wrote for another site, whose domain may lie
 * over this one.
 *
 * @returns {Object<string, string>}
 */
export const storedFields = ({ cfg }) =>
  oneTrusts('OptanonConsent')
    .map(parse)
    .filter(({ version = '' }) => !version.startsWith('fairgate') || version.startsWith(cfg.cookie))
    // Of twins, on the host and on its domain, the newest.
    .sort((a, b) => (Date.parse(a.datestamp) || 0) - (Date.parse(b.datestamp) || 0))
    .pop() || {};

/** @returns {{t?: number, given?: Object<string, boolean>}} what was answered to OneTrust before the swap, or by a page that writes its cookies */
function saidToOneTrust(core) {
  const fields = storedFields(core);
  // Its owner wanted everybody asked anew, and this visitor was not yet.
  if (fields.AwaitingReconsent === 'true') return {};
  const t = Date.parse(decoded(core.closed || '')) / 1000;
  const given = groups(fields.groups);
  const { answer, cfg } = core;
  if (!answer || core.lapsed || t > answer.t + 5) return { t, given };
  // A page's own program may have written this cookie and no mark: that can take back what was allowed, and no more.
  const at = fields.version?.startsWith(cfg.cookie) ? 0 : Date.parse(fields.datestamp) / 1000;
  for (const key in given) if (given[key]) delete given[key];
  return { t: at, given };
}

/**
 * Takes over an answer that was given to another consent manager.
 *
 * @param {object} core
 * @param {{t?: number, given?: Object<string, boolean>}} [said] when, in seconds, and what, by our categories' keys
 * @returns {boolean} whether there was one that is newer than ours
 */
export function takeOver(core, { t, given } = saidToOneTrust(core)) {
  const { items, terms, optIn, answer, cfg } = core;
  if (!(t > (answer?.t || 0) + 5)) return false;
  const c = { __proto__: null };
  const asked = items.filter(optional);
  if (!asked.some(({ key }) => given[key] !== undefined)) return false;
  const isNew = (_, i) => cfg.since?.includes(i);
  // Whoever allowed something is asked for what is new in a category that was not there. Else what was not asked about
  // stays as it is without an answer, and is no reason to ask.
  const unasked = asked.some(({ key }) => given[key]) ? items.filter(isNew).map(({ group }) => group) : [];
  const stands = core.lapsed ? undefined : answer;
  items.forEach((item, i) => {
    if (optional(item)) c[item.key] = given[item.key] ?? (stands ? core.vector[i] : unasked.includes(item) ? undefined : item.before);
  });
  // Another site's mark, that it was closed, may be what is newer.
  if (stands && items.every((item, i) => !optional(item) || c[item.key] === core.vector[i])) return false;
  const chosen = Object.values(c);
  core.answer = {
    id: '',
    u: '',
    ...answer,
    foreign: false,
    t: Math.floor(t),
    g: terms.regime,
    o: !optIn,
    x: !optIn && chosen.includes(false),
    yes: chosen.includes(true),
    // Its categories say it for what is in them, a yes only for what was there. Where a category stays as it was answered
    // here, so does all in it, and what belongs to none.
    choices: items.map((item, i) => {
      const category = item.group || item;
      const said = c[category.key];
      const stays = stands && (!optional(category) || said === core.vector[items.indexOf(category)]);
      return stays || (said && isNew(item, i)) ? stands?.choices[i] : said;
    }),
    // As gates before slots read it: the stub meets those, too.
    c,
    p: {},
    s: {},
  };
  core.applyAnswer();
  return true;
}
