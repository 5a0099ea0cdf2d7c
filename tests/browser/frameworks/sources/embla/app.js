import EmblaCarousel from 'embla-carousel';

const embla = EmblaCarousel(document.getElementById('view'), { loop: false });
document.getElementById('act').addEventListener('click', () => embla.scrollNext(true));
window.state = () => ({ slide: embla.selectedScrollSnap(), slides: embla.slideNodes().length });
window.ready = true;
