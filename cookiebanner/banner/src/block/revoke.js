/** Revocation; part of late.js, because only an answer needs it. */
import { nameMatches, STORES } from './names.js';

/**
 * @param {import('./index.js').Host} host
 * @returns {(indexes: number[]) => void} deletes what services wrote on this site: cookies of this and parent domains and
 * paths, storage, databases
 */
export const revoker = (host) =>
  function revoke(indexes) {
    const isTheirs = (kind) => (name) => indexes.some((i) => host.services[i].cookies.some((cookie) => nameMatches(cookie, kind, name)));
    const labels = location.hostname.split('.');
    const domains = ['', ...labels.map((_, i) => `; Domain=${labels.slice(i).join('.')}`)];
    const steps = location.pathname.split('/');
    const paths = new Set(steps.flatMap((_, i) => [`${steps.slice(0, i).join('/')}/`, steps.slice(0, i + 1).join('/') || '/']));
    const cookies = document.cookie.split('; ').map((pair) => pair.split('=')[0]);
    for (const name of cookies.filter(isTheirs(''))) {
      for (const domain of domains) {
        // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not on http pages.
        for (const path of paths) document.cookie = `${name}=; Max-Age=0; Path=${path}${domain}`;
      }
    }
    for (const name in STORES) {
      try {
        const storage = window[name];
        for (const key of Object.keys(storage).filter(isTheirs(STORES[name]))) storage.removeItem(key);
      } catch {}
    }
    try {
      indexedDB.databases().then(
        (found) => {
          for (const { name } of found) if (isTheirs('i=')(name)) indexedDB.deleteDatabase(name);
        },
        () => {},
      );
    } catch {}
  };
