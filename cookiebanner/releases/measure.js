// Measures a layer of a banner as a visitor's eyes, fingers and keys meet it, in open shadow roots too. Evaluated with
// {layer, choices: {name: selector}}; gives null while the layer is not there to be seen, else what `visual_rules.py`
// judges. With {focus: true} it gives what has the focus instead; with {rest: true} it only takes the focus away and
// scrolls the layer to its top. Else it changes nothing but the scroll position, which it puts back.
(at) => {
  const inside = (node) => [...node.querySelectorAll('*')].map((element) => element.shadowRoot).filter(Boolean);
  const roots = (node) => [node, ...inside(node).flatMap(roots)];
  const all = (selector) => roots(document).flatMap((root) => [...root.querySelectorAll(selector)]);
  const parentOf = (node) => node.assignedSlot || node.parentElement || node.getRootNode().host || null;
  const seen = (node) =>
    node.checkVisibility({ opacityProperty: true, visibilityProperty: true }) && node.getClientRects().length > 0;
  const words = (node) => (node.innerText || node.getAttribute('aria-label') || '').replace(/\s+/g, ' ').trim();

  // --- colours: whatever CSS calls them, as [red, green, blue, alpha]
  const brush = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {
    brush.clearRect(0, 0, 1, 1);
    brush.fillStyle = colour;
    brush.fillRect(0, 0, 1, 1);
    const [red, green, blue, alpha] = brush.getImageData(0, 0, 1, 1).data;
    return [red, green, blue, alpha / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  // What lies under the text of a node: all backgrounds up to the first that hides what is below it.
  const ground = (node) => {
    const layers = [];
    for (let one = node; one; one = parentOf(one)) {
      layers.unshift(rgba(getComputedStyle(one).backgroundColor));
      if (layers[0][3] === 1) break;
    }
    return layers.reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const faded = (node) => {
    let left = 1;
    for (let one = node; one; one = parentOf(one)) left *= Number(getComputedStyle(one).opacity);
    return left;
  };
  const painted = (colour, node, below) => {
    const [red, green, blue, alpha] = rgba(colour);
    return over([red, green, blue, alpha * faded(node)], below);
  };
  const light = (colour) =>
    colour
      .slice(0, 3)
      .map((value) => value / 255)
      .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
      .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const ratio = (one, other) => {
    const [low, high] = [light(one), light(other)].sort((a, b) => a - b);
    return (high + 0.05) / (low + 0.05);
  };
  const hex = (colour) => `#${colour.slice(0, 3).map((value) => Math.round(value).toString(16).padStart(2, '0')).join('')}`;

  // --- places
  const inView = ({ top, left, bottom, right }) =>
    top >= -0.5 && left >= -0.5 && bottom <= innerHeight + 0.5 && right <= innerWidth + 0.5;
  // Whether a press on it reaches it: in its middle and near its corners.
  const open = (node) => {
    const box = node.getBoundingClientRect();
    if (!inView(box)) return false;
    return [[0.5, 0.5], [0.1, 0.2], [0.9, 0.2], [0.1, 0.8], [0.9, 0.8]].every(([x, y]) => {
      const hit = node.getRootNode().elementFromPoint(box.x + box.width * x, box.y + box.height * y);
      return hit && (node.contains(hit) || hit.shadowRoot?.contains(node));
    });
  };
  const scrolled = (node, look) => {
    const places = [];
    for (let one = node; one; one = parentOf(one)) places.push([one, one.scrollTop, one.scrollLeft]);
    const page = [scrollX, scrollY];
    node.scrollIntoView({ block: 'nearest', inline: 'nearest', behavior: 'instant' });
    const found = look(node);
    for (const [one, top, left] of places) if (one.scrollTop !== top || one.scrollLeft !== left) one.scrollTo({ top, left, behavior: 'instant' });
    scrollTo({ left: page[0], top: page[1], behavior: 'instant' });
    return found;
  };

  // What of a control changes when it has the focus.
  const look = (node) => {
    const style = getComputedStyle(node);
    const outline = style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
    const below = ground(parentOf(node));
    return {
      outline,
      outline_contrast: outline ? ratio(painted(style.outlineColor, node, below), below) : 1,
      rest: [style.boxShadow, style.borderColor, style.borderWidth, style.backgroundColor, style.textDecoration].join('|'),
    };
  };
  const measured = (node) => {
    const style = getComputedStyle(node);
    const box = node.getBoundingClientRect();
    const below = ground(parentOf(node));
    const own = over(ground(node), below);
    const border = style.borderTopStyle === 'none' ? 0 : parseFloat(style.borderTopWidth);
    const reachable = open(node);
    return {
      tag: node.localName === 'input' ? node.type : node.localName,
      label: words(node),
      x: box.x,
      y: box.y,
      width: box.width,
      height: box.height,
      font: parseFloat(style.fontSize),
      weight: Number(style.fontWeight),
      padding: ['Top', 'Right', 'Bottom', 'Left'].map((side) => parseFloat(style[`padding${side}`])),
      border,
      filled: rgba(style.backgroundColor)[3] > 0.05 || style.backgroundImage !== 'none',
      fill: hex(own),
      fill_contrast: ratio(painted(hex(own), node, below), below),
      edge_contrast: border ? ratio(painted(style.borderTopColor, node, below), below) : 1,
      text_contrast: ratio(painted(style.color, node, own), own),
      picture: style.backgroundImage !== 'none',
      reachable,
      by_scrolling: reachable || scrolled(node, open),
      look: look(node),
    };
  };

  const [layer] = all(at.layer).filter(seen);
  const find = (selector) => all(selector).filter((node) => seen(node));
  if (at.focus) {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    if (!active || active === document.body) return null;
    const name = Object.keys(at.choices).find((one) => find(at.choices[one])[0] === active) || '';
    let within = active;
    while (within && within !== layer) within = parentOf(within);
    return { name, inside: !!layer && within === layer, look: look(active), reachable: open(active) };
  }
  if (!layer) return null;
  if (at.rest) {
    let active = document.activeElement;
    while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
    active?.blur?.();
    for (const node of roots(layer).flatMap((root) => [root, ...root.querySelectorAll('*')])) if (node.scrollTop) node.scrollTop = 0;
    return null;
  }

  const choices = {};
  const chosen = new Set();
  for (const [name, selector] of Object.entries(at.choices)) {
    const [node] = find(selector);
    if (!node) continue;
    chosen.add(node);
    choices[name] = measured(node);
  }
  const unreadable = [];
  const small = [];
  for (const node of roots(layer).flatMap((root) => [...root.querySelectorAll('*')])) {
    if (!seen(node)) continue;
    const style = getComputedStyle(node);
    const speaks = [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim());
    if (speaks && !node.disabled && style.backgroundImage === 'none') {
      const below = ground(node);
      const size = parseFloat(style.fontSize);
      const needed = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700) ? 3 : 4.5;
      const found = ratio(painted(style.color, node, below), below);
      if (found < needed - 0.01) unreadable.push({ text: words(node).slice(0, 60), contrast: found, needed });
    }
    const inSentence = [...(node.parentElement?.childNodes || [])].some((child) => child.nodeType === 3 && child.data.trim());
    const box = node.getBoundingClientRect();
    if (!chosen.has(node) && node.matches('button,a[href],summary,input,select,[role=button]') && !inSentence && Math.min(box.width, box.height) < 24)
      small.push({ text: words(node).slice(0, 60), width: box.width, height: box.height });
  }
  const dialog = [layer, ...layer.querySelectorAll('*')].find((node) => node.matches('dialog,[role=dialog],[role=alertdialog]'));
  const titled = dialog?.getAttribute('aria-labelledby');
  const name = dialog?.getAttribute('aria-label') || (titled && dialog.getRootNode().getElementById(titled)?.textContent);
  return {
    width: innerWidth,
    height: innerHeight,
    backwards: getComputedStyle(layer).direction === 'rtl',
    choices,
    unreadable,
    small,
    named: !!name?.trim(),
    links: [...layer.querySelectorAll('a[href]')].filter(seen).map((node) => ({ text: words(node), href: node.href })),
  };
};
