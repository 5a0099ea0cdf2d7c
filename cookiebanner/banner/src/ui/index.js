/**
 * The banner, the preference center and what belongs to them, in light DOM under OneTrust's ids and classes.
 *
 * `core` is `fairgate._`; `core.texts` comes packed from consent/banners/screen.py.
 */

import { showBanner } from './banner.js';
import { cookieLists } from './cookies.js';
import { checkIcon, crossIcon, el, fill, fmt, optOutIcon, settingsIcon } from './dom.js';
import { level } from './equal.js';
import { holdPlace } from './hold.js';
import { preferences } from './preferences.js';
import { keeper } from './root.js';
import packed from './style.css';

// The palette's order in consent/banners/theme.py.
const TOKENS = ['bg', 'fg', 'mut', 'line', 'hair', 'ac', 'on', 'ed'];

const css = packed.replace(/~/g, '.fg:not(#_) ');

/** @param {object} core */
export function create(core) {
  const { terms } = core;
  const dark = matchMedia('(prefers-color-scheme:dark)');
  const painted = new Set();
  const ui = {
    core,
    terms,
    consent: () => window.fairgate.consent(),
    root: el('div', { id: 'onetrust-consent-sdk', class: 'fg' }),
    live: el('div', { class: 'fg-done', 'aria-live': 'polite' }),
  };
  const standing = keeper(ui.root);
  let banner;
  let dialog;
  let floating;
  let timer;

  /** Reads the texts of the language in force. */
  function read() {
    const data = core.texts;
    Object.assign(ui, { data, lang: data.l, t: { ...data.t } });
    for (const [regimes, texts] of data.r)
      if (regimes.includes(terms.regime) || regimes.includes(core.cfg.variant)) Object.assign(ui.t, texts);
    ui.categories = data.c.map(([key, necessary, name, text]) => ({ key, necessary, name, text, services: [] }));
    ui.services = data.s.map(([key, name, company, policy, at, text, facts, cookies, exempt]) => {
      const category = ui.categories[at || 0];
      const service = { key, name, company: company || name, policy, category, text, facts: facts || 0, cookies: cookies || [] };
      service.exempt = !category.necessary && (exempt || []).some((place) => terms.exempt.includes(place));
      category.services.push(service);
      return service;
    });
    ui.purposes = data.p.map(([key, name, text]) => ({ key, name, text, services: [] }));
    const optional = ui.categories.filter((category) => !category.necessary);
    ui.words = { controller: data.who, count: ui.services.length, purposes: ui.list(optional.map(({ name }) => name)) };
    for (const node of [ui.root, ...painted]) dress(node);
  }

  /** Language, direction and colours of a piece of ours. */
  function dress(node) {
    const [, , scheme, radius, , light, night] = ui.data.look;
    const colours = (scheme === 'auto' ? dark.matches : scheme === 'dark') ? night : light;
    for (const [i, colour] of colours.split(' ').entries()) node.style.setProperty(`--fg-${TOKENS[i]}`, colour);
    node.style.setProperty('--fg-r', `${radius}px`);
    node.style.setProperty('color-scheme', colours === night ? 'dark' : 'light');
    node.lang = ui.lang;
    node.dir = ui.data.d;
  }

  /** A piece that stands in the page's own content. */
  ui.outside = (node) => {
    painted.add(node);
    node.classList.add('fg');
    dress(node);
    return node;
  };
  ui.say = (key, values) => fmt(ui.t[key], { ...ui.words, ...values });
  ui.list = ([...names]) => {
    const last = names.pop();
    return names[0] ? names.join(', ') + ui.data.and + last : last;
  };
  ui.button = (text, click, props) => el('button', { type: 'button', click, ...props }, text);
  ui.link = (href, text, label) => href && el('a', { href, target: '_blank', 'aria-label': label }, text);
  ui.policies = () => [' ', ui.link(ui.data.policy, ui.t.policy), ' ', ui.link(ui.data.imprint, ui.t.imprint), ' '];
  ui.optsOut = () => terms.model === 'opt_out' || terms.links.length > 0;
  /** Opted out of sale and sharing: by the browser's signal, or by an answer that says so of every such service. */
  ui.honored = () => {
    const { gpc, objected, answered, services } = ui.consent();
    const sold = ui.services.filter(({ facts, category }) => facts & 1 && !category.necessary);
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
  ui.level = (pair) => {
    const check = () => {
      const differing = level(pair);
      if (differing.length) core.report('design', `${pair[1].className}: ${differing}`);
    };
    requestAnimationFrame(check);
    for (const wait of [300, 2000]) setTimeout(check, wait);
  };

  /** The visitor's answer: told to the gate, then said back. */
  ui.answer = (action, choices, layer) => {
    core.decide(action, choices, layer);
    close();
    hideBanner();
    confirm();
  };

  function mount() {
    standing();
    if (!ui.live.isConnected) ui.root.append(ui.live);
  }

  function confirm() {
    const { answered, id, categories, services } = ui.consent();
    if (!answered) return;
    mount();
    const granted = ui.categories.filter(({ key, necessary }) => !necessary && categories[key]).map(({ name }) => name);
    for (const { key, category, name } of ui.services)
      if (services[key] && !category.necessary && !categories[category.key]) granted.push(name);
    quiet();
    fill(ui.live, {}, [
      el('strong', {}, ui.t.stored),
      ui.button(crossIcon(), quiet, { class: 'fg-x', 'aria-label': ui.t.close }),
      el(
        'p',
        {},
        granted.length ? ui.say('stored_yes', { list: ui.list(granted) }) : ui.t.stored_no,
        ' ',
        ui.say('change', { link: ui.t.reopen }),
      ),
      id && el('p', { class: 'fg-m' }, `${ui.t.record}: `, el('code', {}, id)),
      ui.status(),
    ]);
    timer = setTimeout(() => ui.live.contains(document.activeElement) || quiet(), 12000);
    float();
  }
  function quiet() {
    clearTimeout(timer);
    ui.live.replaceChildren();
    float();
  }

  const hideBanner = () => {
    banner?.remove();
    banner = null;
    float();
  };

  function openBanner() {
    mount();
    quiet();
    banner?.remove();
    banner = showBanner(ui, open);
    ui.root.prepend(banner);
    float();
  }

  const isOpen = () => !!dialog && dialog.open;
  function open(layer) {
    mount();
    quiet();
    const again = isOpen();
    close();
    dialog?.remove();
    ui.filter?.remove();
    ui.filter = el('div', { class: 'onetrust-pc-dark-filter' });
    dialog = preferences(ui, close);
    ui.root.append(ui.filter, dialog);
    if (dialog.showModal) dialog.showModal();
    else dialog.setAttribute('open', '');
    const first = dialog.querySelector(layer === 'links' ? '.fg-optout button' : '#close-pc-btn-handler') || dialog.querySelector('button');
    first.focus({ preventScroll: layer !== 'links' });
    if (!again) window.dispatchEvent(new CustomEvent('OneTrustPCLoaded'));
  }

  function close(event) {
    // A dialog that was replaced says so a moment later.
    if (!dialog || (event?.type === 'close' && event.target !== dialog)) return;
    dialog.classList.add('ot-hide');
    ui.filter.classList.add('ot-hide');
    if (dialog.open && dialog.close) dialog.close();
    else dialog.removeAttribute('open');
  }

  /** The way back: statutory links where the law wants them, our button when the page has no link of its own. */
  function float() {
    floating?.remove();
    const places = document.querySelectorAll('[data-fairgate-links]');
    for (const place of places) place.replaceChildren(ui.outside(el('span', {}, ui.links(), ui.status())));
    const links = places.length ? [] : ui.links();
    const wanted = links.length || (ui.data.look[4] && !document.querySelector(core.openers));
    if (banner || ui.live.childNodes.length || !wanted) return;
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
    ui.root.insertBefore(floating, ui.live);
  }

  function style() {
    const tag = el('style', { id: 'onetrust-style', nonce: core.nonce });
    document.getElementById(tag.id)?.remove();
    try {
      const sheet = new CSSStyleSheet();
      sheet.replaceSync(css);
      document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
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
  dark.addEventListener('change', () => [ui.root, ...painted].forEach(dress));
  window.addEventListener('load', () => float());

  read();
  style();
  core.parsed(() => {
    float();
    cookieLists(ui);
  });

  return {
    showBanner: openBanner,
    hideBanner,
    openPreferences: open,
    close,
    setLanguage() {
      const [asked, opened] = [!!banner, isOpen()];
      read();
      if (asked) openBanner();
      if (opened) open();
      else float();
      cookieLists(ui);
    },
    placeholder: (element, service) => holdPlace(ui, element, service),
    cookieList: () => cookieLists(ui),
    float,
  };
}
