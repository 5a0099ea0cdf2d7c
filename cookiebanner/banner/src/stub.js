/**
 * otSDKStub.js: OneTrust's names for what the gate does, so that a page needs another host name and nothing else
 * (docs/reference/onetrust.md). The gate is OtAutoBlock.js; a page without that tag gets it from here.
 */

import { takeOver } from './core/optanon.js';
import { language } from './core/origin.js';
import { write } from './core/write_cookie.js';
import { methods } from './onetrust/api.js';
import { page } from './onetrust/page.js';
import { SCREEN_TEXTS } from './packed.js';

/** @type {any} */
const tag = document.currentScript || document.querySelector('script[src*="otSDKStub.js"]');
// Older tags have the id in the file's name.
const IN_PATH = /\/(?:consent|langswitch)\/([\w-]+)(?:\/|\.js)/;
const src = tag?.src || '';
const id = (
  tag?.getAttribute('data-domain-script') ||
  new URLSearchParams(src.split('?')[1] || '').get('did') ||
  (IN_PATH.exec(src) || [])[1] ||
  ''
).trim();
const base = src.replace(/\/(scripttemplates|consent|langswitch)\/.*$/, '');
const whenParsed = (run) => {
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', run, { once: true });
  else run();
};
let attached = false;

function attach() {
  const { _: core } = window.fairgate;
  if (!attached && !core.stub) core.safely('otSDKStub.js', join);
}
function join() {
  const { _: core } = window.fairgate;
  attached = true;
  core.stub = true;
  // A gate that was published before a site had a name of its own.
  core.cfg.cookie ||= 'fairgate';
  const { get } = core;
  Object.assign(core, {
    dropIn: true,
    get: (name) => tag?.getAttribute(name) ?? get(name),
    nonce: core.nonce || tag?.nonce || '',
    tag: core.tag || tag,
    write: core.write || ((name, value, age) => core.safely(name, () => write(core, name, value, age))),
  });
  core.lang = language(Object.keys(core.cfg.langs), core);
  /** @type {any} */ (window.fairgate).language = core.lang;
  core.test ||= /-test$/.test(id);
  const site = page(core, tag);
  core.layerName = site.layerName;

  if (/[?&]otreset=true/.test(location.search)) {
    const { cookie } = core.cfg;
    for (const name of [cookie, `${cookie}_http`, 'fairgate', 'OptanonConsent', 'OptanonAlertBoxClosed']) core.write(name, '', 0);
    core.safely('otreset', () => delete localStorage[cookie]);
    core.read();
  }
  const external = window.OTExternalConsent;
  core.safely('OTExternalConsent', () => {
    if (!external?.consentedDate || !external.groups) return;
    core.write('OptanonAlertBoxClosed', new Date(external.consentedDate).toISOString(), 365 * 86400);
    core.write('OptanonConsent', `groups=${encodeURIComponent(external.groups)}&interactionCount=1`, 365 * 86400);
    core.read();
  });
  // An answer given to OneTrust counts from the first view on.
  if (takeOver(core)) core.late(() => core.engine.release());

  const userLocation = site.geo();
  window.otStubData = {
    bannerBaseDataURL: `${base}/consent/${id}`,
    crossOrigin: tag?.getAttribute('crossorigin') || null,
    domainId: id,
    domainData: {},
    regionRule: {},
    isAmp: !!tag?.hasAttribute('amp'),
    isPreview: false,
    isReset: false,
    mobileOnlineURL: [],
    nonce: core.nonce,
    otDataLayer: { ignore: site.ignoreLayer, name: site.layerName },
    storageBaseURL: base,
    stubElement: tag,
    stubUrl: src,
    urlParams: new URLSearchParams(location.search),
    userLocation,
  };

  const answered = !!core.answer && !core.ask;
  site.globals();
  if (answered) {
    site.layer();
    site.events();
  }

  const api = methods(core, site);
  const publish = () => {
    const oneTrust = window.OneTrust || {};
    window.OneTrust = oneTrust;
    window.Optanon = oneTrust;
    for (const name in api) oneTrust[name] = api[name].call ? (...given) => core.safely(name, () => api[name](...given)) : api[name];
    window.OneTrustStub = null;
    window.otStubData = { userLocation };
    site.globals();
    site.layer();
    if (answered) {
      if (!site.cookie('OptanonAlertBoxClosed'))
        core.write('OptanonAlertBoxClosed', new Date(core.answer.t * 1000).toISOString(), 365 * 86400);
      site.remember();
    } else {
      // Where something runs unasked, programs read from the cookie what. Opt-in rules let nothing be stored unasked.
      if (!core.optIn) site.remember();
      site.events();
    }
  };
  // The rest of OneTrust's SDK arrives later, too, and with its texts: names must not change under who reads them.
  // Without it OneTrust stays away, as when its server is down.
  const published = core.late(() => site.readContent().then(publish));
  whenParsed(() =>
    core.late(async () => {
      await published;
      site.fire('otloadbanner');
      await core.started;
      keepElements();
      links();
      site.wrapper();
    }),
  );
  core.beginOnce();

  /** Texts of the settings links come with the banner's; `.optanon-show-settings` keeps its own. */
  function links() {
    const found = core.findDeep('.ot-sdk-show-settings,.optanon-toggle-display');
    if (found.length)
      core.loadUi().then(
        () => {
          for (const link of found) link.textContent = core.texts[SCREEN_TEXTS].reopen;
        },
        () => {},
      );
  }
}

/** Page code watches the banner and the preferences by their ids: they are hidden where nothing is open, never missing. */
function keepElements() {
  const root = document.getElementById('onetrust-consent-sdk');
  if (!root) return;
  const all = (id) => [...root.querySelectorAll(`:scope > #${id}`)];
  const hide = (node) => {
    node.classList.add('ot-hide');
    node.style.setProperty('display', 'none', 'important');
    node.inert = true;
    hidden.add(node);
    root.append(node);
  };
  const hidden = new Set();
  const look = (records = []) => {
    for (const id of ['onetrust-banner-sdk', 'onetrust-pc-sdk']) {
      const found = all(id);
      if (found.length > 1) for (const node of found) if (hidden.has(node)) node.remove();
      if (found.length) continue;
      const gone = records.flatMap(({ removedNodes }) => [...removedNodes]).find((node) => node.id === id);
      const stand = document.createElement('div');
      stand.id = id;
      hide(gone || stand);
    }
  };
  new MutationObserver(look).observe(root, { childList: true });
  look();
}

let policy;
/** @param {string} more a second address, past whatever answered the first with something else */
function fetchGate(more) {
  if (!id) return;
  const url = `${base}/v1/${id}/gate.js${more}`;
  const script = document.createElement('script');
  for (const { name, value } of tag.attributes) if (value && /^(data-|cross)/.test(name)) script.setAttribute(name, value);
  if (tag.nonce) script.setAttribute('nonce', tag.nonce);
  script.setAttribute('data-domain-script', id);
  const same = (text) => text;
  const unchecked = { createScriptURL: same, createHTML: same };
  try {
    policy ||= window.trustedTypes.createPolicy('fairgate-stub', unchecked);
  } catch {
    policy = unchecked;
  }
  script.src = policy.createScriptURL(url);
  const retry = () => {
    if (window.fairgate?._) return;
    if (more) console.warn('fairgate: no gate');
    else fetchGate(`?${Date.now()}`);
  };
  // Written, it runs before the next tag of the page; that is the only way to hold what follows.
  if (!more && document.readyState === 'loading' && tag === document.currentScript && !tag.async && !tag.defer) {
    document.write(policy.createHTML(script.outerHTML));
    whenParsed(retry);
  } else {
    script.onload = retry;
    script.onerror = retry;
    tag.after(script);
  }
}

if (window.fairgate?._) attach();
else {
  window.addEventListener('fairgate:ready', attach, { once: true });
  try {
    fetchGate('');
  } catch (error) {
    console.warn('fairgate: no gate', error);
  }
}
