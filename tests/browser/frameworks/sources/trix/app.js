import Trix from 'trix';

const element = document.querySelector('trix-editor');
document.addEventListener('trix-initialize', () => {
  window.ready = true;
});
if (element.editor) window.ready = true;
document.getElementById('act').addEventListener('click', () => {
  element.editor.setSelectedRange([0, 0]);
  element.editor.insertHTML('<div>Words. <img src="https://trk.test/pasted.gif" width="30" height="30"></div>');
});
window.state = () => ({ saved: document.getElementById('saved').value, text: element.editor.getDocument().toString(), version: Boolean(Trix) });
