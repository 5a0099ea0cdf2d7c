import { join } from 'node:path';
import { jquery } from '../shared/jquery.mjs';

export default ({ folder }) => jquery('jquery3', join(folder, 'app.js'));
