/**
 * What can wait: answers and their queue, counts, reports, when to show the banner. Loaded from its immutable address
 * beside the banner, or when something is left to send; a returning visitor with nothing to do never loads it.
 */

import { answers } from './core/answer.js';
import { wire } from './core/wire.js';

const core = window.fairgate._;
const { terms, ours } = core;

function late() {
  const line = wire(core);
  answers(core, line);
  const headless = core.get('data-ignore-html') === 'true' || /[?&]hidebanner=true/.test(location.search);
  const parentHost = () => {
    try {
      return parent.location.hostname;
    } catch {
      return (location.ancestorOrigins?.[0] || '').replace(/.*\/\/|:\d+$/g, '');
    }
  };
  // A frame of the same site holds what it has to and leaves the asking to its page.
  const inner = window.top !== window && ours(parentHost());
  let begun = false;

  const shown = (kind) => {
    line.count(kind);
    core.emit('shown', { kind });
  };
  core.show = () =>
    core.loadUi().then((view) => {
      if (!core.ask || headless) return;
      view.showBanner();
      shown('banner');
    }, () => {});
  core.open = (layer) =>
    core.loadUi().then((view) => {
      view.openPreferences(layer);
      shown('preferences');
    }, () => {});
  core.begin = () => {
    line.report();
    if (begun) return;
    begun = true;
    core.reread();
    if (core.answer?.x) core.save();
    core.safely('signal', core.hear);
    line.flush();
    if (inner) return;
    if (core.ask && terms.banner !== 'none' && !headless) core.show();
    if (core.tag?.async || core.tag?.defer) core.report('late', core.tag.async ? 'async' : 'defer');
  };
}
if (!core.write) late();
