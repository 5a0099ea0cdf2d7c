"""Exports in parts: every core makes some, they are joined in order, and a killed export goes on where it was.

Beside the file lies a work folder until it is whole: parts that wait for their turn, what was joined, and `state.json`,
which says how much of that is certain. Parts are cut by leaves, so that the file is the same whoever made them.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from consent import private_files, processes
from consent.exports import copies, formats, jsonld, parquet, period
from consent.exports.period import LogRow, Period
from consent.ledger.models import LogEntry, LogHead

SIZE = 50_000  # leaves
CONSENT = LogEntry.Type.CONSENT.value
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Text:
    """A format whose parts are joined as they are. `head` and `body` are given the separator of tables, too."""

    head: Callable[[str], bytes]
    body: Callable[[Iterable[LogRow], str, str], Iterator[bytes]]
    between: bytes = b""
    foot: bytes = b""


TEXTS = {
    "csv": Text(formats.csv_head, formats.csv_lines),
    "jsonl": Text(lambda separator: b"", formats.json_lines),
    "jsonld": Text(lambda separator: jsonld.HEAD, jsonld.nodes, jsonld.BETWEEN, jsonld.FOOT),
}
FORMATS = (*TEXTS, "parquet")


@dataclass(frozen=True)
class Part:
    """Leaves `first` … `last` of an export, and where the files of it lie."""

    number: int
    first: int
    last: int
    span: Period
    form: str
    separator: str
    work: Path

    def file(self, ending: str = "part") -> Path:
        return self.work / f"{self.number}.{ending}"

    def rows(self) -> Iterator[LogRow]:
        return period.rows(self.span.site.pk, self.first, self.last)

    def remove(self) -> None:
        """Takes the files of the part away."""
        for path in self.work.glob(f"{self.number}.*"):
            path.unlink()


def cut(part: Part, size: int = 0) -> list[Part]:
    """The parts of SIZE leaves that make up one."""
    step = size or SIZE
    starts = range(part.first, part.last + 1, step)
    return [
        replace(part, number=number, first=first, last=min(part.last, first + step - 1))
        for number, first in enumerate(starts)
    ]


def made_once(part: Part, make: Callable[[Part], dict[str, Any]]) -> dict[str, Any]:
    """What `make` says of a part whose files it writes; a part that an earlier run has made is not made again."""
    said = part.file("json")
    if not said.exists():
        made = make(part)
        fresh = part.file("new")
        with private_files.open_file(fresh) as file:
            json.dump(made, file)
        fresh.replace(said)
    found: dict[str, Any] = json.loads(said.read_text())
    return found


def workers(parts: Sequence[Part]) -> int:
    """How many processes make them."""
    return min(processes.cores(), len(parts)) if processes.shared() else 1


def resume(work: Path, question: list[str], span: Period) -> dict[str, Any] | None:
    """What is certain of an export that was killed; None, and an empty folder, when there was none of this question, or
    when it holds what was erased since."""
    private_files.folder(work)
    saved = work / "state.json"
    if saved.exists():
        kept: dict[str, Any] = json.loads(saved.read_text())
        if kept.pop("question") == question and not copies.erased_since(span.site, kept["size"]):
            return kept
    for stale in work.iterdir():
        stale.unlink()
    return None


def save(work: Path, question: list[str], state: dict[str, Any]) -> None:
    """Makes a state certain."""
    fresh = work / "state.new"
    with private_files.open_file(fresh) as file:
        file.write(json.dumps({**state, "question": question}))
    fresh.replace(work / "state.json")


def question(span: Period, form: str, separator: str) -> list[str]:
    """What must be the same for an export to go on where another was."""
    return [str(span.site.uuid), span.start.isoformat(), span.end.isoformat(), separator, form, str(SIZE)]


def write(span: Period, form: str, out: Path, separator: str, progress: Progress) -> int:
    """Writes the answers of a period to `out` in one of FORMATS; returns how many."""
    work = out.with_name(out.name + ".work")
    asked = question(span, form, separator)
    state = resume(work, asked, span)
    if state is None:
        size = LogHead.objects.filter(site_id=span.site.pk).values_list("size", flat=True).first() or 0
        state = {"size": size, "first": span.first, "last": span.last, "next": 0, "bytes": 0, "records": 0}
        save(work, asked, state)
    span = replace(span, first=state["first"], last=state["last"])  # what came since is left out
    export = _Export(Part(0, span.first, span.last, span, form, separator, work), asked, state, progress)
    written = export.parquet() if form == "parquet" else export.text(TEXTS[form])
    (work / "joined").replace(out)
    shutil.rmtree(work)
    progress(span.count, span.count)
    return written


def make(part: Part) -> dict[str, Any]:
    """Writes a part's file; says how many answers are in it."""
    return made_once(part, _make)


def _make(part: Part) -> dict[str, Any]:
    count = 0

    def answers() -> Iterator[LogRow]:
        nonlocal count
        start, end = part.span.start, part.span.end  # `inside`, of leaves that all lie in the period's range
        for row in part.rows():
            if row.type == CONSENT and start <= row.day <= end:
                count += 1
                yield row

    site = str(part.span.site.uuid)
    with private_files.open_file(part.file(), "wb") as file:
        if part.form == "parquet":
            parquet.write_part(answers(), site, file)
        else:
            for piece in TEXTS[part.form].body(answers(), site, part.separator):
                file.write(piece)
    return {"records": count}


class _Export:
    """An export whose parts are made and joined; `state` is what is certain of it."""

    def __init__(self, whole: Part, asked: list[str], state: dict[str, Any], progress: Progress) -> None:
        self.whole, self.asked, self.state, self.progress = whole, asked, state, progress
        self.parts = cut(whole)
        self.joined = whole.work / "joined"

    def text(self, text: Text) -> int:
        """Puts each part behind those before it as soon as it is there; what is certain needs no part any more."""
        state = self.state
        with private_files.open_file(self.joined, "ab") as joined:
            joined.truncate(state["bytes"])
            joined.seek(state["bytes"])
            if not state["next"]:
                joined.write(text.head(self.whole.separator))
            for part, made in self._made(self.parts[state["next"] :]):
                if made["records"]:
                    joined.write(text.between if state["records"] else b"")
                    with part.file().open("rb") as source:
                        shutil.copyfileobj(source, joined, 1 << 20)
                joined.flush()
                state["next"], state["bytes"] = part.number + 1, joined.tell()
                state["records"] += made["records"]
                save(self.whole.work, self.asked, state)
                part.remove()
                self._report_progress(part)
            joined.write(text.foot)
        return int(state["records"])

    def parquet(self) -> int:
        """A Parquet file can't be gone on with: its parts stay until it is whole."""
        written = 0
        with private_files.open_file(self.joined, "wb") as joined, parquet.writer(joined) as writer:
            for part, made in self._made(self.parts):
                written += made["records"]
                with part.file().open("rb") as source:
                    parquet.append_part(writer, source)
                self._report_progress(part)
        return written

    def _made(self, parts: list[Part]) -> Iterator[tuple[Part, dict[str, Any]]]:
        return zip(parts, processes.in_order(make, parts, workers(parts)), strict=True)

    def _report_progress(self, part: Part) -> None:
        self.progress(part.last - self.whole.first + 1, self.whole.span.count)
