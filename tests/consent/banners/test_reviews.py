"""Our words are machine-made until a named person has read them; it is remarked, and blocks nothing."""

from __future__ import annotations

import pytest

from consent.banners import reviews, texts
from consent.banners.actions import edit_texts, sign_texts, unsign_texts
from consent.banners.models import TextReview
from consent.common import InvalidChange
from consent.publishing import queries, rendered
from consent.sites.actions import create_site
from consent.trail.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return create_site(
        "shop.example", "x", languages=["en", "pl", "eo"], controller="Shop Ltd",
        policy_url="https://shop.example/privacy", imprint_url="https://shop.example/imprint",
    )  # fmt: skip


def remarks(site):
    return [
        (f.rule, f.severity, f.subject)
        for f in rendered.check(site, queries.draft(site))
        if "machine-made" in f.message
    ]


def status(site, overrides=None):
    return {one.code: one for one in reviews.status(site, overrides or {})}


def trail(site):
    return list(AuditEvent.objects.filter(site=site, verb__startswith="texts.").order_by("pk").values_list("verb"))


def test_a_new_language_is_remarked_until_somebody_signs_and_again_when_that_is_taken_back(site):
    assert remarks(site) == [("L15", "warn", "pl")]
    sign_texts(site, "x", "pl", " Ewa Nowak ")
    assert remarks(site) == []
    assert status(site)["pl"].review.signed_by == "Ewa Nowak"
    unsign_texts(site, "x", "pl")
    unsign_texts(site, "x", "pl")
    assert remarks(site) == [("L15", "warn", "pl")]
    assert trail(site) == [("texts.sign",), ("texts.unsign",)]


def test_each_language_is_machine_made_in_the_editor_those_of_before_too(site):
    assert {code: one.machine_made for code, one in status(site).items()} == {"en": True, "pl": True, "eo": False}
    sign_texts(site, "x", "en", "Ann Reader")
    assert {code: one.machine_made for code, one in status(site).items()} == {"en": False, "pl": True, "eo": False}


def test_there_is_one_review_per_language_and_the_newest_counts(site):
    sign_texts(site, "x", "pl", "Ewa Nowak")
    sign_texts(site, "x", "pl", "Jan Kowalski")
    assert [row.signed_by for row in TextReview.objects.filter(revoked_at=None)] == ["Jan Kowalski"]


def test_a_review_is_of_the_words_that_were_read(site):
    sign_texts(site, "x", "pl", "Ewa Nowak")
    TextReview.objects.update(texts="0" * 64)
    assert remarks(site) == [("L15", "warn", "pl")]
    assert status(site)["pl"].machine_made is True


@pytest.mark.parametrize(("language", "name"), [("de", "A"), ("eo", "A"), ("pl", "  "), ("pl", "A\nB")])
def test_only_a_name_for_a_shipped_language_of_the_site_signs(site, language, name):
    with pytest.raises(InvalidChange):
        sign_texts(site, "x", language, name)
    assert TextReview.objects.count() == 0


def test_how_complete_each_language_is(site):
    given = {"pl": {"title": "Ciasteczka"}, "eo": {"title": "Kuketoj", "accept": " "}}
    every = len(texts.keys())
    assert {code: (one.own, one.ours, one.missing) for code, one in status(site, given).items()} == {
        "en": (0, every, 0), "pl": (1, every - 1, 0), "eo": (1, 0, every - 1),
    }  # fmt: skip


def test_who_wrote_all_words_anew_reads_no_remark(site):
    polish = texts.resolve("pl")
    edit_texts(site, "x", "pl", {key: f"{polish[key]} …" for key in texts.keys() - set(texts.LOCKED)})
    assert remarks(site) == []
