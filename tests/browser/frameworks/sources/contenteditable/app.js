const editor = document.getElementById('editor');
document.getElementById('act').addEventListener('click', () => {
  editor.focus();
  getSelection().selectAllChildren(editor.firstElementChild);
  getSelection().collapseToEnd();
  document.execCommand('insertText', false, ' Words.');
  // Not `insertHTML` with a picture: the browser's own parser asks for it, in a race with whatever watches (see Site.raced).
  document.execCommand('insertHTML', false, ' <b>bold</b>');
  const picture = new Image(30, 30);
  picture.src = 'https://trk.test/pasted.gif';
  editor.lastElementChild.append(picture);
});
window.state = () => ({ saved: editor.innerHTML });
window.ready = true;
