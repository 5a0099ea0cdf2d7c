// Keeps what was typed into a form and not saved, in this browser, and asks before it is left.
(() => {
  const form = document.querySelector('form[data-typed]');
  const line = form?.querySelector('[data-state]');
  if (!line) return;
  const key = `fairgate.typed.${form.dataset.typed.trim().split(/\s+/).join('.')}`;
  const fields = [...form.querySelectorAll('input:not([type=hidden]), textarea')];
  const read = () => JSON.stringify(fields.map((field) => field.value));
  const saved = read();
  const unsaved = 'unsaved' in form.dataset;
  let leaving = false;
  const isDirty = () => unsaved || read() !== saved;
  const keep = () => {
    try {
      if (isDirty()) localStorage.setItem(key, JSON.stringify({ base: saved, now: read() }));
      else localStorage.removeItem(key);
    } catch {
      // A browser that keeps nothing still asks before one leaves.
    }
  };
  const told = () => {
    line.textContent = isDirty() ? form.dataset.dirty : '';
    keep();
  };
  try {
    const kept = JSON.parse(localStorage.getItem(key) || 'null');
    // What was typed on top of another draft is not put over what somebody saved since.
    if (kept && !unsaved && kept.base === saved && kept.now !== saved) {
      JSON.parse(kept.now).forEach((value, place) => {
        fields[place].value = value;
      });
      line.textContent = form.dataset.kept;
    }
  } catch {
    // Unreadable: as if nothing had been kept.
  }
  form.addEventListener('input', told);
  form.addEventListener('submit', () => {
    leaving = true;
    keep();
  });
  addEventListener('pagehide', keep);
  addEventListener('beforeunload', (event) => {
    if (!leaving && isDirty()) event.preventDefault();
  });
  if (unsaved) told();
})();
