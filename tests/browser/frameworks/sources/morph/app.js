import morph from '@alpinejs/morph';
import Alpine from 'alpinejs';
import morphdom from 'morphdom';

const ids = ['alive', 'plain'];
const parts = () => ids.map((id) => document.getElementById(id));
const original = parts().map((part) => part.outerHTML);
const frames = parts().map((part) => part.querySelector('iframe'));
let version = 1;

document.getElementById('act').addEventListener('click', () => {
  version++;
  const [alive, plain] = original.map((html, i) =>
    html
      .replace('Version 1', `Version ${version}`)
      .replace('<li>', `<li>New</li><li><img src="https://trk.test/${ids[i]}-more.gif" width="10" height="10" alt=""></li><li>`),
  );
  Alpine.morph(parts()[0], alive);
  morphdom(parts()[1], plain);
});
window.state = () => ({
  kept: frames.map((frame) => frame.isConnected),
  addresses: [...document.querySelectorAll('section iframe, section img')].map((node) => node.getAttribute('src')),
  texts: parts().map((part) => part.textContent),
});
Alpine.plugin(morph);
document.addEventListener('alpine:initialized', () => {
  window.ready = true;
});
Alpine.start();
