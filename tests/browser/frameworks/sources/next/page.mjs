import { GATE, LISTEN, STYLE, exported, walk } from '../shared/kit.mjs';

export default async ({ folder }) => {
  const env = { KIT_GATE: GATE, KIT_LISTEN: LISTEN, KIT_STYLE: STYLE, NEXT_TELEMETRY_DISABLED: '1' };
  const files = exported(folder, ['next', 'build'], 'dist', env);
  // The page itself and what it loads; not the pages for errors.
  const kept = Object.entries(files).filter(([path]) => /^(index|two)\.(html|txt)$|^two\/|^_next\/static\/chunks\/|^index\//.test(path));
  return { ...Object.fromEntries(kept), 'walk.json': walk({ next: '#next', rendered: true }) };
};
