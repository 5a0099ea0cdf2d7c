/**
 * Writes an answer as the gate does and tells what gate and edge make of it: a line of JSON in, a line out. For the test that
 * holds the readers together.
 */

import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { decode } from '../../cookiebanner/banner/src/core/cookie.js';
import { encode } from '../../cookiebanner/banner/src/core/encode.js';
import { interpret, unpack } from '../../cookiebanner/banner/src/core/vector.js';

const edge = readFileSync(new URL('../../deploy/edge/rewrite.js', import.meta.url), 'utf8');
const { policyFor } = new Function(`${edge}; return { policyFor };`)();

for await (const line of createInterface({ input: process.stdin })) {
  const { written, answer, vector, read, terms, variant, edgeData, cookie } = JSON.parse(line);
  const of = (cfg) => ({ items: unpack(cfg), cfg });
  const value = encode(
    answer,
    of(written),
    vector.map((choice) => choice ?? undefined),
  );
  const core = of(read);
  const stored = decode(value, core);
  const meant = interpret({ ...core, answer: stored, terms, signal: () => 0, child: 0, optIn: terms.model === 'opt_in' });
  const waiting = policyFor(edgeData, variant, `${cookie}=${value}`, () => null, 'shop.example', Date.now() / 1000).waiting;
  const granted = Object.fromEntries(core.items.map(({ kind, key }, i) => [`${kind} ${key}`, !!meant.vector[i]]));
  console.log(JSON.stringify({ value, granted, waiting }));
}
