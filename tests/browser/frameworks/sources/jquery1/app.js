import jQuery from 'jquery1';
import { inserts } from '../shared/jquery.js';

inserts(jQuery);
