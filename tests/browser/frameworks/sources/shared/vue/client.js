import { create } from './app.js';

// It hydrates when it is told to: after all that the gate draws by itself, which is the harder order and always the same.
window.start = () => create().mount('#root');
