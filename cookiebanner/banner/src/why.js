/**
 * Only in gates of releases that ask again after a material change of a document: to whoever answered before it, the banner
 * says why, and its link to the privacy policy leads to what changed.
 */
import { SCREEN_TEXTS, SCREEN_WHY } from './packed.js';

/** @param {any} core @returns {boolean} was it answered before, and not since? What was denied is null, what was granted undefined. */
const isAskedAgain = (core) => core.answer && (__fg.again || []).some((place) => (core.answer.choices[place] ?? null) === null);

__fg.arm = (
  (chosen) =>
  /** @param {any} core @param {any} screen as the release has it @returns the screen to show */
  (core, screen) => {
    const shown = { ...(chosen ? chosen(core, screen) : screen) };
    const [why, title, name] = screen[SCREEN_WHY] || [];
    if (why && isAskedAgain(core)) {
      const texts = shown[SCREEN_TEXTS];
      shown.policy = `${core.base}/v1/${__fg.site}/read/${name}/#s-recent-changes`;
      shown[SCREEN_TEXTS] = { ...texts, body: `${why} ${texts.body}`, policy: title };
    }
    return shown;
  }
)(__fg.arm);
