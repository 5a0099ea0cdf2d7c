/** What stands in the place of a held frame or embed. */

import { el } from './dom.js';

/**
 * @param {object} ui
 * @param {HTMLElement} element held by the engine
 * @param {number|string} which place in the release's services, or key
 * @returns {{node: HTMLElement, remove: () => void}|null} null for an unknown service
 */
export function holdPlace(ui, element, which) {
  const { core, t } = ui;
  const service = ui.services[which] || ui.services.find(({ key }) => key === which);
  if (!service || !element.isConnected) return null;
  const names = { service: service.name, company: service.company };
  const box = element.getBoundingClientRect();
  const size = (side) => /^\d+$/.test(element.getAttribute(side) || '') ? +element.getAttribute(side) : Math.round(box[side]);
  const display = element.style.getPropertyValue('display');
  const [width, height] = [size('width'), size('height')];
  let stop = () => {};

  function remove() {
    stop();
    node.remove();
    element.style.removeProperty('display');
    if (display) element.style.setProperty('display', display);
  }
  function once() {
    remove();
    core.loadOnce(element);
  }
  function always() {
    core.decide('custom', { services: { [service.key]: true } }, 'preferences');
    if (!window.fairgate.allowed(service.key)) return;
    remove();
  }

  const node = ui.outside(
    el(
      'div',
      { class: 'fg-hold', role: 'group', 'aria-label': service.name },
      el('p', {}, ui.say('hold_text', names)),
      el('div', {}, ui.button(ui.say('hold_once', names), once, { class: 'fg-b' }), ui.button(ui.say('hold_always', names), always, { class: 'fg-b' })),
    ),
  );
  if (width > 40) node.style.setProperty('width', `${width}px`, 'important');
  if (height > 40) node.style.setProperty('min-height', `${height}px`, 'important');
  element.before(node);
  element.style.setProperty('display', 'none', 'important');
  stop = window.fairgate.on('change', () => window.fairgate.allowed(service.key) && remove()) || stop;
  return { node, remove };
}
