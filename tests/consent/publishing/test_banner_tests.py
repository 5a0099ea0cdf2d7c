"""Two banners beside each other: what may differ, how the rules judge both, what a release holds, and who wins."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.banners import arms, banner_tests, screen
from consent.banners.actions import edit_banner, edit_texts
from consent.catalogue.actions import add_service
from consent.common import InvalidChange
from consent.models import AuditEvent, BannerTest
from consent.publishing import actions as publishing
from consent.publishing import lint, queries
from consent.publishing.differences import differences
from consent.sites.actions import create_site
from cookiebanner.releases import renderings
from cookiebanner.releases.compile import compile  # noqa: A004
from tests.values import RESPONSIBLE

pytestmark = pytest.mark.django_db
ME = "ada@example.net"
TODAY = timezone.now().date()
TITLE = "May we count visits?"


@pytest.fixture
def site(db):
    made = create_site(["shop.example"], ME, languages=["en", "de"], **RESPONSIBLE)
    add_service(made, ME, name="Counter", category="C0002", patterns=["counter.example"],
                cookies=[{"name": "_c", "lifetime": "1 day"}])  # fmt: skip
    return made


@pytest.fixture
def tested(site):
    banner_tests.save(site, ME, ends=TODAY + timedelta(days=14), layout="bar", position="bottom")
    banner_tests.edit_texts(site, ME, "en", {"title": TITLE})
    return site


def blocking(site) -> list[tuple[str, str]]:
    return [(f.rule, f.field) for f in lint.check(queries.draft(site)) if f.blocks]


def test_a_draft_without_a_test_has_the_content_that_it_always_had(site):
    draft = queries.draft(site)
    assert "test" not in draft["banner"]
    assert arms.arm(draft, "A") == arms.arm(draft, "B") == draft


def test_b_is_the_banner_with_its_own_words_and_look_and_asks_the_same(tested):
    draft = queries.draft(tested)
    a, b = arms.arm(draft, "A"), arms.arm(draft, "B")
    assert [(one["banner"]["layout"], one["banner"]["texts"]["en"]["title"] == TITLE) for one in (a, b)] == [
        ("card", False), ("bar", True)
    ]  # fmt: skip
    assert a["banner"]["texts"]["de"] == b["banner"]["texts"]["de"]
    # An opt-out law's words are not those of a law that asks.
    assert b["banner"]["regime_texts"]["en@us_ca"]["title"] == a["banner"]["regime_texts"]["en@us_ca"]["title"] != TITLE
    assert {key for key in a if a[key] != b[key]} == {"banner"}
    assert blocking(tested) == []


def test_words_of_one_law_are_that_laws(tested):
    banner_tests.edit_texts(tested, ME, "en", {"title": "Under this law"}, regime="us_ca")
    b = arms.arm(queries.draft(tested), "B")
    assert b["banner"]["regime_texts"]["en@us_ca"]["title"] == "Under this law"
    assert b["banner"]["texts"]["en"]["title"] == TITLE


@pytest.mark.parametrize(
    ("language", "words", "rule"),
    [("en", {"accept": "Ok"}, "L"), ("de", {"reject": "Vielleicht später"}, "L")],
)
def test_the_rules_judge_both_banners_in_every_language(tested, language, words, rule):
    banner_tests.edit_texts(tested, ME, language, words)
    found = [f for f in lint.check(queries.draft(tested)) if f.blocks]
    assert found
    assert {f.field for f in found} == {"test"}
    assert all(f.rule.startswith(rule) and f.message.startswith("Banner B: ") for f in found)
    with pytest.raises(publishing.Blocked):
        publishing.publish(tested, ME, compile)


def test_what_is_wrong_with_both_is_said_once(tested):
    edit_texts(tested, ME, "de", {"accept": "Ok"})
    findings = [f for f in lint.check(queries.draft(tested)) if f.blocks]
    assert findings
    assert [f for f in findings if f.message.startswith("Banner B")] == []


def test_two_banners_that_are_the_same_test_nothing(site):
    banner_tests.save(site, ME, ends=TODAY, layout="card", position="bottom-left")
    assert blocking(site) == [("F13", "test")]


def test_the_gate_holds_both_only_while_the_test_runs(tested):
    publishing.publish(tested, ME, compile)
    draft = queries.draft(tested)
    files = {name: body for name, _, body in compile({**draft, "numbering": {}}, 1, "0" * 64)}
    gate = files["gate.eu_opt_in.js"]
    assert f'"ends":{(TODAY + timedelta(days=15)).toordinal() - 719163}'.encode() in gate
    assert b"data-arm" in gate
    assert (TITLE.encode() in files["first.en.js"], TITLE.encode() in files["ui.en.js"]) == (True, True)
    banner_tests.choose(tested, ME, "A")
    alone = {name: body for name, _, body in compile({**queries.draft(tested), "numbering": {}}, 1, "0" * 64)}
    assert [name for name, body in alone.items() if TITLE.encode() in body or b"data-arm" in body] == []
    assert b'"ends":' not in alone["gate.eu_opt_in.js"]


def test_a_test_whose_last_day_has_passed_is_in_no_release(tested):
    BannerTest.objects.update(ends=TODAY - timedelta(days=1))
    assert "test" not in queries.draft(tested)["banner"]


def test_screens_say_what_b_has_otherwise(tested):
    other = screen.FORMAT["screen"]["other"]
    draft = queries.draft(tested)
    whole = screen.data(draft, "en")[other]
    assert whole["t"] == {"title": TITLE}
    assert whole["look"][:2] == ["bar", "bottom"]
    first = screen.first(draft, "en")
    assert first[""][other]["t"] == {"title": TITLE}
    assert "t" not in first["us_ca"][other]  # that law's title is its own
    assert "t" not in screen.data(draft, "de")[other]


@pytest.mark.parametrize("winner", ["A", "B"])
def test_the_winner_is_the_only_banner(tested, winner):
    before = arms.arm(queries.draft(tested), winner)
    banner_tests.choose(tested, ME, winner)
    assert queries.draft(tested) == before
    assert AuditEvent.objects.filter(site=tested, verb="banner_test.choose").get().detail == {"winner": winner}
    with pytest.raises(InvalidChange):
        banner_tests.choose(tested, ME, winner)


@pytest.mark.parametrize(
    "wrong",
    [
        {"ends": TODAY - timedelta(days=1)},
        {"ends": TODAY + timedelta(days=999)},
        {"layout": "bar", "position": "center"},
        {"layout": "flying"},
        {"theme": {"accent": "no colour"}},
    ],
)
def test_what_no_test_can_be(site, wrong):
    with pytest.raises(InvalidChange):
        banner_tests.save(site, ME, **{"ends": TODAY, "layout": "card", "position": "bottom-left", **wrong})
    assert BannerTest.objects.count() == 0


@pytest.mark.parametrize("words", [{"pc_body": "x"}, {"save": "x"}, {"link_dns": "x"}, {"title": "{nothing}"}])
def test_only_words_of_the_first_layer_may_differ(tested, words):
    with pytest.raises(InvalidChange):
        banner_tests.edit_texts(tested, ME, "en", words)


def test_what_a_release_changes_is_said(site, tested):
    draft = queries.draft(tested)
    plain = arms.arm(draft, "A")
    assert [title for title, _ in differences(plain, draft)] == ["Test of two banners"]
    assert [title for title, _ in differences(draft, plain)] == ["Test of two banners"]
    banner_tests.edit_texts(tested, ME, "en", {"title": "Other"})
    [(title, lines)] = differences(draft, queries.draft(tested))
    assert (title, [(line.before, line.after) for line in lines]) == ("Test of two banners", [(TITLE, "Other")])


def test_a_change_of_the_look_of_a_stays_one_of_a(tested):
    edit_banner(tested, ME, layout="center")
    draft = queries.draft(tested)
    assert [arms.arm(draft, name)["banner"]["layout"] for name in arms.ARMS] == ["center", "bar"]


def test_both_banners_are_pictured_and_named(site, tested):
    draft = queries.draft(tested)
    both = renderings.subjects(draft, ["eu_opt_in"])
    alone = renderings.subjects(arms.arm(draft, "A"), ["eu_opt_in"])
    assert [[one.arm for one in subject.shows] for subject in both] == [["A"]] * len(alone) + [["B"]] * len(alone)
    titles = {subject.taken.arm: subject.texts["banner"].title for subject in both if subject.taken.language == "en"}
    assert (titles["A"] == TITLE, titles["B"]) == (False, TITLE)
    assert set(alone[0].taken.words()) == {"variant", "language", "form", "scheme"}  # as entries always named them
    assert both[-1].taken.words()["arm"] == "B"
