/**
 * Frames that are sent to a held address, whoever sends them: a link, a form, `open()`, or the frame's own `location` by the
 * Navigation API, which says nothing of frames that are still empty. What visitors do themselves, and popups, go on.
 */
import { adoptedUrl } from './adopt.js';
import { documentWaitsFor, exempted, textBehind, textWaitsFor, upward, urlWaitsFor } from './decide.js';
import { closest, contentWindow, findAll, getAttr, listen, listenAgain, sayOnce } from './dom.js';
import { watchedRoots } from './observe.js';
import { methods } from './replace.js';

/** Windows → where they were on their way to (resume.js). @type {Map<Window, string>} */
export const stopped = new Map();

/** The frame that a target of document `doc` means, if any. */
function frameOf(doc, target) {
  const w = doc.defaultView;
  target ||= (doc.querySelector('base[target]') || doc).target;
  const within = !target || /^_self$/i.test(target) ? w : /^_parent$/i.test(target) && w?.parent;
  if (within) return within !== within.top && within;
  const windowOf = (el) => (el.localName === 'iframe' ? contentWindow(el) : el.contentWindow);
  for (const ref of watchedRoots) {
    const root = ref.deref();
    for (const el of root ? findAll(root, 'iframe,frame,object') : []) {
      const frame = windowOf(el);
      try {
        if (frame && (getAttr(el, 'name') === target || frame.name === target)) return frame;
      } catch {}
    }
  }
}

/** Code runs behind the rules that the frame has, unless it makes a document. */
const isHeld = (url) =>
  /^javascript:/.test(url) ? /<\w/.test(textBehind(url) || '') && textWaitsFor(textBehind(url)) : documentWaitsFor(url);

const sendTo = (url, frame) => {
  frame.location = url;
};
/** @returns {any} whether a held address was kept from a frame, or `send` gave it a document in memory that is adopted */
function isStopped(el, target, address, resumes = true, send = sendTo) {
  const doc = el.ownerDocument;
  const url = address !== null && new URL(address, doc.baseURI).href;
  const held = url && isHeld(url);
  const frame = (held || /^(blob|javascript):/.test(url)) && frameOf(doc, target);
  const adopted = frame && !held && adoptedUrl(url);
  if (!held && !adopted) return;
  if (adopted) send(adopted, frame);
  else if (frame && resumes) stopped.set(frame, url);
  return frame;
}

const isLinkStopped = (el) => isStopped(el, getAttr(el, 'target'), getAttr(el, 'href') ?? getAttr(el, 'xlink:href'));
function isFormStopped(form, button) {
  const of = (name) => (button && getAttr(button, `form${name}`)) || getAttr(form, name);
  return isStopped(form, of('target'), of('action'), false);
}

/** Frames are nobody's property (`window[0]`): they are entered before the page goes on. */
export function enterFrames(w) {
  for (let i = 0; i < w?.length; i++) {
    try {
      upward.patchRealm(w[i]);
    } catch {}
  }
}

/** Never throws: a listener of ours must not be heard of. */
const safely = (run) => (event) => {
  try {
    run(event);
  } catch {}
};

const onClick = safely((event) => {
  const link = !event.isTrusted && event.composedPath().find((el) => /^a(rea)?$/.test(el.localName));
  if (link && isLinkStopped(link)) event.preventDefault();
});
const onSubmit = safely((event) => isFormStopped(event.target, event.submitter) && event.preventDefault());
/** A window, or a shadow root, of which events may not come out. @param {EventTarget} root */
export function hearIn(root) {
  listen(root, 'click', onClick);
  listen(root, 'submit', onSubmit);
}

/** @param {any} w */
export function patchNavigation(w) {
  const hear = (target, type, run) => target && listen(target, type, safely(run));
  hearIn(w);
  // A frame that is new may speak before it has loaded.
  hear(w, 'message', ({ source }) => upward.patchRealm(source));
  // A document that comes later is another realm.
  hear(w.document, 'load', () => enterFrames(w));
  if (w !== w.top) {
    // Of an empty frame there is no event.
    methods(w, 'Navigation', 'navigate', (go, args) => {
      const [address] = args;
      const url = new URL(address, w.document.baseURI).href;
      if (!isHeld(url)) {
        args[0] = adoptedUrl(url) || address;
        return go();
      }
      stopped.set(w, url);
      const never = new w.Promise(() => {});
      return { committed: never, finished: never };
    });
    hear(w.navigation, 'navigate', (event) => {
      const { url } = event.destination;
      if (event.userInitiated || !event.cancelable || exempted.has(w.frameElement)) return;
      const held = isHeld(url);
      const adopted = !held && adoptedUrl(url);
      if (!held && !adopted) return;
      event.preventDefault();
      if (held) stopped.set(w, url);
      else w.location[event.navigationType === 'push' ? 'assign' : 'replace'](adopted);
    });
  }
  // What stands in no page is heard of by nobody, and leads somewhere all the same.
  const isLoose = (el) => !el.isConnected && closest(el, 'a');
  methods(w, 'HTMLElement', 'click', (go, _args, el) => !(isLoose(el) && isLinkStopped(isLoose(el))) && go());
  methods(w, 'EventTarget', 'dispatchEvent', (go, [event], el) => {
    const isClick = event?.type === 'click' && el?.localName && isLoose(el);
    if (isClick && isLinkStopped(isClick)) event.preventDefault();
    return go();
  });
  // The frame of that name may stand in a shadow tree.
  const isSent = (form) => /^[^_]/.test(getAttr(form, 'target') || '_') && urlWaitsFor(getAttr(form, 'action'));
  methods(w, 'HTMLFormElement', 'submit', (go, _args, form) => isFormStopped(form) || isSent(form) || go());
  methods(w, 'Document', 'open', (go, args, doc) => {
    if (args.length > 2) return doc.defaultView.open(...args);
    const opened = go();
    listenAgain(doc);
    return opened;
  });
  methods(w, w, 'open', (go, args) => {
    sayOnce(args);
    const [url = '', target = ''] = args;
    // It makes the page the frame's opener.
    const send = (adopted) => {
      args[0] = adopted;
      go();
    };
    const frame = target && isStopped(w.document.documentElement, `${target}`, `${url}`, true, send);
    const opened = frame || go();
    try {
      upward.patchRealm(opened);
    } catch {}
    return opened;
  });
}
