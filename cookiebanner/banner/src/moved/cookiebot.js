/** Cookiebot's cookie `CookieConsent`: `{stamp:'…',necessary:true,…,method:'explicit',ver:1,utc:1716329838000,region:'de'}`. */

import { values } from '../core/cookie.js';
import { moved } from './moved.js';

const WORDS = ['preferences', 'statistics', 'marketing'];

moved(() => {
  const raw = decodeURIComponent(values('CookieConsent').pop() || '');
  // Strictly necessary cookies alone. (-1 is no answer: nothing was asked there.)
  if (raw === '0') return { said: Object.fromEntries(WORDS.map((word) => [word, false])) };
  const said = { __proto__: null };
  for (const [, word, value] of raw.matchAll(/\b(preferences|statistics|marketing):(true|false)\b/g)) said[word] = value === 'true';
  // What was implied is nobody's yes: its time does not count.
  const [, utc] = (/\bmethod:'explicit'/.test(raw) && /\butc:(\d{10,13})\b/.exec(raw)) || [];
  return { said, t: utc && +utc / 1000 };
});
