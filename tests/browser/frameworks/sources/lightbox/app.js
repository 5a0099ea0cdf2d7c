import GLightbox from 'glightbox';

const box = GLightbox({ selector: '.glightbox', openEffect: 'none', closeEffect: 'none' });
window.state = () => ({ open: Boolean(document.querySelector('.glightbox-container')), frames: document.querySelectorAll('.gslide iframe').length });
window.ready = Boolean(box);
