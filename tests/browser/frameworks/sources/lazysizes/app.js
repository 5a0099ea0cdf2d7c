import 'lazysizes';
import { ready } from '../shared/count.js';

// It works when the browser is idle: give it its turn.
addEventListener('load', () => setTimeout(ready, 400));
