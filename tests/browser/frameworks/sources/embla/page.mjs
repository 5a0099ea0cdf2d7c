import { join } from 'node:path';
import { TRACKER, bundle, page, trackers, walk } from '../shared/kit.mjs';

const SLIDES = `<div class="slide"><p>One</p></div><div class="slide"><img src="${TRACKER}/slide.gif" width="200" height="80" alt="A slide"></div><div class="slide"><iframe src="${TRACKER}/slide.html" width="200" height="80" title="A film"></iframe></div>`;

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Embla',
    head: '<style>#view{overflow:hidden;width:300px}.row{display:flex}.slide{flex:0 0 100%;min-width:0}</style>',
    body: `<header><h1>A page</h1><button id="act" type="button">Next</button></header><div id="view"><div class="row">${SLIDES}</div></div>
<main>${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk(),
});
