/** The gate: one classic script, first in <head>. compile.py wraps it: `(function(__fg){…})(<config>)`. */

import { arm } from './block/index.js';
import { start } from './core/index.js';

if (!window.fairgate?._) {
  let armed;
  try {
    start(__fg, (host) => (armed = arm(host)));
  } catch (error) {
    console.warn('fairgate: started badly; everything known waits', error);
    const { c, s, table, hosts, unknown } = __fg;
    armed ||= arm({
      table,
      services: s.map(([key, group]) => ({ key, category: c[group][0], cookies: [], inline: [] })),
      allowed: (i) => c[s[i][1]][1],
      granted: () => false,
      unknown,
      pageHost: location.hostname,
      nonce: '',
      level: 'drop_in',
      firstPartyHosts: hosts,
      onUnknown() {},
      onDisarmed() {},
    });
  }
}
