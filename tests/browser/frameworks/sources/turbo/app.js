import '@hotwired/turbo';
import { ready } from '../shared/count.js';

document.addEventListener('turbo:load', ready);
