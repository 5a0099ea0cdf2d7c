import { vue } from '../shared/vue.mjs';

export default vue('production');
