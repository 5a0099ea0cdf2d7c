/**
 * The choices beyond cookies of a visitor whom the site has signed in: what the preferences show of them, and the same for
 * pages that draw it themselves. Loaded by late.js only when a page says that somebody is signed in.
 *
 * Who it is stands in a subject token of the site's back end (docs/choices.md), which goes into bodies of requests and
 * nowhere else: no address, no storage, no element.
 */

import packed from './choices.css';
import { uuid } from './core/answer.js';
import { calm } from './ui/calm.js';
import { el, fill } from './ui/dom.js';

/**
 * @param {import('./types.d.ts').Core} core
 * @param {string|(() => string|Promise<string>)} source the token, or what fetches one whenever the last has run out
 * @returns {import('./types.d.ts').Own}
 */
export function own(core, source) {
  /** @type {Promise<string>|undefined} */
  let token;
  /** What the server said last. @type {import('../fairgate.d.ts').OwnChoices|undefined} */
  let shown;
  let ended = false;

  const tokenOf = () => {
    token ||= Promise.resolve(typeof source === 'function' ? source() : source);
    return token;
  };

  /** @returns {Promise<import('../fairgate.d.ts').OwnChoices|null>} null when it can't be had; the console says why */
  async function ask(path, more, tries = 2) {
    let refused;
    try {
      const said = { site: core.cfg.site, token: `${await tokenOf()}`, language: core.lang, ...more };
      const response = await fetch(`${core.base}/api/v1/choices${path}`, {
        method: 'POST',
        body: JSON.stringify(said),
        credentials: 'omit',
      });
      const body = await response.json();
      if (ended) return null;
      if (response.ok) {
        shown = body;
        return body;
      }
      refused = body.title;
      if (body.code !== 'token_refused' || typeof source !== 'function') tries = 0;
    } catch (error) {
      refused = error;
    }
    // A token runs out while the page is read; a request that was lost says the same act once more.
    token = undefined;
    if (tries > 1) return ask(path, more, tries - 1);
    core.warn('choices:', refused);
    return null;
  }

  const state = () => ask('/state', {});

  /** @param {Record<string, boolean>} values by topic */
  async function choose(values) {
    const { topics } = shown || (await state()) || { topics: [] };
    const choices = topics.flatMap(({ key, wording }) =>
      Object.hasOwn(values, key) ? { topic: key, value: values[key] ? 'yes' : 'no', wording } : [],
    );
    return choices.length ? ask('', { id: uuid(), choices }) : null;
  }

  /** The section of the preferences. */
  function draw() {
    const { dialog, uiParts: ui } = core;
    const content = dialog?.querySelector('#ot-pc-content');
    if (!content || ended) return;
    content.querySelector('.fg-own')?.remove();
    const section = el('section', { class: 'fg-own', 'aria-busy': 'true' });
    content.lastElementChild.before(section);
    state().then((given) => {
      section.removeAttribute('aria-busy');
      if (!given?.topics.length) return section.remove();
      if (!core.ownStyle) ui.addStyle(packed);
      core.ownStyle = true;
      // What has just moved under a finger takes no press.
      calm(dialog);
      fillSection(ui, section, given);
    });
  }

  function fillSection(ui, section, { language, direction, texts: t, topics }) {
    const said = el('p', { role: 'status', class: 'fg-note' });
    const rows = topics.map((topic) => row(ui, t, topic, (value, place) => press({ [topic.key]: value }, place)));
    let busy = false;
    /** What came of it is said beside what was pressed. */
    async function press(values, place) {
      if (busy) return;
      busy = true;
      said.textContent = '';
      place.append(said);
      const given = await choose(values);
      busy = false;
      const taken = given?.taken || [];
      const done = ({ status }) => /^(created|older|replayed|unchanged)$/.test(status);
      said.textContent = taken.some(({ status }) => status === 'mailed') ? t.mailed : taken[0] && taken.every(done) ? t.saved : t.failed;
      for (const { key, update } of rows) {
        const now = given?.topics.find((topic) => topic.key === key);
        if (now) update(now);
      }
    }
    const no = Object.fromEntries(topics.map(({ key }) => [key, false]));
    section.lang = language;
    section.dir = direction;
    section.setAttribute('aria-labelledby', 'fg-own-title');
    fill(section, {}, [
      el('h3', { id: 'fg-own-title' }, t.title),
      el('p', { class: 'fg-m' }, t.intro),
      rows.map(({ node }) => node),
      said,
      topics.length > 1 && ui.button(t.all_no, () => press(no, section), { class: 'fg-q' }),
    ]);
  }

  const handle = { choices: state, choose: (values) => choose(Object(values)) };
  return {
    handle,
    draw,
    end() {
      ended = true;
      core.dialog?.querySelector('.fg-own')?.remove();
    },
  };
}

/** A topic: its words, a yes and a no of the same size, and since when. @param {any} ui */
function row(ui, t, first, press) {
  const { key, name, text, language, remark, way } = first;
  const id = `fg-own-${key}`;
  const written = { lang: language, dir: 'auto' };
  const why = { parent: t.parent, elsewhere: t.elsewhere }[way];
  const yes = ui.button(t.yes, () => press(true, node), { class: 'fg-q' });
  const no = ui.button(t.no, () => press(false, node), { class: 'fg-q' });
  const since = el('p', { class: 'fg-m' });
  const node = el(
    'div',
    { class: 'fg-topic', role: 'group', 'aria-labelledby': id, 'aria-describedby': `${id}-text` },
    el('h4', { id, ...written }, name),
    el('p', { id: `${id}-text`, class: 'fg-said', ...written }, text),
    remark && el('p', { class: 'fg-m' }, remark),
    why && el('p', { class: 'fg-m' }, why),
    el('div', { class: 'fg-pair' }, yes, no),
    since,
  );
  function update(topic) {
    yes.setAttribute('aria-pressed', `${topic.value === 'yes'}`);
    no.setAttribute('aria-pressed', `${topic.value === 'no'}`);
    yes.disabled = !!why && topic.value !== 'yes';
    since.replaceChildren();
    fill(since, {}, [
      topic.since || t.not_yet,
      ' ',
      topic.receipt && ui.link(ui.core.base + topic.receipt, topic.receipt_text),
      topic.waits && topic.value !== 'yes' && [el('br', {}), t.mailed],
    ]);
  }
  update(first);
  return { key, node, update };
}

window.fairgate._.makeOwn = own;
