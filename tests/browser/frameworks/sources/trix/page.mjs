import { join } from 'node:path';
import { TRACKER, bundle, page, trackers, vendored, walk } from '../shared/kit.mjs';

// As wide as high, as the tracker's pictures are: Trix draws a picture that has loaded in its own ratio.
const SAVED = `<div>Text.<br><img src='${TRACKER}/drawn.gif' width='40' height='40'><br>More.</div>`;

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Trix',
    head: `<style>${vendored('trix/dist/trix.css')}</style>`,
    body: `<header><h1>A page</h1><button id="act" type="button">Write</button></header>
<main><input id="saved" type="hidden" value="${SAVED}"><trix-editor input="saved"></trix-editor>${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk({ press: ['#act'] }),
});
