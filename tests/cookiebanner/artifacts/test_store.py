from __future__ import annotations

from uuid import uuid4

import pytest

from consent.models import Artifact
from cookiebanner.store import NotInMemory, Store
from tests.cookiebanner.releases import release, site

pytestmark = pytest.mark.django_db


def test_what_is_in_memory_needs_no_database(django_assert_num_queries):
    shop = site()
    release(shop)
    store = Store()
    with pytest.raises(NotInMemory):
        store.site(shop.uuid, memory_only=True)
    entry = store.site(shop.uuid)
    with pytest.raises(NotInMemory):
        store.file(entry, "gate.us_ca.js", memory_only=True)
    store.file(entry, "gate.us_ca.js")
    with django_assert_num_queries(0):
        assert store.file(store.site(shop.uuid, True), "gate.us_ca.js", "", True).identity[:8] == b"/* us_ca"


def test_refresh_sees_releases_kill_switches_and_sites_that_came_or_went():
    shop, late = site(), uuid4()
    release(shop)
    store = Store()
    store.site(shop.uuid)
    assert store.site(late) is None
    assert store.site(late, memory_only=True) is None
    release(shop, 2)
    site("late.example", uuid=late)
    store.refresh()
    assert store.site(shop.uuid, True).number == 2
    with pytest.raises(NotInMemory):  # an unknown id is forgotten, so that it is asked for again
        store.site(late, memory_only=True)
    assert store.site(late).number is None
    shop.killed_at = "2026-01-01T00:00Z"
    shop.save()
    store.refresh()
    assert store.site(shop.uuid, True).killed


def test_refresh_costs_one_query_when_nothing_changed(django_assert_num_queries):
    store = Store()
    for number in range(3):
        release(made := site(f"s{number}.example"))
        store.site(made.uuid)
    with django_assert_num_queries(1):
        store.refresh()


def test_memory_is_bounded():
    shop = site()
    made = release(shop)
    largest = max(len(a.body) + len(a.gzip) + len(a.brotli) for a in Artifact.objects.all())
    store = Store(bodies=largest, entries=2)
    entry = store.site(shop.uuid)
    for artifact in Artifact.objects.filter(release=made):
        assert store.file(entry, artifact.name).identity == bytes(artifact.body)
    assert store._bytes <= largest
    for number in range(5):
        store.site(uuid4())
        store.site(site(f"s{number}.example").uuid)
    assert len(store._entries) == 2
    assert len(store._unknown) == 2


def test_two_sites_with_the_same_bytes_share_them_and_each_may_read_them():
    first, second = site("a.example"), site("b.example")
    release(first, same__js=b"same")
    release(second, same__js=b"same")
    store = Store()
    one, two = (store.file(store.site(s.uuid), "same.js") for s in (first, second))
    assert one is two
    with pytest.raises(NotInMemory):
        store.file(store.site(second.uuid), "ui.en.js", memory_only=True)
