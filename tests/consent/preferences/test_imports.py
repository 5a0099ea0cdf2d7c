"""Files of choices: read in batches, stored once, and what can't be taken is said by its line."""

from __future__ import annotations

import io
import json

import pytest
from django.utils import timezone

from consent.common import InvalidChange
from consent.jobs import registry, runner
from consent.jobs.models import Job
from consent.models import AuditEvent, ChoiceImport, ChoiceState, LogEntry, Topic
from consent.preferences import erasing, imports
from tests.consent.ledger.sample_ledger import make_site
from tests.consent.preferences.sample_topics import topic
from tests.values import present

pytestmark = pytest.mark.django_db
HEAD = "id;topic;value;at;method;wording\n"


@pytest.fixture
def site(settings, tmp_path):
    settings.FAIRGATE_DATA = tmp_path
    made = make_site()
    topic(made)
    return made


def started(site, text: str | bytes, form: str = "csv") -> ChoiceImport:
    content = text.encode() if isinstance(text, str) else text
    return imports.start(
        site, "alice@example.org", io.BytesIO(content), name="old.csv", form=form, source="CRM of 2019",
        evidence="ticket 12",
    )  # fmt: skip


def done(row: ChoiceImport) -> dict[str, int]:
    registry.discover()
    runner.work_off(queue="work")
    job = Job.objects.get(pk=present(row.job))
    assert (job.state, job.message) == ("done", "")
    return job.result


GOOD = HEAD + "".join(f"c-{number};news;{'no' if number % 3 else 'yes'};2019-05-01;form;\n" for number in range(30))


def test_every_row_is_stored_with_its_source_and_the_file_goes(site) -> None:
    row = started(site, "\ufeff" + GOOD)
    assert imports.path_of(row).stat().st_mode & 0o777 == 0o600
    assert done(row) == {"rows": 30, "stored": 30, "older": 0, "replayed": 0, "refused": 0}
    assert Topic.objects.values_list("yes", "no").get() == (10, 20)
    state = present(ChoiceState.objects.filter(value="yes").first())
    assert (state.source, state.method, state.wording) == ("CRM of 2019", "form", 0)
    assert list(imports.folder().iterdir()) == [imports.refused_path(row)]
    assert done(started(site, GOOD)) == {"rows": 30, "stored": 0, "older": 0, "replayed": 30, "refused": 0}


def test_bad_rows_are_said_by_line_and_the_rest_goes_in(site) -> None:
    text = (
        HEAD + "c-1;news;yes;2019-05-01;form;1\n" + "c-2;news;perhaps;2019-05-01;form;\n" + "\n"
        + "c-3;news\n" + 'c-4;news;"yes;2019-05-01;form;\n' + "c-5;other;no;2019-05-01;form;\n"
        + "c-1;news;no;2018-05-01;form;\n"
    )  # fmt: skip
    row = started(site, text.encode() + b"c-6;news;yes;2019-05-01;f\xfcr;\nc-7;news;yes;yesterday;form;")
    assert done(row) == {"rows": 8, "stored": 1, "older": 1, "replayed": 0, "refused": 6}
    assert imports.first_refused(row) == [
        ("3", "A value is one of yes, no, notice.", "c-2;news;perhaps;2019-05-01;form;"),
        ("5", "It has 2 cells; the first line names 6.", "c-3;news"),
        ("6", "It is no CSV: unexpected end of data.", 'c-4;news;"yes;2019-05-01;form;'),
        ("7", "There is no topic 'other'.", "c-5;other;no;2019-05-01;form;"),
        ("9", "It is no UTF-8.", "c-6;news;yes;2019-05-01;f\ufffdr;"),
        ("10", "The time of the act (at) is no ISO 8601, such as 2026-03-01T09:30:00Z.", "c-7;news;yes;yesterday;form;"),
    ]  # fmt: skip


def test_json_lines_say_the_same(site) -> None:
    lines = [
        json.dumps({"id": "c-1", "topic": "news", "value": "yes", "at": "2019-05-01T00:00:00+02:00", "wording": 1}),
        "[]",
        "{",
        json.dumps({"id": "c-1", "topic": "news", "value": "yes", "at": "2019-05-01", "color": "red"}),
        json.dumps({"id": ["c-1"], "topic": "news", "value": "yes", "at": "2019-05-01"}),
        '{"id": "' + "x" * 20_000 + '"}',
    ]
    row = started(site, "\n".join(lines), "jsonl")
    assert done(row) == {"rows": 6, "stored": 1, "older": 0, "replayed": 0, "refused": 5}
    assert [why for _, why, _ in imports.first_refused(row)] == [
        "It is no JSON object.", "It is no JSON.", "There are no fields color.", "A field is a text or a number.",
        "The line is too long.",
    ]  # fmt: skip
    assert present(ChoiceState.objects.get().acted_at).isoformat() == "2019-04-30T22:00:00+00:00"


class Killed(Exception):
    pass


@pytest.mark.parametrize("batches", [1, 2, 3])
def test_one_that_is_killed_goes_on_where_it_was(site, monkeypatch, batches: int) -> None:
    monkeypatch.setattr(imports, "BATCH", 7)
    row = started(site, GOOD.replace("c-9;news;yes", "c-9;news;perhaps"))
    stored: list[imports.Reached] = []
    kept: dict[str, int] = {}

    def report(place: imports.Reached) -> None:
        kept.update(offset=place.offset, line=place.line, refused=place.refused)
        stored.append(place)

    def dying(place: imports.Reached) -> None:
        if len(stored) == batches:
            raise Killed
        report(place)

    with pytest.raises(Killed):
        imports.read_in(row, imports.Reached(), dying)
    assert LogEntry.objects.filter(type="choice").count() == 7 * batches - (batches > 1)
    imports.read_in(row, imports.Reached(**kept), report)
    assert imports.end(row) == {"rows": 30, "stored": 29, "older": 0, "replayed": 0, "refused": 1}
    assert [line for line, _, _ in imports.first_refused(row)] == ["11"]
    assert ChoiceState.objects.count() == 29


WRONG: dict[str, tuple[str | bytes, str]] = {
    "no columns": ("a,b,c\n1,2,3\n", "The first line names the columns; it lacks id, topic, value, at."),
    "unknown": ("id,topic,value,at,ip\n", "There are no columns ip; there are id, topic, value, at, method, source, "
                "evidence, language, wording."),
    "twice": ("id,topic,value,at,id\n", "The first line names a column twice."),
    "utf-16": ("id,topic,value,at\n".encode("utf-16"), "The file is UTF-16. Save it as UTF-8 (in Excel: CSV UTF-8)."),
    "empty": ("", "The file is empty."),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_a_file_that_can_not_be_read_is_refused_at_once_and_not_kept(site, name: str) -> None:
    text, words = WRONG[name]
    with pytest.raises(InvalidChange) as refused:
        started(site, text)
    assert (str(refused.value), list(imports.folder().iterdir())) == (words, [])
    assert ChoiceImport.objects.count() == 0


def test_an_import_without_a_source_is_refused(site) -> None:
    with pytest.raises(InvalidChange, match="source: This field cannot be blank."):
        imports.start(site, "alice@example.org", io.BytesIO(b"x"), name="x", form="csv", source=" ")


def test_one_that_is_stopped_keeps_what_it_stored_and_its_file_goes(site) -> None:
    row = started(site, GOOD)
    assert imports.stop(row, "bob@example.org")
    assert not imports.stop(row, "bob@example.org")
    assert (list(imports.folder().iterdir()), runner.work_off(queue="work")) == ([], 0)
    assert list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))[-2:] == [
        "choice.import", "choice.import_stop",
    ]  # fmt: skip


def test_who_was_erased_is_not_taken_in_again_nor_written_down(site) -> None:
    row = started(site, HEAD + "ada@example.org;news;yes;2019-05-01;form;9\n")
    done(row)
    assert "ada@example.org" in imports.refused_path(row).read_text()
    erasing.erase(site, "Ada@example.org", "alice@example.org", "asked by letter")
    assert imports.first_refused(row) == [("2", "The topic news has no wording 9.", "")]
    assert "ada" not in imports.refused_path(row).read_text()
    again = started(
        site, HEAD + "ada@example.org;news;yes;2019-05-01;form;\nbob@example.org;news;no;2019-05-01;form;\n"
    )
    assert done(again) == {"rows": 2, "stored": 1, "older": 0, "replayed": 0, "refused": 1}
    assert imports.first_refused(again) == [("2", "The person was erased and must not be taken in again.", "")]


def test_an_erasure_takes_out_the_rows_of_that_person_only_however_they_are_written(site) -> None:
    said = {"topic": "news", "value": "perhaps", "at": "2019-05-01"}
    lines = [json.dumps({"id": one, **said}) for one in ("j\u00f6rg@example.org", "4711", "14711")]
    row = started(site, "\n".join([*lines, '{"id": 4711, "topic": "news"']), "jsonl")
    done(row)
    erasing.erase(site, "J\u00d6RG@example.org", "alice@example.org", "asked by letter")
    erasing.erase(site, "4711", "alice@example.org", "asked by letter")
    kept = [text for _, _, text in imports.first_refused(row)]
    assert kept == ["", "", lines[2], ""]


@pytest.mark.parametrize(
    ("who", "row"),
    [
        ("kate@example.org", "\u212aate@example.org"),  # the Kelvin sign, in lower case a k
        ("\u212aATE@example.org", "Kate@Example.org"),
        ("o'neil, jr", "o'neil, jr"),
        ("\u03a3\u03a3", "\u03a3\u03a3"),
        ("a|b c@example.org", "A|b c@example.org"),
        ("Member-7", "Member-7"),
        ("7", "7"),
    ],
)
def test_an_id_is_found_in_rows_however_it_is_spelt(site, who, row) -> None:
    said = {"topic": "news", "value": "perhaps", "at": "2019-05-01"}
    other = json.dumps({"id": "x" + row, **said}, ensure_ascii=False)
    kept = started(site, json.dumps({"id": row, **said}, ensure_ascii=False) + "\n" + other, "jsonl")
    done(kept)
    erasing.erase(site, who, "alice@example.org", "asked by letter")
    assert [text for _, _, text in imports.first_refused(kept)] == ["", other]


def test_of_many_rows_only_those_that_may_be_the_persons_are_taken_apart(site, monkeypatch) -> None:
    rows = "".join(f"c-{number}@example.org;news;perhaps;2019-05-01;form;\n" for number in range(500))
    row = started(site, HEAD + rows + "ada@example.org;news;perhaps;2019-05-01;form;\n")
    done(row)
    taken: list[bytes] = []
    read = imports._refused_of

    def noted(line: bytes):
        taken.append(line)
        return read(line)

    monkeypatch.setattr(imports, "_refused_of", noted)
    erasing.erase(site, "ADA@example.org", "alice@example.org", "asked by letter")
    assert (len(taken), b"ada@example.org" in taken[0]) == (1, True)
    assert "ada" not in imports.refused_path(row).read_text()


def test_who_is_erased_by_their_reference_is_found_in_rows(site) -> None:
    said_so = HEAD + "ada@example.org;news;yes;2019-05-01;form;\nada@example.org;news;perhaps;2019-05-01;form;\n"
    row = started(site, said_so + "bob@example.org;news;perhaps;2019-05-01;form;\n")
    done(row)
    subject = ChoiceState.objects.get().subject
    erasing.erase(site, str(subject), "alice@example.org", "asked by letter")
    assert [text for _, _, text in imports.first_refused(row)] == ["", "bob@example.org;news;perhaps;2019-05-01;form;"]


def test_an_erasure_while_an_import_runs_leaves_its_file_whole(site, monkeypatch) -> None:
    monkeypatch.setattr(imports, "BATCH", 1)
    bad = "".join(f"{who}@example.org;news;perhaps;2019-05-01;form;\n" for who in ("ada", "bob", "ada", "eve"))
    row = started(site, HEAD + bad)
    batches: list[int] = []

    def report(place: imports.Reached) -> None:
        batches.append(place.refused)
        if len(batches) == 2:
            erasing.erase(site, "ada@example.org", "alice@example.org", "asked by letter")

    imports.read_in(row, imports.Reached(), report)
    assert [(line, text.partition("@")[0]) for line, _, text in imports.first_refused(row)] == [
        ("2", ""), ("3", "bob"), ("4", ""), ("5", "eve"),
    ]  # fmt: skip
    assert "ada" not in imports.refused_path(row).read_text()


def test_the_file_of_an_import_that_failed_goes_too(site, monkeypatch) -> None:
    row = started(site, GOOD)
    Job.objects.filter(pk=present(row.job)).update(state="failed", finished_at=timezone.now())
    waiting = started(site, GOOD)
    assert imports.sweep() == 1
    assert list(imports.folder().iterdir()) == [imports.path_of(waiting)]
