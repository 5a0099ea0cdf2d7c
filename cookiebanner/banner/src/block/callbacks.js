/**
 * Calls of vendors' libraries may say what to do once they are made: a link goes on in `event_callback`. They stand in a queue
 * until the library takes them; what a refusal keeps away takes none, so the page is told instead. Part of late.js.
 */

const TRACK = /^(track|page|identify|group|alias)$/;
/**
 * Queues by their place: what loads their library, which calls are made there, what the vendor's documentation calls the
 * callback among a call's options ('' when it is an argument of its own).
 *
 * @type {[string, RegExp, RegExp, string][]}
 */
const QUEUES = [
  ['dataLayer', /googletagmanager\.com|google-analytics\.com/, /^event$/, 'event_callback'],
  ['ga.q', /google-analytics\.com/, /(^|\.)send$/, 'hitCallback'],
  ['plausible.q', /plausible/, /./, 'callback'],
  ['ym.a', /mc\.yandex/, /^(hit|reachGoal|extLink|file|notBounce|params|userParams)$/, 'callback'],
  ['_paq', /matomo|piwik/, /^track(PageView|Event|Goal|Link|SiteSearch|Ecommerce(Order|CartUpdate))$/, ''],
  ['pintrk.queue', /pinimg\.com/, TRACK, ''],
  ['analytics', /segment\.(com|io)/, TRACK, ''],
  ['rudderanalytics', /rudder/, TRACK, ''],
  ['mixpanel', /mxpnl\.com|mixpanel/, /^track$/, ''],
  ['_learnq', /klaviyo/, TRACK, ''],
  // A call of its own object ends with what keeps its promise.
  ['_klOnsite', /klaviyo/, /^(track|identify|openForm|trackViewedItem|account|cookieDomain|isIdentified)$/, ''],
  // Calls are objects, of which each says what keeps its promise.
  ['amplitude._q', /amplitude/, /./, ''],
];
/** Of what Google Tag Manager reads from the same queue. */
const EVENT_CALLBACK = 'eventCallback';
const nothing = () => {};
const isDue = (callback) => typeof callback === 'function' && callback !== nothing;

/**
 * Takes the callback out of a queued call, so that the library, should it come after all, does not call it again.
 *
 * @returns {[any, Function]|undefined} the call as the queue is to hold it, and its callback
 */
function taken(call, calls, option) {
  if (isDue(call?.[EVENT_CALLBACK])) return [{ ...call, [EVENT_CALLBACK]: nothing }, call[EVENT_CALLBACK]];
  const { name, args, resolve } = call || {};
  if (Array.isArray(args) && isDue(resolve)) {
    return [
      { ...call, resolve: nothing },
      () => resolve({ event: { event_type: name === 'track' ? args[0] : name }, code: 0, message: '' }),
    ];
  }
  if (!(call?.length > 0) || ![call[0], call[1]].some((word) => typeof word === 'string' && calls.test(word))) return;
  for (let k = 0; k < call.length; k++) {
    const given = call[k];
    const callback = typeof given === 'function' ? given : option && given?.[option];
    if (!isDue(callback)) continue;
    // The page may use its options again.
    call[k] = given === callback ? nothing : { ...given, [option]: nothing };
    return [call, callback];
  }
}

/** The queue at a place; a function that queues its own calls makes it at the first one. */
function queueAt(place) {
  const [first, rest] = place.split('.');
  /** @type {any} */
  const object = window[first];
  if (rest && typeof object === 'function') object[rest] ||= [];
  const queue = rest ? object?.[rest] : object;
  return Array.isArray(queue) && queue;
}

/**
 * @param {any} host the gate
 * @param {(library: RegExp) => any} refused the held script of a library that the visitor has refused
 * @returns {() => void} calls what is due in all queues, and from then on at once
 */
export function callbacks(host, refused) {
  const watched = new WeakSet();
  const callDue = (queue, [, library, calls, option], i) => {
    for (let found = taken(queue[i], calls, option); found; found = taken(queue[i], calls, option)) {
      const [call, callback] = found;
      const script = refused(library);
      if (!script) return;
      const id = /[?&]id=([\w-]+)/.exec(script.src || '')?.[1];
      queue[i] = call;
      setTimeout(() => callback(...(id ? [id] : [])));
    }
  };
  const follow = (queue, vendor) => {
    for (let i = 0; i < queue.length; i++) callDue(queue, vendor, i);
    if (watched.has(queue)) return;
    watched.add(queue);
    const { push } = queue;
    /** @this {any} */
    const value = function (...calls) {
      const from = queue.length;
      const result = push.apply(this, calls);
      for (let i = from; i < queue.length; i++) callDue(queue, vendor, i);
      return result;
    };
    Object.defineProperty(queue, 'push', { value, configurable: true, writable: true });
  };
  return () => {
    for (const vendor of QUEUES) {
      const script = refused(vendor[1]);
      const names = [vendor[0]];
      if (script && vendor === QUEUES[0]) names.push(/[?&]l=(\w+)/.exec(script.src || '')?.[1], host.get('data-dLayer-name'));
      const queues = script ? names.map((name) => name && queueAt(name)) : [];
      for (const queue of queues) if (queue) host.safely('callback', () => follow(queue, vendor));
    }
  };
}
