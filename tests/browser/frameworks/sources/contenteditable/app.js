const editor = document.getElementById('editor');
document.getElementById('act').addEventListener('click', () => {
  editor.focus();
  getSelection().selectAllChildren(editor.firstElementChild);
  getSelection().collapseToEnd();
  document.execCommand('insertText', false, ' Words.');
  document.execCommand('insertHTML', false, '<img src="https://trk.test/pasted.gif" alt="Pasted" width="30" height="30">');
});
window.state = () => ({ saved: editor.innerHTML });
window.ready = true;
