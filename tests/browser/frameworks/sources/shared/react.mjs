/** The same page by React, hydrated in a root and as a whole document. */

import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { GATE, LISTEN, STYLE, bundle, load, page, walk } from './kit.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));

/** @param {18|19} version @param {'development'|'production'} mode @param {boolean} whole the document itself, or a root in it */
export const react = (version, mode, whole) => async () => {
  const alias = version === 18 ? { react: 'react18', 'react-dom': 'react-dom18' } : {};
  const props = { gate: GATE, listen: LISTEN, style: STYLE, script: 'app.js' };
  const server = await load(join(HERE, 'react/server.jsx'), { mode, alias });
  const html = whole
    ? server.whole(props)
    : page({ title: 'React', body: `<div id="root">${server.root()}</div><script src="app.js" defer></script>` });
  return {
    'index.html': html,
    'app.js': await bundle(join(HERE, 'react/client.jsx'), { mode, alias, define: { PROPS: JSON.stringify(props) } }),
    'walk.json': walk({ press: ['#act', '#film', '#film'], rendered: whole }),
  };
};
