/** The imports of the banner's sources point one way: from what uses to what is used, never round in a circle. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../../cookiebanner/banner/src', import.meta.url));

/** @param {string[]} files @param {(file: string) => string} read @returns {Map<string, string[]>} file → what it imports */
function graph(files, read) {
  const imported = (file) => {
    const found = [...read(file).matchAll(/^\s*(?:import|export)\b[^;'"]*?\bfrom\s*['"](\.[^'"]+)['"]|^import\s*['"](\.[^'"]+)['"]/gm)];
    return found.map(([, from, bare]) => normalize(join(dirname(file), from || bare)));
  };
  return new Map(files.map((file) => [file, imported(file)]));
}

/** @param {Map<string, string[]>} imports @returns {string[]} the files of a circle, the first one again at its end; or none */
function circle(imports) {
  const done = new Set();
  const walk = (file, trail) => {
    if (trail.includes(file)) return [...trail.slice(trail.indexOf(file)), file];
    if (done.has(file)) return [];
    for (const next of imports.get(file) || []) {
      const found = walk(next, [...trail, file]);
      if (found.length) return found;
    }
    done.add(file);
    return [];
  };
  for (const file of imports.keys()) {
    const found = walk(file, []);
    if (found.length) return found;
  }
  return [];
}

test('a circle is found', () => {
  const files = { 'a.js': "import { b } from './b.js';", 'b.js': "import {\n  c,\n} from './x/c.js';", 'x/c.js': "import '../a.js';" };
  assert.deepEqual(circle(graph(Object.keys(files), (file) => files[file])), ['a.js', 'b.js', 'x/c.js', 'a.js']);
});

test('the sources have none', () => {
  const files = readdirSync(SOURCES, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.js'));
  const imports = graph(files, (file) => readFileSync(join(SOURCES, file), 'utf8'));
  assert.ok(imports.get('block/patch.js').includes('block/hold.js'));
  assert.deepEqual(circle(imports), []);
});
