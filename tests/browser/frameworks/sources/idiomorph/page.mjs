import { join } from 'node:path';
import { HEADER, bundle, page, trackers, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({ title: 'Idiomorph', body: `${HEADER}<main>${trackers()}</main><script src="app.js" defer></script>` }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk({ press: ['#act'] }),
});
