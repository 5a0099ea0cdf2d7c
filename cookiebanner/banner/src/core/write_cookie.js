/** Writes cookies. */

import { values } from './cookie.js';

/** @param {string[]} hosts of the site @returns {string|undefined} the registered host that `name` is or is under */
export const under = (hosts, name) => hosts.find((host) => name === host || name.endsWith(`.${host}`));

/**
 * Writes on the widest registered host that the browser accepts, else host-only. A frame in another site's page has cookies of
 * its own for the pair of sites, and only the browser knows whether it is one.
 *
 * @param {object} core
 * @param {number|''} seconds '' = session, 0 deletes
 * @param {boolean} [secure] of an https page; without it http pages see the cookie, too
 * @returns {boolean} whether it is there now
 */
export function write({ test, cfg }, name, value, seconds, secure = location.protocol === 'https:') {
  const domain = !test && under(cfg.hosts, location.hostname);
  const end = `${seconds === '' ? '' : `; Max-Age=${seconds}`}; Path=/; SameSite=`;
  return [`Lax${secure ? '; Secure' : ''}`, secure && parent !== self && 'None; Secure; Partitioned'].some(
    (last) =>
      last &&
      [domain && `; Domain=${domain}`, ''].some((part) => {
        // biome-ignore lint/suspicious/noDocumentCookie: the Cookie Store API is asynchronous and not everywhere
        document.cookie = `${name}=${value}${part || ''}${end}${last}`;
        return values(name).includes(value);
      }),
  );
}

/**
 * Writes the state where this browser keeps it. A page without TLS may not replace a Secure cookie, and writes beside it; where
 * that stands, https pages write it, too. Where cookies are refused, the origin's storage has it.
 */
export function keepState(core, value, seconds) {
  const { cookie } = core.cfg;
  const http = `${cookie}_http`;
  const put = (name, secure) => core.safely('cookie', () => write(core, name, value, seconds, secure));
  const plain = location.protocol !== 'https:';
  const written = put(cookie);
  const beside = plain ? !written && put(http) : values(http)[0] && put(http, false);
  try {
    if (written || beside) delete localStorage[cookie];
    else localStorage[cookie] = value;
  } catch {}
}
