"""The audit bundle: one zip that proves a period of one site's log, offline (docs/audit.md describes each file).

The long files are written to a work folder first, with a file that says how far they are, so that a killed export goes
on where it was; then everything is put into the zip. Memory stays constant: rows come in chunks, files go out in
pieces.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
import zipfile
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from consent import private_files
from consent.exports import copies, formats, period, report
from consent.exports.period import LogRow, Period
from consent.jurisdictions import table
from consent.ledger import checkpoint, erasure, merkle, signing
from consent.ledger.models import Anchor, Checkpoint, ConsentRecord, LogEntry
from consent.ledger.proofs import Tree
from consent.publishing.models import Release

HERE = Path(__file__).parent / "verify"
FORMAT = "fairgate-bundle/1"
LEVEL = 3  # of zlib: half the time of 6, a tenth more bytes
STEP = 10_000  # records after which is saved how far we are
Progress = Callable[[int, int], None]


@dataclass
class BundleProgress:
    """How far the long files are. `size` fixes the tree: entries that come while we write are left out."""

    size: int
    next: int
    jsonl: int = 0  # bytes that are certain
    csv: int = 0
    records: int = 0
    erased: int = 0
    totals: dict[str, int] = field(default_factory=dict)  # "day action jurisdiction" → answers
    releases: list[str] = field(default_factory=list)  # hashes that were answered


def build(span: Period, out: Path, actor: str, progress: Progress) -> int:
    """Writes the bundle of a period to `out`; returns the number of its records.

    A work folder `<out>.work` beside it is used and removed; when it is found, the export resumes. Raises ValueError
    for an empty log, OSError when it can't be written.
    """
    signed = checkpoint.make(span.site)
    if signed is None:
        raise ValueError(f"The log of {span.site.name} is empty: publish first.")
    span = period.find(span.site, span.start, span.end)  # with what came in until the log was signed
    work = out.with_name(out.name + ".work")
    private_files.folder(work)
    state = _resume(work, span, signed.size)
    tree = Tree(span.site.pk, span.site.uuid)
    head = Checkpoint.objects.get(site_id=span.site.pk, size=state.size)
    last = min(span.last, state.size - 1)
    if span.first <= last:
        _long_files(work, span, last, state, progress)
    files = _short_files(work, span, last, state, tree, head, actor)
    _zip(work, out, files, span, last, state)
    shutil.rmtree(work)
    return state.records


def _resume(work: Path, span: Period, size: int) -> BundleProgress:
    saved = work / "state.json"
    question = [str(span.site.uuid), span.start.isoformat(), span.end.isoformat()]
    if saved.exists():
        kept = json.loads(saved.read_text())
        if kept.pop("question") == question and not copies.erased_since(span.site, kept["size"]):
            return BundleProgress(**kept)
    for stale in work.iterdir():
        stale.unlink()
    return BundleProgress(size=size, next=_lower(span))


def _lower(span: Period) -> int:
    """The entry just before the period shows that nothing was cut off there."""
    return max(0, span.first - 1)


def _save(work: Path, span: Period, state: BundleProgress) -> None:
    question = [str(span.site.uuid), span.start.isoformat(), span.end.isoformat()]
    fresh = work / "state.new"
    with private_files.open_file(fresh) as file:
        file.write(json.dumps({**asdict(state), "question": question}))
    fresh.replace(work / "state.json")


def _append(path: Path) -> IO[bytes]:
    return private_files.open_file(path, "ab")


def _long_files(work: Path, span: Period, last: int, state: BundleProgress, progress: Progress) -> None:
    """records.jsonl (with the neighbours of the period) and records.csv (answers of the period)."""
    site = str(span.site.uuid)
    upper = last + 1 if last + 1 < state.size else last
    with _append(work / "records.jsonl") as lines, _append(work / "records.csv") as cells:
        lines.truncate(state.jsonl)
        cells.truncate(state.csv)
        lines.seek(state.jsonl)
        cells.seek(state.csv)
        if not state.csv:
            cells.write(_csv([formats.COLUMNS]))
        waiting: list[list[str]] = []
        used = set(state.releases)
        totals = Counter(state.totals)

        def save_progress() -> None:
            cells.write(_csv(waiting))
            waiting.clear()
            lines.flush()
            cells.flush()
            state.jsonl, state.csv = lines.tell(), cells.tell()
            state.totals, state.releases = dict(totals), sorted(used)
            _save(work, span, state)
            progress(max(0, state.next - span.first), last - span.first + 1)

        for row in period.rows(span.site.pk, state.next, upper):
            lines.write(formats.line(formats.fields(row)))
            state.next = row.index + 1
            if span.first <= row.index <= last:
                state.records += 1
                state.erased += row.erased
                if row.type == LogEntry.Type.CONSENT:
                    used.add(row.release_hash)
                if row.type == LogEntry.Type.CONSENT and span.inside(row):
                    waiting.append(formats.cells(row, site))
                    totals[f"{row.day.isoformat()} {row.action} {row.jurisdiction}"] += 1
            if state.next % STEP == 0:
                save_progress()
        save_progress()


def _csv(rows: Any) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


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


def _short_files(
    work: Path, span: Period, last: int, state: BundleProgress, tree: Tree, head: Checkpoint, actor: str
) -> list[tuple[str, bytes | Path]]:
    """Everything but the records, as (name in the zip, content or file)."""
    site = span.site
    proof = _proof(work, span, last, state, tree)
    origin = head.note.split("\n", 1)[0]  # a restarted log has another one; what came before is another log
    stored = Checkpoint.objects.filter(site_id=site.pk, size__lte=state.size).order_by("size")
    points = [point for point in stored if point.note.startswith(origin + "\n")]
    notes = [
        {"note": point.note, "consistency": _b64(tree.consistency(point.size, state.size))}
        for point in _thinned(points, span)
    ]
    anchors = _anchors(site.pk, {point.size for point in points})
    releases = _releases(span, set(state.releases))
    proofs = [
        {**formats.fields(row), "number": release.number, "proof": _b64(tree.inclusion(row.index, state.size))}
        for release, row in releases
        if row.index < state.size
    ]
    _erasures(work, span, last, state, tree)
    files: list[tuple[str, bytes | Path]] = [
        ("erasures.jsonl", work / "erasures.jsonl"),
        ("records.jsonl", work / "records.jsonl"),
        ("records.csv", work / "records.csv"),
        ("range_proof.json", _json(proof)),
        ("checkpoints.json", _json(notes)),
        ("anchors.json", _json(anchors)),
        ("releases.jsonl", b"".join(map(formats.line, proofs))),
    ]
    written = set()
    for release, _row in releases:
        if release.sha256 not in written:
            written.add(release.sha256)
            files.append((f"releases/{release.sha256}.json", release.snapshot.encode()))
    files += screenshots(span, state.size)
    files += [
        ("jurisdictions.csv", (table.FOLDER / "jurisdictions.csv").read_bytes()),
        ("jurisdictions.json", _json({"version": table.VERSION})),
        ("verify.py", (HERE / "verify.py").read_bytes()),
        ("verify.html", (HERE / "verify.html").read_bytes()),
        ("verifier_keys.txt", ("\n".join(_keys(site.pk, origin)) + "\n").encode()),
    ]
    content = report.ReportContent(
        span=span,
        last=last,
        records=state.records,
        erased=state.erased,
        totals=Counter(state.totals),
        releases=[release for release, _row in releases],
        head=head,
        anchors=anchors,
        keys=_keys(site.pk, origin),
        actor=actor,
        made_at=datetime.now(UTC),
        repairs=_repairs(span.site.pk, state.size),
        blank_pictures=any(name.startswith("screenshots/") for name, _ in files),
    )
    files.append(("report.html", report.html(content).encode()))
    return files


def _proof(work: Path, span: Period, last: int, state: BundleProgress, tree: Tree) -> Any:
    """range_proof.json; of an empty period, the proofs of the entries around it, which become its records."""
    if span.first <= last:
        upper = last + 1 if last + 1 < state.size else last
        return _b64(range_proof(tree, state.size, _lower(span), upper))
    around = _around(span, state.size)
    with private_files.open_file(work / "records.jsonl", "wb") as lines:
        lines.writelines(formats.line(formats.fields(row)) for row in around)
    with private_files.open_file(work / "records.csv", "wb") as cells:
        cells.write(_csv([formats.COLUMNS]))
    return [_b64(tree.inclusion(row.index, state.size)) for row in around]


def _anchors(site_id: int, sizes: set[int]) -> list[dict[str, Any]]:
    """anchors.json: where checkpoints of these sizes are kept outside."""
    return [
        {
            "size": a.size,
            "method": a.method,
            "target": a.target,
            "at": a.at.isoformat(),
            "evidence": b64encode(bytes(a.evidence)).decode(),
        }
        for a in Anchor.objects.filter(site_id=site_id, size__in=sizes).order_by("size")
    ]


def _keys(site_id: int, origin: str) -> list[str]:
    return [signing.vkey(origin, key) for key in checkpoint.trusted_keys(site_id)]


def _thinned(points: list[Checkpoint], span: Period) -> list[Checkpoint]:
    """All checkpoints of the period and all anchored ones; of the rest the last one of each day."""
    anchored = set(Anchor.objects.filter(site_id=span.site.pk).values_list("size", flat=True))
    by_day = {point.created_at.astimezone(UTC).date(): point.size for point in points}
    keep = anchored | set(by_day.values())
    return [p for p in points if p.size in keep or span.start <= p.created_at.astimezone(UTC).date() <= span.end]


def _around(span: Period, size: int) -> list[LogRow]:
    """The entries before and after an empty period."""
    entries = LogEntry.objects.filter(site_id=span.site.pk, index__lt=size)
    before = entries.filter(day__lt=span.start).order_by("-index").values_list("index", flat=True).first()
    after = 0 if before is None else before + 1
    first = after if before is None else before
    return list(period.rows(span.site.pk, first, min(after, size - 1)))


def _releases(span: Period, used: set[str]) -> list[tuple[Release, LogRow]]:
    """Releases in force in the period or answered in it, each with its entry of the log."""
    entries = LogEntry.objects.filter(site_id=span.site.pk, type=LogEntry.Type.RELEASE).exclude(type="consent")
    logged: dict[str, list[int]] = {}  # a release that went back to an older one has its hash
    for sha256, index in entries.order_by("index").values_list("release_hash", "index"):
        logged.setdefault(sha256, []).append(index)
    found: list[tuple[Release, LogRow]] = []
    releases = list(span.site.releases.order_by("number"))
    for place, release in enumerate(releases):
        until = releases[place + 1].published_at.date() if place + 1 < len(releases) else span.end
        in_force = release.published_at.date() <= span.end and until >= span.start
        if in_force or release.sha256 in used:
            rows = (row for index in logged.get(release.sha256, ()) for row in period.rows(span.site.pk, index, index))
            found += [(release, row) for row in rows if row.release == release.number]
    return found


def _erasures(work: Path, span: Period, last: int, state: BundleProgress, tree: Tree) -> None:
    """erasures.jsonl: the log's entries that name what was erased of this period, each with its inclusion proof.

    An entry seals what was left of all that it names: `others` are the lines of it that lie outside the period.
    """
    with private_files.open_file(work / "erasures.jsonl", "wb") as file:
        if not state.erased:
            return
        entries = LogEntry.objects.filter(
            site_id=span.site.pk, type=LogEntry.Type.ERASURE, index__gt=span.first, index__lt=state.size
        ).exclude(type="consent")
        for index in entries.order_by("index").values_list("index", flat=True).iterator():
            for row in period.rows(span.site.pk, index, index):
                named = json.loads(row.payload or "{}").get("indexes", [])
                if any(span.first <= one <= last for one in named):
                    outside = [one for one in named if not span.first <= one <= last]
                    others = [erasure.kept_line(row) for row in erasure.kept_rows(span.site.pk, outside)]
                    proof = _b64(tree.inclusion(index, state.size))
                    file.write(formats.line({**formats.fields(row), "others": others, "proof": proof}))


def _repairs(site_id: int, size: int) -> list[report.Repair]:
    """Where the log's clock was put right."""
    entries = LogEntry.objects.filter(site_id=site_id, type=LogEntry.Type.CLOCK_REPAIR, index__lt=size)
    indexes = entries.exclude(type="consent").order_by("index").values_list("index", flat=True)
    rows = [row for index in indexes for row in period.rows(site_id, index, index)]
    repairs = [(row, json.loads(row.payload or "{}")) for row in rows]
    return [report.Repair(row.index, stated["before"], formats.stamp(row), stated["reason"]) for row, stated in repairs]


def screenshots(span: Period, size: int) -> list[tuple[str, bytes | Path]]:
    """What an earlier version logged as pictures of the banner, by their SHA-256. The files are blank, but the log
    names them, so they are not hidden. Nothing logs pictures now."""
    from django.conf import settings

    rows = ConsentRecord.objects.filter(site_id=span.site.pk, type=LogEntry.Type.SCREENSHOT, index__lt=size)
    found: dict[str, Path] = {}
    for payload in rows.values_list("payload", flat=True):
        digest = str(json.loads(payload or "{}").get("sha256", ""))
        path = Path(settings.FAIRGATE_DATA) / "screenshots" / f"{digest}.png"
        if digest.isalnum() and path.exists():
            found[f"screenshots/{digest}.png"] = path
    return list(found.items())


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False).encode()


def _zip(
    work: Path, out: Path, files: list[tuple[str, bytes | Path]], span: Period, last: int, state: BundleProgress
) -> None:
    """The files, then the manifest that names their hashes; moved to its place when whole."""
    hashes: dict[str, str] = {}
    fresh = work / "bundle.zip"
    with (
        private_files.open_file(fresh, "w+b") as file,
        zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=LEVEL) as archive,
    ):
        for name, content in files:
            made = hashlib.sha256()
            source: Any = io.BytesIO(content) if isinstance(content, bytes) else content.open("rb")
            with source, archive.open(name, "w", force_zip64=True) as target:
                while piece := source.read(1 << 20):
                    made.update(piece)
                    target.write(piece)
            hashes[name] = made.hexdigest()
        keys = [line for line in _text(files, "verifier_keys.txt").split("\n") if line]
        manifest = {
            "format": FORMAT,
            "site": str(span.site.uuid),
            "name": span.site.name,
            "origin": keys[0].split("+", 1)[0],
            "from": span.start.isoformat(),
            "to": span.end.isoformat(),
            "first": span.first,
            "last": last,
            "size": state.size,
            "keys": keys,
            "made_at": datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "files": hashes,
        }
        archive.writestr("manifest.json", _json(manifest))
    shutil.move(fresh, out)


def _text(files: list[tuple[str, bytes | Path]], name: str) -> str:
    content = dict(files)[name]
    return (content if isinstance(content, bytes) else content.read_bytes()).decode()
