/** What a browser sends: answers in order, each until acknowledged; counts and reports, once. */

import { isEarlierEntry, upgraded } from './earlier.js';
import { under } from './write_cookie.js';

/** @param {import('../types.d.ts').Core} core @returns {import('../types.d.ts').Transport} */
export function transport(core) {
  const { cfg, terms } = core;
  const prefix = `${cfg.cookie}.q.`;
  const reported = `${cfg.cookie}.r`;
  /** What the storage did not take, for as long as the page lives. */
  const memory = {};
  /** Record id → who waits for its receipt. */
  const waiting = {};
  let busy = false;
  let tries = 0;
  const dropped = new Set();
  /** The server refuses what comes from a host that is none of the site's, which a page's console would show in red. */
  const refused = !!cfg.preview || (!core.test && !under(cfg.hosts, location.hostname));
  let warned = !!cfg.preview;
  function isRefused() {
    if (refused && !warned) core.warn(`${location.hostname} is none of the site's hosts; nothing is sent or recorded from here`);
    warned = refused;
    return refused;
  }
  /** Some browsers have no storage (null), some forget, some throw at any use of it. @returns {*} undefined then */
  const withStorage = (run) => {
    try {
      return run(localStorage);
    } catch {}
  };
  const get = (key) => memory[key] || withStorage((storage) => storage[key]);
  const put = (key, body) => {
    withStorage((storage) => {
      storage[key] = body;
    });
    const kept = withStorage((storage) => storage[key] === body && Object.keys(storage).includes(key));
    if (!kept) memory[key] = body;
  };
  /** What the storage does not let go is sent no second time by this page. */
  const drop = (key) => {
    dropped.add(key);
    delete memory[key];
    withStorage((storage) => delete storage[key]);
  };

  const post = (path, body) => fetch(core.base + path, { method: 'POST', body, keepalive: true, credentials: 'omit' });
  /** Sends what needs no answer, and is not sent again; the testing script counts nothing. */
  const sendOnce = (path, body) => core.test || isRefused() || core.safely(path, () => post(path, JSON.stringify(body)).catch(() => {}));
  const isOurs = (key) => !dropped.has(key) && get(key) && (key.startsWith(prefix) || isEarlierEntry(cfg, key, get(key)));
  const next = () => [...(withStorage(Object.keys) || []), ...Object.keys(memory)].filter(isOurs).sort()[0];

  /** Sends what is queued, oldest first; stops at the first one that may succeed later, and comes back. */
  async function flush() {
    if (busy || refused) return;
    busy = true;
    let wait = 0;
    for (let key = next(); key && !wait; key = next()) {
      try {
        const response = await post('/api/v1/consents', key.startsWith(prefix) ? get(key) : upgraded(get(key)));
        const { status, ok } = response;
        // Who does not speak JSON is not our server: a portal, a proxy; it has stored nothing, and refused nothing.
        const body = await response.json().catch(() => null);
        if (status > 499 || [408, 425, 429].includes(status) || Object(body) !== body) wait = +response.headers.get('Retry-After') || 1;
        else {
          drop(key);
          tries = 0;
          const id = key.slice(-36);
          if (!ok) core.warn(`the server refused an answer: ${body.title || status}`);
          core.emit(ok ? 'stored' : 'refused', { ...body, id });
          waiting[id]?.(ok ? body : null);
        }
      } catch {
        wait = 1;
      }
    }
    busy = false;
    if (wait) core.emit('queued', {});
    if (wait && tries < 6) setTimeout(flush, 1000 * Math.max(wait, 2 ** ++tries));
  }

  /** The level this page really has, whatever the site is set to. */
  function level() {
    if (core.dropIn) return 'drop_in';
    if (core.get('data-level')) return core.get('data-level');
    const policies = [...document.querySelectorAll('meta[http-equiv]')].map((/** @type {HTMLMetaElement} */ meta) => meta.content).join();
    if (cfg.level === 'strict' && policies) return 'strict';
    return core.swallows || policies.includes('script-src-attr') ? 'snippet' : 'drop_in';
  }

  /** Once a session and subject. Nothing is stored for who has not answered: then only a visit's first page reports. */
  function report() {
    const items = [];
    let known = [];
    let first = true;
    try {
      if (core.answer) known = JSON.parse(sessionStorage[reported] || '[]');
      else first = !document.referrer || new URL(document.referrer).host !== location.host;
    } catch {}
    for (const { kind, subject } of core.reports.splice(0)) {
      const name = `${kind} ${subject}`.slice(0, 253);
      if (!known.includes(name) && items.length < 20) items.push({ kind, subject: name.slice(kind.length + 1) });
      known.push(name);
    }
    if (!first || (!items.length && known.includes('here'))) return;
    known.push('here');
    try {
      if (core.answer) sessionStorage[reported] = JSON.stringify([...new Set(known)]);
    } catch {}
    sendOnce('/api/v1/reports', { site: cfg.site, release: cfg.release, level: level(), page: location.hostname, items });
  }

  let timer = 0;
  return {
    refused,
    flush,
    /** Queues a record and sends the queue. @returns {Promise<object|null>} its receipt; null = refused for good, or none sent */
    answer(record) {
      if (isRefused()) return Promise.resolve(null);
      put(`${prefix}${Date.now().toString(36)}.${record.id}`, JSON.stringify(record));
      const receipt = new Promise((resolve) => {
        waiting[record.id] = resolve;
      });
      tries = 0;
      flush();
      return receipt;
    },
    count: (kind) =>
      sendOnce('/api/v1/impressions', {
        site: cfg.site + (core.test ? '-test' : ''),
        release: cfg.release,
        regime: terms.regime,
        language: core.lang,
        kind,
        gpc: core.signals.gpc,
        arm: core.arm,
      }),
    /** Reports when the page is idle. */
    report() {
      if (timer) return;
      timer = setTimeout(() => {
        timer = 0;
        (window.requestIdleCallback || setTimeout)(report);
      }, 2000);
    },
  };
}
