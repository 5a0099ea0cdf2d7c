/**
 * The first half of a gate: the blocking engine, which does nothing until the second half (gate.js) arms it. The two are one
 * file for who asks for it, and two script elements where a page carries the gate itself: the browser then makes the first
 * ready while the second still comes, and may do other things between the two.
 */

import { arm } from './block/index.js';
import { tabled } from './block/match.js';

window.__fgEngine = { arm, tabled };
document.addEventListener('DOMContentLoaded', () => {
  if (window.__fgEngine && !window.fairgate) console.error('fairgate: nothing waits: the second half of the gate is missing');
  delete window.__fgEngine;
});
