/**
 * What can wait: answers and their queue, counts, reports, when to show the banner. Loaded from its immutable address
 * beside the banner, or when something is left to do; a returning visitor with nothing to do never loads it.
 */

import { mindEditing } from './block/edited.js';
import { finish } from './block/release.js';
import { resumeNavigation } from './block/resume.js';
import { answers } from './core/answer.js';
import { loadChoices } from './core/choices_file.js';
import { content } from './core/content.js';
import { reportMissing, reportPlace } from './core/installation.js';
import { watchRoots } from './core/roots.js';
import { transport } from './core/transport.js';
import { CHILD, GPC, isDenied } from './core/vector.js';
import { under } from './core/write_cookie.js';
import { SCREEN_LANGUAGE } from './packed.js';
import { dress, focused, keeper } from './ui/root.js';
import { buttonStyle, drawWayBack, floatingButton } from './ui/way_back.js';

const OPENERS = '.ot-sdk-show-settings,.optanon-toggle-display,.optanon-show-settings,.ot-pc-handler,#ot-sdk-btn,[data-fairgate-open]';
const PLACES = '#ot-sdk-cookie-policy,#ot-sdk-cookie-policy-v2,#optanon-cookie-policy,[data-fairgate-links]';

/** @type {(run: () => void, options: object) => void} */
const whenIdle = window.requestIdleCallback || setTimeout;

const MEMBER = 'a member is asked nothing';

/** @param {import('../fairgate.d.ts').Fairgate} api */
function late(api) {
  const { _: core } = api;
  const { cfg, terms } = core;
  // OneTrust's testing script works anywhere and writes host-only cookies.
  core.test ||= /-test($|\/)/.test(core.get('data-domain-script') || core.tag?.src);
  const sender = transport(core);
  answers(core, sender);
  if (!core.engine.release) {
    finish(core.engine);
    resumeNavigation(core.engine.internals);
    mindEditing(core.engine.internals);
  }
  const headless = core.isHeadless();
  const bare = core.isBare;
  const parentHost = () => {
    try {
      return parent.location.hostname;
    } catch {
      return (location.ancestorOrigins?.[0] || '').replace(/.*\/\/|:\d+$/g, '');
    }
  };
  // A frame of the same site holds what it has to and leaves the asking to its page.
  const insideOwnPage = window.top !== window && under(cfg.hosts, parentHost());
  const shown = (kind, again) => {
    if (!again) sender.count(kind);
    core.emit('shown', { kind });
  };
  /** Counted once a page view, until it is answered: what is shown again was not asked anew. */
  const asked = (since = performance.now()) => {
    core.since = since;
    shown('banner', core.asked);
    core.asked = true;
  };
  /** Held element → what a headless page is told of it. */
  const held = new Map();
  const { on } = api;
  const showByPage = (detail) => {
    const heard = core.listeners.show?.length > 0;
    if (heard) core.emit('show', detail);
    if (heard && detail.kind === 'banner') asked();
    else if (heard) shown('preferences');
  };
  const holdByPage = (element, service) => {
    const key = core.services[service]?.key ?? service;
    const detail = { element, service: key, load: () => core.engine.loadOnce(element) };
    if (key === null) held.delete(element);
    else held.set(element, detail);
    core.emit('held', detail);
  };
  // The preference center tells when it was opened on its own; from the banner it only goes on.
  window.addEventListener('OneTrustPCLoaded', () => {
    if (!core.asked) core.since = performance.now();
  });
  const warned = new Set();
  const unknown = (key) => {
    const id = /^(st|nu)/.test(typeof key) ? `${key}` : typeof key;
    if (!warned.has(id) && warned.size < 50) {
      warned.add(id);
      core.warn('unknown id; what names it waits:', key);
      // Never a text that may say more than an id.
      core.report('unknown_id', /^[\w-]{1,32}$/.test(id) ? id : 'other');
    }
    return false;
  };
  const decideBy = (action) => () => core.decide(action, undefined, 'api');
  /** What this release knows of a page's choices; undefined when they name nothing that can be switched. */
  const knownChoices = (choices) => {
    /** @type {any} */
    let known;
    const given = Object(choices);
    for (const kind of Object.keys(given)) {
      const keys = /^(categories|purposes|services)$/.test(kind) ? Object.keys(Object(given[kind])) : core.unknown(kind) || [];
      for (const key of keys) {
        const item = core.items.find((one) => one.kind === kind && one.key === key);
        if (!item) core.unknown(key);
        else if (!item.necessary) {
          known ||= {};
          known[kind] ||= {};
          known[kind][key] = given[kind][key];
        }
      }
    }
    return known;
  };
  /** Does something with the view, when there is one. */
  const withView = (run) =>
    core.loadUi().then(
      (view) => core.safely('ui', () => run(view)),
      () => {},
    );
  /** What keeps our element in its place, and what of ours the focus goes back to. @type {any} */
  const ways = {};
  const { langs } = cfg;
  const texts = {};
  /** ui.js's, which makes the view. */
  let create;
  /** Language → what waits until its ui.js has handed over: it may have come before this file. */
  const waiters = {};
  const handedOver = (lang) =>
    new Promise((resolve) => {
      if (texts[lang]) resolve();
      else waiters[lang] = [...(waiters[lang] || []), resolve];
    });
  /** The language that was asked for, and the one in which the view stands. */
  let requested;
  let shownIn;
  let begun = false;
  const setLanguage = (name) => {
    /** @type {any} */ (api).language = name;
    core.lang = name;
    core.texts = texts[name];
  };

  /** @satisfies {import('./types.d.ts').LateApi & {consent(): Required<import('../fairgate.d.ts').Consent>}} */
  const publicApi = {
    consent: () => ({
      answered: !!core.answer && !core.lapsed,
      at: core.answer ? new Date(core.answer.t * 1000).toISOString() : null,
      id: core.answer?.id || null,
      visitor: core.answer?.u || null,
      gpc: !!core.signals.gpc,
      objected: !!core.answer?.x,
      member: !!core.member,
      ...core.shape((value) => value),
    }),
    accept: decideBy('accept_all'),
    reject: decideBy('reject_all'),
    withdraw: decideBy('withdraw'),
    // An objection that names nothing we know is one to everything.
    optOut: (choices) => core.safely('optOut', () => core.decide('opt_out', knownChoices(choices), 'api')),
    async set(choices) {
      const known = core.safely('set', () => knownChoices(choices));
      return known ? core.decide('custom', known, 'api') : null;
    },
    /** @param {number} years how old the visitor is; what is no number may be a child */
    setAge: (years) =>
      core.safely('setAge', () => {
        if (!(years >= 0)) core.warn('no age:', years);
        const young = terms.ads_off_under && !(years >= terms.ads_off_under);
        core.child = cfg.child | (young ? (terms.minors_hold === 'all' ? CHILD : GPC) : 0);
        core.reread();
      }),
    async show() {
      if (core.member) return core.warn(MEMBER);
      core.ask = true;
      return core.show();
    },
    async content(code) {
      const known = Object.keys(langs).includes(code);
      const lang = (known && code) || requested || core.lang;
      if (known && headless) requested = code;
      try {
        await core.loadScreen(lang);
      } catch {
        return null;
      }
      if (headless) setLanguage(lang);
      return core.safely('content', () => content(core, texts[lang])) || null;
    },
    async signIn(source) {
      core.own?.end();
      core.own = undefined;
      if (!source) return null;
      try {
        await loadChoices(core);
      } catch {
        core.warn('choices.js did not load or did not do its work');
        core.report('broken', 'choices');
        return null;
      }
      core.own?.end();
      core.own = core.makeOwn(core, source);
      core.safely('choices', core.own.draw);
      return core.own.handle;
    },
    /** As it was, and who comes late hears what a headless page has to show. */
    on(event, listener) {
      const off = on(event, listener);
      if (event === 'show' && begun && headless && core.ask && terms.banner && !core.asked) showByPage({ kind: 'banner' });
      if (event === 'held') for (const detail of held.values()) core.safely(event, () => listener(detail));
      return off;
    },
    open: async (layer) => {
      if (core.member) return core.warn(MEMBER);
      if (headless) return showByPage({ kind: 'preferences', layer });
      return withView((view) => {
        view.openPreferences(layer);
        shown('preferences');
      });
    },
  };
  Object.assign(api, publicApi);

  // A span is no button until somebody says so; footers may come late.
  const makeFocusable = () => {
    for (const link of core.findDeep(OPENERS)) {
      if (link.tabIndex < 0) {
        link.tabIndex = 0;
        link.setAttribute('role', 'button');
      }
    }
  };
  const onPress = (event) => {
    // What lies in shadow roots, too: `target` would be their host.
    const link = event.composedPath().find((node) => node.matches?.(OPENERS));
    if (link && (!event.key || (/^(Enter| )$/.test(event.key) && link.role === 'button'))) {
      event.preventDefault();
      event.stopPropagation();
      api.open(link.dataset.fairgateOpen);
    }
  };

  watchRoots(core, () => {
    makeFocusable();
    // What only ui.js can fill may come into the page late.
    if (core.uiParts?.floating && !core.view && core.findDeep(PLACES)[0]) core.loadUi().catch(() => {});
  });
  Object.assign(core, {
    unknown,
    focused,
    dress: (home) => dress(home, core.sheet),
    keeper(root, wayBack) {
      ways.back = wayBack;
      ways.kept ||= keeper(core, root, () => ways.back?.());
      return ways.kept;
    },
    buttonStyle,
    floatingButton,
    emit(event, detail) {
      for (const listener of core.listeners[event] || []) core.safely(event, () => listener(detail));
      if (/change|stored|optout/.test(event)) window.dispatchEvent(new CustomEvent(`fairgate:${event}`, { detail }));
    },
    isStopped: (key) => !core.optIn && core.services.some((item) => item.key === key && isDenied(item, core.signalled)),
    openers: OPENERS,
    releaseAllowed: () => core.engine.release(),
    flush: sender.flush,
    async show() {
      if (headless) return core.ask && showByPage({ kind: 'banner' });
      return withView((view) => {
        if (!core.ask || bare()) return;
        view.showBanner();
        asked();
      });
    },
    /**
     * The view stands, or speaks another language, only when all of it is there; else everything stays as it was.
     *
     * @param {string} [code] the language from now on @returns {Promise<object>} the view
     */
    loadUi(code) {
      if (Object.keys(langs).includes(code)) requested = code;
      const lang = requested || core.lang;
      return Promise.all([core.loadScreen(lang), core.uiParts || new Promise(core.whenParsed)])
        .then(() => handedOver(lang))
        .then(() => {
          if (lang !== (requested || core.lang)) return core.loadUi();
          if (lang === shownIn) return core.view;
          const old = core.lang;
          setLanguage(lang);
          try {
            if (core.view) core.view.setLanguage();
            else core.view = create(core);
          } catch (error) {
            setLanguage(old);
            throw error;
          }
          shownIn = lang;
          return core.view;
        })
        .catch((error) => {
          if (requested === lang) requested = shownIn;
          core.texts = texts[shownIn];
          if (error) {
            core.warn(`ui.${lang}.js`, error);
            core.report('broken', `ui.${lang}`);
          }
          throw 0;
        });
    },
    /** A held frame or embed gets a stand-in; `service` null takes it away. */
    place: (element, service) => (headless ? holdByPage(element, service) : withView((view) => view.placeholder(element, service))),
    /** ui.js hands over what it brought. */
    ui(factory, packed) {
      create = factory;
      texts[packed[SCREEN_LANGUAGE]] = packed;
      for (const go of waiters[packed[SCREEN_LANGUAGE]] || []) go();
    },
    /** @returns {Promise<void>|undefined} settles when the banner stands, if it has to */
    begin() {
      // A prerendered page shows and counts nothing.
      if (document.prerendering)
        return new Promise((resolve) => document.addEventListener('prerenderingchange', () => resolve(core.begin()), { once: true }));
      core.reread();
      if (core.answer?.x) core.save();
      // The browser asks another process for what is stored, and the page's script waits for it.
      whenIdle(() => core.safely('tidy', core.tidy), { timeout: 500 });
      core.tellDataLayer();
      core.safely('signal', core.reportSignal);
      sender.flush();
      if (insideOwnPage) return;
      core.safely('installation', () => reportPlace(core));
      core.safely('missing', () => reportMissing(core));
      sender.report();
      begun = true;
      // Where the site's cookie policy on another host leads to.
      if (location.hash === '#fairgate-open') api.open();
      // The gate has shown it.
      if (core.ask && core.uiParts?.banner) {
        asked(core.since);
        return Promise.resolve();
      }
      if (core.ask && terms.banner && (headless || !bare())) return core.show();
      core.whenParsed(() => {
        const found = core.findDeep(`${PLACES},${OPENERS}`);
        const links = terms.links[0] || found.some((el) => el.matches(PLACES));
        const wanted = links || (cfg.button && !found.some((el) => el.matches(OPENERS)));
        if (!wanted || bare() || core.member) return;
        if (links || !core.safely('way back', () => drawWayBack(core))) core.loadUi().catch(() => {});
      });
    },
    report(kind, subject) {
      core.reports.push({ kind, subject });
      sender.report();
    },
  });

  // From here on all is in its place: what fails now is missing, and nothing more.
  for (const key of core.unknownKeys) unknown(key);
  core.safely('links', () => {
    document.addEventListener('click', onPress);
    document.addEventListener('keydown', onPress);
  });
  window.addEventListener('pageshow', (event) => {
    if (event.persisted) core.reread();
  });
  core.safely('tabs', () => {
    core.tabs = new BroadcastChannel(`fairgate.${cfg.site}`);
    core.tabs.onmessage = () => core.reread();
  });
}
// Does nothing by itself: the gate begins it, once, when the whole file is there.
window.fairgate._.startLate = late;
