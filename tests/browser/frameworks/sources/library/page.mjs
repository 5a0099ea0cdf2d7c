import { join } from 'node:path';
import { HEADER, TRACKER, bundle, page, trackers, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'A library with inline code behind it',
    // Its own room, whether the library has drawn into it or not: other boxes must not move.
    head: '<style>#form{height:24px}</style>',
    body: `${HEADER}<div id="form"></div><script src="${TRACKER}/library.js"></script><script>trkForms.create('#form')</script>
<main>${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk(),
});
