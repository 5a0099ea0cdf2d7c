import { join } from 'node:path';
import { HEADER, bundle, page, trackers, walk } from '../shared/kit.mjs';

const STYLE = 'html,body{height:100%}body{margin:0;display:flex;flex-direction:column;gap:8px}body>main{flex:1}';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Layout: flex',
    head: `<style>${STYLE}</style><script src="app.js" defer></script>`,
    body: `${HEADER}<main>${trackers()}</main><footer>The end</footer>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk(),
});
