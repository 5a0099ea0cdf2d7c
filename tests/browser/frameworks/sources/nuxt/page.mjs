/** By Nuxt's own builder, which has a tree of packages of its own in this folder. */

import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { LISTEN, STYLE, walk } from '../shared/kit.mjs';

export default async ({ folder }) => {
  const env = { ...process.env, KIT_LISTEN: LISTEN, KIT_STYLE: STYLE, NUXT_TELEMETRY_DISABLED: '1' };
  const run = (command, ...rest) => execFileSync(command, rest, { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  run('npm', 'install', '--no-save', '--no-audit', '--no-fund');
  run(join(folder, 'node_modules/.bin/nuxt'), 'generate');
  const out = join(folder, '.output/public');
  const files = { 'walk.json': walk({ next: '#next' }) };
  for (const entry of readdirSync(out, { recursive: true, withFileTypes: true })) {
    const path = relative(out, join(entry.parentPath, entry.name));
    // The page itself and what it loads; not the pages for errors.
    if (entry.isFile() && /^(two\/)?index\.html$|^_nuxt\//.test(path)) files[path] = readFileSync(join(out, path));
  }
  for (const left of ['.output', '.nuxt', '.data', 'dist', 'node_modules']) rmSync(join(folder, left), { recursive: true, force: true });
  return files;
};
