import { renderToString } from 'vue/server-renderer';
import { create } from './app.js';

export const root = () => renderToString(create());
