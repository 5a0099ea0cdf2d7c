/** Writes cookies. */

import { values } from './cookie.js';

/** @param {import('./cookie.js').Answer} a @returns {string} the value of the state cookie */
export const encode = (a) =>
  Object.entries({ v: 1, r: a.r, h: a.h || '', id: a.id, u: a.u, t: a.t, g: a.g, c: a.c, s: a.s, p: a.p, x: +a.x, m: a.m, o: +a.o })
    .map(
      ([name, value]) =>
        `${name}=${
          typeof value === 'object'
            ? Object.keys(value)
                .map((key) => `${key}:${+value[key]}`)
                .join('.')
            : value
        }`,
    )
    .join('&');

/** @param {string[]} hosts of the site @returns {string|undefined} the registered host that `name` is or is under */
export const under = (hosts, name) => hosts.find((host) => name === host || name.endsWith(`.${host}`));

/**
 * Writes on the widest registered host that the browser accepts, else host-only.
 *
 * @param {object} core
 * @param {number|''} seconds '' = session, 0 deletes
 */
export function write({ test, cfg }, name, value, seconds) {
  const domain = !test && under(cfg.hosts, location.hostname);
  const end = `${seconds === '' ? '' : `; Max-Age=${seconds}`}; Path=/; SameSite=Lax${location.protocol === 'https:' ? '; Secure' : ''}`;
  for (const part of domain ? [`; Domain=${domain}`, ''] : ['']) {
    // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous and not everywhere
    document.cookie = `${name}=${value}${part}${end}`;
    if (values(name).includes(value)) return;
  }
}
