/** Deletes what denied services wrote on this site, now or before: cookies, storage, databases. */

import { allOwnersWait, STORES } from '../block/names.js';

/** `__Host-` and `__Secure-` cookies, and those of a partition, are deleted only as they were set. */
const KINDS = ['', '; Secure', '; Secure; SameSite=None; Partitioned'];

/** @param {object} core */
export function forget(core) {
  // A sandboxed page owns nothing; Chromium answers questions about its databases with an error that nobody can catch.
  if (window.origin === 'null') return;
  const denied = (kind, name) => allOwnersWait(core.services, (i) => !core.allowed(i), kind, name);
  const labels = location.hostname.split('.');
  const domains = ['', ...labels.map((_, k) => `; Domain=${labels.slice(k).join('.')}`)];
  const steps = location.pathname.split('/');
  const paths = new Set(['/', ...steps.flatMap((_, k) => [`${steps.slice(0, k).join('/')}/`, steps.slice(0, k + 1).join('/') || '/'])]);
  core.safely('forget', () => {
    for (const name of document.cookie.split('; ').map((pair) => pair.split('=')[0])) {
      if (!denied('', name)) continue;
      for (const end of KINDS.flatMap((kind) => domains.map((domain) => domain + kind))) {
        // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is not on http pages.
        for (const path of paths) document.cookie = `${name}=; Max-Age=0; Path=${path}${end}`;
      }
    }
  });
  for (const name in STORES) {
    core.safely('forget', () => {
      for (const key of Object.keys(window[name])) if (denied(STORES[name], key)) window[name].removeItem(key);
    });
  }
  // Some browsers have none, some do not list them.
  core.safely('forget', () =>
    indexedDB.databases?.().then(
      (found) => {
        for (const { name } of found) if (denied('i=', name)) indexedDB.deleteDatabase(name);
      },
      () => {},
    ),
  );
}
