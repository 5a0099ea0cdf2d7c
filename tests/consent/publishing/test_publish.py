import hashlib
import json
import threading

import brotli
import pytest
from django.db import connection

from consent.catalogue.actions import add_service, update_service
from consent.common import InvalidChange
from consent.ledger.append import leaf_input
from consent.models import Artifact, AuditEvent, ConsentRecord, Content, LintWaiver, LogEntry, Release
from consent.publishing import actions, contents, queries, streams
from consent.publishing.actions import Blocked, Unchanged, publish, rollback
from consent.publishing.differences import differences
from consent.sites.actions import create_site
from tests.values import RESPONSIBLE, present

WHY = "Keeps the basket that the visitor fills"
BODY = b"// a gate\n" * 200


def compile(snapshot, number, sha256):
    body = f"// {snapshot['site']['name']} {number} {sha256}\n".encode() + BODY
    return [
        ("gate.eu_opt_in.js", "text/javascript; charset=utf-8", body),
        ("ui.en.js", "text/javascript; charset=utf-8", BODY),
    ]


@pytest.fixture
def site(db):
    return create_site("shop.example", "x", name="Shop", **RESPONSIBLE)


def test_the_first_release(site):
    release = publish(site, "alice", compile, "first")
    assert (release.number, release.note, release.published_by, release.rolled_back_to) == (1, "first", "alice", None)
    assert release.sha256 == hashlib.sha256(release.snapshot.encode()).hexdigest()
    assert json.loads(release.snapshot) == queries.draft(site)
    stored = {a.name: a for a in Artifact.objects.filter(release=release)}
    assert sorted(stored) == ["gate.eu_opt_in.js", "ui.en.js"]
    gate = stored["gate.eu_opt_in.js"]
    assert gate.content.body == f"// Shop 1 {release.sha256}\n".encode() + BODY
    assert gate.sha256 == hashlib.sha256(gate.content.body).hexdigest()
    assert gate.content.size == len(gate.content.body)
    event = AuditEvent.objects.filter(site=site).first()
    assert (present(event).actor, present(event).verb, present(event).detail) == (
        "alice", "release.publish", {"number": 1, "sha256": release.sha256, "note": "first"},
    )  # fmt: skip


def test_a_release_is_a_leaf_of_the_ledger(site):
    release = publish(site, "alice", compile)
    entry = LogEntry.objects.get(site_id=site.pk)
    assert (entry.index, entry.type, entry.release_hash) == (0, "release", release.sha256)
    record = ConsentRecord.objects.get(site_id=site.pk)
    payload = json.loads(present(record.payload))
    assert {key: payload[key] for key in ("type", "number", "sha256", "published_by", "release", "site")} == {
        "type": "release", "number": 1, "sha256": release.sha256, "published_by": "alice", "release": 1,
        "site": str(site.uuid),
    }  # fmt: skip
    assert release.sha256.encode() in leaf_input(
        entry.type, str(site.uuid), entry.day, entry.release_hash, bytes(entry.commitment)
    )


def test_publishing_twice_says_that_nothing_changed(site):
    first = publish(site, "x", compile)
    with pytest.raises(Unchanged, match="nothing to publish: release 1 is current") as caught:
        publish(site, "x", compile)
    assert caught.value.release == first
    assert publish(site, "x", compile, force=True).number == 2
    assert LogEntry.objects.filter(site_id=site.pk).count() == 2


def test_each_site_counts_from_one(site):
    other = create_site("other.example", "x", **RESPONSIBLE)
    assert [publish(s, "x", compile).number for s in (site, other)] == [1, 1]


def test_rolling_back_makes_a_new_release_and_leaves_the_draft(site):
    first = publish(site, "x", compile)
    add_service(site, "x", name="Ads", category="C0004", patterns=["ads.example"], targeted_ads=True)
    publish(site, "x", compile)
    third = rollback(site, 1, "alice", compile, "Ads broke the till")
    assert (third.number, third.sha256, third.snapshot, third.rolled_back_to) == (3, first.sha256, first.snapshot, 1)
    assert queries.current_release(site) == third
    changes = differences(present(queries.snapshot_of(site)), queries.draft(site))
    assert [(title, len(lines)) for title, lines in changes] == [("Services", 1), ("Categories", 1)]
    assert present(AuditEvent.objects.filter(site=site).first()).verb == "release.rollback"
    assert publish(site, "x", compile).number == 4
    with pytest.raises(Unchanged):
        rollback(site, 2, "x", compile)
    with pytest.raises(InvalidChange, match="no release 9"):
        rollback(site, 9, "x", compile)


def test_a_blocked_draft_leaves_nothing(site):
    add_service(site, "x", name="Stats", category="C0001", necessary_reason=WHY, patterns=["google-analytics.com"])
    with pytest.raises(Blocked, match="L08 Stats is filed as strictly necessary") as caught:
        publish(site, "x", compile)
    assert [f.rule for f in caught.value.findings if f.blocks] == ["L08"]
    assert (Release.objects.count(), LogEntry.objects.count()) == (0, 0)


def test_a_sign_off_lets_it_pass_and_is_in_the_ledger_and_the_release(site):
    service = add_service(
        site, "x", name="Stats", category="C0001", necessary_reason=WHY, patterns=["google-analytics.com"]
    )
    with pytest.raises(InvalidChange, match="F01 cannot be signed off"):
        actions.waive(site, "F01", "", "Dr. Law", "because", "x")
    with pytest.raises(InvalidChange, match="name of who signs"):
        actions.waive(site, "L08", "", " ", "because", "x")
    waiver = actions.waive(site, "L08", "", "Dr. Law", "Counted on our own server only", "alice")
    release = publish(site, "x", compile)
    assert json.loads(release.snapshot)["waivers"] == [
        {"rule": "L08", "regime": "", "signed_by": "Dr. Law", "reason": "Counted on our own server only"}
    ]
    assert list(LogEntry.objects.filter(site_id=site.pk).order_by("index").values_list("type", flat=True)) == [
        "waiver",
        "release",
    ]
    actions.revoke_waiver(waiver, "alice")
    actions.revoke_waiver(waiver, "alice")
    assert LintWaiver.objects.get().revoked_at is not None
    assert AuditEvent.objects.filter(verb="lint.revoke").count() == 1
    update_service(service, "x", company="Ours")
    with pytest.raises(Blocked):
        publish(site, "x", compile)


def test_an_error_while_compiling_leaves_nothing(site):
    def broken(snapshot, number, sha256):
        raise ValueError("no gate today")

    with pytest.raises(ValueError, match="no gate today"):
        publish(site, "x", broken)
    assert (Release.objects.count(), Artifact.objects.count(), LogEntry.objects.count()) == (0, 0, 0)


def test_a_publish_that_is_overtaken_starts_over(site):
    overtaken: list[int] = []

    def slow(snapshot, number, sha256):
        if not overtaken:
            overtaken.append(publish(site, "fast", compile, force=True).number)
        return compile(snapshot, number, sha256)

    release = publish(site, "slow", slow, force=True)
    assert (overtaken, release.number) == ([1], 2)
    assert f" 2 {release.sha256}" in release.artifacts.get(name="gate.eu_opt_in.js").content.body.decode()


def test_a_publish_overtaken_by_the_same_content_has_nothing_to_do(site):
    def slow(snapshot, number, sha256):
        if not Release.objects.exists():
            publish(site, "fast", compile)
        return compile(snapshot, number, sha256)

    with pytest.raises(Unchanged):
        publish(site, "slow", slow)
    assert Release.objects.count() == 1


@pytest.mark.postgresql
@pytest.mark.django_db(transaction=True)
def test_parallel_publishes_are_numbered_without_gaps():
    site = create_site("busy.example", "x", **RESPONSIBLE)
    start, failures = threading.Barrier(6), []

    def run():
        try:
            start.wait()
            publish(site, "x", compile, force=True)
        except Exception as error:  # noqa: BLE001 - reported below
            failures.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    numbers = sorted(Release.objects.filter(site=site).values_list("number", flat=True))
    assert numbers == list(range(1, 7 - len(failures)))
    assert {type(error) for error in failures} <= {InvalidChange}
    assert LogEntry.objects.filter(site_id=site.pk).count() == len(numbers)


def test_what_releases_of_any_site_share_is_stored_once_and_compressed_once(site, monkeypatch):
    publish(site, "x", compile)
    other = create_site("other.example", "x", name="Other", **RESPONSIBLE)
    packed: list[bytes] = []

    def count(body: bytes, effort: int) -> bytes:
        packed.append(body)
        return brotli.compress(body)

    monkeypatch.setattr(streams, "to_brotli", count)
    release = publish(other, "x", compile)
    publish(site, "x", compile, force=True)
    assert [body.count(BODY) for body in packed] == [1, 1]  # the two gates, which name their release
    assert BODY not in packed
    assert Artifact.objects.count() == 6
    assert Content.objects.count() == 4
    assert release.artifacts.get(name="ui.en.js").content.body == BODY


def test_contents_that_nothing_points_to_are_freed(site):
    publish(site, "x", compile)
    release = publish(site, "x", compile, force=True)
    assert contents.free() == 0
    release.artifacts.all().delete()
    assert contents.free() == 1  # its gate; the first release has the same ui.en.js
    assert {artifact.content.body.endswith(BODY) for artifact in Artifact.objects.all()} == {True}
    assert Content.objects.count() == 2


def test_a_publish_whose_known_content_is_freed_meanwhile_stores_it_anew(site, monkeypatch):
    publish(site, "x", compile).artifacts.all().delete()
    freed: list[int] = []
    compressed = contents.compressed

    def then_free(bodies):
        made = compressed(bodies)
        if not freed:
            freed.append(contents.free())
        return made

    monkeypatch.setattr(contents, "compressed", then_free)
    release = publish(site, "x", compile, force=True)
    assert freed == [2]
    assert release.artifacts.get(name="ui.en.js").content.body == BODY


def test_a_publish_compresses_quickly_and_what_is_live_is_compressed_well_later(site, settings):
    settings.FAIRGATE_BROTLI = 11
    publish(site, "x", compile)
    release = publish(site, "x", compile, force=True)
    assert set(Content.objects.values_list("effort", flat=True)) == {streams.QUICK}
    before = {content.pk: content.body for content in Content.objects.all()}
    assert contents.compress_well(site) == 2
    assert set(Content.objects.filter(artifacts__release=release).values_list("effort", flat=True)) == {11}
    assert {content.pk: content.body for content in Content.objects.all()} == before
    assert contents.compress_well(site) == 0


def test_of_gates_that_are_live_no_longer_only_what_differs_is_kept(site):
    def gates(snapshot, number, sha256):
        code = b"".join(hashlib.sha256(bytes([n])).digest() for n in range(200))
        return [
            (f"gate.{variant}.js", "text/javascript", code + f"{number} {sha256} {variant}".encode())
            for variant in ("eu_opt_in", "us_ca", "notice_only")
        ]

    releases = [publish(site, "x", gates, force=True) for _ in range(3)]
    before = {(row.release_id, row.name): row.content.body for row in Artifact.objects.select_related("content")}
    assert contents.take_apart(site) == 6
    rows = list(Artifact.objects.select_related("content").order_by("pk"))
    assert {(row.release_id, row.name): row.content.body for row in rows} == before
    assert {brotli.decompress(row.content.for_browsers()) for row in rows} == set(before.values())
    assert {row.release_id for row in rows if row.content.base is None} == {releases[2].pk}
    assert all(len(row.content.brotli) < 100 for row in rows if row.content.base)
    assert contents.take_apart(site) == contents.free() == 0
    releases[0].artifacts.all().delete()
    releases[1].artifacts.all().delete()
    assert [contents.free() for _ in range(4)] == [6, 2, 1, 0]  # the gates, what each release's share, the code
