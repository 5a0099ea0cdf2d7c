import { Editor, Node } from '@tiptap/core';
import StarterKit from '@tiptap/starter-kit';

const T = 'https://trk.test';
/** An embed that keeps its address, as such extensions are written. */
const embed = (name, tag) =>
  Node.create({
    name,
    group: 'block',
    atom: true,
    addAttributes: () => ({ src: { default: null } }),
    parseHTML: () => [{ tag: `${tag}[src]` }],
    renderHTML: ({ HTMLAttributes }) => [tag, HTMLAttributes],
  });

const editor = new Editor({
  element: document.getElementById('editor'),
  extensions: [StarterKit, embed('film', 'iframe'), embed('picture', 'img')],
  content: `<p>Text.</p><img src="${T}/drawn.gif"><iframe src="${T}/film.html"></iframe><p>More.</p>`,
});
document.getElementById('act').addEventListener('click', () => {
  editor.commands.insertContentAt(1, 'Words. ');
  // The editor reads its own markup again, as a paste within it would.
  editor.commands.setContent(editor.view.dom.innerHTML);
});
window.state = () => ({ saved: editor.getHTML(), json: editor.getJSON() });
window.ready = true;
