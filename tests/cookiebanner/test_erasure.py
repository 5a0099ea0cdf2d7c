"""An erasure from end to end: afterwards nothing of the person is in any table, any file or any message that goes out."""

from __future__ import annotations

import json
import uuid
import zipfile
import zlib
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from consent.exports import copies
from consent.jobs import registry, runner
from consent.jobs.actions import enqueue
from consent.ledger.verify import verify
from consent.models import Job, Site
from cookiebanner.visitors.published import published
from tests import corpus
from tests.consent.answers.test_optouts import receiver  # noqa: F401 - a fixture
from tests.cookiebanner.public_api.test_answers import send

# A record's id stays: it is random, used once, and what refuses a replay of what was erased.
STAYS = {("consent_logentry", "record_id"), ("consent_consentrecord", "record_id")}
FORMS = ("csv", "jsonl", "bundle")


def texts(value: Any) -> list[str]:
    """A cell as text, bytes in both readings."""
    if isinstance(value, (bytes, memoryview, bytearray)):
        return [bytes(value).hex(), bytes(value).decode("latin-1").lower()]
    return [(value if isinstance(value, str) else json.dumps(value, default=str)).lower()]


def needles(*given: Any) -> list[str]:
    """The texts to look for; an id with and without its dashes."""
    found = []
    for one in given:
        found += [str(one), one.hex] if isinstance(one, uuid.UUID) else [str(one).lower()]
    return found


def where_in_database(*given: Any) -> set[tuple[str, str]]:
    """(table, column) of every place in the database that holds one of these; partitions under their table's name."""
    looked_for, found = needles(*given), set()
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor, include_views=True):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
            names = [column[0] for column in cursor.description]
            for row in cursor.fetchall():
                for name, cell in zip(names, row, strict=True):
                    if any(needle in text for text in texts(cell) for needle in looked_for):
                        whole = "consent_consentrecord" if table.startswith("consent_consentrecord") else table
                        found.add((whole, name))
    return found


def where_in_files(folder: Path, *given: Any) -> set[str]:
    """The files that hold one of these, inside of zips and of their unfinished parts too."""
    looked_for, found = [needle.encode() for needle in needles(*given)], set()
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        contents = [path.read_bytes().lower()]
        if path.suffix == ".deflated":
            contents.append(zlib.decompressobj(-zlib.MAX_WBITS).decompress(path.read_bytes()).lower())
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                contents += [archive.read(name).lower() for name in archive.namelist()]
        if any(needle in content for content in contents for needle in looked_for):
            found.add(path.name)
    return found


class Person:
    """Somebody who answers, with everything that is theirs."""

    def __init__(self, client: Any, mark: str) -> None:
        self.client, self.mark, self.visitor = client, mark, uuid.uuid4()
        self.ids: list[uuid.UUID] = []

    def says(self, action: str, state: str, **more: Any) -> None:
        body = json.loads(corpus.body_of({"name": self.mark}))
        record_id = uuid.uuid4()
        choices = {"categories": {key: "granted" if key == "C0001" else state for key in body["choices"]["categories"]}}
        body |= {
            "id": str(record_id), "visitor": str(self.visitor), "action": action, "choices": choices,
            "page": f"https://{corpus.DATA['hosts'][0]}/{self.mark}/page", "client_time": f"{self.mark} o'clock",
            **({"replaces": str(self.ids[-1])} if self.ids else {}), **more,
        }  # fmt: skip
        request = corpus.Request("POST", "/api/v1/consents", corpus.DATA["headers"], json.dumps(body).encode())
        response = send(self.client, request)
        assert response.status_code == 201, response.content
        self.ids.append(record_id)

    @property
    def all(self) -> list[Any]:
        return [self.visitor, *self.ids, f"{self.mark}/page", f"{self.mark} o'clock"]


@pytest.fixture
def world(transactional_db, settings, tmp_path, receiver, client):  # noqa: F811
    settings.FAIRGATE_DATA = tmp_path
    site = corpus.make_world()
    site.record_path, site.webhook_url = True, receiver[0]
    site.controller, site.policy_url = "Shop", "https://shop.example/privacy"
    site.save()
    published.clear()
    registry.discover()
    return site, Person(client, "alice"), Person(client, "bob")


def due() -> None:
    Job.objects.filter(state="waiting").update(run_after=timezone.now())


def export_all(site: Site) -> list[Job]:
    today = timezone.now().date().isoformat()
    params = {"from": "2026-01-01", "to": today, "actor": "auditor@example.org"}
    jobs = [enqueue("export", site=site, params={**params, "format": form}) for form in FORMS]
    while job := runner.claim():
        runner.run(job)
    for job in jobs:
        job.refresh_from_db()
        assert job.state == "done", job.message
    return jobs


def test_nothing_of_a_person_is_left_after_an_erasure(world, receiver, settings, capsys, client):  # noqa: F811
    site, alice, bob = world
    _, told, answers = receiver
    alice.says("accept_all", "granted")
    bob.says("accept_all", "granted")
    alice.says("opt_out", "denied")
    runner.work_off()
    assert [event["id"] for body in told for event in body["optouts"]] == [str(alice.ids[1])]
    call_command("erase", site=str(site.uuid), visitor=str(alice.visitor), refuse="17(3)(e)", reason="A claim is open.")
    answers.append(500)
    alice.says("opt_out", "denied")
    bob.says("opt_out", "denied")
    runner.work_off()  # one delivery fails and waits
    jobs = export_all(site)
    before = (where_in_database(*alice.all), where_in_files(settings.FAIRGATE_DATA, *alice.all))
    assert before[0] > STAYS
    assert {Path(job.result["path"]).name for job in jobs} <= before[1]
    capsys.readouterr()
    heard = len(told)

    call_command("erase", site=str(site.uuid), record=str(alice.ids[0]))

    said = capsys.readouterr().out
    assert "Erased 3 records" in said
    assert "3 exports that held one of them were removed" in said
    assert f"already sent of them to {site.webhook_url} is still there" in said
    assert where_in_database(*alice.ids) == STAYS
    assert where_in_database(alice.visitor, *alice.all[len(alice.ids) + 1 :]) == set()
    assert where_in_files(settings.FAIRGATE_DATA, *alice.all) == set()
    assert verify(site).wrong == []

    due()
    runner.work_off()
    sent = json.dumps(told[heard:])
    assert [needle for needle in needles(*alice.all) if needle in sent] == []
    assert where_in_database(alice.visitor, *alice.all[len(alice.ids) + 1 :]) == set()
    # What is Bob's is all there.
    assert {str(bob.ids[1])} <= {event["id"] for body in told for event in body["optouts"]}
    assert where_in_database(bob.visitor) == {
        ("consent_consentrecord", "visitor"),
        ("consent_consentrecord", "payload"),
    }
    for job in jobs:
        job.refresh_from_db()
        assert (job.state, "path" in job.result, job.message) == ("done", False, copies.REMOVED)


def test_exports_made_afterwards_and_those_that_held_nothing_of_it_stay(world, settings):
    site, alice, bob = world
    bob.says("accept_all", "granted")
    alice.says("accept_all", "granted")
    early = {"format": "csv", "from": "2020-01-01", "to": "2020-01-02"}
    [other] = [enqueue("export", site=site, params=early)]
    export_all(site)
    Job.objects.filter(pk=other.pk).update(result={"path": f"{site.uuid}-{other.pk}.csv", "first": 7, "last": 9})
    call_command("erase", site=str(site.uuid), visitor=str(alice.visitor))
    again = export_all(site)
    names = {path.name for path in (settings.FAIRGATE_DATA / "exports").iterdir()}
    assert names == {f"{site.uuid}-{other.pk}.csv", *(job.result["path"] for job in again)}
    assert where_in_files(settings.FAIRGATE_DATA, alice.visitor, "alice/page") == set()
    assert len(where_in_files(settings.FAIRGATE_DATA, bob.visitor)) == len(FORMS)


def test_an_export_during_which_somebody_was_erased_begins_again(world, settings, monkeypatch):
    site, alice, bob = world
    bob.says("accept_all", "granted")
    alice.says("accept_all", "granted")
    from consent.exports import actions

    export = actions.export
    erased: list[Any] = []

    def interrupted(*given: Any, **more: Any) -> int:
        written = export(*given, **more)
        if not erased:
            erased.append(call_command("erase", site=str(site.uuid), visitor=str(alice.visitor)))
        return written

    monkeypatch.setattr(actions, "export", interrupted)
    today = timezone.now().date().isoformat()
    job = enqueue("export", site=site, params={"format": "jsonl", "from": "2026-01-01", "to": today})
    runner.work_off()
    job.refresh_from_db()
    assert (job.state, "begins again" in job.message) == ("waiting", True)
    assert where_in_files(settings.FAIRGATE_DATA, *alice.all) == set()
    due()
    runner.work_off()
    job.refresh_from_db()
    assert (job.state, job.attempts) == ("done", 2)
    assert where_in_files(settings.FAIRGATE_DATA, alice.visitor, "alice/page") == set()
    assert where_in_files(settings.FAIRGATE_DATA, bob.visitor) == {job.result["path"]}


def test_what_a_killed_bundle_had_written_goes_too(world, settings, monkeypatch):
    from consent.exports import bundle

    site, alice, bob = world
    alice.says("accept_all", "granted")
    bob.says("accept_all", "granted")
    today = timezone.now().date().isoformat()
    params = {"format": "bundle", "from": "2026-01-01", "to": today}
    job = enqueue("export", site=site, params=params)

    def die(*given: Any) -> None:
        raise OSError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(bundle, "_Bundle", die)
        runner.work_off()
    assert where_in_files(settings.FAIRGATE_DATA, alice.visitor) == {"records.jsonl.deflated", "records.csv.deflated"}
    call_command("erase", site=str(site.uuid), visitor=str(alice.visitor))
    assert where_in_files(settings.FAIRGATE_DATA, *alice.all) == set()
    due()
    runner.work_off()
    job.refresh_from_db()
    assert job.state == "done"
    assert where_in_files(settings.FAIRGATE_DATA, alice.visitor) == set()


def test_the_daily_sweep_removes_what_is_nobodys_and_nothing_else(world, settings):
    site, alice, _ = world
    alice.says("accept_all", "granted")
    done = export_all(site)[0]
    running = enqueue("export", site=site, params={})
    cancelled = enqueue("export", site=site, params={})
    Job.objects.filter(pk=running.pk).update(state="running", leased_until=timezone.now())
    Job.objects.filter(pk=cancelled.pk).update(state="cancelled")
    folder = settings.FAIRGATE_DATA / "exports"
    kept = {path.name for path in folder.iterdir()} | {f"{site.uuid}-{running.pk}.csv.part"}
    other = uuid.uuid4()
    for name in (
        *kept,
        f"{site.uuid}-{cancelled.pk}.csv.part",
        f"{site.uuid}-999999.csv",
        f"{site.uuid}-x",
        f"{other}-1.csv",
    ):
        (folder / name).touch()
    assert copies.sweep(site) == 3
    assert {path.name for path in folder.iterdir()} == kept | {f"{other}-1.csv"}
    assert done.result["path"] in kept


def test_an_export_that_was_removed_says_so_and_is_not_offered(world, client, django_user_model):
    site, alice, _ = world
    alice.says("accept_all", "granted")
    job = export_all(site)[0]
    call_command("erase", site=str(site.uuid), visitor=str(alice.visitor))
    client.force_login(django_user_model.objects.create_superuser("root@example.org", "root@example.org", "x" * 20))
    page = client.get(f"/audit/{site.uuid}/exports/{job.pk}/").content.decode()
    assert copies.REMOVED in page
    assert "Download" not in page
    assert client.get(f"/audit/{site.uuid}/exports/{job.pk}/file/").status_code == 404
