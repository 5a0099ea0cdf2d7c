/**
 * Only in gates of releases that test two banners: which of them this view shows. Drawn anew at each view, and stored
 * nowhere but with an answer. A page that pins one is no part of the test.
 */
import { SCREEN_OTHER, SCREEN_TEXTS } from './packed.js';

/** @param {any} core @returns {string} the banner of this view, A or B */
function drawn(core) {
  if (core.drawn === undefined) {
    const pinned = core.get('data-arm');
    if (!pinned && __fg.ends > Date.now() / 864e5) core.arm = Math.random() < 0.5 ? 'A' : 'B';
    core.drawn = pinned || core.arm || 'A';
  }
  return core.drawn;
}

/** @param {any} core @param {any} screen as the release has it @returns the screen of the banner to show */
__fg.arm = (core, screen) => {
  const other = screen[SCREEN_OTHER];
  if (drawn(core) !== 'B' || !other) return screen;
  const shown = { ...screen, ...other };
  shown[SCREEN_TEXTS] = { ...screen[SCREEN_TEXTS], ...other[SCREEN_TEXTS] };
  return shown;
};

// Rules are asked for before a screen is read.
if (__fg.styles) Object.defineProperty(__fg, 'css', { get: () => __fg.styles[+(drawn(window.fairgate._) === 'B')] });
