"""Bundles and exports of a log whose clock had jumped ahead: complete, and both verifiers accept and tell the repair."""

# ruff: noqa: F811 - pytest takes fixtures by name

from __future__ import annotations

import csv
import json
import zipfile
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid5

import pytest
import time_machine

from consent.exports import actions
from consent.exports.formats import plain_json
from consent.ledger import clock
from consent.ledger.append import CLOCK_REPAIR, append, draft_of
from consent.models import ConsentRecord, LogHead, Site
from tests.consent.exports.test_bundle import (  # noqa: F401 - fixtures
    REFUSED,
    SITE,
    UNKNOWN,
    bundle,
    fill,
    judge,
    lines,
    put,
    site,
    tampered,
    verify,
)

TRUE = datetime(2026, 3, 6, 18, tzinfo=UTC)
WRONG = datetime(2036, 1, 1, 9, tzinfo=UTC)
PERIODS = [
    (date(2026, 3, 6), date(2026, 3, 6)), (date(2026, 3, 7), date(2026, 3, 7)), (date(2026, 3, 8), date(2026, 3, 8)),
    (date(2026, 3, 1), date(2026, 3, 8)), (date(2026, 3, 2), date(2026, 3, 4)), (date(2036, 1, 1), date(2036, 12, 31)),
    (date(2020, 1, 1), date(2099, 1, 1)), (date(2030, 1, 1), date(2030, 1, 2)), (date(2020, 1, 1), date(2020, 1, 2)),
    (date(2040, 1, 1), date(2040, 1, 2)),
]  # fmt: skip


def answers(site: Site, mark: str, count: int, at: datetime) -> None:
    release = {"release": 1, "release_hash": site.releases.get().sha256}
    record = {"choices": REFUSED, "status": "ConsentRefused"}
    drafts = [
        draft_of(
            site.pk,
            site.uuid,
            "consent",
            record,
            uuid5(SITE, f"{mark}{n}"),
            action="reject_all",
            regime="eu_opt_in",
            jurisdiction="DE",
            **release,
        )
        for n in range(count)
    ]
    append(drafts, at=at)


def jumped(site: Site, repaired: datetime = TRUE) -> list[UUID]:
    """Six days of answers, three while the clock said 2036, the repair, and two more days."""
    ids = fill(site)
    answers(site, "ahead", 3, WRONG)
    with time_machine.travel(repaired, tick=False):
        clock.repair(site, "alice", "The clock was wrong.")
    answers(site, "evening", 4, repaired + timedelta(hours=1))
    answers(site, "next", 5, repaired + timedelta(days=1))
    return ids


@pytest.mark.parametrize("repaired", [TRUE, TRUE + timedelta(days=1)], ids=["the same day", "a day later"])
def test_every_period_of_it_holds_and_says_so(site, tmp_path, repaired):
    jumped(site, repaired)
    told = []
    for start, end in PERIODS:
        code, said = verify(bundle(site, tmp_path / "b.zip", start, end))
        assert code == UNKNOWN, (start, end, said)
        told.append("CLOCK SET BACK by entry 46, from 2036-01-01T09:00:00.000000Z to 2026-03-0" in said)
    assert told == [True] * len(PERIODS)  # whoever reads any of it must know
    with zipfile.ZipFile(bundle(site, tmp_path / "b.zip", *PERIODS[0])) as archive:
        page = archive.read("report.html").decode()
    assert "CLOCK SET BACK by entry 46" in page
    assert "The clock was wrong." in page


def test_every_answer_is_in_the_export_of_exactly_one_day(site, tmp_path):
    jumped(site)
    days = [*(date(2026, 3, day) for day in range(1, 9)), WRONG.date()]
    counts = []
    found: list[str] = []
    for day in days:
        for form, name in (("csv", "a.csv"), ("bundle", "b.zip")):
            actions.export(site, day, day, form, tmp_path / name, "alice")
        with (tmp_path / "a.csv").open(encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
        with zipfile.ZipFile(tmp_path / "b.zip") as archive:
            assert archive.read("records.csv") == (tmp_path / "a.csv").read_bytes()
        assert {row["received_at"][:10] for row in rows} <= {day.isoformat()}
        counts.append(len(rows))
        found += [row["id"] for row in rows]
    assert counts == [7, 7, 7, 7, 7, 11, 5, 0, 3]
    everything = ConsentRecord.objects.filter(site_id=site.pk, type="consent").values_list("record_id", flat=True)
    assert sorted(found) == sorted(map(str, everything))


def test_one_that_is_not_repaired_yet_holds_too(site, tmp_path):
    fill(site)
    answers(site, "ahead", 3, WRONG)
    for start, end in PERIODS:
        assert verify(bundle(site, tmp_path / "b.zip", start, end))[0] == UNKNOWN


def step_back(site: Site) -> None:
    """A signed log whose time steps back without a word."""
    fill(site)
    back = datetime(2026, 3, 6, 11, tzinfo=UTC)
    LogHead.objects.filter(site_id=site.pk).update(last_received_at=back)
    answers(site, "back", 2, back)


def two_steps(site: Site) -> None:
    """A repair, and later another step back without one."""
    jumped(site)
    back = datetime(2026, 3, 6, 20, tzinfo=UTC)
    LogHead.objects.filter(site_id=site.pk).update(last_received_at=back)
    answers(site, "back", 2, back)


def pretended(site: Site) -> None:
    """An entry of the kind that sets nothing back."""
    fill(site)
    record = {"before": "2026-03-06T12:00:00.000000Z", "reason": "r", "actor": "a"}
    with time_machine.travel(TRUE, tick=False):
        append([draft_of(site.pk, site.uuid, CLOCK_REPAIR, record, uuid5(SITE, "pretended"))])


def another_time(site: Site) -> None:
    """A repair that names another time than the entry before it has."""
    fill(site)
    answers(site, "ahead", 3, WRONG)
    record = {"before": "2036-01-01T09:00:00.000001Z", "reason": "r", "actor": "a"}
    with time_machine.travel(TRUE, tick=False):
        append([draft_of(site.pk, site.uuid, CLOCK_REPAIR, record, uuid5(SITE, "another"))])


DISHONEST = [step_back, two_steps, pretended, another_time]


@pytest.mark.parametrize("make", DISHONEST, ids=lambda make: make.__name__)
def test_verify_py_refuses_any_other_step(site, tmp_path, make):
    make(site)
    code, said = verify(bundle(site, tmp_path / "b.zip", date(2026, 3, 1), date(2026, 3, 9)))
    assert (code, "REFUSED" in said) == (1, True)


def without_the_repair(files: dict[str, bytes]) -> None:
    rows = lines(files)
    put(files, [{**row, "type": "waiver"} if row["type"] == CLOCK_REPAIR else row for row in rows])


def cut_before_the_repair(files: dict[str, bytes]) -> None:
    """The period ends with records that are dated ahead, and what came after them is left out."""
    manifest = json.loads(files["manifest.json"])
    rows = lines(files)
    repair = next(row["index"] for row in rows if row["type"] == CLOCK_REPAIR)
    put(files, [row for row in rows if row["index"] <= repair])
    files["manifest.json"] = plain_json({**manifest, "last": repair - 1})


@pytest.mark.parametrize("change", [without_the_repair, cut_before_the_repair], ids=lambda change: change.__name__)
def test_verify_py_refuses_a_repair_that_is_hidden(site, tmp_path, change):
    jumped(site)
    honest = bundle(site, tmp_path / "b.zip", *PERIODS[0])
    assert verify(honest)[0] == UNKNOWN
    assert verify(tampered(honest, tmp_path / "bad.zip", change))[0] == 1


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_verify_html_agrees(site, tmp_path, judge):
    jumped(site)
    for start, end in PERIODS:
        path = bundle(site, tmp_path / "b.zip", start, end)
        assert (judge(path)[0], verify(path)[0]) == ("open", UNKNOWN)
    said = judge(bundle(site, tmp_path / "b.zip", *PERIODS[0]))[1]
    assert "CLOCK SET BACK by entry 46, from 2036-01-01T09:00:00.000000Z to 2026-03-06T18:00:00.000000Z" in said
    for change in (without_the_repair, cut_before_the_repair):
        assert judge(tampered(tmp_path / "b.zip", tmp_path / "bad.zip", change))[0] == "bad"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("make", DISHONEST, ids=lambda make: make.__name__)
def test_verify_html_refuses_any_other_step(site, tmp_path, judge, make):
    make(site)
    path = bundle(site, tmp_path / "b.zip", date(2026, 3, 1), date(2026, 3, 9))
    assert (judge(path)[0], Path(path).exists()) == ("bad", True)
