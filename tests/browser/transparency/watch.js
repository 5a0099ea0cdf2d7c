// The page's own observer, and what a page does to its elements while it watches.
{
  const seen = [];
  const OURS = '#onetrust-consent-sdk, #onetrust-consent-sdk *, script[src^="https://cmp.test/"]';
  const mine = (node) => node.nodeType === 1 && node.matches(OURS);
  const name = (node) => (node.nodeType === 1 ? node.localName : node.nodeName);
  const keep = (records) => {
    for (const { type, target, attributeName, addedNodes, removedNodes } of records) {
      if (mine(target)) continue;
      // The parser adds text in pieces as they come: only elements are the same each time.
      if (type === 'attributes') seen.push(`${name(target)} @${attributeName}`);
      for (const node of addedNodes) if (node.nodeType === 1 && !mine(node)) seen.push(`${name(target)} +${name(node)}`);
      for (const node of removedNodes) if (node.nodeType === 1 && !mine(node)) seen.push(`${name(target)} -${name(node)}`);
    }
  };
  const observer = new MutationObserver(keep);
  observer.observe(document, { subtree: true, childList: true, attributes: true });
  window.__records = () => {
    keep(observer.takeRecords());
    return seen.sort();
  };
  window.__act = () => {
    const box = document.createElement('section');
    document.body.append(box);
    const T = 'https://trk.test';
    const frame = document.createElement('iframe');
    frame.src = `${T}/made.html`;
    frame.width = '100';
    const image = new Image(10, 10);
    image.src = `${T}/made.gif`;
    const script = document.createElement('script');
    script.src = `${T}/made.js`;
    box.append(frame, image, script);
    frame.width = '120';
    frame.className = 'changed';
    image.setAttribute('src', `${T}/other.gif`);
    box.append(image.cloneNode(true), frame.cloneNode(true));
    box.insertAdjacentHTML('beforeend', `<p>More</p><img src="${T}/adjacent.gif" alt=""><iframe src="${T}/adjacent.html"></iframe>`);
    box.prepend(frame);
    const copy = document.createElement('section');
    copy.innerHTML = box.innerHTML;
    document.body.append(copy);
    image.removeAttribute('src');
    image.remove();
    const moved = document.body.querySelector('img[src*="trk.test"]');
    if (moved) box.append(moved);
  };
}
