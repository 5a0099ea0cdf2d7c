/** The preference center: categories as rows with a switch, their services and cookies folded inside. */

import { serviceList } from './cookies.js';
import { crossIcon, el } from './dom.js';
import { FACT_SENSITIVE, LOOK_ORDER } from '../packed.js';

/**
 * @param {import('../types.d.ts').Ui} ui
 * @param {() => void} close
 * @returns {HTMLDialogElement} not yet in the page, not open
 */
export function preferences(ui, close) {
  const { t, terms } = ui;
  const now = ui.consent();
  const answer = (action, choices) => () => ui.answer(action, choices?.(), 'preferences');

  const toggle = (id, name, checked, disabled, change) =>
    el('input', { type: 'checkbox', role: 'switch', id, class: name, checked, disabled, change });

  const row = (item, kind, on) => {
    const id = `ot-group-id-${item.key}`;
    item.input =
      !item.necessary &&
      toggle(id, `${kind} fg-s`, on, item.services.some(ui.isStopped), () => {
        for (const { input } of item.services) if (!input.disabled) input.checked = item.input.checked;
      });
    if (item.input) item.input.setAttribute('aria-describedby', `ot-desc-id-${item.key}`);
    const services =
      item.services.length > 0 && serviceList(ui, item.services, (service) => !item.necessary && serviceSwitch(item, service));
    return el(
      'div',
      { class: 'ot-cat-item category-item', 'data-optanongroupid': item.key },
      el(
        'div',
        { class: 'fg-row' },
        el(
          'h3',
          { class: 'ot-cat-header category-header', id: `ot-header-id-${item.key}` },
          item.input ? el('label', { for: id, class: 'ot-switch' }, item.name) : item.name,
        ),
        item.input || el('span', { class: 'ot-always-active', id: `ot-status-id-${item.key}` }, t.always),
      ),
      el('p', { class: 'ot-category-desc', id: `ot-desc-id-${item.key}` }, item.text),
      services &&
        el(
          'details',
          {},
          el('summary', { class: 'category-menu-switch-handler' }, ui.textOf('services', { count: item.services.length })),
          services,
        ),
    );
  };

  function serviceSwitch(category, service) {
    const locked = ui.isStopped(service);
    service.input = toggle(`fg-service-${service.key}`, 'fg-s', !locked && now.services[service.key], locked, () => {
      const states = category.services.map((other) => other.input.checked);
      // A category is "on" when the visitor switched it on, or every single one in it.
      if (states.every((state) => state === states[0])) category.input.checked = states[0];
    });
    return service.input;
  }

  function choices() {
    const out = { categories: { __proto__: null }, services: {}, purposes: {} };
    for (const { key, input, services } of ui.categories) {
      if (!input) continue;
      out.categories[key] = input.checked;
      for (const service of services) out.services[service.key] = service.input.checked;
    }
    for (const { key, input } of ui.purposes) out.purposes[key] = input.checked;
    return out;
  }

  /** The current answer without the sensitive services. */
  function limited() {
    const services = {};
    for (const { key, legalFacts } of ui.services) if (legalFacts & FACT_SENSITIVE) services[key] = false;
    return { services };
  }

  const accept = ui.button(t.accept, answer('accept_all'), { id: 'accept-recommended-btn-handler', class: 'fg-b' });
  const reject = ui.button(t.reject, answer('reject_all'), { class: 'ot-pc-refuse-all-handler fg-b' });
  ui.keepEqual([accept, reject]);
  const limit = terms.links.includes('link_limit_sensitive');

  return el(
    'dialog',
    { id: 'onetrust-pc-sdk', class: 'otPcCenter', 'aria-labelledby': 'ot-pc-title', close },
    el(
      'div',
      { class: 'fg-head' },
      el('h2', { id: 'ot-pc-title' }, t.pc_title),
      ui.button(crossIcon(), close, { id: 'close-pc-btn-handler', class: 'ot-close-icon fg-x', 'aria-label': t.close }),
    ),
    el(
      'div',
      { id: 'ot-pc-content', tabindex: 0, role: 'group', 'aria-labelledby': 'ot-pc-title' },
      el('p', { id: 'ot-pc-desc' }, ui.textOf('pc_body'), ui.policies()),
      ui.hasSignal() && el('p', { class: 'fg-note' }, ui.textOf('gpc')),
      ui.optsOut() &&
        el(
          'div',
          { class: 'fg-optout' },
          ui.honored()
            ? ui.status() || el('p', {}, t.optout_done)
            : [el('p', {}, t.optout_text), ui.button(t.optout, answer('opt_out'), { class: 'fg-q' })],
          limit && [
            el('p', {}, t.limit_text),
            ui.button(t.link_limit_sensitive, answer('opt_out', limited), { class: 'fg-q', lang: 'en' }),
          ],
        ),
      el(
        'div',
        { id: 'ot-category-title' },
        ui.categories.map((category) => row(category, 'category-switch-handler', !!now.categories[category.key])),
      ),
      ui.purposes.map((purpose) => row(purpose, 'fg-purpose-handler', !!now.purposes[purpose.key])),
      el(
        'p',
        { class: 'fg-m' },
        now.answered
          ? ui.textOf('stored_at', { date: new Date(now.at).toLocaleString(ui.lang, { dateStyle: 'long', timeStyle: 'short' }) })
          : t.not_stored,
        now.answered && now.id && [` ${t.record}: `, el('code', {}, el('bdi', {}, now.id))],
      ),
    ),
    el(
      'div',
      { class: 'ot-pc-footer' },
      el(
        'div',
        { class: 'ot-btn-container' },
        ui.screen.look[LOOK_ORDER] ? [reject, accept] : [accept, reject],
        ui.button(t.save, answer('custom', choices), { class: 'save-preference-btn-handler onetrust-close-btn-handler fg-b' }),
      ),
    ),
  );
}
