import { h, hydrate } from 'preact';
import { App } from './app.js';

// It hydrates when it is told to: after all that the gate draws by itself.
window.start = () => hydrate(h(App, null), document.getElementById('root'));
