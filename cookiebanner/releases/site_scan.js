// Reads a page for a scan: its links and its inline code, through open shadow roots too. The budget bounds the code.
(budget) => {
  const roots = (node) => {
    const inside = [...node.querySelectorAll('*')].map(({ shadowRoot }) => shadowRoot).filter(Boolean);
    return [node, ...inside.flatMap(roots)];
  };
  const all = (selector) => roots(document).flatMap((root) => [...root.querySelectorAll(selector)]);
  const links = [];
  for (const link of all('a[href], area[href]')) {
    if (links.length === 1000) break;
    if (typeof link.href === 'string') links.push(link.href);
  }
  const code = [];
  let left = budget;
  for (const script of all('script:not([src])')) {
    const text = script.textContent.slice(0, Math.min(left, 100000));
    left -= text.length;
    if (text) code.push(text);
  }
  return {
    url: location.href,
    title: document.title,
    links,
    code,
    login: !!all('input[type=password]').length,
  };
};
