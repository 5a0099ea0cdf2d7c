import { join } from 'node:path';
import { bundle, page, trackers, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  'index.html': page({
    title: 'A payment',
    body: `<header><h1>Pay</h1></header><form id="pay"><div id="field"></div><button id="act" type="button">Pay</button> <output id="said"></output></form>
<script src="https://pay.test/v1.js"></script><script>const field = Pay.mount('#field');</script>
<main>${trackers()}</main><script src="app.js" defer></script>`,
  }),
  'app.js': await bundle(join(folder, 'app.js')),
  'pay.js': await bundle(join(folder, 'pay.js')),
  'pay.html': '<!doctype html><title>Card</title><style>body{margin:0}</style><p>Card number</p><script>addEventListener("message",(e)=>e.source.postMessage({token:"tok_"+e.data.amount},e.origin));parent.postMessage({ready:1},"*")</script>',
  'walk.json': walk(),
});
