import { join } from 'node:path';
import { jquery } from '../shared/jquery.mjs';

export default ({ folder }) => jquery('jquery1', join(folder, 'app.js'));
