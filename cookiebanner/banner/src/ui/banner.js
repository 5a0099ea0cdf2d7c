/** The first layer. What it offers is the regime's: `terms.buttons`, and what law.js knows. */

import { el } from './dom.js';
import { LOOK_LAYOUT, LOOK_ORDER, LOOK_POSITION } from '../packed.js';

const LAYOUTS = { card: 'otFloatingRounded', bar: 'otFlat', center: 'otCenterRounded' };

/**
 * @param {import('../types.d.ts').Ui} ui
 * @returns {HTMLElement} the banner, not yet in the page
 */
export function showBanner(ui) {
  const { t, terms, screen, exempt } = ui;
  const look = screen.look;
  const position = look[LOOK_POSITION];
  const has = (name) => terms.buttons.includes(name);
  const answer = (action, choices) => () => ui.answer(action, choices, 'banner');
  const accept = has('accept') && ui.button(t.accept, answer('accept_all'), { id: 'onetrust-accept-btn-handler', class: 'fg-b' });
  const reject = has('reject') && ui.button(t.reject, answer('reject_all'), { id: 'onetrust-reject-all-handler', class: 'fg-b' });
  ui.pair = accept && reject && [accept, reject];
  ui.keepEqual?.();
  return el(
    'div',
    {
      id: 'onetrust-banner-sdk',
      class: `${LAYOUTS[look[LOOK_LAYOUT]] || LAYOUTS.card} ${position.includes('-') ? 'ot-' : ''}${position}`,
      role: 'region',
      'aria-label': t.pc_title,
    },
    el(
      'div',
      {
        class: `fg-in ${terms.close_x ? 'ot-close' : ''}`,
        role: 'dialog',
        'aria-labelledby': 'onetrust-policy-title',
        'aria-describedby': 'onetrust-policy-text',
      },
      el(
        'div',
        { id: 'onetrust-group-container' },
        el(
          'div',
          { id: 'onetrust-policy' },
          el('h2', { id: 'onetrust-policy-title' }, ui.textOf('title')),
          el(
            'p',
            { id: 'onetrust-policy-text' },
            ui.textOf('body'),
            ui.policies(),
            ui.button(ui.textOf('services'), () => ui.open('services'), { class: 'fg-l' }),
          ),
          exempt.length > 0 &&
            el(
              'p',
              { class: 'fg-note' },
              ui.textOf('exempt', { services: ui.list(exempt.map(({ name }) => name)) }),
              ' ',
              ui.button(t.object, answer('opt_out', { services: Object.fromEntries(exempt.map(({ key }) => [key, false])) }), {
                class: 'fg-l fg-object',
              }),
            ),
          ui.notices(),
          ui.status(),
        ),
      ),
      el(
        'div',
        { id: 'onetrust-button-group-parent' },
        el(
          'div',
          { id: 'onetrust-button-group', class: reject ? 'has-reject-all-button' : '' },
          look[LOOK_ORDER] ? [reject, accept] : [accept, reject],
          has('manage') &&
            ui.button(t.manage, () => ui.open('banner'), { id: 'onetrust-pc-btn-handler', class: 'fg-q', 'aria-haspopup': 'dialog' }),
        ),
        terms.links.length > 0 && el('div', { class: 'fg-links' }, ui.links()),
      ),
      ui.closing(answer('close')),
    ),
  );
}
