import { Idiomorph } from 'idiomorph/dist/idiomorph.esm.js';

const T = 'https://trk.test';
const main = document.querySelector('main');
const [frame, picture] = main.querySelectorAll('iframe, img');
document.getElementById('act').addEventListener('click', () => {
  const html = main.innerHTML.replace('Read on.', 'Read more.').replace(`${T}/pixel.gif`, `${T}/other.gif`);
  Idiomorph.morph(main, html, { morphStyle: 'innerHTML' });
});
window.state = () => ({
  text: main.querySelector('p').textContent,
  kept: [frame, picture].map((node) => node.isConnected),
  addresses: [...main.querySelectorAll('iframe, img')].map((node) => node.getAttribute('src')),
});
window.ready = true;
