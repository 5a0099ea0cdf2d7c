/**
 * The preference center, the confirmation and the way back: what belongs to the banner (first.js), in light DOM under
 * OneTrust's ids and classes.
 *
 * `core` is `fairgate._`; `core.texts` comes packed from consent/banners/screen.py (screen.js).
 */

import { calm } from './calm.js';
import { cookieLists } from './cookies.js';
import { crossIcon, el, fill } from './dom.js';
import { makeEqual } from './equal.js';
import { placeholder, redraw } from './placeholder.js';
import { preferences } from './preferences.js';
import { placeholderValues, unpackLists } from './screen.js';
import packed from './style.css';
import { LOOK_BUTTON } from '../packed.js';

/** @param {import('../types.d.ts').Core} core */
export function create(core) {
  const { terms } = core;
  const ui = core.makeUi();
  /** The language of a banner that came with the gate. */
  const shownIn = ui.banner && ui.lang;
  const { stand, leave } = core.keeper(ui.root, () => fromFloating && (floating || ui.liveRegion).querySelector('button'));
  let dialog;
  /** Perhaps late.js has drawn it. */
  let { floating } = ui;
  let timer;
  /** The preferences were opened with our own button, which comes anew. */
  let fromFloating;

  /** Reads the texts of the language in force. */
  function read() {
    ui.read(core.texts);
    Object.assign(ui, unpackLists(ui.screen, core));
    ui.placeholders = placeholderValues(/** @type {any} */ (ui), core);
  }

  Object.assign(ui, {
    consent: () => window.fairgate.consent(),
    liveRegion: el('div', { class: 'fg-done', 'aria-live': 'polite' }),
    mount,
    hideBanner,
    open,
    keepEqual,
    hasSignal: () => core.signalled,
    isStopped: ({ key }) => core.isStopped(key),
    optsOut: () => terms.model === 'opt_out' || terms.links.length > 0,
    /** A piece that stands in the page's own content. */
    inPage(node) {
      ui.pieces.add(node);
      node.classList.add('fg');
      ui.paint(node);
      queueMicrotask(() => core.dress(node.getRootNode()));
      return node;
    },
    leavePage: (node) => ui.pieces.delete(node),
  });

  /** After an answer: told to the gate by `decide`, unless it was before, then said back. */
  function settle(decide) {
    leave(() => {
      decide?.();
      close();
      hideBanner();
      confirmAnswer();
    });
  }

  /** Keeps two buttons alike; a banner that came with the gate takes no answer before that. */
  function keepEqual(pair = ui.pair) {
    if (!pair) return;
    const check = () => {
      const differing = makeEqual(pair);
      if (differing.length) core.report('design', `${pair[1].className}: ${differing}`);
    };
    // After the paint: it asks for all that was computed.
    requestAnimationFrame(() => setTimeout(check));
    for (const wait of [300, 2000]) setTimeout(check, wait);
  }

  function mount() {
    stand();
    if (!ui.liveRegion.isConnected) ui.root.append(ui.liveRegion);
  }

  function confirmAnswer() {
    const { answered, id, categories, services } = ui.consent();
    if (!answered) return;
    mount();
    const granted = ui.categories.filter(({ key, necessary }) => !necessary && categories[key]).map(({ name }) => name);
    for (const { key, category, name } of ui.services)
      if (services[key] && !category.necessary && !categories[category.key]) granted.push(name);
    clearMessage();
    fill(ui.liveRegion, {}, [
      // Never what is not so: this browser may keep nothing.
      !core.unkept && el('strong', {}, ui.t.stored),
      ui.button(crossIcon(), clearMessage, { class: 'fg-x', 'aria-label': ui.t.close }),
      el(
        'p',
        {},
        granted.length ? ui.textOf('stored_yes', { list: ui.list(granted) }) : ui.t.stored_no,
        ' ',
        ui.textOf('change', { link: ui.t.reopen }),
      ),
      id && el('p', { class: 'fg-m' }, `${ui.t.record}: `, el('code', {}, el('bdi', {}, id))),
      ui.status(),
    ]);
    const unlessFocused = () => {
      if (fromFloating || !ui.liveRegion.contains(core.focused())) clearMessage();
    };
    timer = setTimeout(unlessFocused, 12000);
    showWayBack();
  }
  function clearMessage() {
    clearTimeout(timer);
    leave(() => {
      ui.liveRegion.replaceChildren();
      showWayBack();
    });
  }

  function hideBanner() {
    leave(() => {
      ui.banner?.remove();
      ui.banner = null;
      showWayBack();
    });
  }

  function openBanner() {
    mount();
    clearMessage();
    fromFloating = false;
    ui.draw();
    showWayBack();
  }

  const isOpen = () => !!dialog && dialog.open;
  function open(layer, fromButton = false) {
    const again = isOpen();
    if (!again) fromFloating = fromButton || floating?.contains(core.focused());
    mount();
    clearMessage();
    close();
    dialog?.remove();
    ui.filter?.remove();
    ui.filter = el('div', { class: 'onetrust-pc-dark-filter' });
    dialog = preferences(ui, close);
    calm(dialog);
    ui.root.append(ui.filter, dialog);
    core.dialog = dialog;
    core.own?.draw();
    if (dialog.showModal) dialog.showModal();
    else dialog.setAttribute('open', '');
    /** @type {HTMLElement} */
    const first = dialog.querySelector(layer === 'links' ? '.fg-optout button' : '#close-pc-btn-handler') || dialog.querySelector('button');
    first.focus({ preventScroll: layer !== 'links' });
    if (!again) window.dispatchEvent(new CustomEvent('OneTrustPCLoaded'));
  }

  function close(event) {
    // A dialog that was replaced says so a moment later.
    if (!dialog || (event?.type === 'close' && event.target !== dialog)) return;
    dialog.classList.add('ot-hide');
    ui.filter.classList.add('ot-hide');
    leave(() => {
      if (dialog.open && dialog.close) dialog.close();
      else dialog.removeAttribute('open');
    });
  }

  /** The way back: statutory links where the law wants them, our button when the page has no link of its own. */
  function showWayBack() {
    floating?.remove();
    floating = null;
    const places = core.findDeep('[data-fairgate-links]');
    for (const place of places) place.replaceChildren(ui.inPage(el('span', {}, ui.links(), ui.status())));
    const links = places.length ? [] : ui.links();
    const wanted = links.length || (ui.screen.look[LOOK_BUTTON] && !core.findDeep(core.openers)[0]);
    if (ui.banner || ui.liveRegion.childNodes.length || !wanted) return;
    floating = el(
      'div',
      { id: 'ot-sdk-btn-floating', class: links.length ? 'fg-pill' : '' },
      links.length ? [links, ui.status()] : core.floatingButton(ui, () => open('floating')),
    );
    mount();
    ui.root.insertBefore(floating, ui.liveRegion);
  }

  window.addEventListener('load', () => showWayBack());

  read();
  ui.addStyle(core.buttonStyle(ui) + packed);
  if (shownIn === ui.lang) {
    mount();
    keepEqual();
  } else if (shownIn) openBanner();
  core.whenParsed(() => {
    showWayBack();
    cookieLists(ui);
  });

  return {
    showBanner: openBanner,
    hideBanner,
    settle,
    openPreferences: open,
    setLanguage() {
      const [asked, opened] = [!!ui.banner, isOpen()];
      read();
      if (asked) openBanner();
      if (opened) open();
      else showWayBack();
      redraw(ui);
      cookieLists(ui);
    },
    placeholder: (element, service) => placeholder(ui, element, service),
    cookieList: () => cookieLists(ui),
  };
}
