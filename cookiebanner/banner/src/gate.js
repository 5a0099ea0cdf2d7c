/** The gate: one classic script, first in <head>. compile.py wraps it: `(function(__fg){…})(<config>)`. */

import { arm } from './block/index.js';
import { start } from './core/index.js';

/** @type {any} */
const { fairgate } = window;
if (!fairgate?._) start(__fg, arm);
