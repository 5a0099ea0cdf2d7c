"""Pictures of a release's banners: looked at, not only hashed."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from consent.banners import theme
from consent.catalogue.actions import add_service
from consent.jobs import registry, runner
from consent.ledger.append import append, draft_of
from consent.ledger.verify import verify
from consent.models import ConsentRecord, ImpressionTotal, Job, LogEntry, Site
from consent.publishing import pictures as kept
from consent.publishing import queries
from consent.publishing.verify import verify as verify_beside
from consent.sites.actions import change_settings, create_site
from cookiebanner.releases import pictures
from cookiebanner.releases.publish import publish
from cookiebanner.releases.renderings import FORMS, Text, expected, reachable, subjects
from tests.cookiebanner.releases.png import pixels
from tests.values import present

LIGHT, DARK = theme.palettes({})


def rgb(colour: str) -> tuple[int, int, int]:
    return theme.parse(colour)


def database_url() -> str:
    """Of the test's database, for the server process that pictures start."""
    given = connection.settings_dict
    if connection.vendor == "sqlite":
        return f"sqlite:///{given['NAME']}"
    return f"postgresql://{given['USER']}@{quote(given['HOST'], safe='')}/{given['NAME']}"


@pytest.fixture
def site(transactional_db, settings, tmp_path, monkeypatch) -> Site:
    settings.FAIRGATE_DATA = tmp_path
    settings.FAIRGATE_PICTURES = True
    monkeypatch.setenv("DATABASE_URL", database_url())
    monkeypatch.setattr(pictures, "LOWEST", 0)  # else the tests beside these would starve them
    registry.discover()
    made = create_site(["shop.test"], "alice", languages=["en", "de"])
    change_settings(made, "alice", controller="Shop", policy_url="https://shop.test/privacy",
                    imprint_url="https://shop.test/imprint")  # fmt: skip
    add_service(made, "alice", name="Adverts", category="C0004", patterns=["ads.test"], targeted_ads=True)
    return made


def picture(record: dict[str, Any], **which: str) -> dict[str, Any]:
    """The one picture that shows this."""
    layer = which.pop("layer", "banner")
    found = [
        one
        for one in record["pictures"]
        if one["layer"] == layer and any(which.items() <= shown.items() for shown in one["shows"])
    ]
    assert len(found) == 1, (which, len(found))
    return found[0]


def assert_two_buttons_alike(rows: list[list[tuple[int, int, int]]], colours: dict[str, str]) -> None:
    """Looks at the picture: where the first layer's accent is, there are two boxes of it, beside each other, alike, on the
    banner's own background, in the lower half, as the default look has it."""
    accent, background = rgb(colours["ac"]), rgb(colours["bg"])
    places = [(x, y) for y, row in enumerate(rows) for x, pixel in enumerate(row) if pixel == accent]
    left, right = min(x for x, _ in places), max(x for x, _ in places)
    top, bottom = min(y for _, y in places), max(y for _, y in places)
    middle = (left + right) // 2
    first, second = (sum(x < middle for x, _ in places), sum(x > middle for x, _ in places))
    assert top > len(rows) / 2
    assert (right - left > 250, 35 < bottom - top < 70) == (True, True)
    # Text and rounded corners are of another colour; the gap between the buttons is the background.
    assert len(places) > 0.7 * (right - left) * (bottom - top)
    assert abs(first - second) < 0.1 * first
    assert [rows[y][middle] for y in (top + 5, (top + bottom) // 2, bottom - 5)] == [background] * 3


def work_off_pictures():
    try:
        runner.work_off(queue=registry.PICTURES)
    finally:
        connections.close_all()


@pytest.mark.browser
def test_a_release_is_pictured_and_the_banner_is_in_the_pictures(site, monkeypatch):
    publish(site, "alice")
    # As in a worker: the tests' own leave to touch the database beside an event loop is not there.
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE")
    with ThreadPoolExecutor(1) as worker:
        worker.submit(work_off_pictures).result()
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    job = Job.objects.get(kind="pictures")
    assert (job.state, job.result) == ("done", {"taken": 16, "missing": 0}), job.message
    [entry] = LogEntry.objects.filter(site_id=site.pk, type="pictures")
    record = kept.logged(site, 1)
    assert (entry.release_hash, record["release"]) == (site.releases.get().sha256, 1)
    assert record["browser"].startswith("Chromium ")

    for language, title in (("en", "Your choice about cookies"), ("de", "Ihre Entscheidung über Cookies")):
        for form, size in FORMS.items():
            for scheme, colours in (("light", LIGHT), ("dark", DARK)):
                one = picture(record, variant="eu_opt_in", language=language, form=form, scheme=scheme)
                png = kept.path(one["sha256"]).read_bytes()
                assert hashlib.sha256(png).hexdigest() == one["sha256"]
                assert ((one["width"], one["height"]), one["bytes"]) == (size, len(png))
                assert one["text"]["title"] == title
                rows = pixels(png)
                assert_two_buttons_alike(rows, colours)
                other = picture(record, language=language, form=form, scheme=scheme, layer="preferences")
                assert other["text"]["buttons"][-1] in ("Save my choices", "Auswahl speichern")
                assert other["sha256"] != one["sha256"]
    assert len({one["sha256"] for one in record["pictures"]}) == 16
    assert (verify(site).wrong, verify_beside(site).wrong, verify_beside(site).pictures) == ([], [], 16)
    assert ImpressionTotal.objects.count() == ConsentRecord.objects.filter(type="consent").count() == 0
    assert not list(kept.folder().glob("*.part"))


@pytest.mark.browser
@pytest.mark.parametrize(
    ("tags", "wanted", "why"),
    [
        ("<!-- no gate -->", {}, "The banner does not come."),
        ("<style>#onetrust-consent-sdk{opacity:0!important}</style>", {}, "The banner does not come."),
        (
            "<style>body::after{content:'';position:fixed;inset:0;background:red;z-index:2147483647}"
            "#onetrust-banner-sdk{z-index:0!important}</style>",
            {},
            "Something covers the banner: ",
        ),
        ("", {"title": "Another title"}, "The title of the banner says 'Your choice about cookies', the release "),
        ("", {"body": "Another text"}, "The body of the banner says "),
        ("", {"buttons": ["Accept all"]}, "The buttons of the banner says "),
    ],
)
def test_what_does_not_show_the_banner_or_says_otherwise_is_never_logged(site, monkeypatch, tags, wanted, why):
    change_settings(site, "alice", languages=["en"])
    release = publish(site, "alice")
    monkeypatch.setattr(pictures, "PATIENCE", 10_000)
    genuine = pictures.tags

    def hostile(*arguments: Any) -> str:
        return tags if tags.startswith("<!--") else genuine(*arguments) + tags

    def other(snapshot: Any, variants: Any) -> Any:
        [first, *_] = subjects(snapshot, variants)
        texts = dict(first.texts) | {"banner": first.texts["banner"]._replace(**wanted)}
        return [type(first)(first.shows, texts)]

    monkeypatch.setattr(pictures, "tags", hostile)
    monkeypatch.setattr(pictures, "subjects", other)
    with pytest.raises(pictures.Unseen, match="No picture shows the banner: ") as error:
        pictures.log(release)
    assert why in str(error.value)
    assert not LogEntry.objects.filter(type="pictures").exists()


def test_without_chromium_the_job_says_what_is_lost_and_logs_nothing(site, monkeypatch):
    publish(site, "alice")
    monkeypatch.setattr(pictures, "BROWSERS", ("no-such-browser",))
    runner.work_off(queue=registry.PICTURES)
    job = Job.objects.get(kind="pictures")
    assert (job.state, job.result) == ("done", {"taken": 0, "why": "Chromium is not installed"})
    assert not LogEntry.objects.filter(type="pictures").exists()
    with pytest.raises(CommandError, match="No pictures can be taken: Chromium is not installed."):
        call_command("pictures", site=str(site.uuid))


def test_a_release_that_asks_nothing_has_no_banner_to_picture(site):
    site.services.all().delete()
    release = publish(site, "alice")
    runner.work_off(queue=registry.PICTURES)
    job = Job.objects.get(kind="pictures")
    assert job.result == {"taken": 0, "why": "this release asks nothing, so no banner is shown"}
    assert pictures.variants(site, present(queries.snapshot_of(site, release.number))) == []


def test_pictures_and_what_they_start_have_the_lowest_priority():
    ask = "import os; print(os.getpriority(os.PRIO_PROCESS, 0))"
    with ThreadPoolExecutor(1, initializer=pictures._step_back) as aside:
        said = aside.submit(subprocess.run, [sys.executable, "-c", ask], capture_output=True, check=True).result()
    assert int(said.stdout) == 19
    assert os.getpriority(os.PRIO_PROCESS, threading.get_native_id()) == 0


def test_pictures_wait_for_nothing_else_and_nothing_waits_for_them(site):
    publish(site, "alice")
    others = [queue for queue in registry.QUEUES if queue != registry.PICTURES]
    assert [runner.claim(queue=queue) for queue in others] == [None] * len(others)
    assert set(Job.objects.values_list("kind", flat=True)) == {"rendered", "pictures"}
    assert runner.claim(queue=registry.PICTURES) == Job.objects.get(kind="rendered")  # people wait for findings


def test_only_what_visitors_can_get_and_each_look_once(site):
    release = publish(site, "alice")
    snapshot = queries.snapshot_of(site, release.number)
    assert snapshot is not None
    today = release.published_at.date()
    assert reachable(snapshot, today, False, ["us_ca", "no_such_variant"]) == ["eu_opt_in", "us_ca"]
    everywhere = reachable(snapshot, today, True, [])
    assert {"eu_opt_in", "eu_opt_in-IT", "us_ca", "ch"} <= set(everywhere) < set(snapshot["variants"])
    found = subjects(snapshot, everywhere)
    shown = [one for subject in found for one in subject.shows]
    assert len(shown) == len(set(shown)) == len(everywhere) * 2 * 2 * 2  # languages, forms, schemes
    assert len(found) < len(shown) / 2
    alike = {len({one.language for one in subject.shows}) for subject in found}
    assert alike == {1}


def test_one_scheme_of_a_fixed_look_stands_for_both(site):
    release = publish(site, "alice")
    snapshot = queries.snapshot_of(site, release.number)
    assert snapshot is not None
    snapshot["banner"]["theme"] = {"scheme": "dark"}
    found = subjects(snapshot, ["eu_opt_in"])
    assert [sorted({one.scheme for one in subject.shows}) for subject in found] == [["dark", "light"]] * 4


def test_what_must_stand_in_a_layer_is_what_the_release_says(site):
    release = publish(site, "alice")
    snapshot = queries.snapshot_of(site, release.number)
    assert snapshot is not None
    assert expected(snapshot, "eu_opt_in", "en", "preferences") == Text(
        "Privacy settings",
        "Choose what may run on this site. You can change this at any time.",
        ["Accept all", "Reject all", "Save my choices"],
    )
    assert expected(snapshot, "eu_opt_in", "de", "banner").title == "Ihre Entscheidung über Cookies"


def logged_by_an_earlier_version(site: Site, folder: Path) -> int:
    """A blank file that was logged as a picture."""
    png = b"\x89PNG blank"
    digest = hashlib.sha256(png).hexdigest()
    (folder / "screenshots").mkdir()
    (folder / "screenshots" / f"{digest}.png").write_bytes(png)
    record = {"sha256": digest, "number": 1, "for": "eu_opt_in en", "size": [1280, 800]}
    release = site.releases.get(number=1)
    place = {"release": 1, "release_hash": release.sha256}
    [outcome] = append([draft_of(site.pk, site.uuid, "screenshot", record, uuid4(), **place)])
    assert outcome.index is not None
    return outcome.index


def test_what_an_earlier_version_logged_is_declared_void_by_the_next_publish(site, tmp_path):
    publish(site, "alice")
    blank = logged_by_an_earlier_version(site, tmp_path)
    change_settings(site, "alice", controller="Shop Ltd")
    publish(site, "alice")
    [void] = LogEntry.objects.filter(site_id=site.pk, type="void")
    assert kept.voided(site) == {blank}
    report = verify(site)
    assert report.wrong == []
    assert report.events == [
        f"VOID by {void.index}: pictures of an earlier version, logged by 1 entry ({blank}). Reason given: {kept.BLANK}"
    ]
    assert kept.void_blank(site, "alice") is None
    with pytest.raises(ValueError, match="or are void already: 1"):
        kept.void(site, [blank], "screenshot", "again", "alice")


def test_pictures_that_were_declared_void_are_pictures_no_more(site):
    release = publish(site, "alice")
    record = {"pictures": [{"sha256": "ab" * 32, "layer": "banner"}], "browser": "x", "missing": []}
    index = kept.log(release, record)
    assert kept.log(release, record) == index
    assert kept.logged(site, 1)["pictures"] == record["pictures"]
    with pytest.raises(CommandError, match="Say why"):
        call_command("pictures", site=str(site.uuid), void=[index])
    call_command("pictures", site=str(site.uuid), void=[index], reason="They show a test.")
    assert (kept.logged(site, 1), kept.voided(site)) == ({}, {index})
    assert verify_beside(site).wrong == []
