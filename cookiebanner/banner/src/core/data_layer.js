/** What tag managers hear: one event in the page's data layer for each state of consent (docs/reference/signals.md). */

/**
 * @param {import('../types.d.ts').Core} core
 * @returns {(action?: string) => void} tells what is in force, unless that was the last that it told; `action` says by what
 */
export function dataLayer(core) {
  let last = '';
  return (action) => {
    const list = window[core.layerName || core.get('data-dLayer-name') || 'dataLayer'];
    // A page without one gets none by us. OneTrust's data-dLayer-ignore: leave the data layer alone.
    if (!list?.push || /^(true)?$/.test(core.get('data-dLayer-ignore') ?? 'no')) return;
    // Never the visitor's number or the record's: whatever reads data layers need not be allowed to know who it is.
    const state = { answered: !!core.answer && !core.lapsed, gpc: !!core.signals.gpc, ...core.shape() };
    const now = JSON.stringify(state);
    if (now === last) return;
    last = now;
    list.push({ event: 'fairgate_consent', fairgate: { action: action || 'view', ...state } });
  };
}
