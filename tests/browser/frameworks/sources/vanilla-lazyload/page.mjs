import { join } from 'node:path';
import { TRACKER, HEADER, bundle, page, trackers, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'vanilla-lazyload',
    body: `${HEADER}<main><img class="lazy" data-src="${TRACKER}/lazy.gif" width="100" height="40" alt="Late">
<img class="lazy" data-srcset="${TRACKER}/set.gif 1x" data-src="${TRACKER}/unused.gif" width="100" height="40" alt="Set">
<iframe class="lazy" data-src="${TRACKER}/lazy.html" width="200" height="60" title="Late film"></iframe>
${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk(),
});
