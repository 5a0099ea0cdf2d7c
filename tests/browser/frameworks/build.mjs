/**
 * Builds the pages of `sources/` into `built/`, each only when something that goes into it has changed.
 *
 * `npm ci && node build.mjs [name …]`. `built/hashes.json` keeps, for each page, what it was made of and what came out.
 */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const HERE = dirname(fileURLToPath(import.meta.url));
const SOURCES = join(HERE, 'sources');
const BUILT = join(HERE, 'built');
const HASHES = join(BUILT, 'hashes.json');

/** Every file under a folder, as paths from it, sorted; what an installer or a bundler leaves behind is not counted. */
function filesIn(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll('\\', '/'))
    .filter((path) => !/(^|\/)(node_modules|\.next|\.nuxt|\.output|\.astro|dist|out)\//.test(path) && path !== 'next-env.d.ts')
    .sort();
}

/** One hash of files and their names; tests/browser/frameworks/test_built.py counts the same way. */
function hashOf(folder, paths) {
  const hash = createHash('sha256');
  for (const path of paths) hash.update(`${path}\n`).update(readFileSync(join(folder, path)));
  return hash.digest('hex');
}

/** What every page is made of beside its own folder. */
const shared = () => hashOf(HERE, ['package-lock.json', ...filesIn(join(SOURCES, 'shared')).map((path) => `sources/shared/${path}`)]);

const before = (() => {
  try {
    return JSON.parse(readFileSync(HASHES, 'utf8'));
  } catch {
    return {};
  }
})();
const wanted = process.argv.slice(2);
const after = {};

for (const name of readdirSync(SOURCES).sort()) {
  if (name === 'shared') continue;
  const folder = join(SOURCES, name);
  const made = createHash('sha256').update(shared()).update(hashOf(folder, filesIn(folder))).digest('hex');
  const out = join(BUILT, name);
  if (before[name]?.made_of === made && !wanted.includes(name)) {
    after[name] = before[name];
    continue;
  }
  const { default: build } = await import(pathToFileURL(join(folder, 'page.mjs')));
  const files = await build({ name, folder });
  rmSync(out, { recursive: true, force: true });
  for (const [path, body] of Object.entries(files)) {
    mkdirSync(dirname(join(out, path)), { recursive: true });
    writeFileSync(join(out, path), body);
  }
  after[name] = { made_of: made, came_out: hashOf(out, filesIn(out)) };
  console.log(`built ${name}`);
}
for (const name of Object.keys(before)) if (!after[name]) rmSync(join(BUILT, name), { recursive: true, force: true });
writeFileSync(HASHES, `${JSON.stringify(after, null, 2)}\n`);
