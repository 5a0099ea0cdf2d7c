import { join } from 'node:path';
import { bundle, code, file, load, page, walk } from '../shared/kit.mjs';

export default async ({ folder }) => {
  const { root } = await load(join(folder, 'server.js'));
  return {
    'index.html': page({ title: 'Preact', body: `<div id="root">${root()}</div>${file()}<p>Thanks.</p>${code()}<script src="app.js" defer></script>` }),
    'app.js': await bundle(join(folder, 'client.js')),
    'walk.json': walk({ press: ['#act', '#film', '#film'] }),
  };
};
