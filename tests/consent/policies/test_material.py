"""A material change asks again those who answered before, once, about what it touches, and about nothing else."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from consent.catalogue.actions import add_service, set_purpose
from consent.policies import queries
from consent.publishing import queries as publishing
from consent.publishing import slots
from consent.publishing.differences import differences
from consent.sites.actions import create_site
from consent.sites.models import Site
from tests.consent.policies.sample_documents import WHO, published, written
from tests.values import RESPONSIBLE

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(db) -> Site:
    site = create_site(["shop.example"], WHO, name="Tea shop", languages=["en", "de"], **RESPONSIBLE)
    add_service(site, WHO, name="Counter", company="Count Ltd", category="C0002", patterns=["counter.example"])
    add_service(site, WHO, name="Ads", company="Ads Ltd", category="C0004", patterns=["ads.example"])
    set_purpose(site, "model", WHO, category="C0004", texts={"en": {"name": "Modelling", "description": ""}})
    set_purpose(site, "mail", WHO, texts={"en": {"name": "Mail", "description": ""}})
    return site


def names(site: Site) -> list[str]:
    return slots.names_of(publishing.draft(site))


def test_what_is_touched_gets_a_slot_that_no_answer_of_before_holds(shop):
    before = publishing.draft(shop)
    document = written(shop)
    published(document)
    assert publishing.draft(shop) == before  # a document by itself changes nothing for anybody who answered
    published(document, "We count more.", why="We count more.", material=("category C0002",))
    after = publishing.draft(shop)
    old, new = slots.names_of(before), slots.names_of(after)
    assert [(a, b) for a, b in zip(old, new, strict=True) if a != b] == [
        ("category C0002", "category C0002 data/2"),
        ("service counter C0002", "service counter C0002 data/2"),
    ]
    numbering = slots.extended(slots.extended({}, before), after)
    given = slots.of({**after, "numbering": numbering})
    place = [one["key"] for one in after["categories"]].index("C0002")
    assert given.categories[place] == [len(old), old.index("category C0002")]  # its own, then the one of before
    assert after["asked_again"] == [
        {"document": "data", "version": 2, "things": ["category C0002"],
         "texts": {"en": {"title": "How we use data", "why": "We count more."}}},
    ]  # fmt: skip


def test_a_purpose_is_asked_again_without_its_category(shop):
    document = written(shop)
    published(document)
    before = names(shop)
    published(document, "Models.", why="We model.", material=("purpose mail", "purpose model"))
    assert [new for old, new in zip(before, names(shop), strict=True) if old != new] == [
        "purpose mail  data/2", "purpose model C0004 data/2",
    ]  # fmt: skip


def test_people_are_asked_from_the_day_on_and_never_of_a_version_that_was_not_in_force(shop):
    document = written(shop)
    published(document)
    day = timezone.now().date() + timedelta(days=4)
    second = published(document, "More.", why="More.", material=("category C0002",), effective_on=day)
    assert queries.material_changes(shop) == []
    assert queries.material_changes(shop, second.effective_at) == [second]
    third = published(document, "Even more.", why="Even more.", material=("category C0004",), takes_back=True)
    assert queries.material_changes(shop, second.effective_at) == [third]
    assert [one for one in names(shop) if "data/" in one] == [
        "category C0004 data/3", "purpose model C0004 data/3", "service ads C0004 data/3",
    ]  # fmt: skip


def test_a_later_version_without_a_material_change_asks_nobody_a_second_time(shop):
    document = written(shop)
    published(document)
    published(document, "More.", why="More.", material=("category C0002",))
    asked = names(shop)
    published(document, "A typo less.")
    assert names(shop) == asked


def test_the_differences_of_a_release_say_who_is_asked_again(shop):
    before = publishing.draft(shop)
    document = written(shop)
    published(document)
    published(document, "More.", why="We count more.", material=("category C0002",))
    told = dict(differences(before, publishing.draft(shop)))
    assert [tuple(line) for line in told["Asked again"]] == [
        ("add", "How we use data, version 2; visitors will be asked again", "", "Statistics: We count more."),
    ]  # fmt: skip
