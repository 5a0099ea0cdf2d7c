/**
 * The blocking engine: holds everything that a release says has to wait, and lets it go when the answer allows.
 *
 * @typedef {object} Host the heart of the gate (core/index.js), of which the engine uses
 * @property {object} table compiled patterns (match.js)
 * @property {{key: string, cookies: string[], inline: string[]}[]} services
 * @property {(index: number) => boolean} allowed may this service run now?
 * @property {(key?: string) => boolean} granted is this category (without one: any optional one) granted?
 * @property {(id: string) => false} unknown an id or type that means nothing here: told of once
 * @property {object} cfg `hold`: third parties that no rule knows wait, too; `strict(host)` writes the allow-list policy
 * @property {string[]} friends the site's hosts and ours; their subdomains too
 * @property {string} nonce of the gate
 * @property {HTMLScriptElement} [tag] the gate's element
 * @property {object} policy our Trusted Types policy, or what stands for it
 * @property {string} level drop_in, snippet, strict, server
 * @property {(kind: string, subject: string) => void} report an unknown host, once
 * @property {(what: string, error: Error) => void} disarmed a patch that could not be made
 * @property {(element: Element, index: number|null) => void} place a frame or embed is held; null: it is back
 * @property {(html: string) => boolean} [wrote] set when released scripts run: takes what they write, says whether it did
 * @property {() => void} wake something that waits may go: load late.js and call `release()`
 */
import { all, get, has, insert, put, setHTML } from './dom.js';
import { begin, check, codeVerdict, freeCode, freeze, loose, once, thaw, trust } from './hold.js';
import { level } from './level.js';
import { roots } from './observe.js';
import { realm } from './patch.js';
import { means, STORES } from './store.js';

/**
 * @param {Host} host
 * @returns {object} the engine; release.js, which may come later, adds `release()`, `revoke(indexes)`, `loadOnce(element)`
 */
export function arm(host) {
  begin(host);
  realm(window);
  level();
  // What release.js works with, in its order.
  return {
    kit: [all, check, codeVerdict, freeCode, freeze, get, has, host, insert, loose, means, once, put, roots, setHTML, STORES, thaw, trust],
  };
}
