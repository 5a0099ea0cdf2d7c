"""Dates and plural forms are those of CLDR, as the JavaScript engine of this machine has it."""

from __future__ import annotations

import json
import re
import subprocess
from datetime import date

from consent.banners import cldr, texts

NUMBERS = [*range(2101), 1_000_000, 1_000_001, 2_000_000]
DAYS = [date(2026, month, day) for month in range(1, 13) for day in (1, 30 if month != 2 else 28)]
# What CLDR calls `pt` is Brazil's.
ENGINE = """
const [languages, numbers, days] = JSON.parse(process.argv[1]);
const read = (language) => {
  const code = language === 'pt' ? 'pt-PT' : language;
  const dates = new Intl.DateTimeFormat(`${code}-u-nu-latn-ca-gregory`, { dateStyle: 'long', timeZone: 'UTC' });
  const rules = new Intl.PluralRules(code);
  return [numbers.map((number) => rules.select(number)), days.map((day) => dates.format(new Date(day)))];
};
console.log(JSON.stringify(languages.map(read)));
"""


def test_every_language_has_the_dates_and_forms_of_cldr():
    asked = json.dumps([texts.shipped(), NUMBERS, [day.isoformat() for day in DAYS]])
    made = json.loads(subprocess.run(["node", "-e", ENGINE, asked], check=True, capture_output=True).stdout)
    made = [[forms, [re.sub(r"\s", " ", day) for day in days]] for forms, days in made]
    ours = [
        [
            [cldr.plural(number, code) for number in NUMBERS],
            [re.sub(r"\s", " ", cldr.long_date(day, code)) for day in DAYS],
        ]
        for code in texts.shipped()
    ]
    assert len(made) == 40
    assert dict(zip(texts.shipped(), ours, strict=True)) == dict(zip(texts.shipped(), made, strict=True))


def test_a_language_is_answered_by_the_nearest_and_a_strange_one_in_english():
    day = date(2026, 11, 30)
    assert (cldr.long_date(day, "de-AT"), cldr.long_date(day, "eo")) == ("30. November 2026", "November 30, 2026")
    assert (cldr.plural(5, "pl-PL"), cldr.plural(0, "pt-BR"), cldr.plural(0, "pt"), cldr.plural(1, "zh-TW")) == (
        "many", "one", "other", "other",
    )  # fmt: skip
