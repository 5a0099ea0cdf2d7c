import { join } from 'node:path';
import { bundle, page, trackers, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'focus-trap',
    head: '<style>#box{border:1px solid;padding:8px;width:20rem}</style>',
    body: `<header><h1>A page</h1><button id="act" type="button">Open</button></header>
<div id="box" role="dialog" aria-modal="true" aria-label="Sign in"><input id="name" aria-label="Name"> <button id="close" type="button">Close</button></div>
<main>${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk({ press: ['#act'], close: ['#close'] }),
});
