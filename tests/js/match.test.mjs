import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import test from 'node:test';
import { match, tabled } from '../../cookiebanner/banner/src/block/match.js';

const vectors = JSON.parse(readFileSync(new URL('../vectors/patterns.json', import.meta.url)));

test('the vector file is there in full', () => assert.ok(vectors.length > 20));
for (const { name, table, url, page_host: pageHost, service } of vectors) {
  test(`${name}: ${url}`, () => {
    const page = pageHost.toLowerCase();
    if (!URL.canParse(url, `https://${page || 'x.invalid'}/`)) return assert.equal(service, -1);
    assert.equal(match({ '': [], ...table, __proto__: null }, new URL(url, `https://${page || 'x.invalid'}/`), page), service);
  });
}

test('a table is made of what compile.py wrote', () => {
  const services = [{ rules: 'a.test/b?k=1 a.test' }, {}, { rules: 'a.test/b/c /first.js?id a.test/b' }];
  assert.deepEqual(
    { ...tabled(services, [['x', 1]]) },
    {
      '': [['x', 1]],
      'a.test': [
        ['/b/c', '', 2],
        ['/b', 'k=1', 0],
        ['/b', '', 2],
        ['', '', 0],
      ],
      '/': [['/first.js', 'id', 2]],
    },
  );
});
