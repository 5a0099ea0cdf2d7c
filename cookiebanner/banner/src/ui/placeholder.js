/** What stands in the place of a held frame or embed. */

import { el } from './dom.js';

/** Held element → what takes its placeholder away. */
const removals = new WeakMap();

/**
 * @param {import('../types.d.ts').Ui} ui
 * @param {HTMLElement} element held by the engine
 * @param {number|string|null} which place in the release's services, or key; null = no longer held
 * @returns {HTMLElement|undefined}
 */
export function placeholder(ui, element, which) {
  const { core } = ui;
  removals.get(element)?.();
  const service = ui.services[which] || ui.services.find(({ key }) => key === which);
  if (!service || !element.isConnected) return;
  const names = { service: service.name, company: service.company };
  const { width, height } = element.getBoundingClientRect();
  const { display } = element.style;

  function remove() {
    removals.delete(element);
    stop?.();
    node.remove();
    element.style.display = display;
  }
  function once() {
    remove();
    core.engine.loadOnce(element);
  }
  function always() {
    core.decide('custom', { services: { [service.key]: true } }, 'preferences');
  }

  // Too small for words: an empty box tells whose it is to who asks.
  const small = width && (width < 120 || height < 80);
  const text = ui.textOf('hold_text', names);
  const node = ui.inPage(
    el(
      'div',
      { class: 'fg-hold', role: 'group', 'aria-label': service.name, title: small && text },
      !small && [
        el('p', {}, text),
        el(
          'div',
          {},
          ui.button(ui.textOf('hold_once', names), once, { class: 'fg-b' }),
          ui.button(ui.textOf('hold_always', names), always, { class: 'fg-b' }),
        ),
      ],
    ),
  );
  node.style.setProperty('width', width ? `${width}px` : '', 'important');
  node.style.setProperty('min-height', `${height}px`, 'important');
  element.before(node);
  element.style.setProperty('display', 'none', 'important');
  const stop = window.fairgate.on('change', () => {
    if (window.fairgate.allowed(service.key)) remove();
  });
  removals.set(element, remove);
  return node;
}
