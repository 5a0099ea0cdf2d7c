import { join } from 'node:path';
import { HEADER, bundle, page, trackers, walk } from '../shared/kit.mjs';

export default async ({ folder }) => {
  const head = '<script src="app.js" defer></script>';
  return {
    'index.html': page({ title: 'Turbo', head, body: `${HEADER}<main>${trackers()}<a id="next" href="two.html">Next</a></main>` }),
    'two.html': page({ title: 'Turbo, two', head, body: `${HEADER}<main><h2>Two</h2>${trackers(2)}</main>` }),
    'app.js': await bundle(join(folder, 'app.js')),
    'walk.json': walk({ next: '#next' }),
  };
};
