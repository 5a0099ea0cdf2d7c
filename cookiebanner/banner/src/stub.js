/**
 * otSDKStub.js: OneTrust's names for what the gate does, so that a page needs another host name and nothing else
 * (docs/reference/onetrust.md). The gate is OtAutoBlock.js; a page without that tag gets it from here.
 */

import { language } from './core/config.js';
import { write } from './core/keep.js';
import { takeOver } from './core/optanon.js';
import { methods } from './onetrust/api.js';
import { page } from './onetrust/page.js';

const tag = document.currentScript || document.querySelector('script[src*="otSDKStub.js"]');
const src = tag?.src || '';
const id = (
  tag?.getAttribute('data-domain-script') ||
  new URLSearchParams(src.split('?')[1] || '').get('did') ||
  (/\/consent\/([^/]+)\//.exec(src) || [])[1] ||
  ''
).trim();
const base = src.replace(/\/(scripttemplates|consent)\/.*$/, '');
const parsed = (run) => (document.readyState === 'loading' ? document.addEventListener('DOMContentLoaded', run, { once: true }) : run());
let attached = false;

function attach() {
  const { _: core } = window.fairgate;
  if (!attached && !core.stub) core.safely('otSDKStub.js', join);
}
function join() {
  const { _: core } = window.fairgate;
  attached = core.stub = true;
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
  window.fairgate.language = core.lang = language(Object.keys(core.cfg.langs), core);
  core.test ||= /-test$/.test(id);
  const sees = page(core, tag);

  if (/[?&]otreset=true/.test(location.search)) {
    for (const name of [core.cfg.cookie, 'fairgate', 'OptanonConsent', 'OptanonAlertBoxClosed']) core.write(name, '', 0);
    core.read();
  }
  const outside = window.OTExternalConsent;
  core.safely('OTExternalConsent', () => {
    if (!outside?.consentedDate || !outside.groups) return;
    core.write('OptanonAlertBoxClosed', new Date(outside.consentedDate).toISOString(), 365 * 86400);
    core.write('OptanonConsent', `groups=${encodeURIComponent(outside.groups)}&interactionCount=1`, 365 * 86400);
    core.read();
  });
  // An answer given to OneTrust counts from the first view on.
  if (takeOver(core)) core.late(() => core.engine.release());

  const userLocation = sees.geo();
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
    otDataLayer: { ignore: sees.ignoreLayer, name: sees.layerName },
    storageBaseURL: base,
    stubElement: tag,
    stubUrl: src,
    urlParams: new URLSearchParams(location.search),
    userLocation,
  };

  const answered = !!core.answer && !core.ask;
  sees.globals();
  if (answered) {
    sees.layer();
    sees.events();
  }

  const api = methods(core, sees);
  const publish = () => {
    const given = (window.OneTrust = window.Optanon = window.OneTrust || {});
    for (const name in api) given[name] = api[name].call ? (...said) => core.safely(name, () => api[name](...said)) : api[name];
    window.OneTrustStub = null;
    window.otStubData = { userLocation };
    sees.globals();
    sees.layer();
    if (answered) {
      if (!sees.cookie('OptanonAlertBoxClosed'))
        core.write('OptanonAlertBoxClosed', new Date(core.answer.t * 1000).toISOString(), 365 * 86400);
      sees.remember();
    } else sees.events();
  };
  // The rest of OneTrust's SDK arrives later, too.
  // Without it OneTrust stays away, as when its server is down.
  core.late(publish);
  parsed(() =>
    core.late(async () => {
      sees.fire('otloadbanner');
      await core.started;
      links();
      sees.wrapper();
    }),
  );
  core.kick();

  /** Texts of the settings links come with the banner's; `.optanon-show-settings` keeps its own. */
  function links() {
    const found = document.querySelectorAll('.ot-sdk-show-settings,.optanon-toggle-display');
    if (found.length)
      core.loadUi().then(
        () => found.forEach((link) => (link.textContent = core.texts.t.reopen)),
        () => {},
      );
  }
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
  const plain = { createScriptURL: same, createHTML: same };
  policy ||= window.trustedTypes?.createPolicy('fairgate-stub', plain) || plain;
  script.src = policy.createScriptURL(url);
  const look = () => window.fairgate?._ || (more ? console.warn('fairgate: no gate') : fetchGate(`?${Date.now()}`));
  // Written, it runs before the next tag of the page; that is the only way to hold what follows.
  if (!more && document.readyState === 'loading' && tag === document.currentScript && !tag.async && !tag.defer) {
    document.write(policy.createHTML(script.outerHTML));
    parsed(look);
  } else {
    script.onload = script.onerror = look;
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
