import { join } from 'node:path';
import { HEADER, bundle, page, trackers, walk } from '../shared/kit.mjs';

const STYLE = 'body{transform:translateX(10px);position:relative}body>:first-child{margin-top:40px}body>:last-child{font-weight:bold}';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Layout: transform',
    head: `<style>${STYLE}</style><script src="app.js" defer></script>`,
    body: `${HEADER}<main>${trackers()}</main><footer>The end</footer>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk(),
});
