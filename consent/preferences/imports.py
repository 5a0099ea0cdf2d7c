"""Files of choices, read in by a background job: in batches, each one transaction with the place to go on from, so that
a job which is killed goes on where it was and stores nothing twice.

A line is a row. What can't be taken is kept with its line and why, in a file that is handed out; nothing is lost.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import msgspec
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from consent import csv_text, private_files
from consent.common import InvalidChange, check
from consent.jobs import actions as jobs
from consent.jobs.models import Job
from consent.preferences.collecting import Choice, Offer, choice_of, collect
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
class _Batch:
    lines: list[tuple[int, str]] = field(default_factory=list)
    choices: list[Choice] = field(default_factory=list)
    refused: list[tuple[int, str, str]] = field(default_factory=list)  # line, why, the row


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
                refused.write(_table(batch.refused))
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
            batch.refused.append((number, "It is no UTF-8.", line.decode("utf-8", "replace")))
            continue
        try:
            if len(line) > LONGEST_LINE:
                raise InvalidChange("The line is too long.")
            fields = _cells(text, names, delimiter) if names else _object(text)
            batch.choices.append(choice_of(offer, _with_defaults(row, fields), now))
            batch.lines.append((number, text))
        except InvalidChange as error:
            batch.refused.append((number, str(error), text))
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
    taken = collect(Offer.of(row.site), batch.choices)
    for (number, text), one in zip(batch.lines, taken, strict=True):
        if one.status in names:
            counts[names[one.status]] += 1
        else:  # of who was erased, nothing is written down again
            batch.refused.append((number, WHY[one.status], text if one.status == "conflict" else ""))
    batch.refused.sort()
    return counts | {"refused": len(batch.refused)}


def _table(rows: list[tuple[int, str, str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out).writerows((number, why, text.replace("\r", " ").replace("\n", " ")) for number, why, text in rows)
    return out.getvalue().encode("utf-8", "replace")


def first_refused(row: ChoiceImport, most: int = 50) -> list[tuple[str, str, str]]:
    """(line, why, the row) of the first rows that were not taken."""
    return list(_refused(row, most))


def _refused(row: ChoiceImport, most: int) -> Iterator[tuple[str, str, str]]:
    try:
        with refused_path(row).open(encoding="utf-8", newline="") as file:
            for number, cells in enumerate(csv.reader(file)):
                if number >= most:
                    return
                yield cells[0], cells[1], cells[2]
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


def forget(site: Site, identifier: str) -> None:
    """Takes a person out of the rows that were not taken."""
    for path in folder().glob(f"{site.uuid}-*.refused.csv"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if identifier.lower() not in line.lower()]
        if len(kept) < len(lines):
            with private_files.open_file(path) as file:
                file.writelines(kept)


def sweep(now: datetime | None = None) -> int:
    """Removes files of rows that were not taken and are KEPT old, and files whose import has ended. Returns how
    many."""
    limit = (now or timezone.now()) - KEPT
    removed = 0
    for row in ChoiceImport.objects.filter(finished_at__isnull=False).select_related("site").iterator():
        for path in (path_of(row), refused_path(row)):
            over = path != refused_path(row) or (row.finished_at is not None and row.finished_at < limit)
            if over and path.exists():
                path.unlink(missing_ok=True)
                removed += 1
    return removed
