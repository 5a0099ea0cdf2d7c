import LazyLoad from 'vanilla-lazyload';
import { ready } from '../shared/count.js';

new LazyLoad({ elements_selector: '.lazy' });

setTimeout(ready, 300);
