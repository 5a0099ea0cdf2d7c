/** What stands in the place of a held frame or embed. */

import { el } from './dom.js';

/** Held element → what takes its placeholder away. */
const removals = new WeakMap();

/** Would anybody see the frame? Trackers' own are tiny or not shown. */
function isSeen(frame) {
  return frame.clientWidth > 2 && frame.clientHeight > 2 && getComputedStyle(frame).visibility !== 'hidden';
}

/**
 * @param {import('../types.d.ts').Ui} ui
 * @param {HTMLElement} element held by the engine
 * @param {number|string|null} which place in the release's services, or key; null = no longer held
 * @returns {HTMLElement|undefined}
 */
export function placeholder(ui, element, which) {
  const { core } = ui;
  removals.get(element)?.();
  removals.delete(element);
  // Behind the release's services stands what the banner keeps itself; the engine's place there means "no rule knows it".
  const service = core.services[which] ? ui.services[which] : ui.services.find(({ key }) => key === which);
  if (!service || !element.isConnected) return;
  if (element.localName === 'iframe' && !isSeen(element)) {
    const watcher = new ResizeObserver(() => {
      if (isSeen(element)) placeholder(ui, element, which);
    });
    watcher.observe(element);
    removals.set(element, () => watcher.disconnect());
    return;
  }
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
  // What a frame leaves to others by its position (boxes that keep a ratio) is left to them.
  const { position, top, left } = getComputedStyle(element);
  if (/ab|fi/.test(position)) Object.assign(node.style, { position, top, left });
  element.before(node);
  element.style.setProperty('display', 'none', 'important');
  const stop = window.fairgate.on('change', () => {
    if (window.fairgate.allowed(service.key)) remove();
  });
  removals.set(element, remove);
  return node;
}
