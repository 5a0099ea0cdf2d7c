"""The cookie list names what the banner itself keeps; a browser that kept it: tests/browser/test_own_cookies.py."""

import pytest

from consent.banners import texts
from consent.publishing import tags
from consent.publishing.own_cookies import own_cookies
from tests.signals import KEY, add

UUID = "6f1b0b3e-52a4-4c6e-9d5a-0c8f5a2b7e11"
MINE = tags.cookie_name(UUID)


def test_what_a_snippet_keeps():
    assert [(row["name"], row["kind"], row["lifetime"], row["lifetime_days"]) for row in own_cookies(UUID, False, ["en"])] == [
        (MINE, "cookie", {"en": "400 days"}, 400),
        (f"{MINE}.q.*", "local", {"en": "Until sent"}, None),
        (f"{MINE}.gpc", "local", {"en": "Until deleted"}, None),
        (f"{MINE}.r", "session", {}, 0),
    ]  # fmt: skip


def test_a_drop_in_writes_onetrusts_cookies_too():
    more = own_cookies(UUID, True, ["en"])[4:]
    assert [(row["name"], row["kind"], row["lifetime_days"]) for row in more] == [
        ("OptanonConsent", "cookie", 365),
        ("OptanonAlertBoxClosed", "cookie", 365),
    ]


@pytest.mark.parametrize("language", texts.shipped())
def test_each_row_has_a_purpose_in_every_language_we_ship(language):
    rows = own_cookies(UUID, True, [language])
    assert len({row["purpose"][language] for row in rows}) == len(rows) - 1  # OneTrust's two say the same thing
    assert [row["lifetime"].get(language) for row in rows[:2]] == [
        "400 days",
        texts.own_cookies(language)["until_sent"],
    ]


def test_a_language_that_we_do_not_ship_reads_english():
    assert own_cookies(UUID, False, ["eo"])[0]["purpose"]["eo"] == own_cookies(UUID, False, ["en"])[0]["purpose"]["en"]


def test_each_browser_signal_has_its_mark(monkeypatch):
    add(monkeypatch)
    names = [
        row["name"].partition(".")[2] for row in own_cookies("6f1c1b1e-5d43-4c5c-9a53-6a6f0e2c4b11", False, ["en"])
    ]
    assert names == ["", "q.*", "gpc", KEY, "r"]
