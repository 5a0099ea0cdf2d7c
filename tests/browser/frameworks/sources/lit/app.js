import { LitElement, html } from 'lit';

const T = 'https://trk.test';

class Card extends LitElement {
  static properties = { count: { type: Number } };
  constructor() {
    super();
    this.count = 0;
  }
  render() {
    return html`<p>In the shadow: ${this.count}</p>
      <iframe src=${`${T}/shadow.html`} width="200" height="50" title="A film"></iframe>
      <img src="https://trk.test/shadow.gif" width="30" height="30" alt="" />`;
  }
}
customElements.define('a-card', Card);
const card = document.querySelector('a-card');
document.getElementById('act').addEventListener('click', () => card.count++);
window.state = async () => {
  await card.updateComplete;
  return { text: card.shadowRoot.querySelector('p').textContent, inside: card.shadowRoot.innerHTML.replace(/lit\$\d+\$?/g, '') };
};
card.updateComplete.then(() => {
  window.ready = true;
});
