import { join } from 'node:path';
import { TRACKER, bundle, code, file, page, pictures, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Alpine',
    body: `<main x-data="{ count: 0, shown: true }"><h1>A page</h1><button id="act" type="button" @click="count++">Count</button>
<output id="count" x-text="count">0</output> <button id="film" type="button" @click="shown = !shown">Film</button>
<template x-if="shown"><iframe src="${TRACKER}/frame.html" width="300" height="120" title="A film"></iframe></template>
<iframe :src="'${TRACKER}/bound.html'" width="100" height="50" title="Another film"></iframe>
<p>Offers: ${pictures()}</p></main>${file()}<p>Thanks.</p>${code()}<script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk({ press: ['#act', '#film', '#film'] }),
});
