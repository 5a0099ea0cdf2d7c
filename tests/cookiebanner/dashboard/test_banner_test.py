"""The page of a test of two banners: its draft, what the published one shows, and the winner in one click."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.banners import arms, banner_tests
from consent.banners.actions import edit_banner
from consent.models import BannerTest, PublishRequest, Release
from consent.publishing import actions, queries
from consent.sites.actions import change_settings
from consent.stats import asked
from consent.stats.actions import add_asked
from tests.cookiebanner.dashboard.conftest import no_files
from tests.values import present

pytestmark = pytest.mark.django_db
TODAY = timezone.now().date()


def url(site, name="banner_test"):
    return reverse(f"dashboard:{name}", kwargs={"uuid": site.uuid})


@pytest.fixture
def tested(shop, monkeypatch):
    """The shop with a published test."""
    monkeypatch.setattr("cookiebanner.releases.publish.compile", no_files)  # minutes of brotli
    banner_tests.save(shop, "alice@example.net", ends=TODAY + timedelta(days=7), layout="bar", position="bottom")
    banner_tests.edit_texts(shop, "alice@example.net", "en", {"title": "May we?"})
    actions.publish(shop, "alice@example.net", no_files)
    return shop


def count(site, arm, shown, yes, release=2):
    where = (site.pk, TODAY, "eu_opt_in", release, arm, "DE", "en", "phone")
    add_asked(
        asked.rows(
            [
                (asked.Event(*where, "", asked.SHOWN), shown),
                (asked.Event(*where, "banner", asked.Decided("yes", ("C0002",), ())), yes),
            ]
        )
    )


def test_b_begins_as_a_copy_and_is_changed(alice, shop):
    given = {"what": "look", "ends": TODAY + timedelta(days=9), "place": "bar top", "accent": "#aa3366"}
    assert alice.post(url(shop), given).status_code == 302
    assert alice.post(url(shop), {"what": "words", "language": "en", "t-title": " Hello "}).status_code == 302
    test = BannerTest.objects.get(site=shop)
    assert (test.layout, test.position, test.theme["accent"], test.texts) == (
        "bar", "top", "#aa3366", {"en": {"title": "Hello"}}
    )  # fmt: skip
    body = alice.get(url(shop)).content.decode()
    assert body.count('title="Preview of banner') == 2
    assert "Hello" in body
    assert "What the test shows" not in body
    assert alice.post(url(shop), {"drop": "1"}).status_code == 302
    assert BannerTest.objects.count() == 0


def test_what_stands_in_the_way_of_b_is_said(alice, shop):
    banner_tests.save(shop, "x", ends=TODAY, layout="card", position="bottom-left")
    assert "The two banners of the test are the same." in alice.get(url(shop)).content.decode()
    given = {"what": "words", "language": "en", "t-accept": "Ok"}
    alice.post(url(shop), given)
    assert "Banner B: " in alice.get(url(shop)).content.decode()
    wrong = {"what": "look", "ends": TODAY - timedelta(days=1), "place": "bar top", "accent": "#aa3366"}
    assert "A test ends today or within 180 days." in alice.post(url(shop), wrong).content.decode()


def test_the_figures_are_those_of_the_releases_of_this_test(alice, tested):
    count(tested, "A", 5000, 1500)
    count(tested, "B", 5050, 1900)
    count(tested, "B", 10_000, 10_000, release=1)
    found = alice.get(url(tested))
    verdict = found.context["live"]
    assert (verdict.shown_a, verdict.yes_a, verdict.shown_b, verdict.yes_b) == (5000, 1500, 5050, 1900)
    assert (verdict.winner, verdict.decided, verdict.uneven) == ("B", TODAY, False)
    body = " ".join(found.content.decode().split())
    assert "<strong>B is answered yes more often.</strong>" in body
    assert "mixture sequential probability ratio test" in body
    assert "The view of a page on which a banner came up" in body


def test_a_release_that_changes_neither_banner_goes_on_with_the_test(tested):
    change_settings(tested, "x", policy_url="https://shop.example/privacy-2")
    actions.publish(tested, "x", no_files)
    assert queries.tested_releases(tested) == [3, 2]
    edit_banner(tested, "x", layout="center")
    actions.publish(tested, "x", no_files)
    assert queries.tested_releases(tested) == [4]
    banner_tests.choose(tested, "x", "A")
    actions.publish(tested, "x", no_files)
    assert queries.tested_releases(tested) == []


@pytest.mark.parametrize("chosen", ["A", "B"])
def test_the_winner_is_published_alone_in_one_click(alice, tested, chosen):
    before = queries.snapshot_of(tested)
    response = alice.post(url(tested, "banner_test_winner"), {"winner": chosen}, follow=True)
    assert f"Release 3 is live with banner {chosen} alone." in response.content.decode()
    assert queries.snapshot_of(tested) == arms.arm(present(before), chosen)
    assert Release.objects.get(site=tested, number=3).note == f"Banner {chosen} won the test."


def test_other_changes_are_not_published_by_the_way(alice, tested):
    change_settings(tested, "x", policy_url="https://shop.example/privacy-2")
    response = alice.post(url(tested, "banner_test_winner"), {"winner": "B"}, follow=True)
    assert "The draft has other changes" in response.content.decode()
    assert present(queries.current_release(tested)).number == 2
    assert queries.draft(tested)["banner"]["layout"] == "bar"


def test_where_a_second_person_is_needed_the_winner_waits_for_them(alice, tested):
    change_settings(tested, "x", publish_needs_approval=True)
    response = alice.post(url(tested, "banner_test_winner"), {"winner": "B"}, follow=True)
    assert "Another member has to approve it." in response.content.decode()
    assert present(queries.current_release(tested)).number == 2
    assert PublishRequest.objects.get(site=tested).note == "Banner B won the test."


def test_after_its_last_day_the_page_says_that_a_is_shown_again(alice, tested, monkeypatch):
    later = timezone.now() + timedelta(days=8)
    monkeypatch.setattr("django.utils.timezone.now", lambda: later)
    body = " ".join(alice.get(url(tested)).content.decode().split())
    assert "No difference was shown." in body
    assert "since then every visitor gets A" in body
    response = alice.post(url(tested, "banner_test_winner"), {"winner": "B"}, follow=True)
    assert "Release 3 is live with banner B alone." in response.content.decode()


def test_who_may_only_view_changes_nothing(login, tested):
    vera = login("vera")
    assert vera.get(url(tested)).status_code == 200
    for address in (url(tested), url(tested, "banner_test_winner")):
        assert vera.post(address, {"winner": "B", "drop": "1"}).status_code == 403
    assert BannerTest.objects.filter(site=tested).count() == 1
