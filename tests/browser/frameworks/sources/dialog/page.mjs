import { join } from 'node:path';
import { TRACKER, bundle, page, trackers, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'A dialog',
    head: '<style>dialog{margin:20px auto;padding:12px}</style>',
    body: `<header><h1>A page</h1><button id="act" type="button">Open</button></header>
<dialog id="box" aria-label="Sign in"><p>Sign in</p><iframe src="${TRACKER}/inside.html" width="200" height="40" title="Inside"></iframe>
<button id="close" type="button">Close</button></dialog>
<main>${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk({ press: ['#act'], close: ['#close'] }),
});
