/*
 * The gate says in short regular expressions of its own what packages/enforce/src/fairgate_enforce/html.json says to the
 * rewriters. Here each of them is looked for in src/block, by what it does to some thousand texts and not by its name or
 * file: one literal there must answer all of them as the table does.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import ts from 'typescript';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const TABLES = JSON.parse(read('../../packages/enforce/src/fairgate_enforce/html.json'));
const BLOCK = '../../cookiebanner/banner/src/block';
// Of code that sends a frame somewhere the gate holds more: it also sees what stands behind a variable.
const ONLY_REWRITERS = ['charset', 'frame_location'];

/** Every regular expression and every plain string that is written in src/block. */
function literals() {
  const found = { patterns: [], strings: [] };
  const visit = (node) => {
    if (node.kind === ts.SyntaxKind.RegularExpressionLiteral) found.patterns.push(node.text);
    if (ts.isStringLiteral(node)) found.strings.push(node.text);
    ts.forEachChild(node, visit);
  };
  for (const name of readdirSync(new URL(BLOCK, import.meta.url)).filter((file) => file.endsWith('.js'))) {
    visit(ts.createSourceFile(name, read(`${BLOCK}/${name}`), ts.ScriptTarget.Latest));
  }
  return found;
}

const { patterns, strings } = literals();

/** A regular expression from what stands in the source, made to find all. */
function global(literal) {
  const end = literal.lastIndexOf('/');
  return new RegExp(literal.slice(1, end), [...new Set(`${literal.slice(end + 1)}g`)].join(''));
}

const tabled = (name) => new RegExp(TABLES.patterns[name][0], [...new Set(`${TABLES.patterns[name][1]}g`)].join(''));
const groupsOf = (pattern) => new RegExp(`${pattern.source}|`).exec('').length - 1;

/** Where it matches, what, and its last groups. */
const finds = (pattern, groups) => (text) =>
  JSON.stringify(
    [...text.matchAll(pattern)].map((match) => [match.index, match[0], ...match.slice(match.length - groups).map((group) => group ?? '')]),
  );
const says = (pattern) => (text) => {
  pattern.lastIndex = 0;
  return pattern.test(text);
};

/** One literal of src/block must answer as `expected` to all of `texts`. */
function oneAnswers(expected, texts, ask) {
  const wanted = texts.map(expected);
  assert.ok(new Set(wanted).size > 1, 'these texts ask nothing');
  let best = { right: -1 };
  for (const literal of patterns) {
    const answers = texts.map(ask(global(literal)));
    const wrong = texts.findIndex((_, i) => answers[i] !== wanted[i]);
    if (wrong < 0) return;
    const right = answers.filter((answer, i) => answer === wanted[i]).length;
    if (right > best.right) best = { right, literal, text: texts[wrong], answer: answers[wrong], wanted: wanted[wrong] };
  }
  assert.fail(`none of ${patterns.length} in src/block; the nearest: ${JSON.stringify(best, null, 1)}`);
}

/** The same numbers at every run (mulberry32). */
function numbers(seed) {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Texts of 1 to `most` pieces. */
function soup(pieces, between = '', most = 8, count = 3000) {
  const next = numbers(pieces.length);
  const one = () => Array.from({ length: 1 + next(most) }, () => pieces[next(pieces.length)]).join(between);
  return Array.from({ length: count }, one);
}

const product = (...lists) => lists.reduce((made, list) => made.flatMap((text) => list.map((piece) => text + piece)), ['']);
const cases = (texts) => texts.flatMap((text) => [text, text.toUpperCase(), text.replace(/^./, (letter) => letter.toUpperCase())]);

// The JavaScript MIME types of the MIME Sniffing standard, the other types that run, and what never runs.
const RUNS = [
  'application/ecmascript',
  'application/javascript',
  'application/x-ecmascript',
  'application/x-javascript',
  'text/ecmascript',
  'text/javascript',
  'text/javascript1.0',
  'text/javascript1.5',
  'text/jscript',
  'text/livescript',
  'text/x-ecmascript',
  'text/x-javascript',
  'module',
  'speculationrules',
  '',
];
const RESTS = ['importmap', 'application/json', 'application/ld+json', 'text/plain', 'text/template', 'text/html', 'text/babel', 'modules'];
const RELS_THAT_LOAD = [
  'stylesheet',
  'preload',
  'prefetch',
  'preconnect',
  'prerender',
  'dns-prefetch',
  'modulepreload',
  'icon',
  'apple-touch-icon',
  'apple-touch-icon-precomposed',
  'mask-icon',
  'compression-dictionary',
  'manifest',
];
const OTHER_RELS = ['alternate', 'canonical', 'author', 'license', 'next', 'prev', 'search', 'help', 'me', 'pingback', 'amphtml', 'expect'];
const ADDRESSES = ['https://t.test/a.js', '//t.test/x?y=1', 'wss://a.b.test', './own.js', '/own', 'data:,x', 'blob:x', 'javascript:x()'];
const QUOTES = ['"', "'", '`'];

const texts = {
  code: cases(product([...RUNS, ...RESTS], ['', ';charset=utf-8', '1.5', '+xml', '\n'])),
  link: cases(soup([...RELS_THAT_LOAD, ...OTHER_RELS], ' ', 3)),
  script_address: cases([...ADDRESSES, 'data', 'x data:', 'javascript', 'metadata:x']),
  marks: soup(['optanon-category-', 'ot-vscat-', 'optanon-', 'C0001', 'C0002,C0004', '-x', ' ', 'a_b', '.', 'vscat-']),
  css_url: soup([...ADDRESSES, ...QUOTES, 'url(', 'URL( ', ')', '@import ', '@IMPORT', ' ', '\n', ';', 'a{', 'data:fg,', 'image-set(']),
  css_escape: soup(['\\', '\\2f', '\\00003A', '\\a ', '\\\n', '\n', ' ', 'f', 'z', '0123456', '"', 'x']),
  mention: soup([...ADDRESSES, ...QUOTES, 'https:', '//', 't.test', '.', '-', '<', '>', ')', ' ', '\t', 'a', '\\/']),
  imports: soup([...ADDRESSES, ...QUOTES, 'import', 'import ', ' from', '(', ' ', '\n', ';', '{a}', 'transform', 'https://', '//']),
};

test('each pattern of the table is asked for here', () => {
  assert.deepEqual(Object.keys(texts).concat(ONLY_REWRITERS).sort(), Object.keys(TABLES.patterns).sort());
  assert.ok(patterns.length > 20);
});

for (const name of ['code', 'link', 'script_address']) {
  test(`the gate's ${name}`, () => oneAnswers(says(tabled(name)), texts[name], says));
}
for (const name of ['marks', 'css_url', 'css_escape', 'mention', 'imports']) {
  const groups = groupsOf(tabled(name));
  test(`the gate's ${name}`, () => oneAnswers(finds(tabled(name), groups), texts[name], (pattern) => finds(pattern, groups)));
}

// In the names that the DOM gives them.
const elements = [...Object.keys(TABLES.loads), 'div', 'p', 'body', 'td', 'form', 'q', 'base', 'meta', 'svg', 'path', 'button'].map(
  (name) => (name === 'feimage' ? 'feImage' : name),
);
const attributes = [
  ...new Set(Object.values(TABLES.loads).flat()),
  ...TABLES.gate_holds_everywhere,
  'srcdoc',
  'action',
  'cite',
  'class',
  'content',
  'data-src',
  'formaction',
  'longdesc',
  'srclang',
];
const pairs = elements.flatMap((element) => attributes.map((attribute) => [element, attribute]));
const inTable = (table, element, attribute) => (table[element.toLowerCase()] || []).includes(attribute);
const loads = ([element, attribute]) =>
  inTable(TABLES.loads, element, attribute) || inTable(TABLES.documents, element, attribute) || TABLES.loads_everywhere.includes(attribute);

test('the gate knows each attribute that loads', () => {
  const expected = (text) => loads(text.split(' ')) || TABLES.gate_holds_everywhere.includes(text.split(' ')[1]);
  oneAnswers(
    expected,
    pairs.map((pair) => pair.join(' ')),
    says,
  );
  assert.deepEqual(
    TABLES.loads_everywhere.filter((name) => !TABLES.gate_holds_everywhere.includes(name)),
    [],
  );
});
test('the gate looks at each element that can load', () => {
  const selectors = strings.filter((text) => text.includes('[srcset]') && text.includes(','));
  assert.equal(selectors.length, 1);
  const alternatives = selectors[0].split(',');
  const missed = pairs.filter(
    ([element, attribute]) => loads([element, attribute]) && !alternatives.some((one) => one === element || one === `[${attribute}]`),
  );
  assert.deepEqual(missed, []);
});
test("the gate's frames", () => oneAnswers((name) => TABLES.frames.includes(name), elements, says));
test("the gate's lists of addresses", () => oneAnswers((name) => TABLES.lists.includes(name), attributes, says));

test('the table knows what runs and what loads', () => {
  const code = says(tabled('code'));
  assert.deepEqual([...RUNS, ...RESTS].filter(code), RUNS);
  assert.deepEqual([...RELS_THAT_LOAD, ...OTHER_RELS].filter(says(tabled('link'))), RELS_THAT_LOAD);
});
