/**
 * What can wait: answers and their queue, counts, reports, when to show the banner. Loaded from its immutable address
 * beside the banner, or when something is left to send; a returning visitor with nothing to do never loads it.
 */

import { finish } from './block/release.js';
import { answers } from './core/answer.js';
import { wire } from './core/wire.js';

const OPENERS = '.ot-sdk-show-settings,.optanon-toggle-display,.optanon-show-settings,.ot-pc-handler,#ot-sdk-btn,[data-fairgate-open]';
const PLACES = '#ot-sdk-cookie-policy,#ot-sdk-cookie-policy-v2,#optanon-cookie-policy,[data-fairgate-links]';

const core = window.fairgate._;
const { terms, ours } = core;

function late() {
  const line = wire(core);
  answers(core, line);
  finish(core.engine);
  const headless = () => core.get('data-ignore-html') === 'true' || /[?&]hidebanner=true/.test(location.search);
  const parentHost = () => {
    try {
      return parent.location.hostname;
    } catch {
      return (location.ancestorOrigins?.[0] || '').replace(/.*\/\/|:\d+$/g, '');
    }
  };
  // A frame of the same site holds what it has to and leaves the asking to its page.
  const inner = window.top !== window && ours(parentHost());

  const shown = (kind) => {
    line.count(kind);
    core.emit('shown', { kind });
  };
  core.show = () =>
    core.loadUi().then((view) => {
      if (!core.ask || headless()) return;
      view.showBanner();
      shown('banner');
    }, () => {});
  core.open = (layer) =>
    core.loadUi().then((view) => {
      view.openPreferences(layer);
      shown('preferences');
    }, () => {});
  const wanted = () => terms.links || document.querySelector(PLACES) || (core.cfg.button && !document.querySelector(OPENERS));
  core.flush = line.flush;
  /** @returns {Promise<void>|undefined} settles when the banner stands, if it has to */
  core.begin = () => {
    line.report();
    if (core.begun) return;
    core.begun = true;
    core.reread();
    if (core.answer?.x) core.save();
    core.safely('signal', core.hear);
    line.flush();
    if (inner) return;
    if (core.tag?.async || core.tag?.defer) core.report('late', core.tag.async ? 'async' : 'defer');
    if (core.ask && terms.banner && !headless()) return core.show();
    core.parsed(() => wanted() && !headless() && core.loadUi().catch(() => {}));
  };
}
if (!core.begin) late();
