/**
 * Usercentrics' localStorage. Version 2: `uc_settings`, services by id with their history. Version 3: `ucData`, services by id
 * with their names and without a time. Both write defaults, too: `uc_user_interaction` says that somebody answered.
 */

import { booleans, moved } from './moved.js';

const stored = (key) => JSON.parse(localStorage[key] || '{}');

moved(() => {
  if (localStorage.uc_user_interaction !== 'true') return;
  const old = {};
  let t = 0;
  for (const { id, status, history } of stored('uc_settings').services || []) {
    old[id] = status;
    for (const { type, timestamp } of history || []) if (/^explicit$/i.test(type) && timestamp > t) t = timestamp;
  }
  const said = booleans(old);
  const { services } = stored('ucData').consent || {};
  for (const id in services) {
    const { name, consent } = services[id];
    // Two of version 2 and 3 that do not say the same: the newer has no time.
    if (said[id] !== undefined && said[id] !== consent) t = 0;
    Object.assign(said, booleans({ [id]: consent, [name]: consent }));
  }
  return { said, t: t / 1000 };
});
