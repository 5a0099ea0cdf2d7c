// The banner's editor: the real banner beside the fields, edits that are not lost, a way back for each.
(() => {
  const switches = document.querySelector('[data-switches]');
  const desk = document.querySelector('[data-desk]');
  if (!switches || !desk) return;
  const form = document.querySelector('form[data-editor]');
  let frame = desk.querySelector('iframe');
  // Sentences in the language of the page; {…} are filled in here.
  const words = form?.dataset;
  const fill = (sentence, name, value) => sentence.replace(`{${name}}`, value);

  // --- the screen ---------------------------------------------------------------------------------------------------

  /** The chosen screen whole in the room there is. */
  const fit = () => {
    const { width, height } = switches.elements.see_device.selectedOptions[0].dataset;
    const scale = Math.min(1, desk.clientWidth / width, Math.max(420, innerHeight - 200) / height);
    for (const one of desk.querySelectorAll('iframe')) {
      one.style.width = `${width}px`;
      one.style.height = `${height}px`;
      one.style.transform = `translateX(${Math.max(0, (desk.clientWidth - width * scale) / 2)}px) scale(${scale})`;
    }
    desk.style.overflow = 'hidden';
    desk.style.height = `${Math.ceil(height * scale)}px`;
  };
  if (desk.clientWidth < 500 && !/[?&]see_device=/.test(location.search)) switches.elements.see_device.value = 'phone';
  new ResizeObserver(fit).observe(desk);
  fit();

  /** The next banner is loaded behind the one that stands, so that nothing flickers; a new frame is no step back. */
  let next;
  const show = (url) => {
    next?.remove();
    const mine = frame.cloneNode();
    next = mine;
    mine.removeAttribute('id');
    mine.inert = true;
    mine.src = url;
    desk.append(mine);
    fit();
    mine.addEventListener('load', () =>
      setTimeout(() => {
        if (mine !== next) return;
        next = null;
        frame.remove();
        frame = mine;
        mine.inert = false;
        mine.id = 'stage';
      }, 150),
    );
  };

  switches.querySelector('[data-go]').hidden = true;
  if (!form) {
    switches.addEventListener('change', () => switches.requestSubmit());
    return;
  }

  // --- what is in the form ------------------------------------------------------------------------------------------

  const read = () => JSON.stringify([...new FormData(form)].filter(([name, value]) => name !== 'csrfmiddlewaretoken' && typeof value === 'string'));
  const write = (state) => {
    const pairs = JSON.parse(state);
    for (const field of form.elements) {
      if (!field.name || /^(hidden|file|submit)$/.test(field.type)) continue;
      const mine = pairs.filter(([name]) => name === field.name).map(([, value]) => value);
      if (/^(checkbox|radio)$/.test(field.type)) field.checked = mine.includes(field.value);
      else field.value = mine[0] ?? '';
    }
    for (const field of form.querySelectorAll('[data-colour]')) field.dispatchEvent(new CustomEvent('picked'));
  };

  // --- a picker beside each colour ----------------------------------------------------------------------------------

  for (const field of form.querySelectorAll('[data-colour]')) {
    const picker = document.createElement('input');
    picker.type = 'color';
    picker.setAttribute('aria-label', fill(words.pick, 'colour', field.labels[0].textContent));
    const follow = () => {
      const digits = /^#([0-9a-f]{3}|[0-9a-f]{6})$/i.exec(field.value.trim())?.[1];
      picker.classList.toggle('unset', !digits);
      if (digits) picker.value = `#${digits.length === 6 ? digits : digits.replace(/./g, '$&$&')}`;
    };
    follow();
    field.addEventListener('input', follow);
    field.addEventListener('picked', follow);
    picker.addEventListener('input', () => {
      field.value = picker.value;
      follow();
    });
    field.after(picker);
  }

  // --- drawing it ---------------------------------------------------------------------------------------------------

  const law = document.querySelector('[data-law]');
  const adapted = document.querySelector('[data-adapted]');
  let running;
  const clearErrors = () => {
    for (const list of form.querySelectorAll('[data-live]')) {
      const field = document.getElementById(list.dataset.live);
      field.closest('.field').classList.remove('wrong');
      field.removeAttribute('aria-invalid');
      field.setAttribute('aria-describedby', field.dataset.described);
      list.remove();
    }
  };
  const showErrors = (errors) => {
    for (const [name, lines] of Object.entries(errors)) {
      const field = form.elements[name];
      const place = field?.closest?.('.field');
      if (!place || place.querySelector('.errors')) continue;
      const list = document.createElement('ul');
      list.className = 'errors';
      list.id = `${field.id}_live`;
      list.dataset.live = field.id;
      list.append(...lines.map((line) => Object.assign(document.createElement('li'), { textContent: line })));
      place.classList.add('wrong');
      place.append(list);
      field.setAttribute('aria-invalid', 'true');
      field.dataset.described = field.getAttribute('aria-describedby') || '';
      field.setAttribute('aria-describedby', `${field.dataset.described} ${list.id}`.trim());
      const fold = field.closest('details');
      if (fold) fold.open = true;
    }
  };
  const draw = async () => {
    running?.abort();
    running = new AbortController();
    const body = new FormData(form);
    for (const [name, value] of new FormData(switches)) if (name.startsWith('see_')) body.append(name, value);
    try {
      const answer = await fetch(form.dataset.draft, {
        method: 'POST',
        body,
        signal: running.signal,
        headers: { 'X-CSRFToken': form.elements.csrfmiddlewaretoken.value },
      });
      const said = await answer.json();
      clearErrors();
      if (said.errors) showErrors(said.errors);
      if (!answer.ok) return;
      law.textContent = said.law;
      adapted?.replaceChildren(...said.adapted.map((line) => Object.assign(document.createElement('li'), { textContent: line })));
      show(said.url);
    } catch (error) {
      // A redraw that failed is made up for by the next; what was typed is kept.
      if (error.name !== 'AbortError') state(words.notDrawn);
    }
  };
  switches.addEventListener('change', (event) => {
    fit();
    if (event.target.name !== 'see_device') draw();
  });
  switches.addEventListener('submit', (event) => event.preventDefault());

  // --- kept, guarded, undone ----------------------------------------------------------------------------------------

  const key = `fairgate.editor.${form.dataset.editor.trim().split(/\s+/).join('.')}`;
  const refused = !!document.querySelector('[data-errors]');
  const saved = read();
  const line = form.querySelector('[data-state]');
  const bar = form.querySelector('[data-history]');
  const [undo, redo] = ['[data-undo]', '[data-redo]'].map((name) => bar.querySelector(name));
  const past = [];
  const future = [];
  let now = saved;
  let leaving = false;
  const isDirty = () => refused || now !== saved;
  const state = (text) => {
    line.textContent = text;
  };
  const keep = () => {
    try {
      if (isDirty()) localStorage.setItem(key, JSON.stringify({ at: Date.now(), base: saved, now }));
      else localStorage.removeItem(key);
    } catch {
      // A browser that keeps nothing still asks before one leaves.
    }
  };
  const told = () => {
    undo.disabled = !past.length;
    redo.disabled = !future.length;
    state(isDirty() ? words.notSaved : '');
    keep();
  };
  const move = (from, to) => {
    if (!from.length) return;
    to.push(now);
    now = from.pop();
    write(now);
    told();
    draw();
  };
  const changed = () => {
    const typed = read();
    if (typed === now) return;
    past.push(now);
    future.length = 0;
    now = typed;
    told();
    draw();
  };
  let timer;
  const soon = () => {
    clearTimeout(timer);
    timer = setTimeout(changed, 300);
  };
  form.addEventListener('input', soon);
  form.addEventListener('change', soon);
  undo.addEventListener('click', () => {
    changed();
    move(past, future);
  });
  redo.addEventListener('click', () => move(future, past));
  document.addEventListener('keydown', (event) => {
    // In a text the browser's own undo is meant.
    if (!(event.ctrlKey || event.metaKey) || !/^[zy]$/i.test(event.key) || event.target.matches('input:not([type=checkbox]), textarea')) return;
    event.preventDefault();
    const isRedo = event.shiftKey || event.key.toLowerCase() === 'y';
    move(...(isRedo ? [future, past] : [past, future]));
  });
  form.addEventListener('submit', () => {
    now = read();
    keep();
    leaving = true;
  });
  addEventListener('pagehide', () => {
    now = read();
    keep();
  });
  addEventListener('beforeunload', (event) => {
    now = read();
    if (isDirty() && !leaving) event.preventDefault();
  });

  /** What was not saved when the page was left is back, unless somebody has saved meanwhile: then it asks. */
  const restore = () => {
    let kept;
    try {
      kept = JSON.parse(localStorage.getItem(key));
    } catch {
      return;
    }
    if (!kept?.now || refused) return;
    if (kept.now === saved) return localStorage.removeItem(key);
    const note = document.createElement('div');
    note.className = 'note warn';
    note.setAttribute('role', 'status');
    const when = new Date(kept.at).toLocaleString(document.documentElement.lang, { dateStyle: 'medium', timeStyle: 'short' });
    const button = (text, press) => {
      const made = Object.assign(document.createElement('button'), { type: 'button', className: 'small-button', textContent: text });
      made.addEventListener('click', () => {
        press();
        note.remove();
        undo.focus();
      });
      return made;
    };
    const bring = () => {
      past.push(now);
      now = kept.now;
      write(now);
      told();
      draw();
    };
    const discard = () => {
      past.length = 0;
      future.length = 0;
      now = saved;
      write(saved);
      told();
      draw();
    };
    const isSame = kept.base === saved;
    note.append(
      `${fill(isSame ? words.back : words.savedMeanwhile, 'when', when)} `,
      ...(isSame ? [] : [button(words.bring, bring), ' ']),
      button(words.discard, discard),
    );
    form.prepend(note);
    if (isSame) bring();
  };
  bar.hidden = false;
  undo.disabled = true;
  redo.disabled = true;
  restore();
})();
