"""The audit bundle: one zip that proves a period of one site's log, offline (docs/audit.md describes each file).

The long files are made and compressed in parts, by all cores (`parts.py`), so that a killed export goes on where it
was; then everything is put into the zip. Memory stays constant: rows come in chunks, files go out in pieces.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import zipfile
import zlib
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, Self

from django.conf import settings
from django.db.models import Q, QuerySet

from consent import private_files, processes
from consent.exports import deflated, formats, parts, period, report
from consent.exports.deflated import Stream
from consent.exports.parts import Part
from consent.exports.period import LogRow, Period
from consent.exports.verify import verify as verifier
from consent.ledger import checkpoint, erasure, merkle, signing
from consent.ledger.models import Anchor, Checkpoint, LogEntry
from consent.ledger.proofs import Tree
from consent.policies import markdown
from consent.policies.models import DocumentVersion
from consent.trail.models import AuditEvent
from consent.trail.verbs import Verb

HERE = Path(__file__).parent / "verify"
FORMAT = "fairgate-bundle/2"
LEVEL = 3  # of zlib, for the short files
STEP = 500  # records that are compressed at a time
LONG = ("records.jsonl", "records.csv")  # the files that are made in parts
MOST_POINTS = 5_000  # checkpoints that a bundle shows whole: of the log, of its period, of those that were handed out
NOTES = 500  # of checkpoints, read at a time
# What a reader must know of whichever period it is; pictures, erasures, releases and documents only where they belong
# to it.
ALWAYS_TOLD = ("key_rotation", "restart", "clock_repair", "waiver", "void", "screenshot", "wording")
Progress = Callable[[int, int], None]


@dataclass
class BundleProgress:
    """How far the long files are. `size` fixes the tree: entries that come while we write are left out."""

    size: int
    next: int = 0  # the part that follows
    bytes: dict[str, int] = field(default_factory=dict)  # of each long file, compressed, that are certain
    records: int = 0
    erased: int = 0
    blank: int = 0  # erased records, with the neighbours of the period
    totals: dict[str, int] = field(default_factory=dict)  # "day action place" → answers
    releases: list[int] = field(default_factory=list)  # numbers of those that were answered
    choices: dict[str, int] = field(default_factory=dict)  # "topic yes" → choices; "" → erased ones


def build(
    span: Period, out: Path, progress: Progress, separator: str = ",", kept: Sequence[str] = ()
) -> tuple[int, int]:
    """Writes the bundle of a period to `out`; returns the number of its records and the size of its last checkpoint.

    A work folder `<out>.work` beside it is used and removed; when it is found, the export resumes. `separator` is that
    of its table; `kept` are texts that hold checkpoints of this log, whose proofs the auditor asked for. Raises
    ValueError for an empty log or a checkpoint that is not of it, OSError when it can't be written.
    """
    signed = checkpoint.make(span.site)
    if signed is None:
        raise ValueError(f"The log of {span.site.name} is empty: publish first.")
    span = period.find(span.site, span.start, span.end)  # with what came in until the log was signed
    work = out.with_name(out.name + ".work")
    asked = parts.question(span, FORMAT, separator)
    found = parts.resume(work, asked, span)
    state = BundleProgress(**found) if found else BundleProgress(signed.size)
    last = min(span.last, state.size - 1)
    long = {}
    if span.first <= last:
        upper = last + 1 if last + 1 < state.size else last
        whole = Part(0, _lower(span), upper, replace(span, last=last), FORMAT, separator, work)
        long = _long_files(whole, asked, state, progress)
    made = _Bundle(work, span, last, state, separator, kept, long)
    made.write(out)
    shutil.rmtree(work)
    return state.records, state.size


def _lower(span: Period) -> int:
    """The entry just before the period shows that nothing was cut off there."""
    return max(0, span.first - 1)


def _long_files(whole: Part, asked: list[str], state: BundleProgress, progress: Progress) -> dict[str, Stream]:
    """records.jsonl (with the neighbours of the period) and records.csv (answers of the period), compressed."""
    span = whole.span
    long = {name: Stream(whole.work / f"{name}.deflated", state.bytes.get(name, 0)) for name in LONG}
    left = parts.cut(whole)[state.next :]
    used, totals, choices = set(state.releases), Counter(state.totals), Counter(state.choices)
    try:
        for part, made in zip(left, processes.in_order(make, left, parts.workers(left)), strict=True):
            for name, stream in long.items():
                stream.append(part.file(name), part.file(f"{name}.deflated"))
            totals.update(made["totals"])
            choices.update(made["choices"])
            used.update(made["releases"])
            state.next, state.bytes = part.number + 1, {name: stream.tell() for name, stream in long.items()}
            state.totals, state.choices, state.releases = dict(totals), dict(choices), sorted(used)
            state.records += made["records"]
            state.erased += made["erased"]
            state.blank += made["blank"]
            parts.save(whole.work, asked, asdict(state))
            part.remove()
            progress(min(part.last, span.last) - span.first + 1, span.count)
    finally:
        for stream in long.values():
            stream.close()
    return long


def make(part: Part) -> dict[str, Any]:
    """Writes a part of the long files, plain and compressed; says what is in it."""
    return parts.made_once(part, _make)


def _make(part: Part) -> dict[str, Any]:
    span, site = part.span, str(part.span.site.uuid)
    lines: list[bytes] = []
    cells = [] if part.number else [formats.csv_head(part.separator)]
    totals: Counter[str] = Counter()
    choices: Counter[str] = Counter()
    used: set[int] = set()
    records = erased = blank = 0
    with _Pair(part, LONG[0]) as jsonl, _Pair(part, LONG[1]) as table:
        for row in part.rows():
            lines.append(formats.json_line(row))
            blank += row.erased
            if span.first <= row.index <= span.last:
                records += 1
                erased += row.erased
                if row.type == LogEntry.Type.CONSENT:
                    used.add(row.release or 0)
                    if span.inside(row):
                        cells.append(formats.csv_line(row, site, part.separator))
                        totals[f"{row.day.isoformat()} {row.action} {formats.place_of(row)}"] += 1
                if row.type == LogEntry.Type.CHOICE and span.inside(row):
                    choices[formats.choice_key(row)] += 1
            if len(lines) == STEP:
                jsonl.write(lines)
                table.write(cells)
        jsonl.write(lines)
        table.write(cells)
    counted = {"records": records, "erased": erased, "blank": blank}
    return {**counted, "totals": totals, "choices": choices, "releases": sorted(used)}


class _Pair:
    """A part of a long file as it is, whose hash is needed, and compressed, as it goes into the zip."""

    def __init__(self, part: Part, name: str) -> None:
        self.plain = private_files.open_file(part.file(name), "wb")
        self.deflated = private_files.open_file(part.file(f"{name}.deflated"), "wb")
        self.compressor = deflated.compressor()

    def write(self, pieces: list[bytes]) -> None:
        """Writes the pieces, and empties their list."""
        data = b"".join(pieces)
        pieces.clear()
        self.plain.write(data)
        self.deflated.write(self.compressor.compress(data))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        # Ends at a whole byte and refers to nothing before itself: what follows may be any other part.
        self.deflated.write(self.compressor.flush(zlib.Z_SYNC_FLUSH))
        self.plain.close()
        self.deflated.close()


def _b64(hashes: list[bytes]) -> list[str]:
    return [b64encode(one).decode() for one in hashes]


def range_proof(tree: Tree, size: int, first: int, last: int) -> list[bytes]:
    """The hashes of all subtrees beside leaves `first` … `last`, in the order in which the verifier asks for them."""

    def walk(low: int, high: int) -> Iterator[bytes]:
        if low >= first and high <= last + 1:  # lies inside: nothing is beside it
            return
        if high <= first or low > last:
            yield merkle.range_root(low, high, tree.subtree)
            return
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        yield from walk(low, middle)
        yield from walk(middle, high)

    return list(walk(0, size))


def _bounds(around: list[LogRow], span: Period, last: int, size: int) -> tuple[int, int]:
    """The first and the last entry that the records show, neighbours with them."""
    if around:
        return around[0].index, around[-1].index
    return _lower(span), last + 1 if last + 1 < size else last


class _Bundle:
    """The short files, what they say of the log, and the zip."""

    def __init__(
        self, work: Path, span: Period, last: int, state: BundleProgress, separator: str, kept: Sequence[str],
        long: dict[str, Stream],
    ) -> None:  # fmt: skip
        self.work, self.span, self.last, self.state, self.separator = work, span, last, state, separator
        self.site, self.size = span.site, state.size
        self.tree = Tree(self.site.pk, self.site.uuid)
        self.head = Checkpoint.objects.get(site_id=self.site.pk, size=self.size)
        self.origin = self.head.note.split("\n", 1)[0]
        self.keys = [signing.vkey(self.origin, key) for key in checkpoint.trusted_keys(self.site.pk)]
        self.around = [] if span.first <= last else _around(span, self.size)
        self.lower, self.upper = _bounds(self.around, span, last, self.size)
        self.events: dict[int, LogRow] = {}  # what events.jsonl holds
        self.happened: dict[int, str] = {}  # sentences of the report
        self.releases = self._releases()
        self.files: list[tuple[str, bytes | Path | Stream]] = []
        self.kept = kept
        self.long = long

    def write(self, out: Path) -> None:
        """Makes everything that is not made yet, and the zip."""
        self.files += [
            ("range_proof.json", self._range_proof()),
            ("erasures.jsonl", self._erasures()),
            *((name, self.long.get(name, self.work / name)) for name in LONG),
            ("events.jsonl", self._events()),
            ("head.json", self._head()),
        ]
        self._add_sentences()
        points = self._points()
        self.files += [
            ("checkpoints.json", formats.plain_json(points)),
            ("anchors.json", formats.plain_json(anchors := self._anchors(points))),
            ("releases.jsonl", b"".join(self._proved(row) for row, _ in self.releases)),
            *{f"releases/{row.release_hash}.json": text.encode() for row, text in self.releases}.items(),
        ]
        pictures = self._pictures()
        self.files += [(name, found) for name, found in pictures.items() if found]
        self.files += sorted(self._documents().items())
        self.files += [(name, (HERE / name).read_bytes()) for name in ("verify.py", "verify.html")]
        facts = self._facts(anchors, points)
        self.files.append(("report.html", report.page(facts)))
        missing = [name for name, found in pictures.items() if found is None]
        _zip(self.work, out, self.files, self._manifest(facts.name, missing))

    def _manifest(self, name: str, missing: list[str]) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "site": str(self.site.uuid),
            "name": name,
            "origin": self.origin,
            "date": self._last_row.day.isoformat(),
            "from": self.span.start.isoformat(),
            "to": self.span.end.isoformat(),
            "first": self.span.first,
            "last": self.last,
            "size": self.size,
            "separator": self.separator,
            "keys": self.keys,
            "missing": missing,
        }

    # --- parts ------------------------------------------------------------------------------------------------------

    @cached_property
    def _last_row(self) -> LogRow:
        return next(period.at(self.site.pk, [self.size - 1]))

    def _proved(self, row: LogRow, **more: Any) -> bytes:
        proof = _b64(self.tree.inclusion(row.index, self.size))
        return formats.line({**formats.fields(row), **more, "proof": proof})

    def _range_proof(self) -> bytes:
        """The hashes beside the period; of an empty period, the proofs of the entries around it, which become its
        records."""
        if self.span.first <= self.last:
            return formats.plain_json(_b64(range_proof(self.tree, self.size, self.lower, self.upper)))
        with private_files.open_file(self.work / "records.jsonl", "wb") as lines:
            lines.writelines(formats.json_line(row) for row in self.around)
        with private_files.open_file(self.work / "records.csv", "wb") as cells:
            cells.write(formats.csv_head(self.separator))
        self.state.blank = sum(row.erased for row in self.around)
        return formats.plain_json([_b64(self.tree.inclusion(row.index, self.size)) for row in self.around])

    def _head(self) -> bytes:
        """What the tree holds of the log's last entry: it dates the bundle."""
        row = self._last_row
        return formats.plain_json(
            {
                "type": row.type,
                "day": row.day.isoformat(),
                "release_hash": row.release_hash,
                "commitment": b64encode(row.commitment).decode(),
                "proof": _b64(self.tree.inclusion(row.index, self.size)),
            }
        )

    def _entries(self, *types: str) -> QuerySet[LogEntry, int]:
        """Indexes of entries of these types, found by the small index of what is no answer."""
        entries = LogEntry.objects.filter(site_id=self.site.pk, index__lt=self.size).exclude(type="consent")
        return entries.filter(type__in=types).order_by("index").values_list("index", flat=True)

    def _releases(self) -> list[tuple[LogRow, str]]:
        """The entry and the text of each release that was published or answered in the period, and of the one that was
        in force when it began."""
        indexes = list(self._entries("release"))
        before = [index for index in indexes if index <= self.lower][-1:]
        shown = [
            row
            for row in period.at(self.site.pk, indexes)
            if row.release in self.state.releases or row.index in before or self.span.first <= row.index <= self.last
        ]
        numbers = {row.release for row in shown if row.release is not None}
        texts = dict(self.site.releases.filter(number__in=numbers).values_list("number", "snapshot"))
        lost = [row.release for row in shown if row.release not in texts]
        if lost:
            raise ValueError(f"The text of release {lost[0]} is gone: run manage.py verify_ledger.")
        return [(row, texts[row.release or 0]) for row in shown]

    def _events(self) -> bytes:
        """events.jsonl: what the log says beside answers, releases and erasures."""
        numbers = {row.release for row, _ in self.releases}
        indexes = self._entries(*ALWAYS_TOLD, "pictures", "document").iterator()
        for row in period.at(self.site.pk, indexes):
            belongs = True
            if row.type == "document":
                belongs = row.index <= self.upper  # which version was in force follows from all before
            elif row.type == "pictures":
                belongs = row.release in numbers or self.span.first <= row.index <= self.last
            if belongs:
                self.events[row.index] = row
        return b"".join(map(self._proved, self.events.values()))

    def _erasures(self) -> Path:
        """erasures.jsonl: the log's entries that name what was erased of this period, each with its inclusion proof.

        An entry seals what was left of all that it names: `others` are the lines of it that are not shown here.
        """
        path = self.work / "erasures.jsonl"
        indexes = self._entries("erasure").filter(index__gte=self.lower).iterator() if self.state.blank else ()
        with private_files.open_file(path, "wb") as file:
            for row in period.at(self.site.pk, indexes):
                named = json.loads(row.payload or "{}").get("indexes", [])
                if any(self.lower <= one <= self.upper for one in named):
                    outside = [one for one in named if not self.lower <= one <= self.upper]
                    others = [erasure.kept_line(kept) for kept in erasure.kept_rows(self.site.pk, outside)]
                    file.write(self._proved(row, others=others))
                    self.happened.update(report.sentences([row]))
        return path

    def _add_sentences(self) -> None:
        """The sentences on all that the report speaks of, beside the erasures of what is shown: what events.jsonl
        holds, and every entry of the period."""
        self.happened.update(report.sentences(self.events.values()))
        types = [kind for kind in LogEntry.Type.values if kind not in verifier.QUIET]
        inside = self._entries(*types).filter(index__gte=self.span.first, index__lte=self.last)
        known = self.events.keys() | self.happened.keys()
        left = (index for index in inside.iterator() if index not in known)
        self.happened.update(report.sentences(period.at(self.site.pk, left)))

    def _points(self) -> list[dict[str, Any]]:
        """checkpoints.json: each with the proof that the log of today began with it."""
        notes = self._notes(self._shown())
        asked = dict(map(self._asked_for, self.kept))
        # The last one proves the others: who comes back with it needs none of these.
        checkpoint.hand_out(self.site.pk, [self.size, *asked])
        notes = asked | notes
        return [
            {"note": notes[size], "consistency": _b64(self.tree.consistency(size, self.size))} for size in sorted(notes)
        ]

    def _stored(self) -> QuerySet[Checkpoint]:
        """The checkpoints of this log, before a restart, too, in order of size."""
        stored = Checkpoint.objects.filter(site_id=self.site.pk, size__lte=self.size).order_by("size")
        return stored.filter(Q(note__startswith=f"{self._name}\n") | Q(note__startswith=f"{self._name}/r"))

    @property
    def _name(self) -> str:
        """The origin without the mark of a restart."""
        return self.origin.partition(str(self.site.uuid))[0] + str(self.site.uuid)

    def _shown(self) -> set[int]:
        """The sizes of all checkpoints, if they are not too many. Else of the last one of each day, of those of the
        period and those that were handed out (of too many the last of each hour, or day), and of all that ended an
        earlier bundle, were kept outside or vouch for a new key; `export --checkpoint` has any."""
        stored, begin, end = self._stored(), self.span.start, self.span.end
        whole, inside, issued = _Thinned(), _Thinned(), _Thinned()
        for size, at in stored.values_list("size", "created_at").iterator():
            at = at.astimezone(UTC)
            whole.add(size, at)
            if begin <= at.date() <= end:
                inside.add(size, at)
        if len(whole.all) <= MOST_POINTS:
            return set(whole.all)
        handed_out = stored.filter(size__in=checkpoint.issued_sizes(self.site.pk))
        for size, at in handed_out.values_list("size", "created_at").iterator():
            issued.add(size, at.astimezone(UTC))
        named = {*checkpoint.anchored_sizes(self.site.pk), *(index + 1 for index in self._entries("key_rotation"))}
        return {*whole.days.values(), *inside.sizes(), *issued.sizes(), *named, *self._earlier(), self.size}

    def _earlier(self) -> Iterator[int]:
        """The sizes of the last checkpoints of earlier bundles, as the audit trail tells."""
        lines = AuditEvent.objects.filter(site=self.site, verb=Verb.EXPORT, detail__format="bundle")
        return (detail["size"] for detail in lines.values_list("detail", flat=True) if "size" in detail)

    def _notes(self, sizes: set[int]) -> dict[int, str]:
        """{size: note} of these checkpoints, as far as they are of this log."""
        notes: dict[int, str] = {}
        ordered = sorted(sizes)
        for start in range(0, len(ordered), NOTES):
            notes |= self._stored().filter(size__in=ordered[start : start + NOTES]).values_list("size", "note")
        # SQLite takes an origin in other letters for the same.
        return {size: note for size, note in notes.items() if note.startswith((f"{self._name}\n", f"{self._name}/r"))}

    def _asked_for(self, text: str) -> tuple[int, str]:
        """The size and the note of a checkpoint that an auditor kept, when it is one of this log."""
        try:
            note = verifier.note_in(text)
            kept = signing.parse(note)
        except (verifier.WrongOption, ValueError) as error:
            raise ValueError(f"The checkpoint can't be read: {error}") from None
        if kept.size > self.size or self.tree.root(kept.size) != kept.root:
            raise ValueError(f"The log never was what this checkpoint of size {kept.size} says.")
        body, _, lines = note.partition("\n\n")
        keys = checkpoint.trusted_keys(self.site.pk)
        own = [line for line in lines.splitlines() if signing.signer(f"{body}\n\n{line}\n", keys)]
        if not own:
            raise ValueError(f"No key of this log signed the checkpoint of size {kept.size}.")
        return kept.size, f"{body}\n\n" + "".join(f"{line}\n" for line in own)

    def _anchors(self, points: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """anchors.json: where checkpoints of the bundle are kept outside, with the evidence."""
        sizes = [int(point["note"].split("\n")[1]) for point in points]
        return [
            {
                "size": anchor.size,
                "method": anchor.method,
                "target": anchor.target,
                "evidence": b64encode(bytes(anchor.evidence)).decode(),
            }
            for anchor in Anchor.objects.filter(site_id=self.site.pk, size__in=sizes).order_by("size", "pk")
        ]

    def _pictures(self) -> dict[str, Path | None]:
        """The files that entries of pictures name, None where the file is not what was logged."""
        folder = Path(settings.FAIRGATE_DATA)
        return {
            name: path if (path := folder / name).exists() and _fits(path, name) else None
            for name in report.pictures(self._of_pictures())
        }

    def _of_pictures(self) -> list[LogRow]:
        return [row for row in self.events.values() if row.type in (LogEntry.Type.PICTURES, LogEntry.Type.VOID)]

    def _documents(self) -> dict[str, bytes]:
        """The texts of all versions of documents that had been published by the end of the period, by their hashes."""
        named = [row for row in self.events.values() if row.type == LogEntry.Type.DOCUMENT]
        wanted = {digest for row in named for digest in json.loads(row.payload or "{}")["texts"].values()}
        versions = DocumentVersion.objects.filter(document__site=self.site) if wanted else ()
        files = {hashlib.sha256(body := markdown.file_of(own["title"], own["text"]).encode()).hexdigest(): body
                 for version in versions for own in version.texts.values()}  # fmt: skip
        if lost := wanted - set(files):
            raise ValueError(f"The text {min(lost)} of a document is gone: run manage.py verify_ledger.")
        return {f"documents/{digest}.md": files[digest] for digest in wanted}

    def _facts(self, anchors: list[dict[str, Any]], points: list[dict[str, Any]]) -> verifier.ReportContent:
        return report.facts(
            self.span, self.state, self.releases, self.happened, self._of_pictures(), self.head.note, self.keys,
            anchors, {int(point["note"].split("\n")[1]): point["note"] for point in points},
        )  # fmt: skip


class _Thinned:
    """The sizes of checkpoints, added in order of size: all, of too many the last of each hour, else of each day. Holds
    no more than are shown."""

    def __init__(self) -> None:
        self.all: list[int] = []  # one more than are shown says that there are too many; likewise of hours
        self.hours: dict[datetime, int] = {}
        self.days: dict[date, int] = {}

    def add(self, size: int, at: datetime) -> None:
        """One more, and its time in UTC."""
        self.days[at.date()] = size
        if len(self.all) <= MOST_POINTS:
            self.all.append(size)
        if len(self.hours) <= MOST_POINTS:
            self.hours[at.replace(minute=0, second=0, microsecond=0)] = size

    def sizes(self) -> Iterable[int]:
        """Those that are shown."""
        if len(self.all) <= MOST_POINTS:
            return self.all
        return self.hours.values() if len(self.hours) <= MOST_POINTS else self.days.values()


def _fits(path: Path, name: str) -> bool:
    return hashlib.sha256(path.read_bytes()).hexdigest() in name


def _around(span: Period, size: int) -> list[LogRow]:
    """The entries before and after an empty period."""
    entries = LogEntry.objects.filter(site_id=span.site.pk, index__lt=size)
    before = entries.filter(day__lt=span.start).order_by("-index").values_list("index", flat=True).first()
    after = 0 if before is None else before + 1
    first = after if before is None else before
    return list(period.rows(span.site.pk, first, min(after, size - 1)))


def _zip(work: Path, out: Path, files: list[tuple[str, bytes | Path | Stream]], manifest: dict[str, Any]) -> None:
    """The files, then the manifest that names their hashes; moved to its place when whole."""
    hashes: dict[str, str] = {}
    fresh = work / "bundle.zip"
    with (
        private_files.open_file(fresh, "w+b") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive,
    ):
        for name, content in files:
            if isinstance(content, Stream):
                hashes[name] = content.put(archive, name)
                continue
            made = hashlib.sha256()
            source: Any = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
            with source, archive.open(name, "w", force_zip64=True) as target:
                while piece := source.read(1 << 20):
                    made.update(piece)
                    target.write(piece)
            hashes[name] = made.hexdigest()
        archive.writestr(zipfile.ZipInfo("manifest.json"), formats.plain_json({**manifest, "files": hashes}))
    shutil.move(fresh, out)
