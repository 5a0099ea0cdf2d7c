import { join } from 'node:path';
import { TRACKER, bundle, page, trackers, vendored, walk } from '../shared/kit.mjs';

// It goes round: the slides at the ends are copied, frames and all.
const SLIDES = `<li class="splide__slide"><p>One</p></li><li class="splide__slide"><img src="${TRACKER}/slide.gif" width="200" height="80" alt="A slide"></li><li class="splide__slide"><iframe src="${TRACKER}/slide.html" width="200" height="80" title="A film"></iframe></li>`;

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Splide',
    head: `<style>${vendored('@splidejs/splide/dist/css/splide-core.min.css')}.splide{width:300px}</style>`,
    body: `<header><h1>A page</h1><button id="act" type="button">Next</button></header><section class="splide" aria-label="Slides"><div class="splide__track"><ul class="splide__list">${SLIDES}</ul></div></section>
<main>${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk(),
});
