/** Entry of ui.<language>.js: hands the banner and its texts to the gate. */

import { create } from './ui/index.js';

fairgate._.ui(create, fairgate._.texts);
