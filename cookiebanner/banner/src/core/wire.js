/** What a browser sends: answers in order, each until acknowledged; counts and reports, once. */

import { mended, queued } from './earlier.js';

/** @param {object} core */
export function wire(core) {
  const { cfg, terms } = core;
  const queue = `${cfg.cookie}.q.`;
  const seen = `${cfg.cookie}.r`;
  const memory = {};
  const waiting = {};
  let busy = false;
  let tries = 0;
  const gone = new Set();
  /** Some browsers have no storage (null), some forget, some throw at any use of it. @returns {*} undefined then */
  const stored = (run) => {
    try {
      return run(localStorage);
    } catch {}
  };
  const get = (key) => memory[key] || stored((store) => store[key]);
  const put = (key, body) => {
    stored((store) => {
      store[key] = body;
    });
    if (!stored((store) => store[key] === body && Object.keys(store).includes(key))) memory[key] = body;
  };
  /** What the storage does not let go is sent no second time by this page. */
  const drop = (key) => {
    gone.add(key);
    delete memory[key];
    stored((store) => delete store[key]);
  };

  const post = (path, body) => fetch(core.base + path, { method: 'POST', body, keepalive: true, credentials: 'omit' });
  const tell = (path, body) => core.safely(path, () => post(path, JSON.stringify(body)).catch(() => {}));
  const ours = (key) => !gone.has(key) && get(key) && (key.startsWith(queue) || queued(cfg, key, get(key)));
  const next = () => [...(stored(Object.keys) || []), ...Object.keys(memory)].filter(ours).sort()[0];

  /** Sends what is queued, oldest first; stops at the first one that may succeed later, and comes back. */
  async function flush() {
    if (busy) return;
    busy = true;
    let wait = 0;
    for (let key = next(); key && !wait; key = next()) {
      try {
        const answer = await post('/api/v1/consents', key.startsWith(queue) ? get(key) : mended(get(key)));
        const { status, ok } = answer;
        // Who does not speak JSON is not our server: a portal, a proxy; it has stored nothing, and refused nothing.
        const said = await answer.json().catch(() => null);
        if (status > 499 || [408, 425, 429].includes(status) || Object(said) !== said) wait = +answer.headers.get('Retry-After') || 1;
        else {
          drop(key);
          tries = 0;
          const id = key.slice(-36);
          if (!ok) core.warn(`the server refused an answer: ${said.title || status}`);
          core.emit(ok ? 'stored' : 'refused', { ...said, id });
          waiting[id]?.(ok ? said : null);
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
    const policies = [...document.querySelectorAll('meta[http-equiv]')].map((meta) => meta.content).join();
    if (cfg.level === 'strict' && policies) return 'strict';
    return core.swallows || policies.includes('script-src-attr') ? 'snippet' : 'drop_in';
  }

  /** Once a session and subject. Nothing is stored for who has not answered: then only a visit's first page reports. */
  function report() {
    const items = [];
    let known = [];
    let first = true;
    try {
      if (core.answer) known = JSON.parse(sessionStorage[seen] || '[]');
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
      if (core.answer) sessionStorage[seen] = JSON.stringify([...new Set(known)]);
    } catch {}
    tell('/api/v1/reports', { site: cfg.site, release: cfg.release, level: level(), page: location.hostname, items });
  }

  // biome-ignore lint/correctness/noUnusedVariables: `||=` reads it.
  let timer;
  return {
    flush,
    /** Queues a record and sends the queue. @returns {Promise<object|null>} its receipt; null = refused for good */
    answer(record) {
      put(`${queue}${Date.now().toString(36)}.${record.id}`, JSON.stringify(record));
      const receipt = new Promise((resolve) => {
        waiting[record.id] = resolve;
      });
      tries = 0;
      flush();
      return receipt;
    },
    count: (kind) =>
      tell('/api/v1/impressions', {
        site: cfg.site,
        release: cfg.release,
        regime: terms.regime,
        language: core.lang,
        kind,
        gpc: core.gpc || undefined,
      }),
    /** Reports when the page is idle. */
    report() {
      timer ||= setTimeout(() => {
        timer = 0;
        (window.requestIdleCallback || setTimeout)(report);
      }, 2000);
    },
  };
}
