/**
 * What stands where in a release's packed lists, and what it is called. Made by build.mjs of cookiebanner/releases/config.json
 * and consent/banners/screen.json, which compile.py and screen.py read: change those, then `npm run build`.
 */

export const FLAG_CONTAINER = 1;
export const FLAG_SOLD = 2;
export const FLAG_NECESSARY = 4;
export const FLAG_BEFORE = 8;
export const SIGNAL_GPC = 1;
export const SIGNAL_CHILD = 2;
export const GOOGLE_NAMES = 0;
export const GOOGLE_CATEGORIES = 1;
export const ABSENT_TERMS = {
  exempt: [],
  links: [],
  notices: [],
  buttons: ['accept', 'reject', 'manage'],
  gpc_status: false,
  optout_icon: false,
  close_x: false,
  minors_hold: 'ads',
};
export const SCREEN_LANGUAGE = 'l';
export const SCREEN_DIRECTION = 'd';
export const SCREEN_CONJUNCTION = 'and';
export const SCREEN_TEXTS = 't';
export const SCREEN_REGIME_TEXTS = 'r';
export const SCREEN_CATEGORIES = 'c';
export const SCREEN_PURPOSES = 'p';
export const SCREEN_SERVICES = 's';
export const SCREEN_CONTROLLER = 'who';
export const SCREEN_EXEMPT = 'e';
export const SCREEN_SELLS_SENSITIVE = 'x';
export const SCREEN_SIGNALS = 'g';
export const SCREEN_OTHER = 'b';
export const SCREEN_WHY = 'w';
export const CATEGORY_KEY = 0;
export const CATEGORY_NECESSARY = 1;
export const CATEGORY_NAME = 2;
export const CATEGORY_DESCRIPTION = 3;
export const SERVICE_KEY = 0;
export const SERVICE_NAME = 1;
export const SERVICE_COMPANY = 2;
export const SERVICE_POLICY = 3;
export const SERVICE_CATEGORY = 4;
export const SERVICE_DESCRIPTION = 5;
export const SERVICE_FACTS = 6;
export const SERVICE_COOKIES = 7;
export const SERVICE_EXEMPTIONS = 8;
export const COOKIE_NAME = 0;
export const COOKIE_LIFETIME = 1;
export const COOKIE_PURPOSE = 2;
export const LOOK_LAYOUT = 0;
export const LOOK_POSITION = 1;
export const LOOK_SCHEME = 2;
export const LOOK_RADIUS = 3;
export const LOOK_BUTTON = 4;
export const LOOK_LIGHT = 5;
export const LOOK_DARK = 6;
export const LOOK_ORDER = 7;
export const PALETTE = ['bg', 'fg', 'mut', 'line', 'hair', 'ac', 'on', 'ed', 'fo', 'ln', 'sw', 'so', 'se'];
export const FACT_SELLS = 1;
export const FACT_SENSITIVE = 2;
export const UNITS = {
  n: 'minute',
  h: 'hour',
  d: 'day',
  w: 'week',
  m: 'month',
  y: 'year',
};
