import { react } from '../shared/react.mjs';

export default react(18, 'production', true);
