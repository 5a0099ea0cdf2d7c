from __future__ import annotations

import os
import random
import threading
from base64 import b64decode, b64encode

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from consent.ledger import checkpoint, kept, merkle, signing
from consent.ledger.append import Stopped, append, checkpoint_link, draft_of
from consent.ledger.proofs import Tree
from consent.ledger.verify import UNPROVED, verify
from consent.models import Checkpoint, ConsentRecord, LogEntry, LogHead, LogTile, Site
from consent.trail.actions import audit
from tests import append_only
from tests.consent.ledger.sample_ledger import answer, make_site
from tests.values import present


def test_the_specs_own_verifier_key():
    text = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    name, public = signing.parse_vkey(text)
    assert signing.vkey(name, public) == text
    with pytest.raises(ValueError):
        signing.parse_vkey(text.replace("530d903a", "530d903b"))


@pytest.mark.django_db(transaction=True)
def test_a_checkpoint_is_a_signed_note_of_the_head_kept_inside_and_outside(settings):
    site = make_site()
    append([answer(site) for _ in range(5)])
    point = checkpoint.make(site)
    lines = present(point).note.split("\n")
    origin = f"{settings.FAIRGATE_LOG_NAME}/{site.uuid}"
    assert lines[:2] == [origin, "6"]
    assert b64decode(lines[2]) == Tree(site.pk, site.uuid).root(6)
    assert lines[3] == ""
    assert lines[4].startswith(f"— {origin} ")
    assert kept.note(str(site.uuid)) == present(point).note
    name, public = signing.parse_vkey(checkpoint.verifier_key(site))
    assert (name, signing.signer(present(point).note, [public])) == (origin, public)
    assert signing.signer(present(point).note.replace("\n6\n", "\n7\n"), [public]) is None
    assert oct(os.stat(signing.key_path()).st_mode & 0o777) == "0o600"
    assert present(checkpoint.make(site)).pk == present(point).pk
    assert checkpoint.make_all() == 0


@pytest.mark.django_db(transaction=True)
def test_a_rotated_key_is_vouched_for_by_the_old_one():
    site = make_site()
    append([answer(site)])
    before = checkpoint.make(site)
    old_key = checkpoint.verifier_key(site)
    checkpoint.rotate("alice@example.org", "yearly")
    append([answer(site)])
    after = checkpoint.make(site)
    assert checkpoint.verifier_key(site) != old_key
    _, old_public = signing.parse_vkey(old_key)
    middle = Checkpoint.objects.get(site_id=site.pk, size=3)
    assert [signing.signer(present(p).note, [old_public]) is not None for p in (before, middle, after)] == [
        True,
        True,
        False,
    ]
    assert LogEntry.objects.get(site_id=site.pk, index=2).type == "key_rotation"
    _, new_public = signing.parse_vkey(checkpoint.verifier_key(site))
    assert signing.signers(middle.note, [new_public, old_public]) == [new_public, old_public]
    [rotation] = checkpoint.payloads(site.pk, LogEntry.objects.filter(site_id=site.pk, index=2)).values()
    assert (rotation["old_key"], rotation["new_key"]) == (old_key, checkpoint.verifier_key(site))
    report = verify(site)
    assert report.wrong == []
    assert report.events == ["SIGNING KEY REPLACED at 2. Reason given: yearly"]


@pytest.mark.django_db(transaction=True)
def test_a_head_after_a_rotation_that_one_key_alone_signed_is_found():
    site = make_site()
    old = signing.private_key()
    checkpoint.rotate("alice@example.org", "yearly")
    append_only.drop(connection)
    point = Checkpoint.objects.get(site_id=site.pk, size=2)
    stated = signing.parse(point.note)
    alone = signing.sign(stated.origin, 2, stated.root, old)
    Checkpoint.objects.filter(site_id=site.pk).update(note=alone, chain=checkpoint_link(b"", alone))
    assert "The checkpoint of size 2 follows a new signing key and is not signed by both." in verify(site).wrong


def test_a_rotation_names_its_keys_as_verifier_keys_and_older_ones_as_bare_keys():
    public = bytes(range(32))
    assert checkpoint.named_key(signing.vkey("log.example/site", public)) == public
    assert checkpoint.named_key(b64encode(public).decode()) == public
    assert [checkpoint.named_key(text) for text in (None, "", "x+y", 7)] == [b""] * 4


@pytest.mark.django_db(transaction=True)
def test_the_worker_commits_to_the_audit_trail_when_it_has_grown_and_not_for_an_anchor_alone():
    site = make_site()
    assert checkpoint.make_all() == 1
    audit(site, "alice@example.org", "site.settings", changed={})
    assert verify(site).unproved[0] == "The last 1 line of the audit trail: no entry names them yet."
    assert checkpoint.make_all() == 1
    assert LogEntry.objects.get(site_id=site.pk, index=1).type == "trail"
    assert (verify(site).wrong, verify(site).unproved) == ([], [UNPROVED])
    audit(site, "anchors", "ledger.anchor", size=2, method="email", target="a@b.c", evidence="00")
    assert (checkpoint.make_all(), checkpoint.make_all()) == (0, 0)
    audit(site, "alice@example.org", "site.settings", changed={})
    assert (checkpoint.make_all(), checkpoint.make_all()) == (1, 0)


@pytest.mark.django_db(transaction=True)
def test_a_busy_log_is_not_searched_each_minute_for_what_it_names_of_the_trail(monkeypatch):
    site, looked = make_site(), []
    commit = checkpoint.commit_trail

    def watched(site: Site) -> bool:
        looked.append(site.pk)
        return commit(site)

    monkeypatch.setattr(checkpoint, "commit_trail", watched)
    audit(site, "alice@example.org", "site.settings", changed={})
    for _ in range(3):
        append([answer(site)])
        assert checkpoint.make_all() == 1
    assert looked == [site.pk]
    audit(site, "alice@example.org", "site.settings", changed={})
    assert (checkpoint.make_all(), len(looked)) == (1, 2)
    assert verify(site).unproved == [UNPROVED]


@pytest.mark.django_db(transaction=True)
def test_a_key_that_was_exchanged_without_an_entry_is_found(settings):
    site = make_site()
    checkpoint.make(site)
    settings.FAIRGATE_SIGNING_KEY = b64encode(b"\7" * 32).decode()
    assert "is not signed by the log's key" in verify(site).wrong[0]


def restore_old_dump(site: Site, size: int) -> None:
    """The database as it was when the log had `size` entries."""
    append_only.drop(connection)
    edge: list[bytes] = []
    hashes = Tree(site.pk, site.uuid).hashes(0, 0, size)
    for index, leaf in enumerate(hashes):
        merkle.push(edge, index, leaf)
    for model in (LogEntry, ConsentRecord):
        model.objects.filter(site_id=site.pk, index__gte=size).delete()
    Checkpoint.objects.filter(site_id=site.pk, size__gt=size).delete()
    LogTile.objects.all().delete()
    last = ConsentRecord.objects.get(site_id=site.pk, index=size - 1).received_at
    LogHead.objects.filter(site_id=site.pk).update(size=size, edge=b"".join(edge), last_received_at=last)
    from django.db.models import F

    from consent.models import DailyTotal

    DailyTotal.objects.filter(site_id=site.pk).update(count=F("count") - 3)


@pytest.mark.django_db(transaction=True)
def test_a_log_behind_its_last_checkpoint_stops_until_it_is_restarted():
    site, other = make_site(), make_site("Other")
    append([answer(site) for _ in range(4)])
    first = checkpoint.make(site)
    append([answer(site) for _ in range(3)])
    lost = checkpoint.make(site)
    restore_old_dump(site, present(first).size)

    outcomes = append([answer(site), answer(other), answer(site)])
    assert [o.status for o in outcomes] == ["stopped", "created", "stopped"]
    with pytest.raises(Stopped):
        append([draft_of(site.pk, site.uuid, "waiver", {"rule": "L1"}, other.uuid)])
    with pytest.raises(Stopped):
        checkpoint.make(site)
    assert "older than its last checkpoint" in verify(site).wrong[0]
    assert checkpoint.behind() == [site]

    call_command("restart_log", verbosity=0)
    [again] = append([answer(site)])
    assert (again.status, again.index) == ("created", present(first).size + 1)
    assert checkpoint.behind() == []
    [restart] = checkpoint.payloads(site.pk, LogEntry.objects.filter(site_id=site.pk, type="restart")).values()
    root = b64encode(bytes(present(lost).root)).decode()
    assert restart["abandoned"] == {"size": 8, "root": root, "note": present(lost).note}
    assert verify(site).events == [
        "RESTARTED at 5: a log of 8 entries was signed before; up to 3 are gone. "
        "Reason given: The database was restored from an older dump."
    ]
    point = checkpoint.make(site)
    assert signing.parse(present(point).note).origin.endswith(f"{site.uuid}/r{present(first).size}")
    assert verify(site).wrong == []
    with pytest.raises(CommandError):
        call_command("restart_log", site=str(site.uuid))


@pytest.mark.django_db(transaction=True)
def test_our_proofs_and_notes_pass_the_bundles_own_verifier():
    """The standard-library code that auditors get must accept what we sign."""
    site = make_site()
    append([answer(site) for _ in range(3)])
    point = checkpoint.make(site)
    from importlib.util import module_from_spec, spec_from_file_location
    from pathlib import Path

    import consent.exports

    path = Path(consent.exports.__path__[0]) / "verify" / "verify.py"
    spec = spec_from_file_location("bundle_verify", path)
    module = module_from_spec(present(spec))
    present(present(spec).loader).exec_module(module)
    key = signing.public_bytes(signing.private_key())
    read = module.Checkpoint(present(point).note).sign([key], strict=True)
    found = (read.origin, read.size, read.root, read.signers)
    assert found == (checkpoint.origin(site.pk, site.uuid), 4, bytes(present(point).root), {key})


def test_the_kept_checkpoint_is_the_largest_whoever_comes_last(settings, tmp_path):
    settings.FAIRGATE_DATA = tmp_path
    site, sizes = "11111111-2222-4333-8444-555555555555", random.sample(range(1, 10_000), 120)
    parts, failures = [sizes[start::6] for start in range(6)], []

    def keep(part: list[int]) -> None:
        try:
            for size in part:
                kept.keep(site, f"log\n{size}\nroot\n\n")
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=keep, args=[part]) for part in parts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert kept.note(site) == f"log\n{max(sizes)}\nroot\n\n"


def test_threads_that_need_the_first_key_at_once_get_the_same(settings, tmp_path):
    settings.FAIRGATE_DATA = tmp_path / "new"
    found, start = [], threading.Barrier(8)

    def read() -> None:
        start.wait(30)
        found.append(signing.seed_text(signing.private_key()))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(found) == 8
    assert len(set(found)) == 1
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["signing_key"]
