/** What is wrong with the place of the gate's tag: reported, so that the dashboard says it. */

import { match } from '../block/match.js';

/** @param {import('../types.d.ts').Core} core */
export function reportPlace(core) {
  const { tag, table, services, above } = core;
  if (tag) {
    // A script that another one made is async without saying so.
    const isDeferred = tag.defer || tag.type === 'module';
    const how = tag.hasAttribute('async') ? 'async' : (isDeferred && 'defer') || (tag.async && 'inserted');
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

/** Code of the page that missed a held library, by the name that it called. @param {import('../types.d.ts').Core} core */
export function reportMissing(core) {
  const { services } = core;
  const push = (message) => {
    // Chromium and Firefox say "… is not defined".
    const name = /ReferenceError: (?:Can't find variable: )?([\w$]+)/.exec(message)?.[1];
    const isMeant = (part) => part === `after:${name}` || part.startsWith(`after:${name}.`);
    if (name && services.some(({ inline }, i) => inline.some(isMeant) && !core.allowed(i))) core.report('missing', name);
  };
  const thrown = /** @type {string[]} */ (core.errors);
  core.errors = { push };
  thrown.forEach(push);
}
