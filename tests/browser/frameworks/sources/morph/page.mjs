import { join } from 'node:path';
import { HEADER, bundle, page, pictures, trackers, walk, TRACKER } from '../shared/kit.mjs';

/** A part that a server renders anew: morphed, as Livewire does, and by the library that Phoenix' LiveView uses. */
const part = (id) => `<section id="${id}"><p x-text="'Alive'"></p><p>Version 1</p>
<iframe src="${TRACKER}/${id}.html" width="200" height="40" title="A film"></iframe>
<p>Offers: <img src="${TRACKER}/${id}.gif" width="20" height="20" alt="">${pictures(id)}</p><ul><li>One</li></ul></section>`;

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Morphing',
    body: `${HEADER}<div x-data>${part('alive')}</div><div>${part('plain')}</div><main>${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk({ press: ['#act', '#act'] }),
});
