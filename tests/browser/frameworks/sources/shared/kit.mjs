/** What the pages have in common: the trackers on each, the page around its body, bundles, markup made beforehand. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

export const TRACKER = 'https://trk.test';
const require = createRequire(import.meta.url);
const HERE = dirname(fileURLToPath(import.meta.url));

/** Code of a tracker that is written into the page; `trkAgent` is the mark by which it is known. */
export const inline = (name) => `window.trkAgent = 1; (window.__ran = window.__ran || []).push('${name}')`;

/** The four kinds on every page; `n` tells pages apart. */
export const file = (n = '') => `<script src="${TRACKER}/file${n}.js"></script>`;
export const code = (n = '') => `<script>${inline(`inline${n}`)}</script>`;
export const frame = (n = '') => `<iframe src="${TRACKER}/frame${n}.html" width="300" height="120" title="A film"></iframe>`;
export const pictures = (n = '') =>
  `<img src="${TRACKER}/ad${n}.png" width="120" height="60" alt="An offer">` +
  `<img src="${TRACKER}/pixel${n}.gif" width="1" height="1" alt="">`;
export const trackers = (n = '') => `
  <p>Read on.</p>
  ${frame(n)}
  <p>Offers: ${pictures(n)}</p>
  ${file(n)}
  <p>Thanks.</p>
  ${code(n)}`;

/** Load and error events of what comes from the tracker, as a page that listens at the document hears them. */
export const LISTEN = `window.__events=[];for(const t of ['load','error'])document.addEventListener(t,(e)=>{const a=e.target.src;
if(typeof a==='string'&&a.startsWith('${TRACKER}'))__events.push(e.target.tagName+' '+t+' '+a)},true);`;
export const STYLE = 'body{margin:0;padding:8px;font:16px/1.5 sans-serif}main{max-width:40rem}iframe{border:0}';

/** A page; `<!--gate-->` is where the gate's tag goes. */
export const page = ({ title, head = '', body, html = ' lang="en"', tag = '' }) => `<!doctype html>
<html${html}><head><meta charset="utf-8"><!--gate--><title>${title}</title>
<meta name="viewport" content="width=device-width"><link rel="icon" href="data:,"><style>${STYLE}</style>
<script>${LISTEN}</script>${head}</head>
<body${tag}>${body}</body></html>
`;
export const HEADER = '<header><h1>A page</h1><button id="act" type="button">Count</button> <output id="count">0</output></header>';

/** One file of plain JavaScript. */
export async function bundle(entry, options = {}) {
  const mode = options.mode || 'production';
  const result = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    legalComments: 'eof',
    jsx: 'automatic',
    nodePaths: [join(HERE, '../../node_modules')],
    define: { 'process.env.NODE_ENV': JSON.stringify(mode), ...options.define },
    alias: options.alias || {},
    plugins: options.plugins || [],
    conditions: options.conditions || [mode],
    loader: { '.css': 'text' },
  });
  return result.outputFiles[0].text;
}

/** What a module exports, after it was bundled for node: for markup that a server would make. */
export async function load(entry, options = {}) {
  const folder = mkdtempSync(join(HERE, '../../node_modules/.ssr-'));
  const out = join(folder, 'module.mjs');
  try {
    await build({
      entryPoints: [entry],
      bundle: true,
      outfile: out,
      format: 'esm',
      platform: 'node',
      jsx: 'automatic',
      nodePaths: [join(HERE, '../../node_modules')],
      define: { 'process.env.NODE_ENV': JSON.stringify(options.mode || 'production') },
      alias: options.alias || {},
      plugins: options.plugins || [],
      banner: { js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);" },
    });
    return await import(pathToFileURL(out));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The text of a file that a package ships. */
export const shipped = (path) => readFileSync(require.resolve(path), 'utf8');
/** The text of a file by its place under node_modules, where a package does not let itself be resolved. */
export const vendored = (path) => readFileSync(join(HERE, '../../node_modules', path), 'utf8');

/** How a page is walked: the link to its second page, what is pressed before an answer and after one. */
export const walk = (steps = {}) => `${JSON.stringify({ next: null, press: ['#act'], close: [], rendered: false, ...steps })}\n`;
/** The gate's address, for pages that write its tag themselves; without the gate it answers an empty file. */
export const GATE = 'https://cmp.test/v1/6f1b0b3e-52a4-4c6e-9d5a-0c8f5a2b7e11/gate.js';

/** What a framework's own builder leaves in `out`, by path; all it wrote is taken away again. */
export function exported(folder, command, out, env) {
  rmSync(join(folder, out), { recursive: true, force: true });
  const options = { cwd: folder, env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] };
  execFileSync(join(HERE, '../../node_modules/.bin', command[0]), command.slice(1), options);
  const files = {};
  for (const entry of readdirSync(join(folder, out), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files[relative(join(folder, out), path)] = readFileSync(path);
  }
  for (const left of [out, '.next', '.astro', 'node_modules']) rmSync(join(folder, left), { recursive: true, force: true });
  return files;
}
