/** Services and what they store, in a table a person can read: in the preference center and on cookie policy pages. */

import { el } from './dom.js';
import { UNITS } from '../packed.js';

const PLACES = '#ot-sdk-cookie-policy,#ot-sdk-cookie-policy-v2,#optanon-cookie-policy';

/** @param {{t: object, lang: string}} screen @param {number|string} life `13m` (see screen.py), 0 = session, or words */
export function lifetime({ t, lang }, /** @type {any} */ life) {
  if (!life) return life === 0 ? t.session : '–';
  const [, value, unit] = /^(\d+)(\w)$/.exec(life) || [];
  return UNITS[unit]
    ? new Intl.NumberFormat(lang, { style: 'unit', unit: UNITS[unit], unitDisplay: 'long' }).format(/** @type {any} */ (value))
    : life;
}

/**
 * @param {import('../types.d.ts').Ui} ui
 * @param {import('../types.d.ts').ScreenService[]} services
 * @param {(service: import('../types.d.ts').ScreenService) => HTMLElement|false} [control] a switch for each
 */
export function serviceList(ui, services, control) {
  const { t } = ui;
  return services.map((service) => {
    const input = control?.(service);
    return el(
      'div',
      { class: 'fg-service' },
      el('div', { class: 'fg-row' }, el('h4', {}, input ? el('label', { for: input.id }, service.name) : service.name), input),
      el(
        'p',
        {},
        el('bdi', {}, service.text),
        ' ',
        `${t.provider}: ${service.company}. `,
        service.policy && ui.link(service.policy, t.policy, `${t.policy}: ${service.name}`),
      ),
      service.exempt && el('p', { class: 'fg-m' }, t.exempt_note),
      service.cookies.length
        ? el(
            'table',
            { 'aria-label': service.name },
            el(
              'thead',
              {},
              el(
                'tr',
                {},
                [t.cookie, t.purpose, t.lifetime].map((text) => el('th', { scope: 'col' }, text)),
              ),
            ),
            el(
              'tbody',
              {},
              service.cookies.map(([name, life, purpose]) =>
                el(
                  'tr',
                  {},
                  el('td', {}, el('bdi', {}, name)),
                  el('td', {}, el('bdi', {}, purpose || '–')),
                  el('td', {}, lifetime(/** @type {any} */ (ui), life)),
                ),
              ),
            ),
          )
        : el('p', { class: 'fg-m' }, t.no_cookies),
    );
  });
}

/** Fills the page's cookie policy, where it has a place for it. */
export function cookieLists(ui) {
  for (const place of ui.core.findDeep(PLACES)) {
    place.replaceChildren(
      ui.inPage(
        el(
          'div',
          { class: 'ot-sdk-cookie-policy' },
          ui.categories.map(({ name, text, services }) =>
            el(
              'section',
              {},
              el('h3', { class: 'ot-sdk-cookie-policy-group' }, name),
              el('p', { class: 'ot-sdk-cookie-policy-group-desc' }, text),
              serviceList(ui, services),
            ),
          ),
        ),
      ),
    );
  }
}
