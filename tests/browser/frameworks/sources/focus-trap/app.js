import { createFocusTrap } from 'focus-trap';

const trap = createFocusTrap('#box', { allowOutsideClick: true });
document.getElementById('act').addEventListener('click', () => trap.activate());
document.getElementById('close').addEventListener('click', () => trap.deactivate());
window.state = () => ({ active: trap.active });
window.ready = true;
