/** Stored answers: what the gate writes, reads and makes of what earlier gates wrote. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { decode, newest } from '../../cookiebanner/banner/src/core/cookie.js';
import { encode, long, renewed, short } from '../../cookiebanner/banner/src/core/encode.js';

const { steps, slots, cases } = JSON.parse(readFileSync(new URL('../vectors/answers.json', import.meta.url), 'utf8'));
const cfg = { steps };
/** Items as unpack makes them; the last two share a service that moved. */
const items = slots.map((own) => ({ slots: own }));
const ID = '00010203-0405-4607-8788-090a0b0c0d0f';

for (const { name, value, read } of cases) {
  test(`state: ${name}`, () => {
    const answer = decode(value, { items: items.map(({ slots: [own] }) => ({ slots: [own] })), cfg });
    const found = answer && {
      at: answer.t,
      grants: answer.yes,
      objected: answer.x,
      unasked: answer.o,
      foreign: answer.foreign,
      choices: answer.choices.map((choice) => choice ?? null),
    };
    const expected = read && {
      at: read.at,
      grants: read.grants,
      objected: read.objected,
      unasked: read.unasked,
      foreign: !read.shared,
      // What is of another numbering, and objects, denies everything.
      choices: read.choices.map((choice) => (!read.shared && read.objected ? false : choice)),
    };
    assert.deepEqual(found ?? null, expected);
  });
}

test('what moved and was denied where it was is told from what was not offered', () => {
  const of = (b) => decode(`v=2&id=&u=&t=1&g=x&n=9.q00q&b=${b}&x=0&o=0`, { items, cfg }).choices[6];
  // Slots 6 and 7 are the lowest two digits of the third: 0, 1 = 6 denied, 2 = 6 granted, 3 = 7 denied, 7 = both.
  assert.deepEqual(['000', '001', '002', '003', '004', '006', '007'].map(of), [undefined, null, undefined, false, false, true, true]);
});

test('an objection of another numbering denies everything', () => {
  const of = (x) => decode(`v=2&id=&u=&t=1&g=x&n=9.nope&b=qqq&x=${x}&o=0`, { items, cfg }).choices;
  assert.deepEqual([...new Set(of(1))], [false]);
  assert.deepEqual([...new Set(of(0))], [undefined]);
});

test('ids go there and back, others go nowhere', () => {
  for (const id of [ID, 'ffffffff-ffff-4fff-bfff-ffffffffffff', '00000000-0000-4000-8000-000000000000']) {
    assert.match(short(id), /^[\w-]{22}$/);
    assert.equal(long(short(id)), id);
  }
  for (const bad of ['', 'x', 'g'.repeat(36), `${ID}0`, '-'.repeat(36)]) assert.equal(short(bad), '');
  assert.equal(short(ID.toUpperCase()), short(ID));
  for (const bad of ['', 'x', ID, `${short(ID)}A`, '!'.repeat(22)]) assert.equal(long(bad), '');
});

const given = { id: ID, u: '', t: 1795294000, g: 'eu_opt_in', x: true, o: false };

test('what is written is read, necessary and containers apart', () => {
  const offered = [
    { slots: [0], kind: 'categories', necessary: 4 },
    { slots: [1], kind: 'categories' },
    { slots: [2], kind: 'purposes' },
    { slots: [8, 3], kind: 'services', container: 1 },
    { slots: [5], kind: 'services' },
  ];
  offered[3].group = offered[4].group = offered[1];
  const text = encode(given, { items: offered, cfg }, [true, false, undefined, true, true]);
  assert.equal(
    text,
    `v=2&id=${short(ID)}&u=&t=tovglc&g=eu_opt_in&n=9.q00q.8.x-Yz.6.aB3_&b=3i9&x=1&o=0`.replace('tovglc', given.t.toString(36)),
  );
  assert.deepEqual(decode(text, { items: offered, cfg }).choices, [undefined, false, undefined, false, true]);
});

test('an objection that is renewed takes our steps, and no digit more', () => {
  const raw = `v=2&id=a&u=b&t=9&g=us_ca&n=8.x-Yz.6.aB3_&b=44&x=1&o=0`;
  assert.equal(renewed({ raw }, { cfg }), raw.replace('n=8.x-Yz.6.aB3_', 'n=9.q00q.8.x-Yz.6.aB3_'));
  // Its last step is not ours: what it says beyond the common one would mean something else.
  const parted = raw.replace('8.x-Yz', '8.zzzz');
  assert.equal(renewed({ raw: parted }, { cfg }), parted);
});

test('500 services chosen one by one fit into 600 bytes, whatever was chosen', () => {
  const many = [...Array(506).keys()].map((slot) => ({ slots: [slot], kind: 'services' }));
  const worst = { ...given, u: ID, t: 36 ** 6 - 1, g: 'us_optout_gpc' };
  for (const say of [() => true, () => false, (i) => i % 2 === 0, (i) => i % 3 === 0]) {
    const text = encode(
      worst,
      { items: many, cfg: { steps: { 504: 'abcd', 505: 'efgh', 506: 'ijkl' } } },
      many.map((_, i) => say(i)),
    );
    assert.ok(`fairgate_00000000=${text}`.length < 600, text.length);
    assert.match(text, /^[\w=&.-]+$/);
  }
});

test('the newest counts, and what cannot be read is none', () => {
  const of = (t) => `v=2&id=${t}&u=&t=${t}&g=x&n=&b=&x=0&o=0`;
  assert.equal(newest([of('5'), 'garbage', of('9'), '', of('7')], { items, cfg }).id, '9');
  assert.equal(newest(['garbage'], { items, cfg }), undefined);
});
