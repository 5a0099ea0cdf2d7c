/** What the judge reads of a page: the boxes of its elements, its markup, the addresses in it, what ran, what loaded. */
() => {
  const ROOT = '#onetrust-consent-sdk';
  const OURS = /<script[^>]* src="https:\/\/cmp\.test\/[^"]*"[^>]*><\/script>/g;
  const SWALLOW = [
    `<meta http-equiv="Content-Security-Policy" content="script-src-attr 'unsafe-inline'">`,
    '<script type="text/plain">--></script>',
  ];
  const boxes = [];
  const addresses = [];
  const visit = (element, path) => {
    if (element.matches(`${ROOT}, .fg, script, head`)) return;
    const { x, y, width, height } = element.getBoundingClientRect();
    boxes.push([path, Math.round(x + scrollX), Math.round(y + scrollY), Math.round(width), Math.round(height)]);
    const sources = ['src', 'srcset', 'href', 'data'].map((name) => element.getAttribute(name)?.split(' ')[0]);
    addresses.push(...sources.filter(Boolean));
    const counts = {};
    for (const inside of [element.children, element.shadowRoot?.children || []])
      for (const child of inside) {
        if (child.matches(`${ROOT}, .fg, script`)) continue;
        const tag = child.localName;
        counts[tag] = (counts[tag] || 0) + 1;
        visit(child, `${path} > ${tag}${child.id ? `#${child.id}` : `:${counts[tag]}`}`);
      }
  };
  visit(document.documentElement, 'html');
  let html = document.documentElement.outerHTML;
  for (const root of document.querySelectorAll(ROOT)) html = html.replace(root.outerHTML, '');
  // A page that writes the gate's tag itself has it without the gate too; late and ui come only with it.
  html = html.replace(OURS, '');
  for (const part of SWALLOW) html = html.replaceAll(part, '');
  return { boxes, html, addresses, ran: [...(window.__ran || [])], events: [...(window.__events || [])] };
}
