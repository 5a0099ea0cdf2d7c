/**
 * The first layer, and what the other layers share with it. It travels with the gate, so that the banner needs no second
 * request; ui.js, which comes later or at a press, goes on with the same object. One banner, whichever file had its texts.
 */

import { showBanner } from './banner.js';
import { calm } from './calm.js';
import { el, fill, interpolate } from './dom.js';
import packed from './first.css';
import { exemptions, listOf, textsOf } from './screen.js';
import { LOOK_DARK, LOOK_LIGHT, LOOK_RADIUS, LOOK_SCHEME, PALETTE, SCREEN_DIRECTION, SCREEN_LANGUAGE } from '../packed.js';

/**
 * @param {import('../types.d.ts').Core} core
 * @returns {import('../types.d.ts').Ui}
 */
export function firstLayer(core) {
  const { terms } = core;
  const prefersDark = matchMedia('(prefers-color-scheme:dark)');
  let pressed = false;
  /** @type {import('../types.d.ts').Ui} */
  const ui = {
    core,
    terms,
    css: '',
    placeholders: {},
    root: el('div', { id: 'onetrust-consent-sdk', class: 'fg' }),
    read(screen) {
      screen = core.cfg.arm?.(core, screen) || screen;
      Object.assign(ui, {
        screen,
        lang: screen[SCREEN_LANGUAGE],
        t: textsOf(screen, core),
        exempt: exemptions(screen, core),
      });
      ui.pieces.forEach(ui.paint);
    },
    /** Language, direction and colours of a piece of ours. */
    paint(node) {
      const look = ui.screen.look;
      const scheme = look[LOOK_SCHEME];
      const isDark = scheme === 'auto' ? prefersDark.matches : scheme === 'dark';
      const colours = look[isDark ? LOOK_DARK : LOOK_LIGHT];
      for (const [i, colour] of colours.split(' ').entries()) node.style.setProperty(`--fg-${PALETTE[i]}`, colour);
      node.style.setProperty('--fg-r', `${look[LOOK_RADIUS]}px`);
      node.style.setProperty('color-scheme', isDark ? 'dark' : 'light');
      node.lang = ui.lang;
      node.dir = ui.screen[SCREEN_DIRECTION];
    },
    /** Adds rules to those of before. @param {string} more packed as build.mjs does; a backtick is where the release's files lie */
    addStyle(more) {
      ui.css += more;
      const { cfg } = core;
      // The site's own come last.
      const css = (ui.css + (cfg.css || '')).replace(/~/g, '.fg:not(#_) ').replace(/`/g, `${core.base}/v1/${cfg.site}/a/`);
      document.getElementById('onetrust-style')?.remove();
      const tag = el('style', { id: 'onetrust-style', nonce: core.nonce });
      try {
        const sheet = core.sheet || new CSSStyleSheet();
        sheet.replaceSync(css);
        if (!core.sheet) document.adoptedStyleSheets = [...document.adoptedStyleSheets, sheet];
        core.sheet = sheet;
      } catch {
        tag.textContent = css;
      }
      ui.root.prepend(tag);
    },
    textOf: (key, values) => interpolate(ui.t[key], { ...ui.placeholders, ...values }),
    list: (names) => listOf(ui.screen, names),
    button: (text, click, props) => el('button', { type: 'button', click, ...props }, text),
    link: (href, text, label) => href && el('a', { href, target: '_blank', 'aria-label': label }, text),
    policies: () => [' ', ui.link(ui.screen.policy, ui.t.policy), ' ', ui.link(ui.screen.imprint, ui.t.imprint), ' '],
    // Where the regime wants them, law.js brings them.
    honored: () => false,
    status: () => false,
    links: () => [],
    notices: () => [],
    closing: () => false,
    /** Puts the banner into our root, anew where it was. */
    draw() {
      ui.banner?.remove();
      ui.banner = showBanner(ui);
      calm(ui.banner);
      ui.root.prepend(ui.banner);
    },
    /** ui.js's takes care of focus and of the way back, too. */
    hideBanner() {
      ui.banner?.remove();
      ui.banner = null;
    },
    open: (layer) => core.loadRest().then((view) => view?.openPreferences(layer)),
    /** The visitor's answer. What comes before the files that take it waits for them, and counts once. */
    answer(action, choices, layer) {
      if (pressed) return;
      const decide = () => core.decide(action, choices, layer);
      if (core.view) return core.view.settle(decide);
      pressed = true;
      // Still there for who has the focus in it; ui.js leads that on.
      ui.banner.style.cssText = 'opacity:0;pointer-events:none';
      const rest = core.loadRest();
      core
        .late(decide)
        .then(() => rest)
        .then((view) => {
          pressed = false;
          view?.settle();
        });
    },
  };
  Object.assign(ui, core.cfg.law?.(ui, el, fill));
  // Out of the flow of the page's html, which may be a grid.
  ui.root.style.position = 'absolute';
  ui.pieces = new Set([ui.root]);
  prefersDark.addEventListener('change', () => ui.pieces.forEach(ui.paint));
  // Modals of the page (Bootstrap, jQuery UI) pull the focus back to themselves when it leaves them.
  const onFocus = (event) => {
    // The target may be the window itself, which no node contains.
    if (!event.composedPath().includes(ui.root)) return;
    event.stopPropagation();
    ui.before ||= event.relatedTarget;
  };
  for (const type of ['focus', 'focusin']) window.addEventListener(type, onFocus, true);
  ui.addStyle(packed);
  return ui;
}
