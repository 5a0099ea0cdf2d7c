/**
 * The blocking engine: holds everything that a release says has to wait, and lets it go when the answer allows.
 *
 * @typedef {object} Host
 * @property {object} table compiled patterns (match.js)
 * @property {{key: string, category: string, cookies: object[], inline: string[]}[]} services
 * @property {(index: number) => boolean} allowed may this service run now?
 * @property {(key?: string) => boolean} granted is this category (without one: any optional one) granted?
 * @property {'allow'|'hold'} unknown what third parties that no rule knows do
 * @property {string} pageHost
 * @property {string[]} firstPartyHosts the site's and our own; their subdomains too
 * @property {string} nonce of the gate
 * @property {HTMLScriptElement} [tag] the gate's element
 * @property {object|null} [policy] our Trusted Types policy
 * @property {string} level drop_in, snippet, strict, server
 * @property {{html: string}|null} strict the allow-list policy to write
 * @property {(hostname: string) => void} onUnknown once per host
 * @property {(what: string, error: Error) => void} onDisarmed a patch that could not be made
 * @property {(element: Element, index: number|null) => void} [placeholder] a frame or embed is held; null: it is back
 * @property {() => void} wake something that waits may go: load release.js and call `release()`
 */
import { all, get, has, insert, put, setHTML } from './dom.js';
import { begin, check, codeVerdict, freeCode, freeze, loose, once, thaw, trust } from './hold.js';
import { level } from './level.js';
import { match } from './match.js';
import { roots } from './observe.js';
import { hooks, realm } from './patch.js';
import { means, STORES } from './store.js';

/**
 * @param {Host} host
 * @returns {object} the engine; release.js, which may come later, adds `release()` and `revoke(indexes)`
 */
export function arm(host) {
  const own = begin(host);
  realm(window);
  level(own);
  return {
    match: (url) => match(host.table, url, host.pageHost),
    loadOnce(element) {
      once.add(element);
      check(element);
    },
    // What release.js works with.
    kit: {
      all,
      check,
      codeVerdict,
      freeCode,
      freeze,
      get,
      has,
      hooks,
      host,
      insert,
      loose,
      means,
      put,
      roots,
      setHTML,
      STORES,
      thaw,
      trust,
    },
  };
}
