/** The language of the banner: by whole primary subtag and script, whatever a site offers and a browser wishes. */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { language, nearest } from '../../cookiebanner/banner/src/core/origin.js';

/** Which of `offered` who wishes for `wishes` gets. */
function chosen(offered, ...wishes) {
  Object.defineProperty(globalThis, 'navigator', { configurable: true, value: { languages: wishes } });
  globalThis.document = /** @type {any} */ ({ documentElement: { lang: '' } });
  return language(offered, { get: () => null, dropIn: '' });
}
const OTHER = 'x-other';

/** wish → what may answer it, and what may not. */
const CASES = {
  arn: [
    ['arn', 'arn-CL'],
    ['ar', 'ar-EG'],
  ],
  ar: [['ar', 'ar-EG'], ['arn']],
  no: [
    ['nb', 'no', 'nb-NO'],
    ['nn', 'nl'],
  ],
  nb: [
    ['no', 'nb', 'no-NO'],
    ['nn', 'nbl'],
  ],
  'zh-TW': [
    ['zh-TW', 'zh-Hant', 'zh-HK'],
    ['zh-CN', 'zh', 'zh-Hans', 'zh-SG'],
  ],
  'zh-HK': [
    ['zh-TW', 'zh-Hant', 'zh-MO'],
    ['zh-CN', 'zh', 'zh-Hans'],
  ],
  'zh-Hant': [
    ['zh-TW', 'zh-HK', 'zh-Hant'],
    ['zh-CN', 'zh'],
  ],
  zh: [
    ['zh', 'zh-CN', 'zh-Hans', 'zh-SG'],
    ['zh-TW', 'zh-Hant'],
  ],
  'pt-PT': [['pt-PT', 'pt', 'pt-BR'], ['pt-Cyrl']],
  iw: [['he', 'iw', 'he-IL'], []],
  he: [['he', 'iw'], []],
  in: [['id', 'in', 'id-ID'], ['inh']],
  ji: [['yi'], []],
  'sr-Latn': [
    ['sr-Latn', 'sh'],
    ['sr', 'sr-Cyrl'],
  ],
  sr: [['sr', 'sr-Cyrl', 'sr-RS'], ['sr-Latn']],
  EN_us: [['en', 'en-US', 'en-GB', 'EN'], ['enm']],
};

test('each wish finds its own language, and no other', () => {
  for (const [wish, [good, bad]] of Object.entries(CASES)) {
    for (const code of good) assert.equal(chosen([OTHER, code], wish), code, `${wish} in ${code}`);
    for (const code of bad) assert.equal(chosen([OTHER, code], wish), OTHER, `${wish} in ${code}`);
  }
});

test('of two letters that are alike nothing follows: every three-letter language beside its two-letter neighbours', () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const name = (code) => `${new Intl.Locale(code).language}`.replace(/^no$/, 'nb');
  let tried = 0;
  for (const a of letters)
    for (const b of letters)
      for (const c of letters) {
        const [long, short] = [a + b + c, a + b];
        // Some long codes are old names of short ones (`fra` is `fr`, `nob` is `nb`).
        if (name(long) === name(short)) continue;
        tried++;
        assert.equal(chosen([OTHER, short], long), OTHER, long);
        assert.equal(chosen([OTHER, long], short), OTHER, short);
      }
  assert.ok(tried > 17000);
});

test('what is offered exactly comes first, then what the wish is a case of, then the first of its language', () => {
  assert.equal(chosen(['fr-CA', 'fr', 'fr-CH'], 'fr-CH'), 'fr-CH');
  assert.equal(chosen(['fr-CA', 'fr'], 'fr-CH'), 'fr');
  assert.equal(chosen(['zh-Hant', 'zh-Hant-HK'], 'zh-Hant-HK-x-a'), 'zh-Hant-HK');
  assert.equal(chosen(['fr-CA', 'fr-BE'], 'fr-CH'), 'fr-CA');
});

test('the first wish that anything answers is taken; what is no language is asked for by its name alone', () => {
  assert.equal(chosen(['de', 'fr'], 'arn', 'fr-CH', 'de'), 'fr');
  assert.equal(chosen(['de', 'our_own'], 'our-own'), 'our_own');
  assert.equal(chosen(['de', 'fr'], '', '*', '-', 'a'.repeat(99), null), 'de');
  assert.equal(chosen(['de', 'fr']), 'de');
});

test('whoever speaks a language of two letters somewhere gets it, unless it is written otherwise there', () => {
  const letters = [...'abcdefghijklmnopqrstuvwxyz'];
  const pairs = letters.flatMap((a) => letters.map((b) => a + b));
  const written = (code) => {
    const { language: name, script } = new Intl.Locale(code).maximize();
    return `${name}-${script}`;
  };
  const wrong = [];
  for (const code of pairs.filter((pair) => new Intl.Locale(pair).maximize().script)) {
    const here = written(code);
    for (const region of pairs) {
      const wish = `${code}-${region}`;
      if (chosen([OTHER, code], wish) !== (written(wish) === here ? code : OTHER)) wrong.push(wish);
    }
  }
  assert.deepEqual(wrong, []);
});

test('a browser is not asked about a language that is offered as it is wished for', () => {
  const { Locale } = Intl;
  const asked = [];
  /** @type {any} */ (Intl).Locale = class extends Locale {
    constructor(code) {
      asked.push(code);
      super(code);
    }
  };
  try {
    assert.equal(chosen(['de', 'en'], 'en'), 'en');
    assert.equal(chosen(['de', 'en'], 'en-US'), 'en');
    assert.equal(chosen(['de', 'pt_BR'], 'pt-BR', 'de'), 'pt_BR');
    assert.deepEqual(asked, []);
    assert.equal(chosen(['de', 'he'], 'iw'), 'he');
    assert.deepEqual([...new Set(asked)], ['de', 'iw', 'he']);
  } finally {
    /** @type {any} */ (Intl).Locale = Locale;
  }
});

test('gate and server agree on which language answers a wish: tests/vectors/languages.json', () => {
  const rows = JSON.parse(readFileSync(new URL('../vectors/languages.json', import.meta.url), 'utf8'));
  for (const { offered, found } of rows)
    for (const [wish, answer] of Object.entries(found)) assert.equal(nearest(offered, wish) ?? null, answer, `${wish} of ${offered}`);
  assert.ok(rows.length > 10);
});
