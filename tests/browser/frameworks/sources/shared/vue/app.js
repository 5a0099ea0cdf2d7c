import { createSSRApp, h, onMounted, ref } from 'vue';

const T = 'https://trk.test';

/** A page's content, its trackers inside Vue's tree; the film can be taken out and put back. */
const App = {
  setup() {
    const count = ref(0);
    const shown = ref(true);
    onMounted(() => {
      window.state = () => ({ count: document.getElementById('count').textContent, frames: document.querySelectorAll('main iframe').length });
      window.ready = true;
    });
    return () =>
      h('main', [
        h('h1', 'A page'),
        h('button', { id: 'act', type: 'button', onClick: () => count.value++ }, 'Count'),
        h('output', { id: 'count' }, count.value),
        h('button', { id: 'film', type: 'button', onClick: () => (shown.value = !shown.value) }, 'Film'),
        shown.value ? h('iframe', { src: `${T}/frame.html`, width: 300, height: 120, title: 'A film' }) : null,
        h('p', ['Offers: ', h('img', { src: `${T}/ad.png`, width: 120, height: 60, alt: 'An offer' }), h('img', { src: `${T}/pixel.gif`, width: 1, height: 1, alt: '' })]),
        h('p', `Counted ${count.value} times.`),
      ]);
  },
};
export const create = () => createSSRApp(App);
