/**
 * The blocking engine: holds everything that a release says has to wait, and lets it go when the answer allows.
 *
 * @typedef {object} Host
 * @property {object} table compiled patterns (match.js)
 * @property {{key: string, category: string, cookies: object[], inline: string[]}[]} services
 * @property {(index: number) => boolean} allowed may this service run now?
 * @property {(category?: string) => boolean} granted is this category (without one: any optional one) granted?
 * @property {'allow'|'hold'} unknown what third parties that no rule knows do
 * @property {string} pageHost
 * @property {string[]} firstPartyHosts the site's and our own; their subdomains too
 * @property {string} nonce of the gate
 * @property {HTMLScriptElement} [tag] the gate's element
 * @property {object|null} [policy] our Trusted Types policy
 * @property {string} level drop_in, snippet, strict, server
 * @property {{allow: string[]}|null} strict hosts of the allow-list policy
 * @property {(hostname: string) => void} onUnknown once per host
 * @property {(what: string, error: Error) => void} onDisarmed a patch that could not be made
 * @property {(element: Element, index: number|null) => void} [placeholder] a frame or embed is held; null: it is back
 */
import { RISKY, all, check, held, state } from './hold.js';
import { importMap, level } from './level.js';
import { match } from './match.js';
import { documents } from './observe.js';
import { realm } from './patch.js';
import { release, waitingElements } from './release.js';
import { rewrite } from './html.js';
import { erase, learn } from './store.js';

/** @param {Host} host */
export function arm(host) {
  const own = document.currentScript;
  Object.assign(state, { host, own, policy: host.policy || null, ours: [host.pageHost, ...host.firstPartyHosts] });
  learn(host.services);
  let woken = false;
  state.wake = () => {
    if (woken) return;
    woken = true;
    queueMicrotask(() => {
      woken = false;
      release(documents());
    });
  };
  state.block = (url) => importMap([new URL(url, document.baseURI).href]);
  // A document of the page's own gets the patches before its first script.
  const door = `fg${Math.random().toString(36).slice(2)}`;
  Object.defineProperty(window, door, { value: realm });
  state.srcdoc = (html) => {
    const safe = rewrite(`${html}`);
    const nonce = host.nonce ? ` nonce="${host.nonce}"` : '';
    return /<script|\bon\w+\s*=/i.test(safe) && !safe.includes('parent.fg') ? `<script${nonce}>try{parent.${door}(self)}catch(e){}</script>${safe}` : safe;
  };
  realm(window);
  level(own);
  for (const el of all(document, RISKY)) check(el);
  return {
    release: () => release(documents()),
    revoke: erase,
    match: (url) => match(host.table, url, host.pageHost),
    held: () => waitingElements().map((element) => ({ element, service: +element.getAttribute('data-fg') })),
    loadOnce(element) {
      state.once.add(element);
      if (element.localName === 'script') state.wake();
      else check(element);
    },
    holds: (url) => held(url) !== null,
  };
}
