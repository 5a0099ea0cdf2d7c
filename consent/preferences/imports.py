"""Files of choices, read in by a background job: in batches, each one transaction with the place to go on from, so that
a job which is killed goes on where it was and stores nothing twice.

A line is a row. What can't be taken is kept with its line and why, in a file that is handed out; nothing is lost.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from consent import csv_text, private_files
from consent.common import InvalidChange, check
from consent.jobs import actions as jobs
from consent.jobs.models import Job
from consent.preferences import subjects
from consent.preferences.collecting import Choice, Offer, choice_of, collect, lock, suppressed
from consent.preferences.models import ChoiceImport
from consent.sites.models import Site
from consent.sites.queries import locked
from consent.trail.actions import audit

KIND = "choice_import"
BATCH = 5_000  # rows of one transaction
LONGEST_LINE = 16_384  # bytes
KEPT = timedelta(days=30)  # the file of rows that were not taken
NEEDED = ("id", "topic", "value", "at")
COLUMNS = (*NEEDED, "method", "source", "evidence", "language", "wording")
WHY = {
    "conflict": "Its id is used for another choice.",
    "erased": "It was stored once, and the person was erased since.",
    "suppressed": "The person was erased and must not be taken in again.",
}
_decode = msgspec.json.Decoder().decode
_APART = re.compile(r'[,;\t|"\s]+')
_NUMBER = re.compile(r"-(\d{1,18})(\.refused\.csv|\.csv|\.jsonl)$")


def folder() -> Path:
    """Where files to import lie: `<site uuid>-<number>.<format>`, and `.refused.csv` beside it."""
    return Path(settings.FAIRGATE_DATA) / "imports"


def path_of(row: ChoiceImport) -> Path:
    """The file itself; it goes when it was read to its end."""
    return folder() / f"{row.site.uuid}-{row.pk}.{row.format}"


def refused_path(row: ChoiceImport) -> Path:
    """The rows that were not taken, each with its line and why."""
    return folder() / f"{row.site.uuid}-{row.pk}.refused.csv"


def start(
    site: Site,
    actor: str,
    content: IO[bytes],
    *,
    name: str,
    form: str,
    source: str,
    evidence: str = "",
    requested_by: Any = None,
) -> ChoiceImport:
    """Keeps a file and queues its import. `source`: where the choices were given, for rows that do not say it. Raises
    InvalidChange."""
    private_files.folder(folder())
    with transaction.atomic():
        site = locked(site)
        row = ChoiceImport(
            site=site, name=name.strip() or "file", format=form, source=source.strip(), evidence=evidence.strip(),
            size=0, by=actor,
        )  # fmt: skip
        check(row)
        row.save(force_insert=True)
        try:
            row.size = _keep(content, path_of(row))
            if form == ChoiceImport.Format.CSV:
                with path_of(row).open("rb") as file:
                    _columns(file)
            job = jobs.enqueue(KIND, site=site, params={"import": row.pk}, requested_by=requested_by)
            row.job = job.pk
            row.save(update_fields=["size", "job"])
            audit(site, actor, "choice.import", number=row.pk, source=row.source, bytes=row.size)
        except BaseException:
            path_of(row).unlink(missing_ok=True)
            raise
    return row


def _keep(content: IO[bytes], path: Path) -> int:
    size = 0
    with private_files.open_file(path, "wb") as file:
        while piece := content.read(1 << 20):
            file.write(piece)
            size += len(piece)
    if not size:
        raise InvalidChange("The file is empty.")
    return size


def _columns(file: IO[bytes]) -> tuple[list[str], str]:
    """The names in the first line of a CSV file, and its delimiter; the file stands behind it. Raises InvalidChange."""
    first = file.readline(LONGEST_LINE)
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidChange("The file is UTF-16. Save it as UTF-8 (in Excel: CSV UTF-8).")
    try:
        line = first.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidChange("The first line is no UTF-8.") from None
    delimiter = csv_text.delimiter(line)
    names = [name.strip().lower() for name in next(csv.reader([line], delimiter=delimiter), [])]
    if missing := [name for name in NEEDED if name not in names]:
        raise InvalidChange(f"The first line names the columns; it lacks {', '.join(missing)}.")
    if unknown := [name for name in names if name not in COLUMNS]:
        raise InvalidChange(f"There are no columns {', '.join(unknown)[:100]}; there are {', '.join(COLUMNS)}.")
    if len(set(names)) < len(names):
        raise InvalidChange("The first line names a column twice.")
    return names, delimiter


def stop(row: ChoiceImport, actor: str) -> bool:
    """Stops an import that waits or runs; what it has stored stays. False when it had ended."""
    with transaction.atomic():
        job = Job.objects.filter(pk=row.job).first() if row.job else None
        stopped = job is not None and jobs.cancel(job)
        if stopped:
            ChoiceImport.objects.filter(pk=row.pk).update(finished_at=timezone.now())
            audit(row.site, actor, "choice.import_stop", number=row.pk)
    if stopped:
        path_of(row).unlink(missing_ok=True)
    return stopped


# --- reading ----------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class Reached:
    """How far an import is: bytes and lines that were read, bytes of the file of refused rows."""

    offset: int = 0
    line: int = 0
    refused: int = 0


@dataclass(slots=True)
class _Refused:
    """A row that is not taken: its line, why, its text, and whose it is where that can be read."""

    line: int
    why: str
    text: str
    identifier: str = ""


@dataclass(slots=True)
class _Batch:
    lines: list[tuple[int, str]] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    refused: list[_Refused] = field(default_factory=list)


def read_in(row: ChoiceImport, place: Reached, report: Any) -> None:
    """Reads a file on from a place to its end. `report(place)` is called in the transaction of each batch; what it
    raises takes the batch back."""
    with path_of(row).open("rb") as file, private_files.open_file(refused_path(row), "ab") as refused:
        names, delimiter = _columns(file) if row.format == ChoiceImport.Format.CSV else ([], "")
        if place.offset:
            file.seek(place.offset)
        elif names:
            place.line = 1
        while True:
            lines = _lines(file, place)
            if not lines:
                break
            with transaction.atomic():
                batch = _parsed(row, lines, names, delimiter)
                counts = _store(row, batch)
                refused.seek(place.refused)
                refused.truncate()
                refused.write(b"".join(map(_line_of, batch.refused)))
                refused.flush()
                place.offset, place.refused = file.tell(), refused.tell()
                steps: dict[str, Any] = {name: F(name) + count for name, count in counts.items()}
                ChoiceImport.objects.filter(pk=row.pk).update(**steps)
                report(place)


def _lines(file: IO[bytes], place: Reached) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    while len(found) < BATCH:
        line = file.readline(LONGEST_LINE)
        if not line:
            break
        place.line += 1
        number = place.line
        while not line.endswith(b"\n") and (rest := file.readline(LONGEST_LINE)):
            line = (line + rest)[: LONGEST_LINE + 1] + (b"\n" if rest.endswith(b"\n") else b"")
        found.append((number, line.rstrip(b"\r\n")))
    return found


def _parsed(row: ChoiceImport, lines: list[tuple[int, bytes]], names: list[str], delimiter: str) -> _Batch:
    batch, offer, now = _Batch(), Offer.of(row.site), timezone.now()
    for number, line in lines:
        if not line.strip():
            continue
        try:
            text = line.decode("utf-8-sig" if number == 1 else "utf-8")
        except UnicodeDecodeError:
            batch.refused.append(_Refused(number, "It is no UTF-8.", line.decode("utf-8", "replace")))
            continue
        fields: dict[str, Any] = {}
        try:
            if len(line) > LONGEST_LINE:
                raise InvalidChange("The line is too long.")
            fields = _cells(text, names, delimiter) if names else _object(text)
            batch.choices.append(choice_of(offer, _with_defaults(row, fields), now))
            batch.lines.append((number, text))
        except InvalidChange as error:
            identifier = str(fields.get("id") or "")[: subjects.LONGEST_ID]
            batch.refused.append(_Refused(number, str(error), text, identifier))
    return batch


def _cells(text: str, names: list[str], delimiter: str) -> dict[str, Any]:
    try:
        cells = next(csv.reader([text], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise InvalidChange(f"It is no CSV: {error}.") from None
    if len(cells) != len(names):
        raise InvalidChange(f"It has {len(cells)} cells; the first line names {len(names)}.")
    return dict(zip(names, cells, strict=True))


def _object(text: str) -> dict[str, Any]:
    try:
        found = _decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise InvalidChange("It is no JSON.") from None
    if not isinstance(found, dict):
        raise InvalidChange("It is no JSON object.")
    if unknown := sorted(set(found) - set(COLUMNS)):
        raise InvalidChange(f"There are no fields {', '.join(unknown)[:100]}.")
    if any(type(value) not in (str, int) for value in found.values()):
        raise InvalidChange("A field is a text or a number.")
    return found


def _with_defaults(row: ChoiceImport, fields: dict[str, Any]) -> dict[str, Any]:
    fields["method"] = fields.get("method") or "other"
    fields["source"] = fields.get("source") or row.source
    fields["evidence"] = fields.get("evidence") or row.evidence
    return fields


def _store(row: ChoiceImport, batch: _Batch) -> dict[str, int]:
    names = {"created": "stored", "older": "older", "replayed": "replayed"}
    counts = {"rows": len(batch.choices) + len(batch.refused), "stored": 0, "older": 0, "replayed": 0}
    lock(row.site)
    taken = collect(Offer.of(row.site), batch.choices)
    for (number, text), one in zip(batch.lines, taken, strict=True):
        if one.status in names:
            counts[names[one.status]] += 1
        else:  # of who was erased, nothing is written down again
            batch.refused.append(_Refused(number, WHY[one.status], text if one.status == "conflict" else ""))
    _blank_erased(row.site, batch.refused)
    batch.refused.sort(key=lambda one: one.line)
    return counts | {"refused": len(batch.refused)}


def _blank_erased(site: Site, refused: list[_Refused]) -> None:
    """Takes out the text of rows of who was erased. Of a row that can't be read, each word could be an id. The log's
    head is locked."""
    words = {one.line: _words(one) for one in refused if one.text}
    erased = suppressed(site, {word for some in words.values() for word in some})
    for one in refused:
        if erased and erased.intersection(words.get(one.line, ())):
            one.why, one.text, one.identifier = WHY["suppressed"], "", ""


def _words(one: _Refused) -> set[str]:
    """What could be the id of a row, as it is hashed."""
    given = [one.identifier] if one.identifier else _APART.split(one.text)
    found = set()
    for word in given:
        with suppress(InvalidChange):
            found.add(subjects.normalised(word))
    return found


def _line_of(one: _Refused) -> bytes:
    """A line of the file of rows that were not taken: line, why, the row, whose it is."""
    out = io.StringIO()
    text = one.text.replace("\x00", "\ufffd").replace("\r", " ").replace("\n", " ")
    csv.writer(out).writerow((one.line, one.why, text, one.identifier if one.identifier.isprintable() else ""))
    return out.getvalue().encode("utf-8", "replace")


def _refused_of(line: bytes) -> _Refused:
    """What `_line_of` wrote."""
    number, why, text, *identifier = next(csv.reader([line.decode("utf-8")]))
    return _Refused(int(number), why, text.strip(), identifier[0] if identifier else "")


def first_refused(row: ChoiceImport, most: int = 50) -> list[tuple[str, str, str]]:
    """(line, why, the row) of the first rows that were not taken."""
    return list(islice(refused_rows(row), most))


def refused_rows(row: ChoiceImport) -> Iterator[tuple[str, str, str]]:
    """(line, why, the row) of all rows that were not taken."""
    try:
        with refused_path(row).open("rb") as file:
            for line in file:
                one = _refused_of(line)
                yield str(one.line), one.why, one.text
    except FileNotFoundError:
        return


def end(row: ChoiceImport) -> dict[str, Any]:
    """The file was read to its end: it goes, the figures stay."""
    with transaction.atomic():
        ChoiceImport.objects.filter(pk=row.pk).update(finished_at=timezone.now())
        row.refresh_from_db()
        figures = {name: getattr(row, name) for name in ("rows", "stored", "older", "replayed", "refused")}
        audit(row.site, row.by, "choice.import_end", number=row.pk, **figures)
    path_of(row).unlink(missing_ok=True)
    return figures


def forget(site: Site, identifier: str, references: Collection[UUID] = ()) -> None:
    """Takes a person out of the rows that were not taken: by their id, and by references of theirs, which cost a hash
    of every row. Lines keep their length: an import that still runs goes on writing behind them. Raises InvalidChange
    for no id."""
    text = subjects.normalised(identifier)
    part = b"" if references else _longest_part(text)
    for path in folder().glob(f"{site.uuid}-*.refused.csv"):
        place = 0
        with path.open("r+b") as file:
            while line := file.readline():
                # Most lines of a million are nobody's: these are not taken apart. Of other letters, lower case may be
                # ASCII (the Kelvin sign).
                if not line.isascii() or part in line.lower():
                    _blank(file, place, line, site, text, references)
                place += len(line)


def _longest_part(text: str) -> bytes:
    """The longest part of an id, in lower case, that stands as it is in each line of ASCII which names it."""
    parts = re.split(r"[^!-~]+", _APART.sub(" ", text.lower()))
    return max(parts, key=len).encode()


def _blank(file: IO[bytes], place: int, line: bytes, site: Site, text: str, references: Collection[UUID]) -> None:
    """Writes a line anew without its row, if it names the person; the file stands behind it then as before."""
    one = _refused_of(line)
    named = [
        word
        for word in _words(one)
        if word == text or (references and not set(references).isdisjoint(subjects.subjects_of(site, word)))
    ]
    if not named:
        return
    why = "" if any(word in one.why.lower() for word in map(str.lower, named)) else one.why
    head = _line_of(_Refused(one.line, why, "")).removesuffix(b",\r\n")
    file.seek(place)
    file.write(head + b" " * (len(line) - len(head) - 2) + b"\r\n")
    file.flush()
    file.seek(place + len(line))


def sweep(now: datetime | None = None) -> int:
    """Removes files to import that nobody reads any more (the import has ended, failed or is gone), and files of rows
    that were not taken and are KEPT old. Returns how many."""
    now = now or timezone.now()
    removed = 0
    for path in folder().glob("*"):
        found = _NUMBER.search(path.name)
        row = ChoiceImport.objects.filter(pk=int(found[1])).first() if found else None
        ended = _ended_at(row, path)
        if ended is not None and (_is_source(path) or ended < now - KEPT):
            path.unlink(missing_ok=True)
            removed += 1
    return removed


def _is_source(path: Path) -> bool:
    return not path.name.endswith(".refused.csv")


def _ended_at(row: ChoiceImport | None, path: Path) -> datetime | None:
    """When an import ended, however it did; None while it waits or runs."""
    if row is None:  # of a transaction that was taken back, or still goes on
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        return written if written < timezone.now() - timedelta(days=1) else None
    if row.finished_at is not None:
        return row.finished_at
    job = Job.objects.filter(pk=row.job).first() if row.job else None
    return None if job is not None and job.finished_at is None else job.finished_at if job else row.at
