import { join } from 'node:path';
import { HEADER, bundle, page, trackers, walk } from '../shared/kit.mjs';

export default async ({ folder }) => {
  const head = '<script src="app.js" defer></script>';
  const link = '<a id="next" href="two.html" hx-boost="true">Next</a>';
  return {
    'index.html': page({ title: 'htmx 4', head, body: `${HEADER}<main>${trackers()}${link}</main>` }),
    'two.html': page({ title: 'htmx 4, two', head, body: `${HEADER}<main><h2>Two</h2>${trackers(2)}</main>` }),
    'app.js': await bundle(join(folder, 'app.js')),
    'walk.json': walk({ next: '#next' }),
  };
};
