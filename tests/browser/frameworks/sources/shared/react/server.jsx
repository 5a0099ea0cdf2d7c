import { renderToString } from 'react-dom/server';
import { App } from './app.jsx';
import { Document } from './document.jsx';

export const root = () => renderToString(<App />);
export const whole = (props) => `<!DOCTYPE html>${renderToString(<Document {...props} />)}`;
