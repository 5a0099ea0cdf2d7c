import { join } from 'node:path';
import { bundle, page, trackers, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Tiptap',
    body: `<header><h1>A page</h1><button id="act" type="button">Write</button></header><main><div id="editor"></div>
${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk({ press: ['#act'] }),
});
