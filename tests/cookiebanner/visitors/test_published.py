from __future__ import annotations

import importlib
import json
import time
from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from consent.models import Artifact, Content, Release, Site
from consent.publishing import streams
from cookiebanner.visitors.published import MISSES, NotInMemory, Published, TooManyMisses
from tests import append_only
from tests.cookiebanner.sample_releases import release, site, with_first
from tests.values import present

pytestmark = pytest.mark.django_db


def test_what_is_in_memory_needs_no_database(django_assert_num_queries):
    shop = site()
    release(shop)
    memory = Published()
    with pytest.raises(NotInMemory):
        memory.site(shop.uuid, memory_only=True)
    entry = memory.site(shop.uuid)
    with pytest.raises(NotInMemory):
        memory.file(present(entry), "gate.us_ca.js", memory_only=True)
    memory.file(present(entry), "gate.us_ca.js")
    with django_assert_num_queries(0):
        assert (
            present(memory.file(present(memory.site(shop.uuid, True)), "gate.us_ca.js", "", True)).identity[:8]
            == b"/* us_ca"
        )


def test_refresh_sees_releases_kill_switches_and_sites_that_came_or_went():
    shop, late = site(), uuid4()
    release(shop)
    memory = Published()
    memory.site(shop.uuid)
    assert memory.site(late) is None
    assert memory.site(late, memory_only=True) is None
    release(shop, 2)
    site("late.example", uuid=late)
    memory.refresh()
    assert present(memory.site(shop.uuid, True)).number == 2
    assert present(memory.site(late, True)).number is None
    Site.objects.filter(uuid=late).delete()
    memory.refresh()
    with pytest.raises(NotInMemory):
        memory.site(uuid4(), True)
    assert memory.site(late, True) is None
    shop.killed_at = "2026-01-01T00:00Z"
    shop.save()
    memory.refresh()
    assert present(memory.site(shop.uuid, True)).killed


def test_refresh_costs_one_query_when_nothing_changed(django_assert_num_queries):
    memory = Published()
    for number in range(3):
        release(made := site(f"s{number}.example"))
        memory.site(made.uuid)
    memory.refresh()
    with django_assert_num_queries(1) as asked:
        memory.refresh()
    assert "consent_site" in asked.captured_queries[0]["sql"]
    # Of two releases at once, the one with the older key is seen last.
    first, newest = Site.objects.get(name="s1.example"), present(Release.objects.order_by("pk").last()).pk
    rest = {"snapshot": "{}", "published_by": "x", "published_at": timezone.now()}
    Release.objects.create(pk=newest + 50, site=site("s9.example"), number=1, sha256="1" * 64, **rest)
    memory.refresh()
    Release.objects.create(pk=newest + 10, site=first, number=2, sha256="2" * 64, **rest)
    memory.refresh()
    assert present(memory.site(first.uuid, True)).number == 2


def test_memory_is_bounded():
    shop = site()
    made = release(shop)
    largest = max(len(c.body) + len(streams.to_gzip(c.body)) + len(c.brotli) for c in Content.objects.all())
    memory = Published(bodies=largest, entries=2)
    entry = memory.site(shop.uuid)
    for artifact in Artifact.objects.filter(release=made):
        assert present(memory.file(present(entry), artifact.name)).identity == artifact.content.body
    assert memory._bytes <= largest
    for number in range(5):
        memory.site(uuid4())
        memory.site(site(f"s{number}.example").uuid)
    assert len(memory._entries) == 2
    assert len(memory._unknown) == 2


def test_two_sites_with_the_same_bytes_share_them_and_each_may_read_them():
    first, second = site("a.example"), site("b.example")
    release(first, same__js=b"same")
    release(second, same__js=b"same")
    memory = Published()
    one, two = (memory.file(present(memory.site(s.uuid)), "same.js") for s in (first, second))
    assert one is two
    with pytest.raises(NotInMemory):
        memory.file(present(memory.site(second.uuid)), "ui.en.js", memory_only=True)


def test_a_release_is_parsed_once_and_only_so_many_are_kept(django_assert_num_queries):
    shops = [site(f"s{number}.example") for number in range(4)]
    memory = Published(parsed=3)
    for shop in shops:
        release(shop)
        memory.find(shop.uuid, 1)
    assert [len(present(memory.site(shop.uuid)).releases) for shop in shops] == [0, 1, 1, 1]
    with django_assert_num_queries(0):
        _, told = memory.find(shops[3].uuid, 1, memory_only=True)
        assert memory.find(shops[3].uuid, memory_only=True)[1] is told  # the newest
        with pytest.raises(NotInMemory):
            memory.find(shops[0].uuid, 1, memory_only=True)


def test_what_nobody_has_heard_of_is_asked_for_a_bounded_number_of_times():
    shop = site()
    release(shop)
    memory = Published(entries=100)
    entry = memory.site(shop.uuid)
    memory.find(shop.uuid, 1)
    unknown = [
        lambda: memory.site(uuid4()),
        lambda: memory.find(shop.uuid, 99),
        lambda: memory.file(present(entry), "ui.en.js", uuid4().hex),
        lambda: memory.older_file(present(entry), 1, f"gate.{uuid4().hex}.js"),
    ]
    for ask in unknown:
        started, busy = time.monotonic(), 0
        with CaptureQueriesContext(connection) as queries:
            for _ in range(1000):
                try:
                    ask()
                except TooManyMisses:
                    busy += 1
        windows = int(time.monotonic()) - int(started) + 1
        assert len(queries) <= MISSES * windows
        assert busy >= 1000 - MISSES * windows
    assert len(memory._unknown) <= 100
    while True:  # until a whole second has this to itself
        second = int(time.monotonic())
        for _ in range(MISSES):
            try:
                memory.site(uuid4())
            except TooManyMisses:
                break
        kinds = []
        for ask in (lambda: memory.site(uuid4(), True), lambda: memory.find(shop.uuid, 1, True)):
            try:
                ask()
                kinds.append("answered")
            except (TooManyMisses, NotInMemory) as error:
                kinds.append(type(error).__name__)
        if int(time.monotonic()) == second:
            break
    assert kinds == ["TooManyMisses", "answered"]  # not even sent away; what is known is answered


def test_hosts_are_found_as_their_releases_name_them():
    first, second = site("a.example"), site("b.example")
    release(first)
    release(second)
    memory = Published()
    assert not memory.knows_host("a.example")
    assert memory.allows_host("www.a.example")
    assert memory.knows_host("b.example")
    first.hosts.all().delete()
    first.hosts.create(name="c.example")
    release(first, 2)
    assert memory.allows_host("c.example")  # published a moment ago
    assert present(memory.site_of_host("www.a.example")).id == present(memory.site_of_host("c.example")).id == first.pk
    second.hosts.create(name="a.example")
    release(second, 2)
    memory.refresh()
    assert present(memory.site_of_host("a.example")).id == second.pk  # its newest release has it
    assert [memory.allows_host(host) for host in ("", "example", "xa.example", "a.example.evil")] == [False] * 4
    assert memory.site_of_host("evil.example") is None


def test_a_restored_database_is_another_one():
    shop = site()
    for number in (1, 2, 3):
        release(shop, number)
    memory = Published()
    before = [memory.find(shop.uuid, number)[1] for number in (1, 2, 3)]
    append_only.drop(connection)
    Artifact.objects.filter(release__number__gt=1).delete()
    Release.objects.filter(number__gt=1).delete()
    memory.refresh()
    assert memory.find(shop.uuid, 1)[1] is before[0]
    assert memory.find(shop.uuid, 3)[1] is None
    shop.hosts.create(name="other.example")
    release(shop, 2)
    memory.refresh()
    assert present(memory.find(shop.uuid, 2)[1]).hosts == {"shop.example", "other.example"}
    # The same, between two looks, with the keys and numbers of what was there before.
    memory = Published()
    memory.find(shop.uuid, 2)
    made = Release.objects.get(number=2)
    Artifact.objects.filter(release=made).delete()
    Release.objects.filter(pk=made.pk).update(
        snapshot=json.dumps({"site": {"hosts": ["third.example"]}}), sha256="3" * 64, hosts=["third.example"]
    )
    memory.refresh()
    assert present(memory.find(shop.uuid, 2)[1]).hosts == {"third.example"}
    assert memory.allows_host("third.example")
    assert not memory.allows_host("other.example")


def test_releases_made_before_hosts_were_beside_them_are_read():
    shop = site()
    release(shop)
    old = Release.objects.create(site=shop, number=2, sha256="0" * 64, snapshot="{}", published_at=timezone.now())
    append_only.drop(connection)
    Release.objects.update(hosts=[])
    migration = importlib.import_module("consent.migrations.0009_release_hosts")
    migration.copy_out(apps, SimpleNamespace(connection=connection))
    assert dict(Release.objects.values_list("number", "hosts")) == {1: ["shop.example"], 2: []}
    memory = Published()
    told = memory.find(shop.uuid, 2)[1]
    assert (present(told).number, present(told).hosts, present(told).record_path, old.hosts) == (
        2,
        frozenset(),
        False,
        [],
    )
    assert present(memory.site(shop.uuid)).has_host("www.shop.example")


def test_a_file_that_was_compressed_quickly_is_read_again_when_it_is_compressed_well(settings):
    settings.FAIRGATE_BROTLI = 11
    shop = with_first()
    memory = Published()
    name = "gate.eu_opt_in.js"
    gate = Content.objects.filter(artifacts__name=name)
    gate.update(effort=0, brotli=streams.to_brotli(gate.get().body, 0))
    entry = present(memory.site(shop.uuid))
    before = present(memory.joined(entry, name, "first.en.js", "en"))
    assert before.br  # made, and kept
    gate.update(effort=11, brotli=streams.to_brotli(gate.get().body, 11))
    assert present(memory.joined(entry, name, "first.en.js", "en", True)) is before
    for file in memory._files.values():
        file.again = min(file.again, time.monotonic())
    with pytest.raises(NotInMemory):
        memory.file(entry, name, memory_only=True)
    after = present(memory.joined(entry, name, "first.en.js", "en"))
    assert (after.identity, len(after.br) < len(before.br)) == (before.identity, True)
    assert present(memory.file(entry, name, memory_only=True)).br == bytes(gate.get().brotli)
    assert memory._bytes == sum(file.size for file in memory._files.values())
