import { hydrate } from 'svelte';
import App from './App.svelte';

// It hydrates when it is told to: after all that the gate draws by itself, which is the harder order and always the same.
window.start = () => {
  hydrate(App, { target: document.getElementById('root') });
};
