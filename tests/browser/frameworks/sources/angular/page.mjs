import { join } from 'node:path';
import { bundle, code, file, page, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Angular',
    body: `<app-root></app-root>${file()}<p>Thanks.</p>${code()}<script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js'), { define: { ngDevMode: 'false', ngJitMode: 'true', ngServerMode: 'false' } }),
  'walk.json': walk({ press: ['#act', '#film', '#film'] }),
});
