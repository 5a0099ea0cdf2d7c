/**
 * Only in gates of regimes whose banner says more than the question: statutory links, notices, that an opt-out was honored, a
 * cross to close it. first.js hands in what it draws with, of which one copy is enough.
 */

import { SCREEN_SELLS_SENSITIVE } from './packed.js';
import { pictures } from './ui/picture.js';

/** @returns {import('./types.d.ts').Law} */
__fg.law = (/** @type {import('./types.d.ts').Ui} */ ui, el, fill) => {
  const { core, terms } = ui;
  // Nothing here outside of this function: the parts of a gate share one scope.
  const picture = pictures(fill);
  const icon = (d) => picture(16, 16, [[d, 'currentColor']]);
  /** California's opt-out icon, 11 CCR 7015: a pill, a check on its left, a cross on its right. Our own drawing. */
  const optOutIcon = () =>
    picture(30, 14, [
      ['M7 1h16a6 6 0 0 1 0 12H7A6 6 0 0 1 7 1z', '#06f', '#fff'],
      ['M17 1h6a6 6 0 0 1 0 12h-9z', '#06f', '#06f'],
      ['m6 7 3 3 4-5', '#06f'],
      ['m19 4 5 5m0-5-5 5', '#fff'],
    ]);
  return {
    honored: () =>
      core.signalled & 1 ||
      (core.answer?.x && !core.lapsed && core.items.every(({ sold, necessary }, i) => !sold || necessary || !core.vector[i])),
    status: () =>
      ui.t.gpc_honored &&
      terms.gpc_status &&
      ui.honored() &&
      el('p', { class: 'fg-ok', lang: 'en' }, icon('m2 8 4 4 8-9'), ui.t.gpc_honored),
    links: () =>
      terms.links
        .filter((key) => ui.t[key])
        .map((key, i) =>
          ui.button([terms.optout_icon && !i && optOutIcon(), ui.t[key]], () => ui.open('links'), {
            class: 'fg-l fg-law',
            lang: 'en',
            'data-link': key,
          }),
        ),
    notices: () =>
      ui.screen[SCREEN_SELLS_SENSITIVE]
        ? terms.notices.filter((key) => /sensitive/.test(key)).map((key) => el('p', { class: 'fg-note', lang: 'en' }, ui.t[key]))
        : [],
    closing: (close) =>
      terms.close_x &&
      el(
        'div',
        { id: 'onetrust-close-btn-container' },
        ui.button(icon('m3 3 10 10m0-10L3 13'), close, {
          class: 'onetrust-close-btn-handler onetrust-close-btn-ui banner-close-button ot-close-icon fg-x',
          'aria-label': ui.t.close_reject,
        }),
      ),
  };
};
