// Small comforts. Every page works without this file, except previews.
(() => {
  const on = (type, selector, act) =>
    document.addEventListener(type, (event) => {
      const element = event.target.closest?.(selector);
      if (element) act(element, event);
    });

  // What has to be mended is read first.
  document.querySelector('[data-errors]')?.focus();

  // Copy buttons, added only where copying can work.
  const { wordCopy: copy, wordCopied: copied } = document.body.dataset;
  for (const block of document.querySelectorAll('[data-copy]')) {
    if (!navigator.clipboard) break;
    const button = document.createElement('button');
    button.type = 'button';
    button.className = 'copy small-button';
    button.textContent = copy;
    button.addEventListener('click', async () => {
      await navigator.clipboard.writeText(block.textContent.trim());
      button.textContent = copied;
      setTimeout(() => {
        button.textContent = copy;
      }, 1600);
    });
    block.parentElement.append(button);
  }

  // Selects that submit their form by themselves; without scripts the form has a button.
  for (const form of document.querySelectorAll('form[data-auto]')) {
    form.querySelector('[data-go]')?.setAttribute('hidden', '');
  }
  on('change', 'form[data-auto] select, form[data-auto] input', (field) => field.form.requestSubmit());

  // A chart is one stop for the Tab key; arrows walk through its values.
  for (const chart of document.querySelectorAll('svg[data-points]')) {
    const points = [...chart.querySelectorAll('.point')];
    const stop = (at) => {
      for (const [number, point] of points.entries()) point.setAttribute('tabindex', number === at ? '0' : '-1');
    };
    stop(points.length - 1);
    chart.addEventListener('keydown', (event) => {
      const at = points.indexOf(event.target);
      const next = { ArrowLeft: at - 1, ArrowUp: at - 1, ArrowRight: at + 1, ArrowDown: at + 1, Home: 0, End: points.length - 1 }[event.key];
      if (at < 0 || !points[next]) return;
      event.preventDefault();
      stop(next);
      points[next].focus();
    });
  }

  // Deleting asks first.
  on('submit', 'form[data-confirm]', (form, event) => {
    if (!confirm(form.dataset.confirm)) event.preventDefault();
  });

  // Filters a table as one types.
  on('input', 'input[data-filter]', (field) => {
    const wanted = field.value.trim().toLowerCase();
    for (const row of document.querySelectorAll(`${field.dataset.filter} :is(tbody tr, li)`)) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
    }
  });

  // The list of other sites: a search where scripts can search, closed by Escape.
  for (const list of document.querySelectorAll('details.switch')) {
    list.addEventListener('toggle', () => list.open && list.querySelector('input')?.focus());
    list.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return;
      list.open = false;
      list.querySelector('summary').focus();
    });
  }

  // Advertising is taken to sell and to target until somebody says otherwise.
  on('change', 'form[data-new-service] [name=category]', (select) => {
    for (const name of ['sells_or_shares', 'targeted_ads']) {
      const box = select.form.elements[name];
      if (!box.dataset.said) box.checked = select.value === 'C0004' || (select.value === 'C0005' && name === 'sells_or_shares');
    }
  });
  on('change', '[name=sells_or_shares], [name=targeted_ads]', (box) => {
    box.dataset.said = '1';
  });

  // Preview sizes.
  on('click', '[data-size]', (button) => {
    const stage = document.querySelector('.stage');
    stage.classList.toggle('phone', button.dataset.size === 'phone');
    for (const other of document.querySelectorAll('[data-size]')) {
      other.setAttribute('aria-pressed', String(other === button));
    }
  });
})();
