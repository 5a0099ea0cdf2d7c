"""Makes audit bundles, honest and forged, without a server: what a dishonest operator could hand in, and what the
verifiers must say of it.

    python -m scripts.forge FOLDER

writes a file for each case, and `cases.json` that names the options and the exit code that verify.py must give; the
suite runs verify.py and verify.html on all of them (tests/consent/exports/test_corpus.py). A case changes the log
before it is signed with the operator's own key (`@log`), files of the bundle, whose manifest is made to fit again
(`@files`), or the bytes of the zip (`@bytes_of`).
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import hmac
import io
import json
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID, uuid5

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from consent.exports.verify import verify as verifier

HERE = Path(verifier.__file__).parent
SITE = "11111111-2222-4333-8444-555555555555"
NAME = f"consent.example/{SITE}"
BEGIN, END = "2026-03-02", "2026-03-04"
Files = dict[str, bytes]
Record = dict[str, Any]


def key_of(text: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(text.encode()).digest())


def public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def vkey(key: Ed25519PrivateKey, name: str = NAME, kind: int = 1) -> str:
    blob = bytes([kind]) + public(key)
    return f"{name}+{verifier.key_id(name, public(key), kind).hex()}+{base64.b64encode(blob).decode()}"


FIRST, SECOND, STRANGER, WITNESS = (key_of(text) for text in ("first", "second", "stranger", "witness"))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def plain(value: Any) -> bytes:
    text: str = verifier.canonical(value)
    return text.encode()


# --- a log -----------------------------------------------------------------------------------------------------------
def root(leaves: list[bytes]) -> bytes:
    if len(leaves) == 1:
        return leaves[0]
    cut = verifier.split(len(leaves))
    node: bytes = verifier.node(root(leaves[:cut]), root(leaves[cut:]))
    return node


def inclusion(index: int, leaves: list[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    cut = verifier.split(len(leaves))
    if index < cut:
        return [*inclusion(index, leaves[:cut]), root(leaves[cut:])]
    return [*inclusion(index - cut, leaves[cut:]), root(leaves[:cut])]


def consistency(first: int, leaves: list[bytes], whole: bool = True) -> list[bytes]:
    if first == len(leaves):
        return [] if whole else [root(leaves)]
    cut = verifier.split(len(leaves))
    if first <= cut:
        return [*consistency(first, leaves[:cut], whole), root(leaves[cut:])]
    return [*consistency(first - cut, leaves[cut:], False), root(leaves[:cut])]


def range_proof(first: int, last: int, low: int, leaves: list[bytes]) -> list[bytes]:
    high = low + len(leaves)
    if low >= first and high <= last + 1:
        return []
    if high <= first or low > last:
        return [root(leaves)]
    cut = verifier.split(len(leaves))
    return [*range_proof(first, last, low, leaves[:cut]), *range_proof(first, last, low + cut, leaves[cut:])]


@dataclass
class Log:
    """Entries as lines of records.jsonl, and who signs them."""

    lines: list[Record] = field(default_factory=list)
    keys: list[Ed25519PrivateKey] = field(default_factory=lambda: [FIRST])  # the last one is in force
    origin: str = NAME
    signed: dict[int, tuple[str, list[Ed25519PrivateKey]]] = field(default_factory=dict)  # size → origin, signers
    texts: dict[str, str] = field(default_factory=dict)  # releases by hash
    pictures: Files = field(default_factory=dict)
    documents: Files = field(default_factory=dict)

    def add(self, kind: str, at: str, record: Record, id: str = "", **columns: Any) -> int:
        """Appends an entry; returns its index."""
        index = len(self.lines)
        line: Record = {
            "regime": "",
            "jurisdiction": "",
            "language": "",
            "action": "",
            "release": None,
            "release_hash": "",
        }
        line |= {"type": kind, "id": id or str(uuid5(UUID(SITE), f"{kind}{index}")), "received_at": at, **columns}
        request = hashlib.sha256(plain(record)).hexdigest()
        whole = {**record, **{n: v for n, v in line.items() if v is not None}, "site": SITE, "request": request}
        salt = hashlib.sha256(f"salt{index}".encode()).digest()
        text = plain(whole).decode()
        sealed = hmac.digest(salt, text.encode(), "sha256")
        line |= {"index": index, "day": at[:10], "record": text, "salt": b64(salt), "commitment": b64(sealed)}
        self.lines.append({**line, "erased": False})
        return index

    def publish(self, at: str, text: Record, number: int, **more: Any) -> int:
        """A release with its text; `more` goes into its record."""
        body = plain(text).decode()
        digest = hashlib.sha256(body.encode()).hexdigest()
        self.texts[digest] = body
        record = {"number": number, "sha256": digest, "published_by": "alice", "note": "", "artifacts": {}, **more}
        return self.add("release", at, record, release=number, release_hash=digest)

    def answer(self, at: str, action: str, choices: Record, number: int = 1, **more: Any) -> int:
        """A visitor's answer to release `number`; `more` are columns, or members of the record."""
        release = next(line for line in self.lines if line["type"] == "release" and line["release"] == number)
        columns = {"regime": "eu_opt_in", "jurisdiction": "DE", "language": "de", "action": action}
        columns |= {name: more.pop(name) for name in list(more) if name in (*columns, "id")}
        record = {"choices": choices, "status": STATUS.get(action, "ConsentGiven"), "layer": "banner", **more}
        return self.add(
            "consent",
            at,
            record,
            release=number,
            release_hash=more.get("release_hash", release["release_hash"]),
            **columns,
        )

    def word(self, at: str, version: int = 1, **more: Any) -> int:
        """What people are asked beyond cookies."""
        facts: Record = {
            "topic": "news",
            "kind": "email",
            "basis": "opt_in",
            "texts": {"en": {"name": "N", "text": "T"}},
            **({"basis": more["basis"]} if "basis" in more else {}),
        }
        record = {**facts, "sha256": hashlib.sha256(verifier.canonical(facts).encode()).hexdigest(), "channel": "email"}
        return self.add("wording", at, {**record, "version": version, "actor": "alice", **more})

    def choose(self, at: str, said: str = "yes", **more: Any) -> int:
        """A choice under the first wording; `more` are members of the record."""
        asked = next(
            (json.loads(line["record"])["sha256"] for line in self.lines if line["type"] == "wording"), "ab" * 32
        )
        record = {
            "topic": "news", "told_at": "2026-03-01T08:00:00.000000Z", "acted_at": "2026-03-01T08:00:00.000000Z",
            "method": "app", "wording": 1, "wording_sha256": asked, "visitor": str(uuid5(UUID(SITE), "subject")),
        }  # fmt: skip
        return self.add("choice", at, {**record, **more}, action=said)

    def erase(self, at: str, indexes: list[int], why: str = "request") -> int:
        """Blanks records and says so."""
        for index in indexes:
            line = self.lines[index]
            line |= {"request": json.loads(line["record"])["request"], "record": None, "salt": None, "erased": True}
        rows = "".join(verifier.canonical(sealed_row(self.lines[index])) + "\n" for index in indexes)
        kept = hashlib.sha256(rows.encode()).hexdigest()
        return self.add("erasure", at, {"indexes": indexes, "kept": kept, "why": why, "reason": "asked by letter"})

    def rotate(self, at: str, key: Ed25519PrivateKey) -> int:
        """Changes the key; old and new sign the head that says so."""
        old = self.keys[-1]
        record = {"old_key": b64(public(old)), "new_key": b64(public(key)), "reason": "yearly", "actor": "alice"}
        index = self.add("key_rotation", at, record)
        self.keys.append(key)
        self.sign(key, old)
        return index

    def sign(self, *keys: Ed25519PrivateKey) -> str:
        """Signs the log as it is now; returns the note."""
        size = len(self.lines)
        self.signed[size] = (self.origin, list(keys) or [self.keys[-1]])
        return self.note(size)

    def leaves(self) -> list[bytes]:
        found = []
        for line in self.lines:
            parts = [line["type"], SITE, line["day"], line["release_hash"], line["commitment"]]
            found.append(verifier.leaf_of("\n".join(["fairgate/v1", *parts]).encode()))
        return found

    def note(self, size: int) -> str:
        origin, keys = self.signed[size]
        return note_of(origin, size, root(self.leaves()[:size]), keys)

    def proved(self, index: int, **more: Any) -> Record:
        return {**self.lines[index], **more, "proof": [b64(one) for one in inclusion(index, self.leaves())]}


def note_of(origin: str, size: int, head: bytes, keys: list[Ed25519PrivateKey]) -> str:
    text = f"{origin}\n{size}\n{b64(head)}\n"
    made = [b64(verifier.key_id(origin, public(key)) + key.sign(text.encode())) for key in keys]
    return text + "\n" + "".join(f"\u2014 {origin} {one}\n" for one in made)


def sealed_row(line: Record) -> list[Any]:
    """What an erasure seals of a record."""
    names = ("index", "received_at", "id", "type", "day", "release", "regime", "jurisdiction", "language", "action")
    return [*(-1 if line[name] is None else line[name] for name in names), line["request"]]


STATUS = {"reject_all": "ConsentRefused", "withdraw": "ConsentWithdrawn", "gpc": "ConsentRefused"}
TEXT: Record = {
    "format": "fairgate-release/1",
    "site": {"uuid": SITE, "name": "Shop", "controller": "Shop Ltd", "controller_contact": "privacy@shop.example"},
    "languages": ["de", "en"],
    "categories": [{"key": "C0001", "necessary": True}, {"key": "C0002", "necessary": False}],
    "purposes": [],
    "services": [{"key": "meter", "category": "C0002"}],
    "variants": {"eu_opt_in": {"model": "opt_in"}, "us_ca": {"model": "opt_out"}},
}
YES: Record = {"categories": {"C0001": "granted", "C0002": "granted"}, "services": {"meter": "granted"}}
NO: Record = {"categories": {"C0001": "granted", "C0002": "denied"}, "services": {"meter": "denied"}}


def png(width: int, height: int, shade: int) -> bytes:
    """A small picture of one colour."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = (b"\0" + bytes([shade]) * width) * height
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def day_of(log: Log, day: int, number: int = 1) -> None:
    """Five answers of a day, of all kinds."""
    at = f"2026-03-0{day}T12:00:0%d.000000Z"
    visitor = str(uuid5(UUID(SITE), f"visitor{day}"))
    log.answer(
        at % 0, "accept_all", YES, number, visitor=visitor, place={"country": "DE", "region": "BY"}, page="shop.example"
    )
    log.answer(at % 1, "reject_all", NO, number, jurisdiction="*", place={"country": "KE"})
    log.answer(at % 2, "custom", YES, number, language="en", client_time="=1+1", signals={"gpc": False})
    log.answer(at % 3, "gpc", NO, number, regime="us_ca", jurisdiction="US-CA", page='a "quoted", page; with signs')
    log.answer(at % 4, "withdraw", NO, number, visitor=visitor, replaces=log.lines[-4]["id"])


def honest(change: Callable[[Log], object] | None = None) -> Log:
    """A log with a bit of everything; `change` is made on the second day of March."""
    log = Log()
    log.publish("2026-03-01T05:00:00.000000Z", TEXT, 1)
    log.add("screenshot", "2026-03-01T05:10:00.000000Z", {"sha256": "ab" * 32}, release=1)
    for day in (1, 2):
        day_of(log, day)
    log.sign()
    if change:
        change(log)
    number = 1 + [line["release"] for line in log.lines if line["type"] == "release"][-1]
    log.publish("2026-03-03T05:00:00.000000Z", {**TEXT, "banner": {"layout": "bar"}}, number, note="A bar <b>now</b>")
    picture(log, "2026-03-03T05:30:00.000000Z", number)
    log.add("void", "2026-03-03T05:40:00.000000Z", {"voids": [1], "of": "screenshot", "reason": "They were blank."})
    waiver = {
        "rule": "L20",
        "for_regime": "",
        "signed_by": "Dr. Rau",
        "reason": "Agreed with counsel.",
        "actor": "alice",
    }
    log.add("waiver", "2026-03-03T05:50:00.000000Z", waiver)
    day_of(log, 3, number)
    log.erase("2026-03-03T18:00:00.000000Z", [2, 7])
    log.rotate("2026-03-03T20:00:00.000000Z", SECOND)
    for day in (4, 5, 6):
        day_of(log, day, number)
    log.erase("2026-03-06T18:00:00.000000Z", [9], "retention")
    log.sign()
    return log


def picture(log: Log, at: str, number: int) -> int:
    """An entry with two pictures."""
    shown = []
    for width, scheme in ((24, "light"), (12, "dark")):
        data = png(width, 8, width)
        digest = hashlib.sha256(data).hexdigest()
        log.pictures[f"pictures/{digest}.png"] = data
        facts = {"form": "phone", "scheme": scheme, "variant": "eu_opt_in", "language": "de", "layer": "banner"}
        shown.append({"sha256": digest, "bytes": len(data), "width": width, "height": 8, "shows": [], **facts})
    digest = next(line["release_hash"] for line in log.lines if line["type"] == "release" and line["release"] == number)
    record = {"pictures": shown, "browser": "Chromium", "missing": []}
    return log.add("pictures", at, record, release=number, release_hash=digest)


def document(log: Log, at: str, version: int, text: str = "# Terms\n\nBe kind.\n", **members: Any) -> int:
    """A version of a document in one language, with its text."""
    digest = hashlib.sha256(text.encode()).hexdigest()
    log.documents[f"documents/{digest}.md"] = text.encode()
    record: Record = {
        "document": "terms", "kind": "terms", "version": version, "original": "en", "texts": {"en": digest},
        "summary": {}, "effective_on": "", "published_by": "alice",
    }  # fmt: skip
    return log.add("document", at, record | members)


# --- a bundle of it --------------------------------------------------------------------------------------------------
TOLD = ("key_rotation", "restart", "clock_repair", "waiver", "void", "pictures", "screenshot", "wording", "document")


def bounds(log: Log, begin: str, end: str) -> tuple[int, int, int, int]:
    """(first, last, lower, upper) of a period."""
    inside = [line["index"] for line in log.lines if begin <= line["day"] <= end]
    size = len(log.lines)
    if not inside:
        before = [line["index"] for line in log.lines if line["day"] < begin]
        lower = before[-1] if before else 0
        return 0, -1, lower, min(lower + 1 if before else 0, size - 1)
    first, last = inside[0], inside[-1]
    return first, last, max(0, first - 1), min(last + 1, size - 1)


def bundle(log: Log, begin: str = BEGIN, end: str = END, separator: str = ",") -> Files:
    """The files of a bundle, as an honest server makes them of this log."""
    first, last, lower, upper = bounds(log, begin, end)
    leaves, size = log.leaves(), len(log.lines)
    shown = log.lines[lower : upper + 1]
    events = [line for line in log.lines if line["type"] in TOLD]
    facts = facts_of(log, begin, end, first, last)
    head = log.lines[-1]
    proof = [b64(one) for one in range_proof(lower, upper, 0, leaves)]
    erasures = []
    for line in log.lines:
        named = json.loads(line["record"])["indexes"] if line["type"] == "erasure" else []
        if any(lower <= one <= upper for one in named):
            others = [sealed_row(log.lines[one]) for one in named if not lower <= one <= upper]
            erasures.append(log.proved(line["index"], others=others))
            facts.happened[line["index"]] = tolerant(verifier.sentence_of, line, json.loads(line["record"]))
    releases = [log.proved(line["index"]) for line in releases_of(log, first, last, lower)]
    files: Files = {
        "records.jsonl": rows(shown),
        "records.csv": table(log, first, last, begin, end, separator),
        "range_proof.json": plain(
            proof if first <= last else [[b64(one) for one in inclusion(line["index"], leaves)] for line in shown]
        ),
        "erasures.jsonl": rows(erasures),
        "events.jsonl": rows([log.proved(line["index"]) for line in events]),
        "releases.jsonl": rows(releases),
        "checkpoints.json": plain(
            [
                {"note": log.note(one), "consistency": [b64(step) for step in consistency(one, leaves)]}
                for one in sorted(log.signed)
            ]
        ),
        "head.json": plain(
            {name: head[name] for name in ("type", "day", "release_hash", "commitment")}
            | {"proof": [b64(one) for one in inclusion(size - 1, leaves)]}
        ),
        "anchors.json": plain([]),
        **{f"releases/{line['release_hash']}.json": log.texts[line["release_hash"]].encode() for line in releases},
        **log.pictures,
        **log.documents,
        **{name: (HERE / name).read_bytes() for name in ("verify.py", "verify.html")},
    }
    files["report.html"] = verifier.report_page(facts).encode()
    manifest = {
        "format": "fairgate-bundle/2", "site": SITE, "name": facts.name, "origin": log.origin, "date": head["day"],
        "from": begin, "to": end, "first": first, "last": last, "size": size, "separator": separator, "missing": [],
        "keys": facts.keys,
    }  # fmt: skip
    files["manifest.json"] = plain({**manifest, "files": {}})
    return fit(files)


@cache
def _honest_files() -> Files:
    return bundle(honest())


def honest_bundle() -> Files:
    """The files of the honest bundle, to be changed."""
    return dict(_honest_files())


def fit(files: Files) -> Files:
    """The files with a manifest that names them."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {n: hashlib.sha256(c).hexdigest() for n, c in files.items() if n != "manifest.json"}
    return {**files, "manifest.json": plain(manifest)}


def rows(lines: list[Record]) -> bytes:
    return b"".join(plain(line) + b"\n" for line in lines)


def releases_of(log: Log, first: int, last: int, lower: int) -> list[Record]:
    releases = [line for line in log.lines if line["type"] == "release"]
    before = [line["index"] for line in releases if line["index"] <= lower][-1:]
    used = {line["release"] for line in log.lines[first : last + 1] if line["type"] == "consent"}
    return [
        one for one in releases if one["index"] in before or first <= one["index"] <= last or one["release"] in used
    ]


def answers_of(log: Log, first: int, last: int, begin: str, end: str) -> list[tuple[Record, Record | None]]:
    inside = [line for line in log.lines[first : last + 1] if line["type"] == "consent" and begin <= line["day"] <= end]
    return [(line, json.loads(line["record"]) if line["record"] else None) for line in inside]


def table(log: Log, first: int, last: int, begin: str, end: str, separator: str) -> bytes:
    leaves, text = log.leaves(), "\ufeff" + verifier.csv_line(verifier.COLUMNS, separator)
    for line, record in answers_of(log, first, last, begin, end):
        cells = tolerant(verifier.cells_of, line, record, leaves[line["index"]])
        text += verifier.csv_line(cells or [], separator)
    return text.encode()


def facts_of(log: Log, begin: str, end: str, first: int, last: int) -> Any:
    facts = verifier.ReportContent(SITE, begin, end)
    inside = log.lines[first : last + 1]
    facts.entries, facts.blank = len(inside), sum(line["erased"] for line in inside)
    for answer in answers_of(log, first, last, begin, end):
        tolerant(facts.answer, *answer)
    for line in releases_of(log, first, last, bounds(log, begin, end)[2]):
        tolerant(facts.release, line, json.loads(line["record"]))
        tolerant(facts.owner_is, json.loads(log.texts[line["release_hash"]]))
    for line in inside:
        if line["type"] == "choice" and begin <= line["day"] <= end:
            tolerant(facts.choice, line, None if line["erased"] else json.loads(line["record"]))
    told = [line for line in log.lines if line["type"] in TOLD or line in inside]
    read = [(line, json.loads(line["record"])) for line in told if line["type"] not in ("consent", "release", "choice")]
    facts.happened = {
        line["index"]: text for line, record in read if (text := tolerant(verifier.sentence_of, line, record))
    }
    tolerant(verifier.pictures_of, read, facts)
    facts.note, facts.keys = log.note(len(log.lines)), [vkey(key, log.origin) for key in reversed(log.keys)]
    return facts


def tolerant(make: Callable[..., Any], *given: Any) -> Any:
    """What an honest server makes of an entry; None of one that is nonsense, which is then left out."""
    try:
        return make(*given)
    except (verifier.VerificationFailed, AttributeError, KeyError, TypeError):
        return None


def zipped(files: Files) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2026, 3, 7, 0, 0, 0)), content, zipfile.ZIP_DEFLATED, 1)
    return made.getvalue()


# --- cases -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Case:
    """A bundle and what a verifier must say of it: the exit code of verify.py."""

    name: str
    code: int
    content: Callable[[], bytes | Files]  # a zip, or the files of a folder
    key: str = vkey(SECOND)
    checkpoint: str = ""
    source: str = "the operator's privacy policy"
    witness: str = ""


CASES: list[Case] = []


def case(name: str, code: int, content: Callable[[], bytes | Files], **options: str) -> None:
    CASES.append(Case(name, code, content, **options))


def log(change: Callable[[Log], object]) -> Callable[[Log], object]:
    """A log that is changed before it is signed; refused, whoever signed it."""
    case(change.__name__, 1, lambda: zipped(bundle(honest(change))))
    return change


def files(change: Callable[[Files], object]) -> Callable[[Files], object]:
    """A bundle whose files are changed and whose manifest fits them again; refused."""

    def make() -> bytes:
        found = honest_bundle()
        change(found)
        return zipped(fit(found))

    case(change.__name__, 1, make)
    return change


def bytes_of(change: Callable[[Files], bytes | Files]) -> Callable[[Files], bytes | Files]:
    """A zip, or a folder, that is put together wrongly; refused."""
    case(change.__name__, 1, lambda: change(honest_bundle()))
    return change


def main() -> None:
    from scripts import forgeries  # fills CASES

    parser = argparse.ArgumentParser(description="Writes honest and forged bundles, and what must be said of them.")
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    told = {}
    for one in forgeries.CASES:
        content, path = one.content(), folder / (one.name + ".zip")
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path = folder / one.name
            for name, data in content.items():
                (path / name).parent.mkdir(parents=True, exist_ok=True)
                (path / name).write_bytes(data)
        told[one.name] = {
            "path": path.name, "code": one.code, "key": one.key, "checkpoint": one.checkpoint, "source": one.source,
            "witness": one.witness,
        }  # fmt: skip
    (folder / "cases.json").write_text(json.dumps(told, indent=1) + "\n")
    print(f"{len(told)} cases in {folder}")


if __name__ == "__main__":
    main()
