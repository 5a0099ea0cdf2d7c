import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { compile } from 'svelte/compiler';
import { bundle, code, file, load, page, walk } from '../shared/kit.mjs';

const svelte = (generate) => ({
  name: 'svelte',
  setup(build) {
    build.onLoad({ filter: /\.svelte$/ }, ({ path }) => ({
      contents: compile(readFileSync(path, 'utf8'), { generate, dev: generate === 'client', filename: 'App.svelte' }).js.code,
    }));
  },
});

export default async ({ folder }) => {
  const { root } = await load(join(folder, 'server.js'), { plugins: [svelte('server')] });
  const { head, body } = root();
  return {
    'index.html': page({ title: 'Svelte', head, body: `<div id="root">${body}</div>${file()}<p>Thanks.</p>${code()}<script src="app.js" defer></script>` }),
    'app.js': await bundle(join(folder, 'client.js'), { plugins: [svelte('client')], conditions: ['browser', 'development'] }),
    'walk.json': walk({ press: ['#act', '#film', '#film'] }),
  };
};
