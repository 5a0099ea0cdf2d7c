import Swiper from 'swiper';

// It copies its slides for a loop: each copy is a frame and a picture of its own.
const swiper = new Swiper('.swiper', { speed: 0, loop: true, loopAdditionalSlides: 1 });
document.getElementById('act').addEventListener('click', () => swiper.slideNext(0));
window.state = () => ({ slide: swiper.realIndex, slides: swiper.slides.length });
window.ready = true;
