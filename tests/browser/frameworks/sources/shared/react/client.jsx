import { hydrateRoot } from 'react-dom/client';
import { App } from './app.jsx';
import { Document } from './document.jsx';

const root = document.getElementById('root');
if (root) hydrateRoot(root, <App />);
else hydrateRoot(document, <Document {...PROPS} />);
