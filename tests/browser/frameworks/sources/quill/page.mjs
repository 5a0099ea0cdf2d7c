import { join } from 'node:path';
import { TRACKER, bundle, page, trackers, vendored, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Quill',
    head: `<style>${vendored('quill/dist/quill.snow.css')}</style>`,
    body: `<header><h1>A page</h1><button id="act" type="button">Write</button></header><main><div id="editor"></div><template id="content"><p>Text.</p><p><img src="${TRACKER}/drawn.gif"></p><iframe class="ql-video" src="${TRACKER}/film.html"></iframe><p>More.</p></template>
${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk({ press: ['#act', '#act'] }),
});
