import Quill from 'quill';

const quill = new Quill('#editor', { theme: 'snow', modules: { toolbar: false } });
quill.clipboard.dangerouslyPasteHTML(document.getElementById('content').innerHTML);
document.getElementById('act').addEventListener('click', () => {
  quill.insertText(0, 'Words. ');
  quill.insertEmbed(7, 'image', 'https://trk.test/inserted.gif');
});
window.state = () => ({ saved: quill.root.innerHTML, meant: quill.getSemanticHTML(), delta: quill.getContents() });
window.ready = true;
