/**
 * What a visitor pastes or drops into a page waits like the rest of it, and what is copied or dragged out of it is what its
 * author wrote. Part of late.js.
 */
import { HELD } from './names.js';

/** What a browser leaves out of what is pasted, and drawings, which may be read otherwise when they are parsed again. */
const LEFT_OUT = 'script,style,link,meta,base,title,object,embed,applet,noscript,template,frame,frameset,svg,math';
const ADDRESSES = ['src', 'href', 'poster', 'data'];

/** @param {any} internals of index.js */
export function mindEditing({ findAll, getAttr, host, inert, removeAttr, safeHtml, setAttr, setHtml }) {
  const trust = (html) => host.policy.createHTML(html);

  /** @returns {string|null} HTML that may be inserted in the place of this; null when nothing in it waits */
  function safeToPaste(html) {
    if (safeHtml(html) === html) return null;
    const { body } = new DOMParser().parseFromString(trust(html), 'text/html');
    for (const el of findAll(body, LEFT_OUT)) el.remove();
    for (const el of findAll(body, '*')) {
      for (const { name, value } of [...el.attributes]) {
        if (/^(on|srcdoc$)/i.test(name) || /^javascript:/i.test(value.replace(/[\0- ]/g, ''))) removeAttr(el, name);
      }
    }
    return body.innerHTML.replace(/<!--[^]*?-->/g, '');
  }

  /** @returns {string|null} what an event brings into an editor, safe; null when the browser may do it */
  function brought({ target, dataTransfer }) {
    const editor = target.nodeType === 1 ? target : target.parentNode;
    const html = editor?.isContentEditable && !/^plain/.test(editor.contentEditable) && dataTransfer?.getData('text/html');
    return html ? safeToPaste(html) : null;
  }

  function paste(event) {
    const safe = event.inputType === 'insertFromPaste' ? brought(event) : null;
    if (safe === null) return;
    event.preventDefault();
    setTimeout(() => event.target.ownerDocument.execCommand('insertHTML', false, safe));
  }

  function rangeAt(doc, x, y) {
    if (doc.caretRangeFromPoint) return doc.caretRangeFromPoint(x, y);
    const { offsetNode, offset } = doc.caretPositionFromPoint(x, y);
    const range = doc.createRange();
    range.setStart(offsetNode, offset);
    return range;
  }

  /** Where a drag began that is under way. */
  let dragged;

  /** Pictures of what is dropped load before a page is told that it comes in, so we are earlier. */
  function drop(event) {
    const { clientX, clientY, ctrlKey, dataTransfer, target } = event;
    const safe = brought(event);
    if (safe === null) return;
    const doc = target.ownerDocument;
    const range = rangeAt(doc, clientX, clientY);
    event.preventDefault();
    const selection = doc.getSelection();
    const moves = dragged?.isContentEditable && !ctrlKey && !selection.isCollapsed;
    const told = { inputType: 'insertFromDrop', dataTransfer, bubbles: true, cancelable: true };
    if (!target.dispatchEvent(new InputEvent('beforeinput', told))) return;
    setTimeout(() => {
      if (moves) doc.execCommand('delete');
      selection.removeAllRanges();
      selection.addRange(range);
      doc.execCommand('insertHTML', false, safe);
    });
  }

  function take(event) {
    const { target, type } = event;
    const doc = target.ownerDocument || target;
    const selection = doc.getSelection();
    const box = inert.createElement('div');
    if (type === 'dragstart' && target.nodeType === 1) box.append(target.cloneNode(true));
    else for (let i = 0; i < selection.rangeCount; i++) box.append(selection.getRangeAt(i).cloneContents());
    if (!findAll(box, `[${HELD}],[style*="data:fg,"]`)[0] || /^(input|textarea)$/.test(target.localName)) return;
    setHtml(box, trust(box.innerHTML));
    for (const name of ADDRESSES) {
      for (const el of findAll(box, `[${name}]`)) {
        try {
          setAttr(el, name, new URL(getAttr(el, name), doc.baseURI).href);
        } catch {}
      }
    }
    const data = event.clipboardData || event.dataTransfer;
    data.setData('text/html', box.innerHTML);
    if (type === 'dragstart') return;
    data.setData('text/plain', `${selection}`);
    event.preventDefault();
    if (type === 'cut' && target.isContentEditable) setTimeout(() => doc.execCommand('delete'));
  }

  const mind = (event) => {
    const { defaultPrevented, isTrusted, target, type } = event;
    if (!isTrusted || defaultPrevented) return;
    if (type === 'beforeinput') paste(event);
    else if (type === 'drop') drop(event);
    else take(event);
    if (type[0] === 'd') dragged = type === 'drop' ? null : target.nodeType === 1 ? target : target.parentNode;
  };
  // The page may do all this by itself: we come last.
  host.edited = ({ currentTarget, type }) =>
    currentTarget.addEventListener(type, (event) => host.safely('edited', () => mind(event)), { once: true });
}
