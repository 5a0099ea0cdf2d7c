const box = document.getElementById('box');
document.getElementById('act').addEventListener('click', () => box.showModal());
document.getElementById('close').addEventListener('click', () => box.close());
window.state = () => ({ open: box.open, children: box.children.length });
window.ready = true;
