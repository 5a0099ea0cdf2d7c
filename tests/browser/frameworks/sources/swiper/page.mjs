import { join } from 'node:path';
import { TRACKER, bundle, page, trackers, vendored, walk } from '../shared/kit.mjs';

const SLIDES = `<div class="swiper-slide"><p>One</p></div><div class="swiper-slide"><img src="${TRACKER}/slide.gif" width="200" height="80" alt="A slide"></div><div class="swiper-slide"><iframe src="${TRACKER}/slide.html" width="200" height="80" title="A film"></iframe></div>`;

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Swiper',
    head: `<style>${vendored('swiper/swiper-bundle.min.css')}.swiper{width:300px}</style>`,
    body: `<header><h1>A page</h1><button id="act" type="button">Next</button></header><div class="swiper"><div class="swiper-wrapper">${SLIDES}</div></div>
<main>${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk(),
});
