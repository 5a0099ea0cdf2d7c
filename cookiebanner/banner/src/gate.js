/** The gate behind its engine (engine.js): one classic script, first in <head>. compile.py wraps it: `(function(__fg){…})(<config>)`. */

import { start } from './core/index.js';
import { origin } from './core/origin.js';

function run(engine) {
  delete window.__fgEngine;
  const begin = () => window.fairgate?._ || start(__fg, engine);
  // What a signed link shows on the site itself (cookiebanner/staff/preview.py): another gate in this one's place. The parser
  // waits for it, so that the page goes on behind one of the two.
  const preview = !__fg.preview && /fairgate-preview\/[\w:.-]+/.exec(name + location.hash);
  let script;
  if (preview) {
    const { base, nonce, dropIn } = origin(__fg.site);
    const src = `${base}/${preview}/v1/${__fg.site}/gate.js`;
    try {
      if (!dropIn) document.write(`<script src="${src}" nonce="${nonce}"></script>`);
    } catch {
      // Trusted Types, or XML.
    }
    script = [...document.scripts].find((one) => one.src === src);
    if (script)
      script.onload = script.onerror = () => {
        script.remove();
        begin();
      };
  }
  script || begin();
}

if (window.__fgEngine || window.fairgate) run(window.__fgEngine);
else {
  // This half knows what has to wait, and has nothing to hold it with until the other comes.
  console.error('fairgate: nothing waits: the first half of the gate does not stand before the second');
  Object.defineProperty(window, '__fgEngine', { configurable: true, set: run });
}
