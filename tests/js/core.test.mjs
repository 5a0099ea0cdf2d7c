/** The pure parts of the gate's heart: cookie, OneTrust's cookie, decisions. */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { choose } from '../../cookiebanner/banner/src/core/choose.js';
import { decodeKeyed, deniesUnknown, mark, marks, understood } from '../../cookiebanner/banner/src/core/keyed.js';
import { decode } from '../../cookiebanner/banner/src/core/cookie.js';
import { encode } from '../../cookiebanner/banner/src/core/encode.js';
import { language } from '../../cookiebanner/banner/src/core/origin.js';
import { under } from '../../cookiebanner/banner/src/core/write_cookie.js';
import { groups, parse, serialize, takeOver } from '../../cookiebanner/banner/src/core/optanon.js';
import { before, CHILD, GPC, interpret, unpack } from '../../cookiebanner/banner/src/core/vector.js';

const CONTAINER = 1;
const SOLD = 2;
const NECESSARY = 4;
const BEFORE = 8;
const cfg = (granted) => ({
  release: 3,
  content: 'c3',
  categories: [
    ['C0001', NECESSARY | BEFORE],
    ['C0002', granted],
    ['C0004', granted],
  ],
  purposes: [['measuring', granted, 1], ['newsletter']],
  services: [
    ['ads', SOLD | granted, 2],
    ['cdn', NECESSARY | BEFORE, 0],
    ['gtm', CONTAINER | granted, 2],
    ['stats', granted, 1],
  ],
});
const closed = unpack(cfg(0));
const open = unpack(cfg(BEFORE));
const keyed = (items, vector) => Object.fromEntries(items.map(({ key }, i) => [key, vector[i]]));
const terms = { consent_days: 180, refusal_days: 180, reask_days: 180 };
const now = () => Math.floor(Date.now() / 1000);
const answer = (more) => ({
  r: 3,
  h: 'c3',
  id: 'i',
  u: '',
  t: now(),
  g: 'eu_opt_in',
  c: { C0001: true, C0002: true, C0004: false },
  s: {},
  p: {},
  x: false,
  m: marks(closed),
  o: false,
  ...more,
});
/** What has no prototype, as an object of the test's own. */
const plain = (value) => JSON.parse(JSON.stringify(value));
const meant = (items, given, { cfg: release = { content: 'c3' }, ...more } = {}) => {
  const stored = understood(given, { items, cfg: release });
  const out = interpret({ items, answer: stored, terms, signal: () => 0, child: 0, optIn: true, ...more });
  return { ...out, list: out.vector, vector: keyed(items, out.vector) };
};
/** A cookie as gates wrote it before slots. */
const written = ({ c, s: services, p: purposes, ...rest }) => {
  const flags = (choices) =>
    Object.keys(choices)
      .map((key) => `${key}:${+choices[key]}`)
      .join('.');
  const { r, h, id, u, t, g, x, m, o } = rest;
  return `v=1&r=${r}&h=${h}&id=${id}&u=${u}&t=${t}&g=${g}&c=${flags(c)}&s=${flags(services)}&p=${flags(purposes)}&x=${+x}&m=${m}&o=${+o}`;
};

test('what earlier gates wrote is read', () => {
  const given = answer({ s: { ads: true, 'x-y_z': false }, p: { newsletter: true }, x: true, u: 'abc' });
  const { raw, ...read } = plain(decodeKeyed(written(given)));
  assert.deepEqual(read, { ...given, v: '1' });
  assert.equal(raw, written(given));
  assert.equal(decodeKeyed(written(answer({ g: '1' }))).g, 'notice');
});

test('what cannot be read is nothing', () => {
  const good = written(answer());
  for (const bad of [
    '',
    'x',
    'v=1',
    good.replace('v=1', 'v=2'),
    good.replace(/t=\d+/, 't='),
    good.replace('C0002:1', 'C0002:2'),
    good.replace(/c=[^&]*/, 'c='),
  ]) {
    assert.equal(decodeKeyed(bad), undefined, bad);
  }
  // Written by others, by the brief: no marks.
  assert.deepEqual(decodeKeyed('v=1&r=2&id=a&u=&t=5&g=us_ca&c=C0001:1.C0002:0&s=&p=&x=1').c, {
    __proto__: null,
    C0001: true,
    C0002: false,
  });
});

test('what an earlier answer denies, and slots cannot say, is known', () => {
  assert.deepEqual(
    [answer(), answer({ s: { gone: true } }), answer({ s: { gone: false } }), answer({ c: { C0002: true, C0009: false } })].map((one) =>
      deniesUnknown(one, closed),
    ),
    [false, false, true, true],
  );
});

test("OneTrust's cookie keeps unknown fields, order and odd characters", () => {
  const raw =
    'isGpcEnabled=0&datestamp=Sat+Nov+21+2026+20%3A46%3A10+GMT%2B0000+(UTC)&hosts=&own=a%26b%3Dc&groups=C0001%3A1%2CC0002%3A0%2CSPD_BG%3A1';
  assert.equal(serialize(parse(raw)), raw);
  assert.deepEqual(groups(parse(raw).groups), { __proto__: null, C0001: true, C0002: false, SPD_BG: true });
  assert.deepEqual(parse('a=%E0%A4%A&b'), { a: '%E0%A4%A' });
  assert.deepEqual(groups('C0001:1,junk,2:0,<x>:1'), { __proto__: null, C0001: true, 2: false });
});

test('before an answer: the regime, then the signals', () => {
  assert.deepEqual(keyed(closed, before(closed, 0)), {
    C0001: true,
    C0002: false,
    C0004: false,
    measuring: false,
    newsletter: undefined,
    ads: false,
    cdn: true,
    gtm: false,
    stats: false,
  });
  assert.deepEqual(keyed(open, before(open, GPC)), {
    C0001: true,
    C0002: true,
    C0004: false,
    measuring: true,
    newsletter: undefined,
    ads: false,
    cdn: true,
    gtm: true,
    stats: true,
  });
  assert.deepEqual(keyed(open, before(open, CHILD)), {
    C0001: true,
    C0002: false,
    C0004: false,
    measuring: false,
    newsletter: undefined,
    ads: false,
    cdn: true,
    gtm: false,
    stats: false,
  });
});

test('actions', () => {
  const start = before(closed, 0);
  const after = (action, choices, signal = 0, from = start, items = closed) => keyed(items, choose(items, action, choices, from, signal));
  assert.deepEqual(after('accept_all'), {
    C0001: true,
    C0002: true,
    C0004: true,
    measuring: true,
    newsletter: undefined,
    ads: true,
    cdn: true,
    gtm: true,
    stats: true,
  });
  assert.deepEqual(after('reject_all'), {
    C0001: true,
    C0002: false,
    C0004: false,
    measuring: false,
    newsletter: undefined,
    ads: false,
    cdn: true,
    gtm: false,
    stats: false,
  });
  assert.deepEqual(after('close'), after('reject_all'));
  const some = after('custom', { categories: { C0002: true, C0001: false, nope: true } });
  assert.deepEqual(
    [some.C0001, some.C0002, some.C0004, some.stats, some.measuring, some.gtm, some.ads],
    [true, true, false, true, true, true, false],
  );
  assert.deepEqual(after('custom', { services: { ads: 'granted' } }).C0004, false);
  assert.equal(after('custom', { services: { ads: 'granted' } }).ads, true);
  assert.equal(after('custom', { purposes: { newsletter: true } }).newsletter, true);
  assert.equal(after('accept_all', null, GPC).ads, false);
  const out = after('opt_out', null, 0, before(open, 0), open);
  assert.deepEqual([out.C0002, out.C0004, out.ads, out.stats, out.gtm], [true, false, false, true, true]);
  const granted = choose(closed, 'custom', { purposes: { newsletter: true } }, start, 0);
  assert.equal(after('withdraw', null, 0, granted).newsletter, false);
  assert.equal(after('accept_all', null, 0, granted).newsletter, true);
});

test('a stored answer: exceptions, age, objections', () => {
  assert.deepEqual(meant(closed, answer()).vector.stats, true);
  assert.equal(meant(closed, answer()).ask, false);
  assert.equal(meant(closed, answer({ s: { stats: false } })).vector.stats, false);
  const old = now() - 181 * 86400;
  assert.deepEqual([meant(closed, answer({ t: old })).ask, meant(closed, answer({ t: old })).vector.stats], [true, false]);
  const objection = meant(open, answer({ t: old - 9e7, x: true }), { optIn: false });
  assert.deepEqual([objection.ask, objection.vector.ads, objection.vector.stats], [false, false, true]);
  const long = meant(closed, answer({ t: old }), { terms: { ...terms, reask_days: 365 } });
  assert.deepEqual([long.ask, long.lapsed, long.vector.stats], [false, true, false]);
  assert.equal(meant(closed, answer({ o: true })).ask, true);
});

test('only what is new asks again', () => {
  const next = { cfg: { content: 'c4' } };
  const more = unpack({ ...cfg(0), services: [...cfg(0).services, ['new', 0, 1]] });
  assert.deepEqual(
    [meant(more, answer(), next).ask, meant(more, answer(), next).vector.new, meant(more, answer(), next).vector.stats],
    [true, false, true],
  );
  const fewer = unpack({ ...cfg(0), services: cfg(0).services.slice(0, 3) });
  assert.equal(meant(fewer, answer(), next).ask, false);
  const moved = unpack({ ...cfg(0), services: [...cfg(0).services.slice(0, 3), ['stats', 0, 2]] });
  assert.equal(meant(moved, answer(), next).ask, true);
  const necessary = unpack({ ...cfg(0), services: [...cfg(0).services, ['cdn2', NECESSARY | BEFORE, 0]] });
  assert.equal(meant(necessary, answer(), next).ask, false);
  const category = unpack({ ...cfg(0), categories: [...cfg(0).categories, ['C0009', 0]] });
  assert.equal(meant(category, answer(), next).ask, true);
  assert.equal(mark(closed[5]).length, 3);
  assert.equal(marks(closed).length, 12);
});

test('any key is a key', () => {
  const keys = ['__proto__', 'constructor', 'toString', 'notice', '1', 'true'];
  const odd = { ...cfg(0), categories: [['C0001', NECESSARY | BEFORE], ...keys.map((key) => [key, 0])], purposes: [], services: [] };
  const items = unpack(odd);
  const flags = (value) => {
    const out = { __proto__: null, C0001: true };
    for (const key of keys) out[key] = value;
    return out;
  };
  for (const value of [true, false]) {
    const stored = decodeKeyed(written(answer({ c: flags(value), s: { __proto__: null } })));
    assert.deepEqual(stored.c, flags(value));
    assert.deepEqual(
      meant(items, stored).list.slice(1),
      keys.map(() => value),
    );
    const slots = { items, cfg: { steps: { 7: 'abcd' } } };
    const vector = [true, ...keys.map(() => value)];
    assert.deepEqual(decode(encode({ ...answer(), id: '' }, slots, vector), slots).choices, [undefined, ...vector.slice(1)]);
  }
  // What was not asked is not granted because every object has a constructor.
  const silent = meant(items, decodeKeyed('v=1&r=3&h=c3&t=5&c=C0001:1'));
  assert.deepEqual([silent.list.slice(1), silent.ask], [keys.map(() => false), true]);
  const start = before(items, 0);
  assert.deepEqual(
    choose(items, 'custom', { categories: {} }, start, 0).slice(1),
    keys.map(() => false),
  );
  const all = choose(items, 'accept_all', null, start, 0);
  assert.deepEqual(choose(items, 'custom', { categories: {}, services: {} }, all, 0), all);
  assert.deepEqual(Object.keys(groups(keys.map((key) => `${key}:1`).join())).sort(), [...keys].sort());
  assert.equal(groups('C0001:1').constructor, undefined);
});

test('hosts and languages', () => {
  assert.equal(under(['a.example', 'b.example'], 'www.b.example'), 'b.example');
  assert.equal(under(['b.example'], 'notb.example'), undefined);
  globalThis.navigator ??= { languages: ['fr'] };
  globalThis.document ??= { documentElement: { lang: '' } };
  const none = { get: () => null, dropIn: true };
  const fixed = (wish) => language(['en', 'de', 'pt-BR', 'zh-Hant'], { ...none, get: (name) => (name === 'data-language' ? wish : null) });
  assert.deepEqual(['de-AT', 'pt_BR', 'pt', 'zh-Hant', 'DE'].map(fixed), ['de', 'pt-BR', 'pt-BR', 'zh-Hant', 'de']);
});

/** What an import of a yes to C0002 and a no to C0004 makes of each item; `since`: places of what came after the move. */
const broughtOver = (since, given, own) => {
  const core = {
    ...{ items: closed, cfg: { since }, terms: { ...terms, regime: 'eu_opt_in' }, optIn: true, child: 0, lapsed: false },
    ...{ signal: () => 0, vector: closed.map(({ necessary }) => !!necessary) },
    ...(own && { answer: own, vector: own.choices }),
  };
  core.applyAnswer = () => Object.assign(core, interpret(core));
  const taken = takeOver(core, { t: now() - 99, given });
  return { taken, ask: core.ask, ...keyed(closed, core.answer?.choices || []), granted: keyed(closed, core.vector) };
};
const STATS = closed.findIndex(({ key }) => key === 'stats');
const ADS = closed.findIndex(({ key }) => key === 'ads');
const MEASURING = closed.findIndex(({ key }) => key === 'measuring');

test('a yes to an earlier banner covers what that one had, and the rest is asked', () => {
  const all = broughtOver(undefined, { C0002: true, C0004: false });
  assert.deepEqual([all.ask, all.stats, all.ads, all.granted.stats], [false, true, false, true]);
  const some = broughtOver([STATS], { C0002: true, C0004: false });
  assert.deepEqual([some.ask, some.C0002, some.stats, some.granted.stats], [true, true, undefined, false]);
  const purpose = broughtOver([MEASURING], { C0002: true, C0004: false });
  assert.deepEqual([purpose.ask, purpose.measuring, purpose.stats], [true, undefined, true]);
});

test('a no to an earlier banner covers its whole category, and nobody is asked for it', () => {
  const no = broughtOver([ADS], { C0002: true, C0004: false });
  assert.deepEqual([no.ask, no.ads, no.granted.ads], [false, false, false]);
  const nothing = broughtOver([STATS, ADS], { C0002: false, C0004: false });
  assert.deepEqual([nothing.ask, nothing.stats, nothing.ads], [false, false, false]);
});

test('a category that an earlier banner did not have asks who allowed something, for what came after it', () => {
  const yes = broughtOver([ADS], { C0002: true });
  assert.deepEqual([yes.ask, yes.C0004, yes.ads, yes.granted.ads], [true, undefined, undefined, false]);
  assert.equal(broughtOver([], { C0002: true }).ask, false);
  assert.deepEqual([broughtOver([ADS], { C0002: false }).ask, broughtOver([ADS], { C0002: false }).ads], [false, false]);
});

test('what was answered here stands when a page writes the cookies of the earlier banner', () => {
  const own = { t: now() - 999, yes: true, choices: closed.map(() => true), o: false, x: false, foreign: false };
  const later = broughtOver([STATS, ADS], { C0002: true, C0004: false }, own);
  assert.deepEqual([later.taken, later.ask, later.stats, later.ads], [true, false, true, false]);
});

/** Our answer of 999 seconds ago (all allowed but C0004), and what somebody else's program wrote into OneTrust's cookie since. */
const rewritten = (list, { seconds = 99, version = '202209.1.0', mark = '' } = {}) => {
  const datestamp = `${new Date(Date.now() - 1000 * seconds)}`;
  globalThis.document = { cookie: `OptanonConsent=${serialize({ datestamp, version, interactionCount: '1', groups: list })}` };
  const choices = closed.map(({ key, group }) => ![key, group?.key].includes('C0004'));
  const core = {
    ...{ items: closed, cfg: { cookie: 'fairgate_1' }, terms: { ...terms, regime: 'eu_opt_in' }, optIn: true, child: 0 },
    ...{ signal: () => 0, vector: choices, closed: mark, lapsed: false, ask: false },
    answer: { t: now() - 999, yes: true, choices, o: false, x: false, foreign: false },
  };
  core.applyAnswer = () => Object.assign(core, interpret(core));
  const taken = takeOver(core);
  const { C0002, C0004, stats } = keyed(closed, core.vector);
  return [taken, C0002, C0004, stats];
};

test('a program that writes the cookie of the earlier banner alone can take back, and allow nothing', () => {
  const stays = [false, true, false, true];
  assert.deepEqual(rewritten('C0001:1,C0002:0,C0004:0'), [true, false, false, false]);
  assert.deepEqual(rewritten('C0001:1,C0002:0'), [true, false, false, false]);
  assert.deepEqual(rewritten('C0001:1,C0002:1,C0004:1'), stays);
  assert.deepEqual(rewritten('C0001:1,C0002:0,C0004:1'), [true, false, false, false]);
  assert.deepEqual(rewritten('C0001:1,C0002:0', { seconds: 2000 }), stays);
  assert.deepEqual(rewritten('C0001:1,C0002:0', { version: 'fairgate_1-3' }), stays);
  assert.deepEqual(rewritten('SPD_BG:0,C0001:0'), stays);
  const mark = new Date(Date.now() - 90_000).toISOString();
  assert.deepEqual(rewritten('C0001:1,C0002:0,C0004:1', { mark }), [true, false, true, false]);
  assert.deepEqual(rewritten('C0004:1', { mark }), [true, true, true, true]);
});

test('what was answered of a service stands where its category stays as it is', () => {
  const choices = closed.map(({ key, necessary }) => !!necessary || !['stats', 'newsletter'].includes(key));
  const own = { t: now() - 999, yes: true, choices, o: false, x: false, foreign: false };
  const later = broughtOver([], { C0002: true, C0004: false }, own);
  assert.deepEqual(
    [later.C0002, later.stats, later.measuring, later.C0004, later.ads, later.newsletter],
    [true, false, true, false, false, false],
  );
});
