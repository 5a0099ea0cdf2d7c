// Its zones patch the browser's own functions, after the gate has; its templates are compiled in the page.
import 'zone.js';
import '@angular/compiler';
import { Component, inject, provideZoneChangeDetection } from '@angular/core';
import { bootstrapApplication, DomSanitizer } from '@angular/platform-browser';

const T = 'https://trk.test';

class Root {
  constructor() {
    const trusted = inject(DomSanitizer);
    this.count = 0;
    this.shown = true;
    this.films = ['frame', 'other'].map((name) => trusted.bypassSecurityTrustResourceUrl(`${T}/${name}.html`));
    this.note = trusted.bypassSecurityTrustHtml(`<b>Note</b><img src="${T}/note.gif" width="20" height="20" alt="">`);
    this.offers = ['ad.png', 'pixel.gif'];
  }
}
const App = Component({
  selector: 'app-root',
  template: `<main><h1>A page</h1>
<button id="act" type="button" (click)="count = count + 1">Count</button> <output id="count">{{ count }}</output>
<button id="film" type="button" (click)="shown = !shown">Film</button>
@if (shown) {<iframe [src]="films[0]" width="300" height="120" title="A film"></iframe>}
<iframe [attr.src]="films[1]" sandbox="allow-scripts" width="100" height="50" title="Another film"></iframe>
<p>Offers: @for (name of offers; track name) {<img src="${T}/{{ name }}" width="20" height="10" alt="An offer">}</p>
<p [innerHTML]="note"></p>
<p>Counted {{ count }} times.</p></main>`,
})(Root);

window.state = () => ({
  count: document.getElementById('count').textContent,
  frames: [...document.querySelectorAll('main iframe')].map((frame) => frame.getAttribute('src')),
});
bootstrapApplication(App, { providers: [provideZoneChangeDetection()] }).then(() => {
  window.ready = true;
});
