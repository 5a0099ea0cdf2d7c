/** What is wrong with the place of the gate's tag: reported, so that the dashboard says it. */

import { match } from '../block/match.js';

/** @param {import('../types.d.ts').Core} core */
export function reportPlace(core) {
  const { tag, table, services, above } = core;
  if (tag) {
    // A script that another one made is async without saying so.
    const how = tag.hasAttribute('async') ? 'async' : (tag.defer && 'defer') || (tag.async && 'inserted');
    if (how) core.report('late', how);
  }
  const hosts = new Set();
  for (const { localName, src, href } of above) {
    if (!/^(script|link)$/.test(localName)) continue;
    try {
      const url = new URL(src || href);
      const service = services[match(table, url, location.hostname)];
      if (service && !service.necessary) hosts.add(url.hostname);
    } catch {
      // No address.
    }
  }
  for (const host of hosts) core.report('before', host);
  // It was asked once; the page's elements are the page's.
  core.above = [];
}
