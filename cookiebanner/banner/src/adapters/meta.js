/** Meta Pixel: revoke before init, grant after a yes; Limited Data Use where the law is an opt-out. */

/** What the page's `fbq` is to hear first; nothing once it is there. */
const first = [];
const define = (object, name, more) => Object.defineProperty(object, name, { configurable: true, enumerable: true, ...more });

/** Hears of the first value that is written to a name which reads as undefined until then. */
const onceWritten = (object, name, then) =>
  define(object, name, {
    get() {},
    set(value) {
      define(object, name, { value, writable: true });
      then(value);
    },
  });

/**
 * Facebook's snippet makes `fbq`, then its queue, then loads the library, and does none of it where there is an `fbq`: one
 * of ours would keep the library away for ever.
 */
function waitForSnippet() {
  const speak = (fbq) => {
    for (const call of first.splice(0)) fbq(...call);
  };
  onceWritten(window, 'fbq', (fbq) => {
    if (fbq.queue || fbq.callMethod) speak(fbq);
    else onceWritten(fbq, 'queue', () => speak(fbq));
  });
}

__fg.adapters.meta = ({ items, terms, optIn }, _step, has) => {
  if (!window.fbq && !first.length) waitForSnippet();
  const say = (...call) => (window.fbq ? window.fbq(...call) : first.push(call));
  const on = items.some(({ adapter, key }) => adapter === 'meta' && has(key));
  const sent = { consent: on ? 'grant' : 'revoke' };
  say('consent', sent.consent);
  if (!optIn) {
    // 0, 0 lets Meta find the state; 1, 1000 is California.
    sent.limited_data_use = !on;
    say('dataProcessingOptions', ...(on ? [[]] : [['LDU'], ...(terms.regime === 'us_ca' ? [1, 1000] : [0, 0])]));
  }
  return sent;
};
