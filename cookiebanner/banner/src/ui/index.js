/**
 * The banner, the preference center and what belongs to them, in light DOM under OneTrust's ids and classes.
 *
 * `core` is `fairgate._`; `core.texts` comes packed from consent/banners/screen.py (screen.js).
 */

import { showBanner } from './banner.js';
import { calm } from './calm.js';
import { cookieLists } from './cookies.js';
import { checkIcon, crossIcon, el, fill, interpolate, optOutIcon, settingsIcon } from './dom.js';
import { makeEqual } from './equal.js';
import { placeholder, redraw } from './placeholder.js';
import { preferences } from './preferences.js';
import { listOf, placeholderValues, unpackLists } from './screen.js';
import packed from './style.css';
import { FACT_SELLS, LOOK_BUTTON, LOOK_DARK, LOOK_LIGHT, LOOK_RADIUS, LOOK_SCHEME, PALETTE, SCREEN_DIRECTION } from '../packed.js';

const css = packed.replace(/~/g, '.fg:not(#_) ');

/** @param {import('../types.d.ts').Core} core */
export function create(core) {
  const { terms } = core;
  const prefersDark = matchMedia('(prefers-color-scheme:dark)');
  const inPage = new Set();
  /** @type {import('../types.d.ts').Ui} */
  const ui = {
    core,
    terms,
    consent: () => window.fairgate.consent(),
    root: el('div', { id: 'onetrust-consent-sdk', class: 'fg' }),
    liveRegion: el('div', { class: 'fg-done', 'aria-live': 'polite' }),
  };
  const { stand, leave } = core.keeper(ui.root, () => fromFloating && (floating || ui.liveRegion).querySelector('button'));
  let banner;
  let dialog;
  let floating;
  let timer;
  /** The preferences were opened with our own button, which comes anew. */
  let fromFloating;

  /** Reads the texts of the language in force. */
  function read() {
    const screen = core.texts;
    Object.assign(ui, unpackLists(screen, core));
    ui.placeholders = placeholderValues(/** @type {any} */ (ui), core);
    for (const node of [ui.root, ...inPage]) paint(node);
  }

  /** Language, direction and colours of a piece of ours. */
  function paint(node) {
    const look = ui.screen.look;
    const scheme = look[LOOK_SCHEME];
    const isDark = scheme === 'auto' ? prefersDark.matches : scheme === 'dark';
    const colours = look[isDark ? LOOK_DARK : LOOK_LIGHT];
    for (const [i, colour] of colours.split(' ').entries()) node.style.setProperty(`--fg-${PALETTE[i]}`, colour);
    node.style.setProperty('--fg-r', `${look[LOOK_RADIUS]}px`);
    node.style.setProperty('color-scheme', isDark ? 'dark' : 'light');
    node.lang = ui.lang;
    node.dir = ui.screen[SCREEN_DIRECTION];
  }

  /** A piece that stands in the page's own content. */
  ui.inPage = (node) => {
    inPage.add(node);
    node.classList.add('fg');
    paint(node);
    queueMicrotask(() => core.dress(node.getRootNode()));
    return node;
  };
  ui.leavePage = (node) => inPage.delete(node);
  ui.css = css;
  ui.mount = mount;
  ui.textOf = (key, values) => interpolate(ui.t[key], { ...ui.placeholders, ...values });
  ui.list = (names) => listOf(ui.screen, names);
  ui.button = (text, click, props) => el('button', { type: 'button', click, ...props }, text);
  ui.link = (href, text, label) => href && el('a', { href, target: '_blank', 'aria-label': label }, text);
  ui.policies = () => [' ', ui.link(ui.screen.policy, ui.t.policy), ' ', ui.link(ui.screen.imprint, ui.t.imprint), ' '];
  ui.optsOut = () => terms.model === 'opt_out' || terms.links.length > 0;
  /** Opted out of sale and sharing: by the browser's signal, or by an answer that says so of every such service. */
  ui.honored = () => {
    const { gpc, objected, answered, services } = ui.consent();
    const sold = ui.services.filter(({ legalFacts, category }) => legalFacts & FACT_SELLS && !category.necessary);
    return gpc || (objected && answered && sold.every(({ key }) => !services[key]));
  };
  /** "Opt-Out Request Honored", 11 CCR 7025(c)(6). */
  ui.status = () =>
    ui.t.gpc_honored && terms.gpc_status && ui.honored() && el('p', { class: 'fg-ok', lang: 'en' }, checkIcon(), ui.t.gpc_honored);
  /** The statutory links; each leads to the preferences, where the control is the first thing focused. */
  ui.links = () =>
    terms.links
      .filter((key) => ui.t[key])
      .map((key, i) =>
        ui.button([terms.optout_icon && !i && optOutIcon(), ui.t[key]], () => open('links'), {
          class: 'fg-l fg-law',
          lang: 'en',
          'data-link': key,
        }),
      );
  ui.keepEqual = (pair) => {
    const check = () => {
      const differing = makeEqual(pair);
      if (differing.length) core.report('design', `${pair[1].className}: ${differing}`);
    };
    requestAnimationFrame(check);
    for (const wait of [300, 2000]) setTimeout(check, wait);
  };

  /** The visitor's answer: told to the gate, then said back. */
  ui.answer = (action, choices, layer) => {
    leave(() => {
      core.decide(action, choices, layer);
      close();
      hideBanner();
      confirmAnswer();
    });
  };

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
      id && el('p', { class: 'fg-m' }, `${ui.t.record}: `, el('code', {}, id)),
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

  const hideBanner = () =>
    leave(() => {
      banner?.remove();
      banner = null;
      showWayBack();
    });

  function openBanner() {
    mount();
    clearMessage();
    banner?.remove();
    fromFloating = false;
    banner = showBanner(ui, open);
    calm(banner);
    ui.root.prepend(banner);
    showWayBack();
  }

  const isOpen = () => !!dialog && dialog.open;
  function open(layer) {
    const again = isOpen();
    if (!again) fromFloating = floating?.contains(core.focused());
    mount();
    clearMessage();
    close();
    dialog?.remove();
    ui.filter?.remove();
    ui.filter = el('div', { class: 'onetrust-pc-dark-filter' });
    dialog = preferences(ui, close);
    calm(dialog);
    ui.root.append(ui.filter, dialog);
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
    if (banner || ui.liveRegion.childNodes.length || !wanted) return;
    floating = el(
      'div',
      { id: 'ot-sdk-btn-floating', class: links.length ? 'fg-pill' : '' },
      links.length
        ? [links, ui.status()]
        : el(
            'div',
            { class: 'ot-floating-button__front' },
            ui.button(settingsIcon(), () => open('floating'), {
              class: 'ot-floating-button__open',
              'aria-label': ui.t.reopen,
              title: ui.t.reopen,
            }),
          ),
    );
    mount();
    ui.root.insertBefore(floating, ui.liveRegion);
  }

  function style() {
    const tag = el('style', { id: 'onetrust-style', nonce: core.nonce });
    document.getElementById(tag.id)?.remove();
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
      core.sheet = sheet;
    } catch {
      tag.textContent = css;
    }
    ui.root.prepend(tag);
  }

  // Modals of the page (Bootstrap, jQuery UI) pull the focus back to themselves when it leaves them.
  for (const type of ['focus', 'focusin']) {
    // The target may be the window itself, which no node contains.
    window.addEventListener(type, (event) => event.composedPath().includes(ui.root) && event.stopPropagation(), true);
  }
  prefersDark.addEventListener('change', () => [ui.root, ...inPage].forEach(paint));
  window.addEventListener('load', () => showWayBack());

  read();
  style();
  core.whenParsed(() => {
    showWayBack();
    cookieLists(ui);
  });

  return {
    showBanner: openBanner,
    hideBanner,
    openPreferences: open,
    setLanguage() {
      const [asked, opened] = [!!banner, isOpen()];
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
