import { h } from 'preact';
import { useEffect, useState } from 'preact/hooks';

const T = 'https://trk.test';

/** A page's content with trackers inside Preact's tree; the film can be taken out and put back, a keyed list turned round. */
export function App() {
  const [count, setCount] = useState(0);
  const [shown, setShown] = useState(true);
  useEffect(() => {
    window.state = () => ({
      count: document.getElementById('count').textContent,
      order: [...document.querySelectorAll('li img')].map((image) => image.getAttribute('src')),
    });
    window.ready = true;
  }, []);
  const names = count % 2 ? ['second', 'first'] : ['first', 'second'];
  return h(
    'main',
    null,
    h('h1', null, 'A page'),
    h('button', { id: 'act', type: 'button', onClick: () => setCount(count + 1) }, 'Count'),
    h('output', { id: 'count' }, count),
    h('button', { id: 'film', type: 'button', onClick: () => setShown(!shown) }, 'Film'),
    shown && h('iframe', { src: `${T}/frame.html`, width: 300, height: 120, title: 'A film', sandbox: 'allow-scripts' }),
    h('ul', null, names.map((name) => h('li', { key: name }, h('img', { src: `${T}/${name}.gif`, width: 40, height: 20, alt: name })))),
    h('div', { dangerouslySetInnerHTML: { __html: `<img src="${T}/raw.gif" width="20" height="20" alt="">` } }),
    h('p', null, `Counted ${count} times.`),
  );
}
