"""Slots are given once, when a release is published, and mean the same ever after."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.catalogue.actions import add_service, update_service
from consent.models import Release
from consent.publishing import queries, slots
from consent.publishing.actions import publish, rollback
from consent.sites.actions import create_site
from tests.values import RESPONSIBLE


def release(*services: str, categories: str = "ABC") -> dict:
    """`services` as key and category: "ads C"."""
    return {
        "categories": [{"key": key} for key in categories],
        "purposes": [{"key": "email", "category": None}, {"key": "measuring", "category": "B"}],
        "services": [dict(zip(("key", "category"), service.split(), strict=True)) for service in services],
    }


def published(*releases: dict) -> list[slots.Slots]:
    """The slots of each of several releases of a site, one after the other."""
    numbering: slots.Numbering = {}
    made = []
    for one in releases:
        numbering = slots.extended(numbering, one)
        made.append(slots.of({**one, "numbering": numbering}))
    return made


def test_a_site_s_first_release_is_numbered_in_its_own_order():
    first = slots.of(release("ads C", "stats B"))
    assert first[:3] == ([[0], [1], [2]], [[3], [4]], [[5], [6]])
    assert list(first.steps) == [7]
    assert first.in_order
    assert [first] == published(release("ads C", "stats B"))


def test_what_is_added_goes_behind_what_goes_leaves_a_hole_what_returns_finds_its_own():
    first, added, gone, back = published(
        release("ads C", "stats B"),
        release("ads C", "maps A", "stats B"),
        release("maps A", "stats B"),
        release("ads C", "maps A", "stats B"),
    )
    assert [one.services for one in (first, added, gone, back)] == [
        [[5], [6]], [[5], [7], [6]], [[7], [6]], [[5], [7], [6]],
    ]  # fmt: skip
    assert [list(one.steps) for one in (first, added, gone, back)] == [[7], [7, 8], [7, 8], [7, 8]]
    assert added.steps[7] == first.steps[7]
    assert (first.in_order, added.in_order, gone.in_order) == (True, False, False)


def test_another_category_is_another_slot_which_knows_the_former():
    first, moved, back = published(release("ads C"), release("ads B"), release("ads C"))
    assert (first.services, moved.services, back.services) == ([[5]], [[6, 5]], [[5, 6]])


def test_two_numberings_share_what_lies_under_their_common_step():
    lost = published(release("ads C"), release("ads C", "maps A"))[-1]
    again = published(release("ads C"), release("ads C", "chat A"))[-1]
    assert list(lost.steps) == list(again.steps) == [6, 7]
    assert (lost.steps[6] == again.steps[6], lost.steps[7] == again.steps[7]) == (True, False)


def test_browsers_are_told_the_last_steps():
    many = [release(*(f"s{n} A" for n in range(count))) for count in range(1, 50)]
    assert list(published(*many)[-1].steps) == list(range(5 + 50 - slots.MOST_STEPS, 5 + 50))


KEYS = st.sampled_from([f"{key} {category}" for key in "abcd" for category in "ABC"])


@given(st.lists(st.lists(KEYS, unique_by=lambda one: one[0]), min_size=1, max_size=6))
def test_no_slot_ever_means_two_things(histories):
    meant: dict[int, str] = {}
    numbering: slots.Numbering = {}
    for services in histories:
        one = release(*sorted(services))
        numbering = slots.extended(numbering, one)
        made = slots.of({**one, "numbering": numbering})
        for name, [own, *_] in zip(
            slots.names_of(one), [*made.categories, *made.purposes, *made.services], strict=True
        ):
            assert meant.setdefault(own, name) == name


@pytest.fixture
def site(db):
    site = create_site("shop.example", "x", name="Shop", **RESPONSIBLE)
    add_service(site, "x", name="Stats", category="C0002", patterns=["s.example"])
    return site


def test_releases_hand_their_numbering_on_and_the_compiler_is_told(site):
    told = []

    def compile(snapshot, number, sha256):  # noqa: A001
        told.append(snapshot)
        return []

    first = publish(site, "x", compile)
    ads = add_service(site, "x", name="Ads", category="C0004", patterns=["ads.example"], targeted_ads=True)
    second = publish(site, "x", compile)
    third = rollback(site, 1, "x", compile)
    update_service(ads, "x", category="C0002")
    fourth = publish(site, "x", compile)
    names = ["category C0001", "category C0002", "service stats C0002"]
    assert first.numbering == {"names": names, "steps": [3]}
    names += ["category C0004", "service ads C0004"]
    assert second.numbering == {"names": names, "steps": [3, 5]}
    # The content of before, hash included, with the numbers of today: who answered meanwhile is understood.
    assert (third.sha256, third.numbering) == (first.sha256, second.numbering)
    assert fourth.numbering == {"names": [*names, "service ads C0002"], "steps": [3, 5, 6]}
    assert "numbering" not in json.loads(fourth.snapshot)
    assert [snapshot["numbering"] for snapshot in told] == [one.numbering for one in (first, second, third, fourth)]
    assert slots.of(told[3]).services == [[5, 4], [2]]


def test_what_an_earlier_version_published_has_no_numbering_and_takes_none_away(site):
    first = publish(site, "x", lambda *_: [])
    Release.objects.create(
        site=site, number=2, sha256="0" * 64, snapshot="{}", published_by="x", published_at=first.published_at
    )
    assert queries.numbering(site) == first.numbering
    assert publish(site, "x", lambda *_: []).numbering == first.numbering
