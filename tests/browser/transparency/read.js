/**
 * Everything that a script can read of the page, as `{kind: [values]}`; a kind is an element's name and a way to read it.
 *
 * Ours are left out: our script tags, the one root.
 */
() => {
  const OURS = '#onetrust-consent-sdk, #onetrust-consent-sdk *, script[src^="https://cmp.test/"]';
  const out = {};
  const put = (kind, value) => {
    (out[kind] ||= []).push(value === undefined ? 'undefined' : value);
  };
  const PROPERTIES = [
    'src', 'srcset', 'href', 'data', 'poster', 'type', 'async', 'defer', 'text', 'noModule', 'sizes', 'media', 'rel', 'as',
    'disabled', 'loading', 'name', 'title', 'className', 'id', 'width', 'height', 'alt', 'srcdoc', 'allow', 'action', 'value',
    'hidden', 'lang', 'open', 'contentEditable', 'namespaceURI', 'localName', 'childElementCount', 'textContent', 'nodeValue',
  ];
  const plain = (value) => (value instanceof SVGAnimatedString ? value.baseVal : value instanceof Object ? String(value) : value);
  const ours = [...document.querySelectorAll(OURS)].filter((node) => !node.parentElement.closest(OURS)).map((node) => node.outerHTML);
  // Only these hold something of ours.
  const big = (element) => /^(html|head|body)$/.test(element.localName);
  const strip = (html, element) => {
    if (!element || big(element)) {
      for (const part of ours) html = html.split(part).join('');
      html = html.replace(/<script[^>]* src="https:\/\/cmp\.test\/[^"]*"[^>]*><\/script>/g, '');
    }
    return html.replaceAll(' xmlns="http://www.w3.org/1999/xhtml"', '');
  };
  const mine = (node) => node?.nodeType === 1 && node.matches(OURS);
  const beside = (node, way) => {
    do node = node[way];
    while (mine(node));
    return node && node.nodeName;
  };

  function element(node) {
    const tag = node.localName.startsWith('x-') ? 'x' : node.localName;
    const names = node.getAttributeNames();
    put(`${tag} attributes`, [...node.attributes].map(({ name, value }) => `${name}=${value}`).join(' '));
    put(`${tag} getAttributeNames`, names.join(' '));
    put(`${tag} getAttribute`, ['src', 'srcset', 'href', 'type', 'sandbox', 'data', 'poster', 'style', 'rel'].map((name) => node.getAttribute(name)));
    put(`${tag} hasAttribute`, ['src', 'srcset', 'href', 'type', 'sandbox', 'data', 'poster', 'style', 'data-fg'].map((name) => node.hasAttribute(name)));
    put(`${tag} getAttributeNode`, ['src', 'type', 'href'].map((name) => node.getAttributeNode(name)?.value));
    put(`${tag} matches`, ['[src]', '[src*="trk"]', ':not([src])', '[type]', '[style]', '[sandbox]', '[srcset]', '[href]', '[data]'].map((rule) => node.matches(rule)));
    if (!big(node)) for (const name of PROPERTIES) if (name in node) put(`${tag} .${name}`, plain(node[name]));
    if (node.sandbox) put(`${tag} .sandbox`, node.sandbox.value);
    put(`${tag} dataset`, JSON.stringify(node.dataset || null));
    put(`${tag} style`, node.style?.cssText);
    put(`${tag} outerHTML`, strip(node.outerHTML, node));
    put(`${tag} innerHTML`, strip(node.innerHTML, node));
    put(`${tag} cloneNode`, strip(node.cloneNode(true).outerHTML, node));
    put(`${tag} XMLSerializer`, strip(new XMLSerializer().serializeToString(node), node));
    put(`${tag} siblings`, [beside(node, 'nextSibling'), beside(node, 'previousSibling'), beside(node, 'nextElementSibling'), beside(node, 'previousElementSibling')]);
    put(`${tag} parent`, node.parentNode?.nodeName);
    put(`${tag} childNodes`, [...node.childNodes].filter((child) => !mine(child)).map((child) => child.nodeName).join(' '));
    put(`${tag} isEqualNode`, node.isEqualNode(node.cloneNode(true)));
  }
  function tree(root) {
    for (const node of root.children || []) {
      if (mine(node)) continue;
      // What is drawn into the page is told once, as that; what it does to its neighbours is seen in their readings.
      if (node.matches('.fg, .fg *, #onetrust-style')) {
        put(`a node of ours, ${node.localName}`, 1);
        continue;
      }
      element(node);
      if (node.content instanceof DocumentFragment) tree(node.content);
      if (node.shadowRoot) {
        put('shadow innerHTML', node.shadowRoot.innerHTML);
        put('shadow getHTML', node.shadowRoot.getHTML());
        tree(node.shadowRoot);
      }
      tree(node);
    }
  }
  tree(document);
  const RULES = ['*', '[src]', '[type]', '[style]', 'iframe[src*="trk.test"]', 'script[src]', 'script[type]', 'script:not([type])', 'img:not([src])', 'img[src]', 'img[srcset]', 'link[href]', '[sandbox]', '[data-fg]', 'body > *', 'head > *', 'style'];
  for (const rule of RULES) put(`document querySelectorAll ${rule}`, [...document.querySelectorAll(rule)].filter((node) => !mine(node)).length);
  for (const name of ['scripts', 'images', 'forms', 'links', 'embeds']) put(`document ${name}`, [...document[name]].filter((node) => !mine(node)).length);
  put('document styleSheets', document.styleSheets.length);
  put('document getElementsByTagName', ['iframe', 'script', 'style', 'div'].map((name) => [...document.getElementsByTagName(name)].filter((node) => !mine(node)).length));
  const range = document.createRange();
  range.selectNodeContents(document.body);
  const holder = document.createElement('div');
  holder.append(range.cloneContents());
  for (const node of holder.querySelectorAll(OURS)) node.remove();
  put('document cloneContents', strip(holder.innerHTML));
  put('document importNode', strip(document.importNode(document.body, true).innerHTML));
  put('document TreeWalker', (() => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_ELEMENT);
    const seen = [];
    while (walker.nextNode()) if (!mine(walker.currentNode)) seen.push(walker.currentNode.nodeName);
    return seen.join(' ');
  })());
  // As one string: a driver that copies a hundred thousand values one by one is slower than the page.
  return JSON.stringify({ kinds: out, records: window.__records() });
};
