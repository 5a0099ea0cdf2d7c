import { join } from 'node:path';
import { HEADER, TRACKER, bundle, page, trackers, walk } from '../shared/kit.mjs';

const STYLE =
  '.ratio{position:relative;width:600px}.ratio::before{content:"";display:block;padding-top:56.25%}' +
  '.ratio>*{position:absolute;inset:0;width:100%;height:100%}.fluid{width:50%;aspect-ratio:4/3;height:auto}.hidden{display:none}' +
  '.wp-block-embed__wrapper::before{content:"";display:block;padding-top:56.25%}.wp-block-embed__wrapper{position:relative;width:600px}' +
  '.wp-block-embed__wrapper iframe{position:absolute;inset:0;width:100%;height:100%}.inline{vertical-align:middle}';
const frame = (name, more = '') => `<iframe src="${TRACKER}/${name}.html" title="A film" ${more}></iframe>`;

export default async ({ folder }) => ({
  'index.html': page({
    title: 'Layout: frames',
    head: `<style>${STYLE}</style><script src="app.js" defer></script>`,
    body: `${HEADER}<main>${[1, 2, 3, 4].map((i) => frame(`hidden${i}`, 'class="hidden" width="1" height="1"')).join('')}
<div class="ratio">${frame('ratio')}</div><figure class="wp-block-embed"><div class="wp-block-embed__wrapper">${frame('wp')}</div></figure>
${frame('fluid', 'class="fluid"')}<p>In a line: ${frame('line', 'class="inline" width="80" height="20"')} and on.</p>${frame('bare')}
${trackers()}</main>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'walk.json': walk(),
});
