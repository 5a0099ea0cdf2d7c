/**
 * What stands for a held frame or embed: a box in the frame's own empty document, which has the frame's size, place and
 * visibility; over what has no such document, a box in our root.
 */

import { el } from './dom.js';

/** Held element → what takes its placeholder away. */
const removals = new Map();
/** Held element → which service's it is. */
const services = new WeakMap();

/** Puts the box into the document of a held frame, by its own objects: whatever policy the page has, this is allowed. */
function drawInside(ui, doc, node) {
  try {
    const sheet = new doc.defaultView.CSSStyleSheet();
    sheet.replaceSync(ui.css);
    doc.adoptedStyleSheets = [sheet];
  } catch {
    doc.head.replaceChildren(el('style', { nonce: ui.core.nonce }, ui.css));
  }
  node.classList.add('fg-inside');
  doc.body.replaceChildren(node);
  return () => node.remove();
}

/** Puts the box over an element, wherever that goes. */
function drawAbove(ui, element, node) {
  const follow = () => {
    const { left, top, width, height } = element.getBoundingClientRect();
    const origin = ui.root.getBoundingClientRect();
    const place = { left: left - origin.left, top: top - origin.top, width, height };
    for (const side in place) node.style.setProperty(side, `${place[side]}px`);
    node.style.setProperty('visibility', getComputedStyle(element).visibility);
  };
  node.classList.add('fg-above');
  ui.mount();
  ui.root.prepend(node);
  const watcher = new ResizeObserver(follow);
  for (const each of [element, document.documentElement]) watcher.observe(each);
  for (const type of ['scroll', 'resize']) window.addEventListener(type, follow, true);
  follow();
  return () => {
    watcher.disconnect();
    for (const type of ['scroll', 'resize']) window.removeEventListener(type, follow, true);
    node.remove();
  };
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
  services.set(element, service.key);
  const isFrame = element.localName === 'iframe';
  const doc = isFrame && core.engine.internals.contentDocument(element);
  // A frame whose own text is its document shows that.
  if (isFrame && (!doc?.body || element.hasAttribute('srcdoc'))) return;
  const names = { service: service.name, company: service.company };

  function once() {
    placeholder(ui, element, null);
    core.engine.loadOnce(element);
    element.focus({ preventScroll: true });
  }
  function always() {
    core.decide('custom', { services: { [service.key]: true } }, 'preferences');
  }

  const text = ui.textOf('hold_text', names);
  const node = ui.inPage(
    el(
      'div',
      { class: 'fg-hold', role: 'group', 'aria-label': service.name },
      el('p', {}, text),
      el(
        'div',
        {},
        ui.button(ui.textOf('hold_once', names), once, { class: 'fg-b' }),
        ui.button(ui.textOf('hold_always', names), always, { class: 'fg-b' }),
      ),
    ),
  );
  const erase = isFrame ? drawInside(ui, doc, node) : drawAbove(ui, element, node);
  const box = isFrame ? doc.documentElement : element;
  // Too small for words, an empty box tells whose it is to who asks; where nothing is seen nothing is shown.
  const tell = () => {
    const { offsetWidth: width, offsetHeight: height } = box;
    const isSmall = width < 120 || height < 80;
    node.hidden = width < 3 || height < 3;
    node.title = isSmall ? text : '';
    node.classList.toggle('fg-small', isSmall);
  };
  const watcher = new ResizeObserver(tell);
  watcher.observe(box);
  tell();
  const stop = window.fairgate.on('change', () => {
    if (window.fairgate.allowed(service.key)) placeholder(ui, element, null);
  });
  removals.set(element, () => {
    stop();
    watcher.disconnect();
    ui.leavePage(node);
    erase();
  });
  return node;
}

/** Draws all placeholders anew, in the language in force. */
export function redraw(ui) {
  for (const element of [...removals.keys()]) placeholder(ui, element, services.get(element));
}
