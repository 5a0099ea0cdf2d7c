import { join } from 'node:path';
import { TRACKER, bundle, page, trackers, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'contenteditable',
    body: `<header><h1>A page</h1><button id="act" type="button">Write</button></header><main>
<div id="editor" contenteditable="true"><p>Text.</p><p><img src="${TRACKER}/drawn.gif" alt="Drawn" width="40" height="40"></p><p>And a film: <iframe src="${TRACKER}/film.html" width="200" height="60" sandbox="allow-scripts"></iframe></p><p>More.</p></div>
${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk({ press: ['#act'] }),
});
