import htmx from 'htmx2';
import { ready } from '../shared/count.js';

window.htmx = htmx;
htmx.onLoad ? htmx.onLoad(ready) : ready();
ready();
