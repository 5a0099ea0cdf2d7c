/**
 * Builds static/banner/*.js from src/: `npm run build`. Deterministic, so that a test can rebuild and compare.
 * Prints what each file costs; config and texts come on top (docs/sizes.md, tests/cookiebanner/artifacts).
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] || join(here, '../../static/banner');

const entries = ['gate', 'ui', 'late', 'stub', 'level.strict'].map((name) => [name, `src/${name}.js`]);
for (const file of readdirSync(join(here, 'src/adapters')).sort()) entries.push([`adapter.${file.slice(0, -3)}`, `src/adapters/${file}`]);

/** CSS as a string, minified; nesting is written out for browsers of 2021. */
const styles = {
  name: 'styles',
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), {
        loader: 'css',
        minify: true,
        target: ['chrome90', 'safari15', 'firefox90'],
      });
      return { contents: code.trim(), loader: 'text' };
    });
  },
};

mkdirSync(out, { recursive: true });
for (const [name, file] of entries) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [file],
    bundle: true,
    minifySyntax: true,
    format: 'iife',
    target: 'es2020',
    charset: 'ascii',
    legalComments: 'none',
    plugins: [styles],
    write: false,
  });
  // esbuild bundles, terser writes it shorter: 4 % of the gate after brotli.
  const { code } = await minify(result.outputFiles[0].text, {
    ecma: 2020,
    toplevel: true,
    compress: { passes: 4, keep_fargs: false },
    format: { ascii_only: true },
  });
  const contents = Buffer.from(code);
  writeFileSync(join(out, `${name}.js`), contents);
  const size = (bytes) => String(bytes.length).padStart(7);
  console.log(
    `${name.padEnd(18)}${size(contents)} raw${size(gzipSync(contents, { level: 9 }))} gzip${size(brotliCompressSync(contents))} brotli`,
  );
}
