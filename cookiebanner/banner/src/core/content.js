/** What is on offer, in the words of a language, for pages that draw their own banner (docs/headless.md). Part of late.js. */

import { FACT_SELLS, FACT_SENSITIVE, SCREEN_DIRECTION } from '../packed.js';
import { lifetime } from '../ui/cookies.js';
import { interpolate } from '../ui/dom.js';
import { placeholderValues, unpackLists } from '../ui/screen.js';

// The build writes one letter for this name; the page's is the whole word.
const NECESSARY = 'necessary';

/**
 * @param {import('../types.d.ts').Core} core
 * @param {import('../types.d.ts').Screen} packed a language's screen
 * @returns {import('../../fairgate.d.ts').Content}
 */
export function content(core, packed) {
  const { terms, cfg } = core;
  const lists = unpackLists(packed, core);
  const { t, lang } = lists;
  const values = placeholderValues(lists, core);
  const texts = Object.fromEntries(Object.entries(t).map(([key, text]) => [key, interpolate(text, values)]));
  const services = lists.services.map(({ key, name, company, policy, category, text, legalFacts, cookies }) => ({
    key,
    name,
    company,
    policy: policy || '',
    description: text || '',
    category: category.key,
    [NECESSARY]: !!category.necessary,
    sells: !!(legalFacts & FACT_SELLS),
    sensitive: !!(legalFacts & FACT_SENSITIVE),
    cookies: cookies.map(([cookie, life, purpose]) => ({ name: cookie, lifetime: lifetime(lists, life), purpose: purpose || '' })),
  }));
  return {
    language: lang,
    languages: Object.keys(cfg.langs),
    direction: packed[SCREEN_DIRECTION] || 'ltr',
    policy: packed.policy || '',
    imprint: packed.imprint || '',
    asks: !!terms.banner,
    buttons: [...terms.buttons, ...(terms.close_x ? ['close'] : [])],
    links: terms.links.filter((key) => t[key]),
    texts,
    categories: lists.categories.map(({ key, name, text, necessary }) => ({
      key,
      name,
      description: text || '',
      [NECESSARY]: !!necessary,
      services: services.filter(({ category }) => category === key),
    })),
    purposes: lists.purposes.map(({ key, name, text }) => ({ key, name, description: text || '' })),
    services,
  };
}
