import { join } from 'node:path';
import { HEADER, bundle, page, trackers, walk } from '../shared/kit.mjs';

const STYLE = 'html,body{height:100%}body{margin:0;display:grid;grid-template-rows:auto 1fr auto}';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Layout: grid',
    head: `<style>${STYLE}</style><script src="app.js" defer></script>`,
    body: `${HEADER}<main>${trackers()}</main><footer>The end</footer>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk(),
});
