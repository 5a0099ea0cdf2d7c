import jQuery from 'jquery3';
import { inserts } from '../shared/jquery.js';

inserts(jQuery);
