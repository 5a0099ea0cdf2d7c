/**
 * Builds static/banner/*.js from src/: `npm run build`. Deterministic, so that a test can rebuild and compare.
 * Prints what each file costs; config and texts come on top (tests/cookiebanner/releases/test_compile.py).
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

/**
 * CSS as a string, minified; nesting is written out for browsers of 2021. What every rule begins with is one letter, for
 * ui/index.js to write out again.
 */
const styles = {
  name: 'styles',
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), {
        loader: 'css',
        minify: true,
        target: ['chrome90', 'safari15', 'firefox90'],
      });
      if (code.includes('~')) throw new Error(`${path} holds a letter that stands for something else`);
      return { contents: code.trim().replaceAll('.fg:not(#_) ', '~'), loader: 'text' };
    });
  },
};

/**
 * Names between our own files, one letter each; no page and no interface of a browser knows them. Those of a variant's terms
 * (capitals) are in compile.py, too. A letter stays for good: stub.js meets gates that were published before it.
 */
const mangleCache = {
  necessary: 'a',
  container: 'b',
  sold: 'c',
  group: 'd',
  inline: 'e',
  adapter: 'f',
  rules: 'g',
  vector: 'h',
  optIn: 'i',
  dropIn: 'j',
  lapsed: 'k',
  closed: 'l',
  recall: 'm',
  signal: 'n',
  shape: 'o',
  screen: 'p',
  parsed: 'q',
  reports: 'r',
  started: 's',
  disarmed: 't',
  friends: 'u',
  granted: 'v',
  safely: 'w',
  swallows: 'x',
  told: 'y',
  policies: 'z',
  outside: 'I',
  words: 'J',
  facts: 'K',
  openPreferences: 'L',
  showBanner: 'M',
  hideBanner: 'N',
  setLanguage: 'O',
  cookieList: 'P',
  say: 'Q',
  live: 'R',
  answer: 'S',
  table: 'T',
  tell: 'U',
  tag: 'V',
  takeWritten: 'W',
  listeners: 'X',
  kick: 'Y',
  optsOut: 'G',
  honored: 'H',
  gpc_status: 'A',
  optout_icon: 'B',
  close_x: 'C',
  consent_days: 'D',
  reask_days: 'E',
  refusal_days: 'F',
  ads_off_under: 'Z',
  minors_hold: '$',
  // Between files of one release only.
  internals: 'aa',
  patchRealm: 'ab',
  safeSrcdoc: 'ac',
  exempted: 'ae',
  findAll: 'af',
  getAttr: 'ah',
  hasAttr: 'ai',
  heldOutside: 'aj',
  holdCss: 'ak',
  scriptWaitsFor: 'an',
  setAttr: 'ao',
  setHtml: 'ap',
  checkElement: 'au',
  watchedRoots: 'av',
  putBefore: 'aw',
};

mkdirSync(out, { recursive: true });
for (const [name, file] of entries) {
  const result = await build({
    absWorkingDir: here,
    entryPoints: [file],
    bundle: true,
    minifySyntax: true,
    format: 'iife',
    target: 'es2021',
    charset: 'ascii',
    legalComments: 'none',
    plugins: [styles],
    mangleProps: new RegExp(`^(${Object.keys(mangleCache).join('|')})$`),
    mangleCache,
    write: false,
  });
  // esbuild bundles, terser writes it shorter, one way or the other: 4 % of the gate after brotli.
  const ways = [true, false].map((hoist_funs) =>
    minify(result.outputFiles[0].text, {
      ecma: 2020,
      toplevel: true,
      compress: { passes: 4, keep_fargs: false, hoist_funs, unsafe_arrows: true },
      format: { ascii_only: true },
    }),
  );
  const written = (await Promise.all(ways)).map(({ code }) => Buffer.from(code));
  const [contents] = written.sort((a, b) => brotliCompressSync(a).length - brotliCompressSync(b).length);
  writeFileSync(join(out, `${name}.js`), contents);
  const size = (bytes) => String(bytes.length).padStart(7);
  console.log(
    `${name.padEnd(18)}${size(contents)} raw${size(gzipSync(contents, { level: 9 }))} gzip${size(brotliCompressSync(contents))} brotli`,
  );
}
