import { ready } from '../shared/count.js';

ready();
