import { create } from './app.js';

create().mount('#root');
