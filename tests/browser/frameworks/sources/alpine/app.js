import Alpine from 'alpinejs';

window.state = () => ({ count: document.getElementById('count').textContent, frames: document.querySelectorAll('main iframe').length });
document.addEventListener('alpine:initialized', () => {
  window.ready = true;
});
Alpine.start();
