import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';

const read = (path) => readFileSync(new URL(path, import.meta.url), 'utf8');
const vectors = JSON.parse(read('../vectors/rewrite.json'));
// The core is plain text that nginx and workers get with their data in front.
const { Rewriter, policyFor, variantOf, matchUrl, fewerLinks, readState, sharedSlots, choiceAt } = new Function(
  `${read('../../deploy/edge/rewrite.js')}; return { Rewriter, policyFor, variantOf, matchUrl, fewerLinks, readState, sharedSlots, choiceAt };`,
)();
const now = Date.now() / 1000;
const sends = (gpc) => (name) => (gpc && name === 'Sec-GPC' ? '1' : null);
const nobody = policyFor(vectors.edge, 'eu_opt_in', '', sends(false), 'shop.test', now);

function rewrite(html, size = 1e9) {
  const rewriter = new Rewriter(nobody, vectors.page);
  let out = '';
  for (let i = 0; i < html.length; i += size) out += rewriter.feed(html.slice(i, i + size));
  return out + rewriter.close();
}

test('the vector file is there in full', () => assert.ok(vectors.rewrites.length > 70 && vectors.answers.length > 15));
for (const { name, before, after } of vectors.rewrites) {
  test(`rewrite: ${name}`, () => {
    for (const size of [1, 2, 3, 5, 7, 11, 1e9]) assert.equal(rewrite(before, size), after);
    assert.equal(rewrite(after), after);
  });
}
for (const { name, variant, cookie, gpc, held } of vectors.answers) {
  test(`answer: ${name}`, () => {
    const jar = cookie.replace(/\{now(36)?-?(\d*)\}/g, (_, short, ago) => Math.floor(now - ago).toString(short ? 36 : 10));
    assert.deepEqual(policyFor(vectors.edge, variant, jar, sends(gpc), 'shop.test', now).waiting, held);
  });
}
const { steps, slots, cases } = JSON.parse(read('../vectors/answers.json'));
for (const { name, value, read: expected } of cases) {
  test(`state: ${name}`, () => {
    const answer = readState(value, true);
    const shared = answer && sharedSlots(answer, steps);
    const found = answer && {
      at: answer.at,
      shared,
      grants: /[^01349acd]/.test(answer.digits),
      objected: answer.objected,
      unasked: answer.unasked,
      choices: slots.map(([own]) => choiceAt(answer, own, shared)),
    };
    assert.deepEqual(found, expected);
  });
}
for (const { name, table, url, page_host: pageHost, service } of JSON.parse(read('../vectors/patterns.json'))) {
  // Names beyond ASCII: rules and markup must spell them xn--…, njs cannot.
  if (/[^\0-\x7f]/.test(url + JSON.stringify(table))) continue;
  test(`match: ${name}: ${url}`, () => assert.equal(matchUrl(table, url, pageHost.toLowerCase()), service));
}
test('places', () => {
  const of = (...place) => variantOf(vectors.edge, ...place);
  assert.deepEqual(
    [of('US', 'TX'), of('us', 'US-TX'), of('US', ''), of('DE', 'BY'), of('', ''), of('constructor', '')],
    ['us_optout_gpc', 'us_optout_gpc', 'eu_opt_in', 'eu_opt_in', 'eu_opt_in', 'eu_opt_in'],
  );
});
test('the policy as a header', () => {
  assert.equal(
    nobody.csp(),
    "default-src 'self' shop.test *.shop.test granted.test *.granted.test consent.test:8443 'unsafe-inline' 'unsafe-eval' data: blob:",
  );
});
test('the Link header', () => {
  const rewriter = new Rewriter(nobody, vectors.page);
  assert.equal(fewerLinks(rewriter, '<https://t.test/a.js>; rel=preload, </own.css>; title="a, b"'), '</own.css>; title="a, b"');
});
test('a hostile page costs linear time', () => {
  for (const html of [
    '<a '.repeat(3e5),
    "<a b='".repeat(2e5),
    '<!--'.repeat(3e5),
    `<script>${'<!--<script '.repeat(1e5)}`,
    '<svg>'.repeat(1e5),
    `<script>${'frames['.repeat(9e4)}</script>`,
    `<script type=module>import${' '.repeat(3e5)}</script>`,
    `<script type=speculationrules>${'a'.repeat(3e5)}</script>`,
    `<meta http-equiv content='charset=${' '.repeat(3e5)}'>`,
  ]) {
    const begun = process.cpuUsage().user;
    assert.equal(rewrite(html, 4096), html);
    assert.ok(process.cpuUsage().user - begun < 10e6);
  }
});
