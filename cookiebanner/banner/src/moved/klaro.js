/** klaro's cookie, or key of localStorage: `{"matomo":true,"youtube":false}`, URL-encoded, by its services' names, without a time. */

import { values } from '../core/cookie.js';
import { booleans, moved } from './moved.js';

moved(({ key = 'klaro' }) => {
  const cookie = values(key).pop();
  const raw = cookie || localStorage[key];
  return raw && { said: booleans(JSON.parse(decodeURIComponent(raw))), expires: !!cookie };
});
