import { LISTEN, STYLE, exported, walk } from '../shared/kit.mjs';

export default async ({ folder }) => ({
  ...exported(folder, ['astro', 'build'], 'dist', { KIT_LISTEN: LISTEN, KIT_STYLE: STYLE, ASTRO_TELEMETRY_DISABLED: '1' }),
  'walk.json': walk({ next: '#next' }),
});
