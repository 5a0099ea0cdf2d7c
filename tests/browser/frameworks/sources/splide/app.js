import Splide from '@splidejs/splide';

const slides = new Splide('.splide', { type: 'loop', speed: 0, clones: 2 });
slides.on('ready', () => {
  window.ready = true;
});
slides.mount();
document.getElementById('act').addEventListener('click', () => slides.go('>'));
window.state = () => ({
  index: slides.index,
  addresses: [...document.querySelectorAll('.splide__slide [src]')].map((node) => node.getAttribute('src')),
});
