/**
 * Our button by which preferences are opened again. Most pages are seen by visitors who have answered, and most of them press
 * nothing: so late.js draws it with what came with the gate, and ui.js is asked for when it is pressed.
 */

import { SCREEN_LANGUAGE } from '../packed.js';
import { el, settingsIcon } from './dom.js';
import packed from './way_back.css';

/** Its part of the style sheet, once. @param {import('../types.d.ts').Ui} ui */
export const buttonStyle = (ui) => (ui.css.includes(packed) ? '' : packed);

/** @param {import('../types.d.ts').Ui} ui @param {() => void} open */
export const floatingButton = (ui, open) =>
  el(
    'div',
    { class: 'ot-floating-button__front' },
    ui.button(settingsIcon(), open, { class: 'ot-floating-button__open', 'aria-label': ui.t.reopen, title: ui.t.reopen }),
  );

/**
 * Puts it into the page, where there are words for it.
 *
 * @param {import('../types.d.ts').Core} core
 * @returns {boolean|undefined} whether the page has it, or is about to
 */
export function drawWayBack(core) {
  if (core.view) return true;
  if (core.first?.[SCREEN_LANGUAGE] !== core.lang) return;
  const ui = core.makeUi();
  ui.read(core.firstScreen());
  if (!ui.t.reopen) return;
  const open = () => {
    const focused = ui.floating.contains(core.focused());
    core.loadUi().then((view) => view.openPreferences('floating', focused));
  };
  ui.addStyle(buttonStyle(ui));
  ui.floating = el('div', { id: 'ot-sdk-btn-floating' }, floatingButton(ui, open));
  ui.root.append(ui.floating);
  core.keeper(ui.root).stand();
  // Links of the page may have come late.
  window.addEventListener('load', () => core.findDeep(core.openers)[0] && ui.floating.remove());
  return true;
}
