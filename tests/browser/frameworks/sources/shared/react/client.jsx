import { hydrateRoot } from 'react-dom/client';
import { App } from './app.jsx';
import { Document } from './document.jsx';

// It hydrates when it is told to: after all that the gate draws by itself, which is the harder order and always the same.
window.start = () => {
  const root = document.getElementById('root');
  if (root) hydrateRoot(root, <App />);
  else hydrateRoot(document, <Document {...PROPS} />);
};
