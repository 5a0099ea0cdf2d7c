"""Which language answers a wish: the server's twin of what the gate decides (tests/js/language.test.mjs)."""

from __future__ import annotations

import json

import pytest
from django.conf import settings

from consent.banners import languages, texts

ROWS = json.loads((settings.BASE_DIR / "tests" / "vectors" / "languages.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("row", ROWS, ids=lambda row: "-".join(row["offered"][:3]))
def test_server_and_gate_agree(row):
    assert {wish: languages.nearest(tuple(row["offered"]), wish) for wish in row["found"]} == row["found"]


def test_the_first_row_is_what_we_ship():
    assert ROWS[0]["offered"] == texts.shipped()


def test_every_language_that_we_ship_answers_for_itself():
    assert [texts.ours(code) for code in texts.shipped()] == texts.shipped()


@pytest.mark.parametrize(
    ("code", "spoken"),
    [
        ("zh-TW", ("zh", "hant")), ("zh_Hans_HK", ("zh", "hans")), ("iw", ("he", "hebr")), ("sh", ("sr", "latn")),
        ("no", ("nb", "latn")), ("nn", ("nn", "latn")), ("sr-ME", ("sr", "latn")), ("", ("", "latn")),
    ],
)  # fmt: skip
def test_language_and_script_by_their_names_of_today(code, spoken):
    assert languages.spoken(code) == spoken
