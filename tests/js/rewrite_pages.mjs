/*
 * Rewrites many pages for tests/cookiebanner/enforce/test_differential.py. The first line of the input holds the data of
 * each policy; each further line a page: {p: policy, t: limits, h: page, c: sizes of its pieces}. A character is a byte.
 * Each answer's line holds the page rewritten in one piece, and in pieces if that is not the same.
 */
import { readFileSync, writeFileSync } from 'node:fs';

const text = readFileSync(new URL('../../deploy/edge/rewrite.js', import.meta.url), 'latin1');
const program = (limit) => new Function(`${limit ? text.replaceAll('= 1048576', `= ${limit}`) : text}; return { Rewriter, policyFor };`)();
const [head, ...lines] = readFileSync(process.argv[2], 'utf8').trimEnd().split('\n');
const { page, policies, limits } = JSON.parse(head);
const programs = limits.map(program);
const open = { held: () => '', heldInline: () => '', isGranted: () => true };
const made = policies.map((data) => (data ? programs[0].policyFor(data, 'eu_opt_in', '', () => null, 'shop.test', 0) : open));

function rewrite({ p, t, h, c }, pieces) {
  const rewriter = new programs[t].Rewriter(made[p], page);
  let out = '';
  let at = 0;
  for (const size of pieces ? c : []) {
    out += rewriter.feed(h.slice(at, at + size));
    at += size;
  }
  out += rewriter.feed(h.slice(at)) + rewriter.close();
  return rewriter.failed ? `failed: ${rewriter.failed}` : out;
}

const answers = lines.map((line) => {
  const asked = JSON.parse(line);
  const whole = rewrite(asked, false);
  const pieces = rewrite(asked, true);
  return JSON.stringify(pieces === whole ? [whole] : [whole, pieces]);
});
writeFileSync(process.argv[3], answers.join('\n'));
