import { react } from '../shared/react.mjs';

export default react(19, 'production', true);
