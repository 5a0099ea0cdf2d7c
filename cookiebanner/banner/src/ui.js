/** Entry of ui.<language>.js: hands the banner to the gate. */

import { create } from './ui/index.js';

window.fairgate._.ui(create, window.fairgate._.brought);
