/** Fetches choices.js, for pages whose visitor is signed in. Part of late.js, whose first line names its hash (compile.py). */

/** @type {Promise<void>|undefined} */
let loading;

/** @param {import('../types.d.ts').Core} core @returns {Promise<void>} rejected when it did not hand over what it brings */
export function loadChoices(core) {
  loading ||= attempt(core, '')
    .catch(() => attempt(core, `?${Date.now()}`))
    .catch((error) => {
      loading = undefined;
      throw error;
    });
  return loading;
}

const attempt = (core, more) =>
  new Promise((done, failed) => {
    const script = document.createElement('script');
    script.nonce = core.nonce;
    script.crossOrigin = core.get('crossorigin');
    script.onload = script.onerror = () => {
      script.remove();
      // "Loaded" is not "did its work".
      if (core.makeOwn) done();
      else failed();
    };
    script.src = core.policy.createScriptURL(`${core.base}/v1/${core.cfg.site}/a/${core.choicesFile}/choices.js${more}`);
    core.putBeside(script);
  });
