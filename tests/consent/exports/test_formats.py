"""The plain exports: the answers of the period and nothing else, safe to open, whole or not there at all."""

from __future__ import annotations

import base64
import csv
import hmac
import json
import zipfile
from datetime import UTC, date, datetime
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from consent.exports import actions, formats
from consent.exports.verify import verify as verifier
from consent.jobs import registry, runner
from consent.jobs.actions import enqueue
from consent.ledger import checkpoint, erasure
from consent.ledger.append import append, draft_of
from consent.models import AuditEvent, Job
from consent.sites.actions import create_site
from tests.consent.exports.test_bundle import END, GIVEN, SITE, START, UNKNOWN, fill, uuid5, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def site(settings, tmp_path):
    settings.FAIRGATE_DATA = tmp_path / "data"
    return create_site(["shop.test"], "alice", uuid=SITE, name="Shop")


def export(site, form, path, start=START, end=END):
    return actions.export(site, start, end, form, path, "alice")


def test_csv_holds_the_answers_of_the_period(site, tmp_path):
    ids = fill(site)
    assert export(site, "csv", tmp_path / "a.csv") == 21
    rows = list(csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8-sig")))
    assert [row["id"] for row in rows] == [str(i) for i in ids[7:28]]
    first = rows[0]
    assert (first["action"], first["categories"], first["jurisdiction"]) == (
        "accept_all",
        "C0001:granted C0002:granted",
        "DE",
    )
    assert first["received_at"] == "2026-03-02T12:00:00.000000Z"
    assert not (tmp_path / "a.csv.work").exists()


def test_an_erased_record_stays_as_a_line_without_content(site, tmp_path):
    ids = fill(site)
    erasure.erase(site, record_id=ids[7], actor="alice", reason="asked")
    export(site, "csv", tmp_path / "a.csv")
    rows = {row["id"]: row for row in csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8-sig"))}
    gone = rows[str(ids[7])]
    assert (gone["erased"], gone["visitor"], gone["categories"], gone["action"]) == ("yes", "", "", "accept_all")


def test_no_cell_is_a_formula(site, tmp_path):
    fill(site)
    record = {"page": "=HYPERLINK(1)", "choices": {}, "client_time": "@now"}
    draft = draft_of(site.pk, site.uuid, "consent", record, uuid5(SITE, "evil"), language="-x", action="custom")
    append([draft], at=datetime(2026, 3, 7, tzinfo=UTC))
    export(site, "csv", tmp_path / "a.csv", date(2026, 3, 7), date(2026, 3, 7))
    [row] = csv.DictReader((tmp_path / "a.csv").open(encoding="utf-8-sig"))
    assert (row["page"], row["client_time"], row["language"]) == ("'=HYPERLINK(1)", "'@now", "'-x")


FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "|calc", "%0A=1", "\t=1", "\r=1", "\n=1", "\x00=1", "\x0b=1", " =1", "  +cmd",
    '"=1', "'=1", "\u00a0=1", "\u3000=1", "\ufeff=1", "\u200b=1", "\u200e\u200f@x", "\uff1d1+1", "\uff0b1+1", "\uff0d1+1",
    "\uff20SUM", "\uff5ccalc", "\uff05", "\ufe63" "1+1", "\u22121+1", "\u2028=1", "\u0301=1", "\u201c=1", "-", "=", "|", "\ttext",
    "-1-1", "+1;2", "'text", "-1,5+2", "- 1",
]  # fmt: skip
PLAIN = [
    "",
    "text",
    "C0001:granted",
    "0",
    "-5",
    "+49",
    "-1.5",
    "-1e5",
    '{"a":1}',
    "[1]",
    " text",
    "(1)",
    "/path",
    "\u00fcber",
    "*",
]


@pytest.mark.parametrize("given", FORMULAS, ids=ascii)
def test_a_cell_that_a_spreadsheet_could_run_begins_with_an_apostrophe(given):
    assert verifier.harmless(given) == "'" + given


@pytest.mark.parametrize("given", PLAIN, ids=ascii)
def test_numbers_and_texts_stay_as_they_are(given):
    assert verifier.harmless(given) == given


def test_every_csv_is_neutralised_and_gives_the_text_back(site, tmp_path):
    """The export and the bundle's table, cell by cell as a foreign reader gets them."""
    fill(site)
    release = {"release": 1, "release_hash": site.releases.get().sha256}
    given = [*FORMULAS, *PLAIN]
    drafts = [
        draft_of(
            site.pk, site.uuid, "consent",
            {"page": text, "choices": GIVEN, "status": "ConsentGiven", "client_time": text, "layer": text, "arm": text},
            uuid5(SITE, f"evil{number}"), action="custom", regime="eu_opt_in", jurisdiction="*", **release,
        )
        for number, text in enumerate(given)
    ]  # fmt: skip
    append(drafts, at=datetime(2026, 3, 7, tzinfo=UTC))
    export(site, "csv", tmp_path / "a.csv", START, date(2026, 3, 7))
    export(site, "bundle", tmp_path / "b.zip", START, date(2026, 3, 7))
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        table = archive.read("records.csv")
    assert table == (tmp_path / "a.csv").read_bytes()
    rows = list(csv.DictReader(StringIO(table.decode("utf-8-sig"), newline="")))[-len(given) :]
    for text, row in zip(given, rows, strict=True):
        cells = [row[name] for name in ("page", "client_time", "layer", "arm")]
        assert cells == [verifier.harmless(text)] * 4
        assert cells[0].removeprefix("'") == text
    assert verify(tmp_path / "b.zip")[0] == UNKNOWN


def test_jsonl_recomputes_every_leaf(site, tmp_path):
    fill(site)
    assert export(site, "jsonl", tmp_path / "a.jsonl") == 21
    for text in (tmp_path / "a.jsonl").read_text().splitlines():
        line = json.loads(text)
        made = hmac.digest(base64.b64decode(line["salt"]), line["record"].encode(), "sha256")
        assert base64.b64encode(made).decode() == line["commitment"]


def test_parquet_has_the_same_answers_with_types(site, tmp_path):
    import pyarrow.parquet as pq

    ids = fill(site)
    assert export(site, "parquet", tmp_path / "a.parquet") == 21
    table = pq.read_table(tmp_path / "a.parquet")
    assert table.column_names == list(formats.COLUMNS)
    assert table["id"].to_pylist() == [str(i) for i in ids[7:28]]
    assert table["received_at"].to_pylist()[0] == datetime(2026, 3, 2, 12, tzinfo=UTC)
    assert table["purposes"].to_pylist() == ["newsletter:granted"] * 21


@pytest.mark.parametrize("separator", [",", ";"])
def test_a_spreadsheet_reads_the_table_whole(site, tmp_path, separator):
    """As Excel does: by the byte order mark it knows UTF-8, by the separator of the country the columns; what holds
    another country's separator is quoted."""
    fill(site)
    record = {"choices": GIVEN, "status": "ConsentGiven", "page": "m\u00fcnchen.test/a;b,c"}
    record["place"] = {"country": "DE", "region": "BY"}
    release = {"release": 1, "release_hash": site.releases.get().sha256}
    columns = {"regime": "eu_opt_in", "jurisdiction": "DE", "action": "custom", **release}
    append(
        [draft_of(site.pk, site.uuid, "consent", record, uuid5(SITE, "x"), **columns)],
        at=datetime(2026, 3, 7, tzinfo=UTC),
    )
    day = date(2026, 3, 7)
    actions.export(site, day, day, "csv", tmp_path / "a.csv", "alice", separator=separator)
    data = (tmp_path / "a.csv").read_bytes()
    assert (data[:3], b'"m\xc3\xbcnchen.test/a;b,c"' in data) == (b"\xef\xbb\xbf", True)
    [row] = csv.DictReader(StringIO(data.decode("utf-8-sig"), newline=""), delimiter=separator)
    assert (row["page"], row["country"], row["region"]) == ("m\u00fcnchen.test/a;b,c", "DE", "BY")
    assert len(row) == len(formats.COLUMNS)
    actions.export(site, day, day, "bundle", tmp_path / "b.zip", "alice", separator=separator)
    assert verify(tmp_path / "b.zip")[0] == UNKNOWN
    with pytest.raises(ValueError, match="comma or a semicolon"):
        actions.export(site, day, day, "csv", tmp_path / "a.csv", "alice", separator="|")


@pytest.mark.parametrize("form", ["csv", "jsonl", "parquet", "jsonld"])
def test_an_empty_period_is_a_valid_file(site, tmp_path, form):
    fill(site)
    assert export(site, form, tmp_path / "a", date(2020, 1, 1), date(2020, 1, 2)) == 0
    if form == "jsonld":
        assert json.loads((tmp_path / "a").read_text())["@graph"] == []


def test_the_command_says_what_it_wrote(site, tmp_path):
    fill(site)
    out = StringIO()
    call_command(
        "export", site=str(SITE), **{"from": "2026-03-02"}, to="2026-03-04", out=str(tmp_path / "a.csv"), stdout=out
    )
    assert out.getvalue().startswith("21 records from 2026-03-02 to 2026-03-04 in ")
    assert AuditEvent.objects.filter(site=site, verb="export", detail__records=21).count() == 1


def test_the_command_takes_a_separator_and_a_checkpoint(site, tmp_path):
    fill(site)
    point = checkpoint.make(site)
    assert point
    (tmp_path / "kept.txt").write_text("\ufeff" + point.note, encoding="utf-8")
    options = {"site": str(SITE), "from": "2026-03-02", "to": "2026-03-04", "out": str(tmp_path / "b.zip")}
    kept = [str(tmp_path / "kept.txt")]
    call_command("export", **options, format="bundle", separator=";", checkpoint=kept, stdout=StringIO())
    assert verify(tmp_path / "b.zip", "--checkpoint", kept[0])[0] == 0
    (tmp_path / "kept.txt").write_text("believe me")
    with pytest.raises(CommandError, match="holds no checkpoint"):
        call_command("export", **options, format="bundle", checkpoint=kept)
    with pytest.raises(CommandError, match="No such file"):
        call_command("export", **options, format="bundle", checkpoint=[str(tmp_path / "none")])


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"site": "nonsense"}, "not a site id"),
        ({"site": "99999999-2222-4333-8444-555555555555"}, "There is no site"),
        ({"from": "yesterday"}, "--from must be a day"),
        ({"to": "2026-03-01"}, "before it begins"),
    ],
)
def test_the_command_explains_what_is_wrong(site, tmp_path, given, said):
    options = {"site": str(SITE), "from": "2026-03-02", "to": "2026-03-04", "out": str(tmp_path / "a.csv"), **given}
    with pytest.raises(CommandError, match=said):
        call_command("export", **options)


@pytest.mark.django_db(transaction=True)
def test_an_export_runs_in_the_background(site, settings):
    fill(site)
    params = {"format": "csv", "from": "2026-03-02", "to": "2026-03-04", "actor": "alice"}
    job = enqueue("export", site=site, params=params)
    registry.discover()
    runner.work_off()
    job = Job.objects.get(pk=job.pk)
    assert (job.state, job.result["records"]) == ("done", 21)
    assert (settings.FAIRGATE_DATA / "exports" / job.result["path"]).stat().st_size == job.result["bytes"]
