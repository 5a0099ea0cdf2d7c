import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { match } from '../../cookiebanner/banner/src/block/match.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/patterns.json', import.meta.url)));

test('the vector file is there in full', () => assert.ok(vectors.length > 20));
for (const { name, table, url, page_host: pageHost, service } of vectors) {
  test(`${name}: ${url}`, () => assert.equal(match(table, url, pageHost), service));
}
