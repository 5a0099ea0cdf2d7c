/**
 * The blocking engine: holds everything that a release says has to wait, and lets it go when the answer allows.
 *
 * decide.js says what waits; scripts.js, hold.js and twins.js how it waits; level.js, html.js, observe.js, readers.js, store.js and patch.js are the ways
 * on which things come into a page; release.js, which comes later, lets them go. Imports point from the last to the first.
 *
 * @typedef {object} Host the heart of the gate (core/index.js), of which the engine uses
 * @property {object} table compiled patterns (match.js)
 * @property {{key: string, cookies: string[], inline: string[]}[]} services
 * @property {(index: number) => boolean} allowed may this service run now?
 * @property {(key?: string) => boolean} granted is this category (without one: any optional one) granted?
 * @property {(id: string) => false} unknown an id or type that means nothing here: told of once
 * @property {any} cfg `hold`: third parties that no rule knows wait, too; `strict(host)` writes the allow-list policy
 * @property {string[]} friends the site's hosts and ours; their subdomains too
 * @property {string} nonce of the gate
 * @property {HTMLScriptElement} [tag] the gate's element
 * @property {any} policy our Trusted Types policy, or what stands for it
 * @property {string} level drop_in, snippet, strict, server
 * @property {boolean} [swallows] set when the page has the SWALLOW markup
 * @property {(kind: string, subject: string) => void} report an unknown host, once
 * @property {(what: string, error?: Error) => void} disarmed a patch that could not be made
 * @property {(element: Element, index: number|null) => void} place a frame or embed is held; null: it is back
 * @property {(html: string) => boolean} [takeWritten] set when released scripts run: takes what they write, says whether it did
 * @property {(event: any) => void} [edited] set by edited.js: a visitor pastes, drops, copies or drags
 * @property {object} [answer] of the visitor; `lapsed` when it counts no more
 * @property {boolean} [lapsed]
 * @property {Record<string, Function[]>} [listeners] to the gate's events
 * @property {(element: Element) => void} [held] set by refuse.js: something was held
 * @property {string} [workers] the channel on which workers hear what waits now
 * @property {(records: object[]) => void} restart workers that the page's policy did not let begin (late_workers.js)
 * @property {(url: string) => Promise<*>} importsHeld does the service worker at this address import what waits?
 * @property {boolean} [deferring] set while allowed deferred scripts wait for the parser's end
 * @property {(el: Element, name: string, value: string, names: string[]) => void} [putInPlace] gives an attribute back where it stood (release.js)
 * @property {(node: Element) => void} [left] set by release.js: this left the page
 * @property {() => void} releaseAllowed something that waits may go: load late.js and call `release()`
 *
 * @typedef {object} Engine
 * @property {ReturnType<typeof internals>} internals for release.js
 * @property {() => void} [release] lets go all that may (release.js), as do the rest
 * @property {(element: Element) => void} [loadOnce] lets one element load whatever the answer
 * @property {() => void} [tellRefusals] what a no denies fails
 */
import { authorKeys, begin, documentWaitsFor, exempted, holdCss, host, urlWaitsFor } from './decide.js';
import { findAll, getAttr, hasAttr, inert, putBefore, removeAttr, ruleText, setAttr, setHtml } from './dom.js';
import { checkElement, contentDocument, heldOutside } from './hold.js';
import { safeHtml, safeSrcdoc } from './html.js';
import { armLevel } from './level.js';
import { hearIn, stopped } from './navigate.js';
import { observe, watchedRoots } from './observe.js';
import { patchRealm } from './patch.js';
import { methods } from './replace.js';
import { rest, resting, scriptWaitsFor, show, takenOut, unpark } from './scripts.js';
import { safeSandbox } from './sinks.js';
import { put } from './twins.js';
import { waiting } from './workers.js';

/** What release.js works with: the gate's natives and its state, which a file that comes later has no other way to. */
export const internals = () => ({
  authorKeys,
  checkElement,
  contentDocument,
  documentWaitsFor,
  exempted,
  findAll,
  getAttr,
  hasAttr,
  heldOutside,
  holdCss,
  host,
  inert,
  methods,
  put,
  putBefore,
  removeAttr,
  rest,
  resting,
  ruleText,
  safeHtml,
  show,
  stopped,
  takenOut,
  unpark,
  watchedRoots,
  scriptWaitsFor,
  setAttr,
  setHtml,
  urlWaitsFor,
  waiting,
});

/**
 * @param {Host} options
 * @returns {Engine} release.js, which may come later, adds the rest
 */
export function arm(options) {
  begin(options, { hearIn, patchRealm, safeSrcdoc: (html, el) => safeSrcdoc(safeSandbox(el, html), el) });
  observe(document);
  // Before the patches, which would look at what we write ourselves.
  armLevel();
  patchRealm(window);
  return { internals: internals() };
}
