const box = document.getElementById('box');
document.getElementById('act').addEventListener('click', () => box.showModal());
document.getElementById('close').addEventListener('click', () => box.close());
// While it is a modal it holds the banner, or the banner could not be answered: the one root may stand in it.
window.state = () => ({ open: box.open, children: box.querySelectorAll(':scope > :not(#onetrust-consent-sdk)').length });
window.ready = true;
