/** A page by Vue, rendered beforehand and hydrated. */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, code, file, load, page, walk } from './kit.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));

/** @param {'development'|'production'} mode */
export const vue = (mode) => async () => {
  const { root } = await load(join(HERE, 'vue/server.js'), { mode });
  const define = {
    __VUE_OPTIONS_API__: 'true',
    __VUE_PROD_DEVTOOLS__: 'false',
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'true',
  };
  const html = await root();
  return {
    'index.html': page({ title: 'Vue', body: `<div id="root">${html}</div>${file()}<p>Thanks.</p>${code()}<script src="app.js" defer></script>` }),
    'app.js': await bundle(join(HERE, 'vue/client.js'), { mode, define, alias: { vue: 'vue/dist/vue.runtime.esm-bundler.js' } }),
    'walk.json': walk({ press: ['#act', '#film', '#film'] }),
  };
};
