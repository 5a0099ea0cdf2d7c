import { join } from 'node:path';
import { TRACKER, bundle, page, trackers, vendored, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'A lightbox',
    head: `<style>${vendored('glightbox/dist/css/glightbox.min.css')}*,*::before,*::after{transition:none!important;animation:none!important}</style>`,
    body: `<header><h1>A page</h1><a id="act" class="glightbox" href="${TRACKER}/film.html" data-type="external" data-width="400px" data-height="300px">Watch</a></header>
<main>${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk({ press: ['#act'] }),
});
