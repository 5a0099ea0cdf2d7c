/**
 * Builds static/banner/*.js from src/: `npm run build`. Deterministic, so that a test can rebuild and compare.
 * Prints what each file costs; config and texts come on top (tests/cookiebanner/releases/test_compile.py).
 */

import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { build, transform } from 'esbuild';
import { minify } from 'terser';

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] || join(here, '../../static/banner');

const json = (path) => JSON.parse(readFileSync(join(here, path), 'utf8'));
const screen = json('../../consent/banners/screen.json');
const config = json('../releases/config.json');

/** `SERVICE_KEY = 0, SERVICE_NAME = 1, …` of the fields in their order; a rest (`...inline`) begins where it stands. */
const places = (row, fields) => Object.fromEntries(fields.map((field, i) => [`${row}_${field.replace('...', '')}`.toUpperCase(), i]));
const named = (of, values) => Object.fromEntries(Object.entries(values).map(([name, value]) => [`${of}_${name}`.toUpperCase(), value]));

/**
 * The packed formats as constants, of which esbuild writes the values where they are used. Whole items and services are
 * taken apart by core/vector.js and ui/screen.js.
 */
const constants = {
  ...named('flag', config.flags),
  ...named('signal', config.signals),
  ...places('google', config.google_signals),
  ABSENT_TERMS: config.absent_terms,
  // What is called by its own name needs none.
  ...named('screen', Object.fromEntries(Object.entries(screen.screen).filter(([name, letter]) => name !== letter))),
  ...places('category', screen.category),
  ...places('service', screen.service),
  ...places('cookie', screen.cookie),
  ...places('look', screen.look),
  PALETTE: screen.palette,
  ...named('fact', screen.facts),
  UNITS: Object.fromEntries(Object.entries(screen.units).map(([unit, letter]) => [letter, unit])),
};

/** Writes src/packed.js anew; a build into another folder only compares, and fails when it is stale. */
function writePacked() {
  const path = join(here, 'src/packed.js');
  const literal = (value) => JSON.stringify(value).replaceAll('"', "'").replaceAll("','", "', '");
  const written = Object.entries(constants).map(([name, value]) => {
    if (typeof value !== 'object' || Array.isArray(value)) return `export const ${name} = ${literal(value)};\n`;
    const members = Object.entries(value).map(([key, one]) => `  ${key}: ${literal(one)},\n`);
    return `export const ${name} = {\n${members.join('')}};\n`;
  });
  const text = `/**
 * What stands where in a release's packed lists, and what it is called. Made by build.mjs of cookiebanner/releases/config.json
 * and consent/banners/screen.json, which compile.py and screen.py read: change those, then \`npm run build\`.
 */

${written.join('')}`;
  const standing = existsSync(path) && readFileSync(path, 'utf8');
  if (standing === text) return;
  if (process.argv[2]) throw new Error('src/packed.js is not what the formats say: npm run build');
  writeFileSync(path, text);
}
writePacked();

const entries = ['engine', 'gate', 'ui', 'late', 'choices', 'stub', 'level.strict', 'arms', 'preview', 'why', 'law'].map((name) => [
  name,
  `src/${name}.js`,
]);
for (const file of readdirSync(join(here, 'src/adapters')).sort()) entries.push([`adapter.${file.slice(0, -3)}`, `src/adapters/${file}`]);
for (const name of ['cookiebot', 'klaro', 'usercentrics']) entries.push([`moved.${name}`, `src/moved/${name}.js`]);

/**
 * CSS as a string, minified; nesting is written out for browsers of 2021. What every rule begins with is one letter, for
 * ui/first.js to write out again.
 */
async function packedStyle(path) {
  const { code } = await transform(readFileSync(path, 'utf8'), {
    loader: 'css',
    minify: true,
    target: ['chrome90', 'safari15', 'firefox90'],
  });
  if (/[~`]/.test(code)) throw new Error(`${path} holds a letter that stands for something else`);
  return code.trim().replaceAll('.fg:not(#_) ', '~');
}
const styles = {
  name: 'styles',
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async ({ path }) => ({ contents: await packedStyle(path), loader: 'text' }));
  },
};

/**
 * Names between our own files, one letter each; no page and no interface of a browser knows them. Those of a variant's terms
 * are in cookiebanner/releases/config.json. A letter stays for good: stub.js meets gates that were published before it.
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
  applyAnswer: 'm',
  signal: 'n',
  shape: 'o',
  loadScreen: 'p',
  whenParsed: 'q',
  reports: 'r',
  started: 's',
  disarmed: 't',
  friends: 'u',
  granted: 'v',
  safely: 'w',
  swallows: 'x',
  vendorSignals: 'y',
  policies: 'z',
  inPage: 'I',
  placeholders: 'J',
  keepEqual: 'bc',
  legalFacts: 'K',
  openPreferences: 'L',
  showBanner: 'M',
  hideBanner: 'N',
  setLanguage: 'O',
  cookieList: 'P',
  textOf: 'Q',
  liveRegion: 'R',
  answer: 'S',
  table: 'T',
  signalVendors: 'U',
  tag: 'V',
  takeWritten: 'W',
  listeners: 'X',
  beginOnce: 'Y',
  optsOut: 'G',
  honored: 'H',
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
  unknownKeys: 'bd',
  startLate: 'be',
  reportSignal: 'bf',
  authorKeys: 'bg',
  urlWaitsFor: 'bh',
  waiting: 'bi',
  workers: 'bj',
  resting: 'bk',
  takenOut: 'bl',
  unpark: 'bm',
  stopped: 'bn',
  deferring: 'bq',
  tellRefusals: 'br',
  loadOnce: 'bs',
  isHeadless: 'ba',
  isBare: 'bb',
  makeUi: 'bu',
  loadRest: 'bv',
  uiParts: 'bw',
  unsure: 'bx',
  settle: 'by',
  pieces: 'bz',
  paint: 'ca',
  addStyle: 'cb',
  signalled: 'cc',
  hasSignal: 'ce',
  isStopped: 'cf',
  bit: 'cg',
  firstScreen: 'ch',
  floatingButton: 'ci',
  buttonStyle: 'cj',
  tabled: 'ck',
  ...Object.fromEntries(Object.entries(config.terms).filter(([name, letter]) => name !== letter)),
};

mkdirSync(out, { recursive: true });
// A gate carries the ones that its site chose (cookiebanner/releases/look.py).
const layouts = readdirSync(join(here, 'src/ui/layouts')).sort();
for (const file of layouts) writeFileSync(join(out, `layout.${file}`), await packedStyle(join(here, 'src/ui/layouts', file)));
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
