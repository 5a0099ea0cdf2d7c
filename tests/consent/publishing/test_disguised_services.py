"""Services, cookies, purposes and settings that hide what they are; each is found by its rule, whatever it is called."""

from __future__ import annotations

import pytest

from consent.catalogue import known
from consent.publishing import lint
from consent.publishing.lint import durations
from tests.consent.publishing import drafts

pytestmark = pytest.mark.any_database

BLOCKS = {number: (f"L{number:02}", "block") for number in range(33)}
WARNS = {number: (f"L{number:02}", "warn") for number in range(33)}
WHY = "Keeps the basket that the visitor fills"
YEAR = {"lifetime": "1 year", "lifetime_days": 365}


def needed(**own):
    return {"key": "helper", "name": "Helper", "category": "C0001", "necessary_reason": WHY, **own}


SERVICES = {
    # strictly necessary, they say
    "Google's own call": (needed(inline=["gtag('config'"]), BLOCKS[8]),
    "the same in another way of writing": (needed(inline=['gtag( "event"']), BLOCKS[8]),
    "another call of a pixel": (needed(inline=["fbq('track'"]), BLOCKS[8]),
    "a recorder's call": (needed(inline=["hj('event'"]), BLOCKS[8]),
    "a queue": (needed(inline=["window['_paq']"]), BLOCKS[8]),
    "a constructor": (needed(inline=["new AppMeasurement("]), BLOCKS[8]),
    "a tag manager's queue": (needed(inline=["dataLayer.push"]), BLOCKS[8]),
    "a name in Cyrillic letters": (needed(name="Google Аnalytics"), BLOCKS[8]),
    "a name with digits": (needed(name="G00gle Analytics"), BLOCKS[8]),
    "a name with spaces": (needed(name="G o o g l e  A n a l y t i c s"), BLOCKS[8]),
    "a tracker's name with more words": (needed(name="Meta Pixel helper"), WARNS[8]),
    "a tracker's policy": (needed(policy_url="https://www.hotjar.com/legal/policies/privacy/"), WARNS[8]),
    "a tracker's cookie with an invisible letter": (needed(cookies=[{"name": "_g\u200ba", **YEAR}]), BLOCKS[8]),
    "a tracker's cookie with its host": (needed(cookies=[{"name": "_ga (.shop.example)", **YEAR}]), BLOCKS[8]),
    "a star that covers a tracker's cookie": (needed(cookies=[{"name": "_g*", **YEAR}]), WARNS[8]),
    "an optional service's cookie": (needed(cookies=[{"name": "_ad", **YEAR}]), WARNS[8]),
    "a cookie that tells of it in German alone": (
        needed(cookies=[{"name": "b", "purpose": "Basket", "texts": {"de": "Werbung und Tracking"}}]), BLOCKS[8],
    ),
    "a cookie that tells of it in Japanese alone": (
        needed(cookies=[{"name": "b", "purpose": "Basket", "texts": {"ja": "広告の測定"}}]), BLOCKS[8],
    ),
    # exempt, they say
    "a recorder as exempt": (
        {"key": "rec", "name": "Rec", "category": "C0002", "rules": ["hotjar.com"], "exempt_in": ["FR"],
         "exemption_confirmed": ["FR"]}, BLOCKS[8],
    ),
    "advertising as exempt": (
        {"key": "rec", "name": "Rec", "category": "C0002", "exempt_in": ["GB"], "exemption_confirmed": ["GB"],
         "description": "Counts visits for advertising."}, BLOCKS[8],
    ),
    # what visitors read of optional ones
    "going on is a yes, in a cookie": (
        {"key": "counter", "cookies": [{"name": "c", "purpose": "By using the site you accept this."}]}, BLOCKS[7],
    ),
    "a cookie of advertising that is necessary": (
        {"key": "ad", "cookies": [{"name": "c", "purpose": "Strictly necessary."}]}, WARNS[11],
    ),
    "a service that can't be switched off": (
        {"key": "ad", "description": "It cannot be switched off."}, WARNS[11],
    ),
    # how long
    "a lifetime of a dash": ({"key": "ad", "cookies": [{"name": "c", "lifetime": "-", "lifetime_days": None}]}, BLOCKS[18]),
    "a lifetime not known": ({"key": "ad", "cookies": [{"name": "c", "lifetime": "N/A", "lifetime_days": None}]}, BLOCKS[18]),
    "a session of two years": ({"key": "ad", "cookies": [{"name": "c", "lifetime": "Session", "lifetime_days": 730}]},
                               BLOCKS[18]),
    "a day of two years": ({"key": "ad", "cookies": [{"name": "c", "lifetime": "1 Tag", "lifetime_days": 730}]}, BLOCKS[18]),
    "for ever": ({"key": "ad", "cookies": [{"name": "c", "lifetime": "unbegrenzt", "lifetime_days": None}]}, WARNS[18]),
    "ten years in words": ({"key": "ad", "cookies": [{"name": "c", "lifetime": "10 años", "lifetime_days": None}]}, WARNS[18]),
}  # fmt: skip
PURPOSES = {
    "advertising that nobody is asked about": (("consent", "C0001", "Personalised advertising"), BLOCKS[6]),
    "advertising in Cyrillic letters": (("legitimate_interest", None, "Аdvertising"), BLOCKS[9]),
    "advertising for the public": (("public_task", None, "Personalisierte Anzeigen"), BLOCKS[9]),
    "advertising to save lives": (("vital_interest", "C0004", "Offers"), BLOCKS[9]),
}
SETTINGS = {
    "a dash is responsible": ({"controller": "-"}, BLOCKS[11]),
    "nobody that one sees is responsible": ({"controller": "\u200b\u2060"}, BLOCKS[11]),
    "we are responsible": ({"controller": "We"}, BLOCKS[11]),
    "the front page is the policy": ({"policy_url": "https://shop.example/"}, WARNS[11]),
    "the imprint is the policy": ({"policy_url": "https://shop.example/imprint"}, WARNS[11]),
}


@pytest.fixture
def base(db):
    return drafts.draft(drafts.shop(["de", "en", "fr", "ja"]))


def test_a_service_is_what_it_does(base):
    said = {name: (rule, drafts.found(drafts.with_service(base, **own))) for name, (own, rule) in SERVICES.items()}
    assert {name: rules for name, (rule, rules) in said.items() if rule not in rules} == {}


def test_a_legal_basis_is_for_what_a_purpose_says(base):
    missed = {}
    for name, ((basis, category, text), rule) in PURPOSES.items():
        row = {"key": "p", "category": category, "legal_basis": basis, "texts": {"en": {"name": text}}}
        if rule not in (rules := drafts.found({**base, "purposes": [row]})):
            missed[name] = rules
    assert missed == {}


def test_who_asks_and_where_one_reads_more(base):
    said = {
        name: (rule, drafts.found({**base, "site": {**base["site"], **own}})) for name, (own, rule) in SETTINGS.items()
    }
    assert {name: rules for name, (rule, rules) in said.items() if rule not in rules} == {}


def test_what_the_catalogue_calls_necessary_is(base):
    """With what its cookies are said to be for in each language, in a site that has all of them."""
    for entry in known.services():
        if entry["category"] == "C0001":
            own = {name: entry[name] for name in base["services"][0] if name in entry}
            draft = drafts.with_service(base, **{**own, "necessary_reason": entry["necessary_reason"]})
            assert [str(one) for one in lint.check(draft) if one.rule == "L08"] == []


@pytest.mark.parametrize(
    ("words", "days"),
    [
        ("13 months", 395), ("2 Jahre", 730), ("1 an", 365), ("30 jours", 30), ("6 Monate", 182), ("1 año", 365), ("24h", 1),
        ("Session", 0), ("Sitzung", 0), ("unlimited", durations.FOR_EVER), ("3 sols", None), ("", None),
    ],
)  # fmt: skip
def test_a_length_of_time_is_read(words, days):
    read = durations.days_of(words)
    assert (read if read is None else round(read)) == days


@pytest.mark.parametrize(
    ("words", "says"), [("?", False), ("n/a", False), ("tbd", False), ("13か月", True), ("1 hodina", True)]
)
def test_what_is_no_length_of_time(words, says):
    assert durations.says_something(words) is says
