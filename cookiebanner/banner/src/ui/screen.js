/** What the screen of one language lists, as consent/banners/screen.py packed it, with names. Pure. */

import {
  SCREEN_CATEGORIES,
  SCREEN_CONJUNCTION,
  SCREEN_CONTROLLER,
  SCREEN_EXEMPT,
  SCREEN_LANGUAGE,
  SCREEN_PURPOSES,
  SCREEN_REGIME_TEXTS,
  SCREEN_SERVICES,
  SCREEN_SIGNALS,
  SCREEN_TEXTS,
} from '../packed.js';

/** The texts, those of the regime included. @param {import('../types.d.ts').Screen} packed */
export function textsOf(packed, { terms, cfg }) {
  const t = { ...packed[SCREEN_TEXTS] };
  for (const [regimes, texts] of packed[SCREEN_REGIME_TEXTS] || []) {
    if (regimes.includes(terms.regime) || regimes.includes(cfg.variant)) Object.assign(t, texts);
  }
  return t;
}

const isExempt = (places, terms) => (places || []).some((where) => terms.exempt.includes(where));

/** Services that run unasked under this law, against which one may object. @returns {{key: string, name: string}[]} */
export const exemptions = (packed, { terms }) =>
  (packed[SCREEN_EXEMPT] || []).flatMap(([key, name, places]) => (isExempt(places, terms) ? { key, name } : []));

/**
 * The rows are taken apart here and nowhere else, in the order of screen.json (a test holds the two together).
 *
 * @param {import('../types.d.ts').Screen} packed `core.texts`
 * @param {Pick<import('../types.d.ts').Core, 'terms'|'cfg'>} core
 * @returns {import('../types.d.ts').Lists}
 */
export function unpackLists(packed, core) {
  const { terms } = core;
  const categories = packed[SCREEN_CATEGORIES].map(([key, necessary, name, text]) => ({ key, necessary, name, text, services: [] }));
  const services = packed[SCREEN_SERVICES].map(([key, name, company, policy, place, text, facts, cookies, places]) => {
    const category = categories[place || 0];
    const service = {
      key,
      name,
      company: company || name,
      policy,
      category,
      text,
      legalFacts: facts,
      cookies: cookies || [],
      exempt: !category.necessary && isExempt(places, terms),
    };
    category.services.push(service);
    return service;
  });
  const purposes = packed[SCREEN_PURPOSES].map(([key, name, text]) => ({ key, name, text, services: [] }));
  return { screen: packed, lang: packed[SCREEN_LANGUAGE], t: textsOf(packed, core), categories, services, purposes };
}

/** "One, two and three", as the language has it. */
export function listOf(screen, [...names]) {
  const last = names.pop();
  return names[0] ? names.join(', ') + screen[SCREEN_CONJUNCTION] + last : last;
}

/** What stands in any text for its `{placeholders}`. @param {any} lists @param {any} core */
export const placeholderValues = ({ screen, categories }, { services, signals }) => {
  const all = screen[SCREEN_SIGNALS];
  const on = Object.keys(signals);
  return {
    controller: screen[SCREEN_CONTROLLER],
    // Without what the banner keeps itself.
    count: services.length,
    // Of this browser's, or of all that there are.
    signals: listOf(screen, on[0] ? on.map((key) => all[key]) : Object.values(all)),
    purposes: listOf(
      screen,
      categories.filter(({ necessary }) => !necessary).map(({ name }) => name),
    ),
  };
};
