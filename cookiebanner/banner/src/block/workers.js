/**
 * Workers of the page ask the same rules as the page. The browser starts a small file of ours (a blob) that puts the rules in
 * place and then loads the author's file as its address. A module's imports are read first; other workers' text is never read.
 * Where the page's policy forbids such files, which only a first try can tell, the author's worker runs as it is.
 */
import { anyServiceWaits, host, serviceWaits, trust, urlWaitsFor } from './decide.js';
import { apply, define } from './dom.js';
import { imported } from './imports.js';
import { match } from './match.js';
import { constructors, methods } from './replace.js';

/** An address that every worker fails to load from, whatever the page's origin. */
const BROKEN = 'data:;base64,*';

/**
 * Runs in a worker before its author's code. Its text is sent there: it may use nothing but what it is given.
 *
 * @param {any[]} parts this function, `match`, `wrapped`, `imported` and what they need to know: all that a nested worker is made of
 * @param {string} address of the author's file
 * @param {string} [entry] of a module: a file that says `fgBegin()` and then imports the author's
 */
function guard(parts, address, entry) {
  const [, matches, wrap, importsOf, rules] = parts;
  /** @type {any} */
  const scope = self;
  const { apply: call, construct: make } = Reflect;
  const at = new URL(address);
  const table = { __proto__: null, ...rules.rows };
  const same = (text) => text;
  let policy = { createScriptURL: same };
  try {
    policy = scope.trustedTypes.createPolicy('fairgate', policy);
  } catch {}
  const urlOf = Object.getOwnPropertyDescriptor(scope.Request.prototype, 'url').get;
  const isRequest = (given) => {
    try {
      return call(urlOf, given, []);
    } catch {}
  };
  const resolve = (given) => {
    try {
      return new URL(isRequest(given) || given, at).href;
    } catch {
      return `${given}`;
    }
  };
  const waits = (href) => {
    try {
      const url = new URL(href);
      let i = matches(table, url, rules.page);
      const own = rules.own.some((name) => `.${url.hostname}`.endsWith(`.${name}`));
      if (i < 0 && /^(http|ws)/.test(url.protocol) && !own) i = rules.waiting.length - 1;
      return rules.waiting[i];
    } catch {}
  };
  /** What is asked for instead of `given`. */
  const safe = (given, instead = rules.dead) => {
    const href = resolve(given);
    return waits(href) ? instead : isRequest(given) ? given : href;
  };
  const worker = (given, options) => {
    const href = safe(given, rules.broken);
    const own = new URL(href).origin === scope.origin || (/^data:/.test(href) && href !== rules.broken);
    return [policy.createScriptURL(own ? wrap(parts, href, options?.type) : href), options];
  };
  const replace = (object, name, change) => {
    const changed = (args) => (args.length ? change(...args) : args);
    if (!object?.[name]) return;
    // What is inherited is replaced where it stands.
    while (!Object.hasOwn(object, name)) object = Object.getPrototypeOf(object);
    object[name] = new Proxy(object[name], {
      apply: (native, by, args) => call(native, by, changed(args)),
      construct: (native, args, as) => make(native, changed(args), as),
    });
  };
  const first =
    (instead) =>
    (given, ...more) => [safe(given, instead), ...more];
  replace(scope, 'importScripts', (...all) => all.map((given) => policy.createScriptURL(safe(given))));
  replace(scope, 'fetch', first());
  replace(scope, 'Request', (given, ...more) => [isRequest(given) ? given : resolve(given), ...more]);
  replace(scope, 'WebSocket', first(rules.dead.replace('http', 'ws')));
  replace(scope, 'WebSocketStream', first(rules.dead.replace('http', 'ws')));
  replace(scope, 'WebTransport', first());
  replace(scope, 'EventSource', first('data:,'));
  replace(scope, 'FontFace', (name, source, ...more) => [
    name,
    source.replace?.(/url\(\s*["']?([^"')]+)/gi, (whole, url) => whole.replace(url, safe(url, 'data:,'))) ?? source,
    ...more,
  ]);
  replace(scope.Cache?.prototype, 'add', first());
  replace(scope.Cache?.prototype, 'addAll', (all) => [[...all].map((one) => safe(one))]);
  replace(scope, 'Worker', worker);
  replace(scope.XMLHttpRequest?.prototype, 'open', (verb, given, ...more) => [verb, safe(given), ...more]);
  // The worker stands where its author put it.
  for (const name in scope.location) {
    Object.defineProperty(scope.WorkerLocation.prototype, name, { get: () => (name[2] === 'S' ? () => at.href : at[name]) });
  }
  try {
    new BroadcastChannel(rules.channel).onmessage = ({ data }) => {
      rules.waiting = data;
    };
  } catch {}
  if (!entry) return;
  // No import of a module can be kept from resolving here, so their texts are read before the first one runs.
  const { fetch: load } = scope;
  const seen = {};
  const importsHeld = async (href) => {
    seen[href] = true;
    try {
      for (const one of importsOf(await (await load(href)).text())) {
        if (!/^(\w+:|[./])/.test(one)) continue;
        const url = new URL(one, href);
        if (waits(url.href)) return true;
        const own = url.origin === at.origin || url.protocol === 'data:';
        if (own && !seen[url.href] && (await importsHeld(url.href))) return true;
      }
    } catch {}
  };
  // What the page says meanwhile is heard once the author's code listens.
  const early = [];
  const keep = (event) => {
    event.stopImmediatePropagation();
    early.push(event);
  };
  const types = ['message', 'connect'];
  for (const type of types) scope.addEventListener(type, keep);
  scope.fgBegin = () => {
    delete scope.fgBegin;
    setTimeout(() => {
      for (const type of types) scope.removeEventListener(type, keep);
      for (const event of early) scope.dispatchEvent(new MessageEvent(event.type, event));
    });
  };
  return importsHeld(address).then((held) => (held ? Promise.reject(new Error('NetworkError')) : import(entry)));
}

/** @returns {string} the address of a file that loads the author's at `address` behind the rules; it runs in workers, too */
function wrapped(parts, address, type) {
  const json = JSON.stringify;
  const [run, matches, wrap, importsOf, rules] = parts;
  const code = `(${run})([${run},${matches},${wrap},${importsOf},${json(rules)}],${json(address)}`;
  const file = (text) =>
    // Such a worker has an origin of its own.
    /^data:/.test(address)
      ? `data:text/javascript,${encodeURIComponent(text)}`
      : URL.createObjectURL(new Blob([text], { type: 'text/javascript' }));
  if (type !== 'module') return file(`${code});importScripts(${json(address)})`);
  return file(`await ${code},${json(file(`import ${json(file('fgBegin()'))};import ${json(address)}`))})`);
}

/** What waits now: of each service, and last of third parties that no rule knows. */
export const waiting = () => [...host.services.map((_, i) => +serviceWaits(i)), +(!!host.cfg.hold && serviceWaits(host.services.length))];

const rules = () => ({
  rows: host.table,
  waiting: waiting(),
  own: host.friends,
  page: location.hostname,
  dead: `https://${location.hostname}:1/`,
  broken: BROKEN,
  channel: host.workers,
});

/** Files of ours by what they stand for: SharedWorkers are shared by address. */
const files = new Map();
/** Addresses of files in memory from which workers begin: they are read later than the page thinks. */
const beginning = new Set();
/** May this page have workers from blobs? undefined until the first try has told. @type {boolean|undefined} */
let usable;
const isForbidden = () => usable === false;
/** Workers that began before it had. @type {any[]} */
let pending = [];

function settle(works) {
  if (usable !== undefined) return;
  usable = works;
  for (const record of pending) {
    const { port, worker, failed } = record;
    record.restarted = !works;
    if (!works) continue;
    delete port.postMessage;
    delete worker.terminate;
    if (failed) worker.dispatchEvent(new Event('error'));
  }
  if (!works) {
    host.disarmed('worker-src');
    if (pending.length) host.restart(pending);
  }
  pending = [];
}

/** An empty worker tells whether the page's policy lets it have workers from blobs. */
function tryOnce(Worker) {
  let worker;
  const end = (works) => {
    settle(works);
    worker?.terminate();
  };
  try {
    worker = new Worker(trust(URL.createObjectURL(new Blob(['postMessage(0)'])), 'createScriptURL'));
    worker.onmessage = () => end(true);
    worker.onerror = () => end(false);
  } catch {
    end(false);
  }
}

/** Until the first try has told, all that is needed to begin a worker once more is kept. */
function remember(worker, Native, args) {
  const port = worker.port || worker;
  const { postMessage } = port;
  const { terminate } = worker;
  const record = { worker, port, Native, args, messages: [] };
  const own = (object, name, value) => define(object, name, { value, configurable: true, writable: true });
  own(port, 'postMessage', (...given) => {
    apply(postMessage, port, given);
    record.messages.push(given);
  });
  own(worker, 'terminate', () => {
    record.over = true;
    apply(terminate, worker, []);
  });
  pending.push(record);
  return record;
}

/** A file that cannot be loaded is told of as the author's own would be. */
function watch(worker, address, record) {
  worker.addEventListener('error', (event) => {
    const { message, filename, isTrusted } = event;
    if (!isTrusted) return;
    const missing = filename === address && /NetworkError|imported module/.test(message);
    if (!missing && (message || !(record?.restarted || usable === undefined))) return;
    event.stopImmediatePropagation();
    event.preventDefault();
    if (missing) worker.dispatchEvent(new Event('error'));
    else if (record) record.failed = true;
  });
}

/** Patches workers of window `w`. @param {any} w */
export function patchWorkers(w) {
  const { Worker } = w;
  let made;
  constructors(
    w,
    'Worker SharedWorker',
    (args) => {
      const [given, options] = args;
      made = '';
      if (!args.length) return;
      if (urlWaitsFor(given)) return [trust(BROKEN, 'createScriptURL'), options];
      if (isForbidden() || !anyServiceWaits()) return;
      try {
        const { href, origin, protocol } = new URL(given, w.document.baseURI);
        const isData = protocol === 'data:';
        if (!isData && origin !== w.origin) return;
        if (!isData && usable === undefined && !pending.length) tryOnce(Worker);
        if (isForbidden() && !isData) return;
        host.workers ||= `fairgate.${Math.random()}`;
        const key = `${options?.type} ${waiting()} ${href}`;
        made = files.get(key) || wrapped([guard, match, wrapped, imported, rules()], href, options?.type);
        files.set(key, made);
        if (protocol === 'blob:') beginning.add(href);
        return [trust(made, 'createScriptURL'), options];
      } catch {
        made = '';
      }
    },
    (worker, Native, args) => {
      if (made) watch(worker, made, usable === undefined && made[0] === 'b' && remember(worker, Native, args));
    },
  );
  methods(w, w.URL, 'revokeObjectURL', (go, [address]) => {
    if (beginning.delete(`${address}`)) setTimeout(go, 9999);
    else go();
  });
}
