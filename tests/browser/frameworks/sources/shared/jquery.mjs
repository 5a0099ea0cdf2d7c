/** A page on which jQuery inserts scripts, pictures and frames in the ways that people write. */

import { HEADER, bundle, page, trackers, walk } from './kit.mjs';

export const jquery = async (name, entry) => ({
  'index.html': page({
    title: name,
    body: `${HEADER}<main>${trackers()}<div id="one"></div><div id="two"></div><div id="three"></div></main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(entry),
  'walk.json': walk(),
});
