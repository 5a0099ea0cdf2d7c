"""Both verifiers accept an honest bundle, and refuse it after each thing that a dishonest operator could do."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consent.exports import actions, period
from consent.exports.bundle import ALWAYS_TOLD
from consent.exports.formats import fields, line, plain_json
from consent.exports.period import LogRow
from consent.ledger import checkpoint, erasure, kept, signing
from consent.ledger.append import append, draft_of
from consent.ledger.models import Checkpoint
from consent.ledger.proofs import Tree
from consent.models import Release, Site
from consent.publishing.snapshot import canonical, sha256_of
from consent.requests import actions as requests
from consent.sites.actions import create_site
from tests.consent.policies import sample_documents as documents
from tests.values import present

VERIFY = Path(__file__).parents[3] / "consent" / "exports" / "verify"
SITE = UUID("11111111-2222-4333-8444-555555555555")
START, END = date(2026, 3, 2), date(2026, 3, 4)
DAYS = 6  # 2026-03-01 … 06
A_DAY = 7


OFFERED = {
    "format": "fairgate-release/1",
    "site": {"uuid": str(SITE), "name": "Shop", "controller": "Shop Ltd", "hosts": ["shop.test"]},
    "languages": ["de", "en"],
    "categories": [{"key": "C0001", "necessary": True}, {"key": "C0002", "necessary": False}],
    "purposes": [{"key": "newsletter", "category": None, "legal_basis": "consent", "texts": {}}],
    "services": [],
    "banner": {"texts": {"de": {"title": "Alles annehmen oder alles ablehnen?"}}},
    "variants": {"eu_opt_in": {"model": "opt_in", "consent_days": 180}, "us_ca": {"model": "opt_out"}},
}
GIVEN = {"categories": {"C0001": "granted", "C0002": "granted"}, "purposes": {"newsletter": "granted"}, "services": {}}
WAIVER = {"rule": "L20", "for_regime": "", "signed_by": "Dr. Rau", "reason": "Agreed.", "actor": "alice"}
REFUSED = {"categories": {"C0001": "granted", "C0002": "denied"}, "purposes": {"newsletter": "denied"}, "services": {}}


def fill(site: Site, mark: str = "") -> list[UUID]:
    """A release and seven answers a day for six days, one of them always by the same visitor; `mark` tells one history
    from another."""
    at = datetime(2026, 3, 1, 5, tzinfo=UTC)
    text = canonical(OFFERED)
    sha = sha256_of(text)
    if not site.releases.exists():
        Release.objects.create(site=site, number=1, sha256=sha, snapshot=text, published_by="alice", published_at=at)
    release = {"release": 1, "release_hash": sha}
    append(
        [
            draft_of(
                site.pk, site.uuid, "release", {"number": 1, "artifacts": {}}, uuid5(SITE, f"release{mark}"), **release
            )
        ],
        at=at,
    )
    ids = []
    for day in range(DAYS):
        drafts = []
        for number in range(A_DAY):
            record_id = uuid5(SITE, f"{mark}{day}/{number}")
            record = {"choices": GIVEN, "layer": "banner", "status": "ConsentGiven"}
            columns = {"regime": "eu_opt_in", "jurisdiction": "DE", "language": "de", "action": "accept_all"}
            visitor = uuid5(SITE, f"visitor{mark}{day}/{number}" if number else f"regular{mark}")
            drafts.append(
                draft_of(site.pk, site.uuid, "consent", record, record_id, visitor=visitor, **release, **columns)
            )
            ids.append(record_id)
        append(drafts, at=datetime(2026, 3, 1 + day, 12, tzinfo=UTC))
    return ids


@pytest.fixture
def site(db, settings, tmp_path) -> Site:
    settings.FAIRGATE_DATA = tmp_path / "data"
    return create_site(["shop.test"], "alice", uuid=SITE, name="Shop")


def bundle(site: Site, path: Path, start: date = START, end: date = END) -> Path:
    actions.export(site, start, end, "bundle", path, "alice")
    return path


SOURCE = ("--source", "a letter")
UNKNOWN = 3  # consistent in itself: nothing from outside was given


def verify(path: Path, *options: str) -> tuple[int, str]:
    """verify.py as a regulator runs it: no site packages, none of our code. What is given came in a letter."""
    options = (*options, *SOURCE) if options else ()
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(VERIFY / "verify.py"), str(path), *options], capture_output=True, text=True
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def tampered(path: Path, out: Path, change: Callable[[dict[str, bytes]], None], honest_manifest: bool = False) -> Path:
    """The bundle with its files changed and a manifest that fits them again: the operator can do that too."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    if not honest_manifest:
        manifest = json.loads(files["manifest.json"])
        manifest["files"] = {n: hashlib.sha256(c).hexdigest() for n, c in files.items() if n != "manifest.json"}
        files["manifest.json"] = plain_json(manifest)
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out


def lines(files: dict[str, bytes], name: str = "records.jsonl") -> list[dict]:
    return [json.loads(line) for line in files[name].decode().splitlines()]


def put(files: dict[str, bytes], rows: list[dict], name: str = "records.jsonl") -> None:
    files[name] = b"".join(map(line, rows))


def change_the_table(files: dict[str, bytes]) -> None:
    files["records.csv"] = files["records.csv"].replace(b"accept_all", b"reject_all", 1)


def test_an_honest_bundle_holds(site, tmp_path):
    fill(site)
    path = bundle(site, tmp_path / "b.zip")
    code, said = verify(path)
    assert (code, "SIGNER NOT VERIFIED" in said) == (3, True)
    assert "Records 8 to 28 are all there, in order, as signed: 21 entries, 0 of them erased" in said
    code, said = verify(path, "--key", checkpoint.verifier_key(site), "--checkpoint", str(tmp_path / "none"))
    assert (code, said.splitlines()[-1][:13]) == (2, "WRONG OPTION:")
    code, said = verify(path, "--key", checkpoint.verifier_key(site))
    assert (code, "The signer is the one of the key that you gave, from: a letter" in said) == (0, True)


@pytest.mark.parametrize(
    "span", [(START, START), (date(2026, 3, 1), date(2026, 3, 6)), (date(2020, 1, 1), date(2099, 1, 1))]
)
def test_every_period_holds(site, tmp_path, span):
    fill(site)
    assert verify(bundle(site, tmp_path / "b.zip", *span))[0] == UNKNOWN


def test_answers_that_come_while_it_is_made_are_in_it_or_after_it(site, tmp_path, monkeypatch):
    """A period of today, on a live site: what came in until the log was signed belongs to it."""
    from consent.exports import bundle as module

    fill(site)
    make = module.checkpoint.make

    def busy(of: Site) -> object:
        release = {"release": 1, "release_hash": site.releases.get().sha256}
        record = {"choices": GIVEN, "status": "ConsentGiven"}
        columns = {"regime": "eu_opt_in", "jurisdiction": "DE", "language": "de", "action": "custom", **release}
        append([draft_of(site.pk, site.uuid, "consent", record, uuid5(SITE, "late"), **columns)])
        return make(of)

    monkeypatch.setattr(module.checkpoint, "make", busy)
    today = datetime.now(UTC).date()
    code, said = verify(bundle(site, tmp_path / "b.zip", today, today))
    assert (code, "1 entries" in said or "No entry" in said) == (UNKNOWN, True), said
    code, said = verify(bundle(site, tmp_path / "b.zip", START, today))
    assert code == UNKNOWN, said


@pytest.mark.parametrize("span", [(date(2020, 1, 1), date(2020, 1, 2)), (date(2030, 1, 1), date(2030, 1, 2))])
def test_an_empty_period_is_proved_too(site, tmp_path, span):
    fill(site)
    code, said = verify(bundle(site, tmp_path / "b.zip", *span))
    assert (code, "No entry lies in the period" in said) == (UNKNOWN, True)


def test_an_erased_record_keeps_its_place(site, tmp_path):
    ids = fill(site)
    erasure.erase(site, record_id=ids[A_DAY], actor="alice", reason="asked for")
    code, said = verify(bundle(site, tmp_path / "b.zip"))
    assert (code, "21 entries, 3 of them erased" in said) == (UNKNOWN, True)


def test_each_of_two_releases_with_the_same_text_has_its_own_entry(site, tmp_path):
    fill(site)
    first = site.releases.get()
    at = datetime(2026, 3, 3, 12, tzinfo=UTC)
    Release.objects.create(
        site=site, number=2, sha256=first.sha256, snapshot=first.snapshot, published_by="alice", published_at=at
    )
    columns = {"release": 2, "release_hash": first.sha256}
    append([draft_of(site.pk, site.uuid, "release", {"number": 2}, uuid5(SITE, "again"), **columns)])
    path = bundle(site, tmp_path / "b.zip", START, datetime.now(UTC).date())
    with zipfile.ZipFile(path) as archive:
        shown = [json.loads(line) for line in archive.read("releases.jsonl").splitlines()]
    assert [(line["release"], line["index"]) for line in shown] == [(1, 0), (2, 43)]
    assert verify(path)[0] == UNKNOWN


def test_verify_py_refuses_a_table_that_was_changed(site, tmp_path):
    """What else is refused is in the corpus (test_corpus.py)."""
    fill(site)
    erasure.erase(site, visitor=uuid5(SITE, "regular"), actor="alice", reason="asked for")
    honest = bundle(site, tmp_path / "b.zip")
    assert verify(honest)[0] == UNKNOWN
    code, said = verify(tampered(honest, tmp_path / "bad.zip", change_the_table))
    assert (code, said.splitlines()[-1]) == (1, "REFUSED: records.csv is not what the records make.")


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_verify_py_refuses_a_truncated_file(site, tmp_path, share):
    fill(site)
    path = bundle(site, tmp_path / "b.zip")
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert verify(path)[0] == 1


def test_verify_py_refuses_another_signer(site, tmp_path):
    fill(site)
    genuine = checkpoint.verifier_key(site)
    signing.key_path().write_text(signing.seed_text(Ed25519PrivateKey.generate()))
    path = bundle(site, tmp_path / "b.zip")
    assert verify(path)[0] == UNKNOWN  # nobody said which signer to expect
    code, said = verify(path, "--key", genuine)
    assert (code, "not signed by the expected key" in said) == (1, True)


def rebuilt(site: Site, tmp_path: Path) -> tuple[Path, Path]:
    """A bundle of a ledger that was made anew and signed with the genuine key, and the checkpoint kept before."""
    from django.db import connection

    from consent.ledger import guards
    from consent.models import Checkpoint, ConsentRecord, LogEntry, LogHead, LogTile

    fill(site)
    before = checkpoint.make(site)
    assert before
    anchored = tmp_path / "anchored.note"
    anchored.write_text(before.note)
    tables = (LogEntry, ConsentRecord, LogTile, Checkpoint, LogHead)
    with connection.cursor() as cursor:
        for model in tables:
            table = model._meta.db_table
            if connection.vendor == "postgresql":
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            else:
                cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = %s", [table])
                for (name,) in cursor.fetchall():
                    cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(f"DELETE FROM {table}")
    guards.install(connection)
    kept.path(str(site.uuid)).unlink(missing_ok=True)
    fill(site, mark="another history ")
    return bundle(site, tmp_path / "b.zip"), anchored


def test_verify_py_refuses_a_rebuilt_ledger_against_an_anchored_checkpoint(site, tmp_path):
    path, anchored = rebuilt(site, tmp_path)
    key = checkpoint.verifier_key(site)
    assert verify(path, "--key", key)[0] == 0  # by itself it looks genuine: hence anchors
    code, said = verify(path, "--key", key, "--checkpoint", str(anchored))
    assert (code, "REWRITTEN" in said) == (1, True)


def test_a_checkpoint_kept_earlier_is_honoured(site, tmp_path):
    fill(site)
    before = checkpoint.make(site)
    assert before
    anchored = tmp_path / "anchored.note"
    anchored.write_text(before.note)
    append([draft_of(site.pk, site.uuid, "waiver", WAIVER, uuid5(SITE, "later"))])
    code, said = verify(bundle(site, tmp_path / "b.zip"), "--checkpoint", str(anchored))
    assert (code, "nothing before was rewritten" in said) == (0, True)


def test_export_makes_the_proof_for_a_checkpoint_that_was_thinned(site, tmp_path, monkeypatch):
    from consent.exports import bundle as module
    from consent.exports.verify import verify as verifier

    fill(site)
    early = checkpoint.make(site)
    assert early
    late = datetime(2026, 3, 6, 13, tzinfo=UTC)  # the same day: of these only the last is kept
    for number in range(3):
        append([draft_of(site.pk, site.uuid, "waiver", WAIVER, uuid5(SITE, f"later{number}"))], at=late)
        checkpoint.make(site)
    monkeypatch.setattr(module, "MOST_POINTS", 0)
    kept_note = tmp_path / "kept.txt"
    kept_note.write_text("> " + early.note.replace("\n", "\r\n> "), newline="")
    options = ("--checkpoint", str(kept_note))
    assert "has no proof" in verify(bundle(site, tmp_path / "b.zip", date(2020, 1, 1), date(2020, 1, 2)), *options)[1]
    text = verifier.plain_text(kept_note.read_bytes())
    actions.export(site, START, END, "bundle", tmp_path / "b.zip", "alice", kept=[text])
    assert verify(tmp_path / "b.zip", *options)[0] == 0
    foreign = early.note.replace(early.note.split("\n")[2], "A" * 43 + "=")
    with pytest.raises(ValueError, match="never was what this checkpoint"):
        actions.export(site, START, END, "bundle", tmp_path / "b.zip", "alice", kept=[foreign])


def sign_each(site: Site, *times: str) -> list[int]:
    """An entry and a checkpoint at each of these times of 7 March; returns the sizes."""
    sizes = []
    for at in times:
        moment = datetime.fromisoformat(f"2026-03-07T{at}+00:00")
        append([draft_of(site.pk, site.uuid, "waiver", WAIVER, uuid5(SITE, at))], at=moment)
        sizes.append(present(checkpoint.make(site)).size)
    return sizes


def sizes_in(path: Path) -> list[int]:
    with zipfile.ZipFile(path) as archive:
        return [int(row["note"].split("\n")[1]) for row in json.loads(archive.read("checkpoints.json"))]


MINUTES = ("10:00", "10:01", "10:02", "11:00", "11:01", "12:00", "12:01", "12:02")


@pytest.mark.parametrize(
    ("most", "shown"), [(9, {*MINUTES}), (8, {*MINUTES}), (3, {"10:02", "11:01", "12:02"}), (2, {"12:02"})]
)
def test_of_a_period_that_was_signed_too_often_the_last_of_each_hour_or_day_is_shown(
    site, tmp_path, monkeypatch, most, shown
):
    from consent.exports import bundle as module

    fill(site)
    first = present(checkpoint.make(site)).size
    sizes = dict(zip(MINUTES, sign_each(site, *MINUTES), strict=True))
    monkeypatch.setattr(module, "MOST_POINTS", most)
    day = date(2026, 3, 7)
    path = bundle(site, tmp_path / "b.zip", day, day)
    assert sizes_in(path) == [first, *(size for at, size in sizes.items() if at in shown)]
    assert verify(path, "--key", checkpoint.verifier_key(site))[0] == 0


def test_a_bundle_hands_out_its_last_checkpoint_and_what_was_asked_for_and_later_ones_keep_them(
    site, tmp_path, monkeypatch
):
    from consent.exports import bundle as module

    fill(site)
    early = sign_each(site, "10:00", "10:01")
    text = present(Checkpoint.objects.filter(site_id=site.pk, size=early[0]).first()).note
    path = tmp_path / "b.zip"
    actions.export(site, START, END, "bundle", path, "alice", kept=[text])
    assert sizes_in(path) == early
    assert set(checkpoint.issued_sizes(site.pk)) == set(early)
    later = sign_each(site, "10:02", "10:03")
    monkeypatch.setattr(module, "MOST_POINTS", 2)
    bundle(site, path)
    assert sizes_in(path) == [*early, later[-1]]
    note = tmp_path / "kept.note"
    note.write_text(text)
    assert verify(path, "--checkpoint", str(note))[0] == 0


def test_what_strangers_were_handed_out_does_not_make_bundles_grow_and_leaves_auditors_theirs(
    site, tmp_path, monkeypatch
):
    from consent.exports import bundle as module

    fill(site)
    monkeypatch.setattr(module, "MOST_POINTS", 3)
    path = tmp_path / "b.zip"
    auditor = sign_each(site, "10:00")
    bundle(site, path)
    handed_out = sign_each(site, "10:01", "10:02", "10:03", "11:00", "11:01", "12:00")
    checkpoint.hand_out(site.pk, handed_out)
    last = sign_each(site, "12:01")
    bundle(site, path)
    assert sizes_in(path) == [*auditor, handed_out[2], handed_out[4], handed_out[5], *last]


def test_checkpoints_are_chosen_without_their_notes(site, tmp_path, monkeypatch):
    """There may be more than a million: what is shown is read, and no other."""
    from consent.exports import bundle as module

    fill(site)
    sign_each(site, *MINUTES)
    monkeypatch.setattr(module, "MOST_POINTS", 1)
    made: list[Checkpoint] = []
    load = Checkpoint.from_db

    def counted(*given) -> Checkpoint:
        made.append(load(*given))
        return made[-1]

    monkeypatch.setattr(Checkpoint, "from_db", counted)
    with CaptureQueriesContext(connection) as queries:
        bundle(site, tmp_path / "b.zip")
    notes = [one["sql"] for one in queries if '"consent_checkpoint"."note"' in one["sql"].partition(" FROM ")[0]]
    assert len(made) <= 2
    assert [sql for sql in notes if "IN (" not in sql and "LIMIT" not in sql] == []


def test_own_entries_are_read_by_lists_and_once_and_only_shown_releases_with_their_texts(site, tmp_path):
    fill(site)
    erasure.erase_indexes(site, [10], actor="alice", reason="asked for")

    def reads() -> list[str]:
        with CaptureQueriesContext(connection) as queries:
            bundle(site, tmp_path / "b.zip")
        return [one["sql"] for one in queries]

    def one_more(number: int) -> None:
        """A release that nobody was shown, a sign-off and an erasure that touches nothing of the period."""
        text = canonical({**OFFERED, "number": number})
        sha, now = sha256_of(text), datetime.now(UTC)
        Release.objects.create(
            site=site, number=number, sha256=sha, snapshot=text, published_by="alice", published_at=now
        )
        columns = {"release": number, "release_hash": sha}
        append(
            [
                draft_of(site.pk, site.uuid, "release", {"number": number}, uuid5(SITE, f"r{number}"), **columns),
                draft_of(site.pk, site.uuid, "waiver", WAIVER, uuid5(SITE, f"w{number}")),
            ]
        )
        erasure.erase_indexes(site, [34 + number], actor="alice", reason="asked for")

    one_more(2)
    before = reads()
    for number in range(3, 7):
        one_more(number)
    after = reads()
    assert len(after) == len(before)
    [texts] = [sql for sql in after if "snapshot" in sql]
    assert re.search(r'"number" IN \(1\)', texts)


def varied(site: Site, folder: Path) -> None:
    """Everything that a log tells of, before, in and after the period: two releases with pictures of which some are
    void, erasures that touch the period, its neighbours, something else, sign-offs, documents, people's requests, a scan
    and a change of the key."""
    from scripts.forge import png

    fill(site)
    text = canonical({**OFFERED, "languages": ["de"]})
    sha, now = sha256_of(text), datetime.now(UTC)
    Release.objects.create(site=site, number=2, sha256=sha, snapshot=text, published_by="alice", published_at=now)
    release = {"release": 2, "release_hash": sha}
    append([draft_of(site.pk, site.uuid, "release", {"number": 2}, uuid5(SITE, "second"), **release)])
    pictures = folder / "pictures"
    pictures.mkdir(parents=True)
    where = {"form": "phone", "scheme": "light", "variant": "eu_opt_in", "language": "de", "layer": "banner"}
    for number, of in ((1, {"release": 1, "release_hash": site.releases.get(number=1).sha256}), (2, release)):
        data = png(20, 10, number)
        name = hashlib.sha256(data).hexdigest()
        (pictures / f"{name}.png").write_bytes(data)
        shown = [{"sha256": name, "bytes": len(data), "width": 20, "height": 10, **where}]
        record = {"pictures": shown, "browser": "Chromium", "missing": []}
        append([draft_of(site.pk, site.uuid, "pictures", record, uuid5(SITE, f"pictures{number}"), **of)])
    for indexes in ([2, 40], [7, 41], [6, 9, 10, 42], [12], [29]):
        erasure.erase_indexes(site, indexes, actor="alice", reason="asked for")
    void = {"voids": [45], "of": "pictures", "reason": "They show nothing."}
    append([draft_of(site.pk, site.uuid, "void", void, uuid5(SITE, "void"))])
    append([draft_of(site.pk, site.uuid, "waiver", WAIVER, uuid5(SITE, "signed off"))])
    documents.published(documents.written(site, "Be kind.", kind="terms", title="Terms"))
    row = requests.file_request(
        site, kind="access", place="DE", language="en", email="ada@example.com", name="Ada", actor="alice@example.org"
    )
    requests.close(row, "complied", "Dear Ada", "alice@example.org")
    scan = {"report": "cd" * 32, "pages": 12, "start": "https://shop.example/", "complete": True}
    append([draft_of(site.pk, site.uuid, "scan", scan, uuid5(SITE, "scan"))])
    checkpoint.rotate("alice", "yearly")
    append([draft_of(site.pk, site.uuid, "waiver", WAIVER, uuid5(SITE, "signed off again"))])


def walked(site: Site, start: date, end: date) -> dict[str, bytes]:
    """What a walk over the whole log, leaf by leaf, makes of the files of other entries in a bundle."""
    size = present(checkpoint.latest(site.pk)).size
    rows, tree = list(period.rows(site.pk, 0, size - 1)), Tree(site.pk, site.uuid)
    inside = [row.index for row in rows if start <= row.day <= end]
    lower, upper = max(0, inside[0] - 1), min(inside[-1] + 1, size - 1)
    answered = {row.release for row in rows[inside[0] : inside[-1] + 1] if row.type == "consent"}
    before = max((row.index for row in rows if row.type == "release" and row.index <= lower), default=-1)

    def proved(row: LogRow, **more) -> bytes:
        proof = [base64.b64encode(one).decode() for one in tree.inclusion(row.index, size)]
        return line({**fields(row), **more, "proof": proof})

    releases = [
        row for row in rows
        if row.type == "release" and (row.release in answered or row.index == before or row.index in inside)
    ]  # fmt: skip
    numbers = {row.release for row in releases}
    files = {"events.jsonl": b"", "erasures.jsonl": b"", "releases.jsonl": b"".join(map(proved, releases))}
    for row in rows:
        if row.type == "erasure":
            named = json.loads(row.payload or "{}")["indexes"]
            outside = [one for one in named if not lower <= one <= upper]
            if outside != named:
                others = [erasure.kept_line(other) for other in erasure.kept_rows(site.pk, outside)]
                files["erasures.jsonl"] += proved(row, others=others)
        elif row.type in ALWAYS_TOLD or (row.type == "document" and row.index <= upper):
            files["events.jsonl"] += proved(row)
        elif row.type == "pictures" and (row.release in numbers or row.index in inside):
            files["events.jsonl"] += proved(row)
    return files


@pytest.mark.parametrize("span", [(START, END), (START, date(2100, 1, 1)), (date(2026, 3, 6), date(2026, 3, 6))])
def test_the_bundle_of_a_varied_site_holds_what_a_walk_over_its_log_finds(site, tmp_path, settings, span):
    varied(site, settings.FAIRGATE_DATA)
    path = bundle(site, tmp_path / "b.zip", *span)
    code, said = verify(path, "--key", checkpoint.verifier_key(site))
    assert code == 0, said
    expected = walked(site, *span)
    assert expected["events.jsonl"]
    assert expected["erasures.jsonl"]
    with zipfile.ZipFile(path) as archive:
        for name, content in expected.items():
            assert archive.read(name) == content, name
        shown = [json.loads(row)["release_hash"] for row in expected["releases.jsonl"].splitlines()]
        texts = [name for name in archive.namelist() if name.startswith("releases/")]
    assert sorted(texts) == sorted(f"releases/{one}.json" for one in shown)


def test_a_rotation_does_not_break_an_audit(site, tmp_path, settings):
    """An auditor who has the old key, and one who has the new one, both follow the entry."""
    fill(site)
    old = checkpoint.verifier_key(site)
    checkpoint.rotate("alice", "yearly")
    append([draft_of(site.pk, site.uuid, "waiver", WAIVER, uuid5(SITE, "later"))])
    path = bundle(site, tmp_path / "b.zip")
    for key in (old, checkpoint.verifier_key(site)):
        code, said = verify(path, "--key", key)
        assert (code, "KEY CHANGED by entry 43" in said) == (0, True)


def test_a_bundle_made_right_after_rotations_holds_with_each_key_alone(site, tmp_path, settings):
    """Nothing has come since: the log's last entry is the change of the key, or the second of two."""
    fill(site)
    early = checkpoint.make(site)
    assert early
    keys = [checkpoint.verifier_key(site)]
    for size in (44, 45):
        checkpoint.rotate("alice", "yearly")
        keys.append(checkpoint.verifier_key(site))
        assert present(checkpoint.latest(site.pk)).size == size
        path = bundle(site, tmp_path / "b.zip")
        assert [verify(path, "--key", key)[0] for key in keys] == [0] * len(keys)
    note = tmp_path / "kept.note"
    note.write_text(early.note)
    assert verify(path, "--checkpoint", str(note))[0] == 0


def test_a_bundle_made_before_the_new_key_is_set_holds_with_each_key_alone(site, tmp_path, settings):
    """An operator with FAIRGATE_SIGNING_KEY sets the new one a while after it was made."""
    settings.FAIRGATE_SIGNING_KEY = signing.seed_text(Ed25519PrivateKey.generate())
    fill(site)
    keys = [checkpoint.verifier_key(site)]
    new = checkpoint.rotate("alice", "yearly")
    append([draft_of(site.pk, site.uuid, "waiver", WAIVER, uuid5(SITE, "meanwhile"))])
    between = bundle(site, tmp_path / "b.zip")
    settings.FAIRGATE_SIGNING_KEY = new
    keys.append(checkpoint.verifier_key(site))
    assert [verify(between, "--key", key)[0] for key in keys] == [0, 0]
    append([draft_of(site.pk, site.uuid, "waiver", WAIVER, uuid5(SITE, "later"))])
    after = bundle(site, tmp_path / "c.zip")
    assert [verify(after, "--key", key)[0] for key in keys] == [0, 0]


def test_a_restart_is_told(site, tmp_path):
    fill(site)
    lost = checkpoint.make(site)
    assert lost
    ahead = signing.sign(checkpoint.origin(site.pk, site.uuid), 90, b"\1" * 32, signing.private_key())
    kept.keep(str(site.uuid), ahead)
    checkpoint.restart(site, "alice", "The disk broke.")
    path = bundle(site, tmp_path / "b.zip")
    told = "RESTARTED at 43 on %s: a log of 90 entries was signed before; up to 47 are gone. Stated reason: The disk broke."
    said = verify(path, "--key", checkpoint.verifier_key(site))
    assert (said[0], told % datetime.now(UTC).date() in said[1]) == (0, True)
    with zipfile.ZipFile(path) as archive:
        assert "RESTARTED at 43" in archive.read("report.html").decode()
    note = tmp_path / "kept.note"
    note.write_text(lost.note)
    assert verify(path, "--checkpoint", str(note))[0] == 0  # of before, and still a part of it
    note.write_text(ahead)
    assert (
        "of a log that was abandoned" in verify(path, "--checkpoint", str(note))[1]
        or verify(path, "--checkpoint", str(note))[0] == 1
    )


def test_a_scan_is_told_with_the_hash_of_its_report(site, tmp_path):
    record = {"report": "cd" * 32, "pages": 12, "start": "https://shop.example/", "complete": True}
    append([draft_of(site.pk, site.uuid, "scan", record, uuid5(SITE, "scan"))])
    checkpoint.make(site)
    path = bundle(site, tmp_path / "b.zip", end=date.max)
    code, said = verify(path)
    assert (code, f"12 pages of the site; the SHA-256 of the report is {'cd' * 32}." in said) == (UNKNOWN, True), said
    with zipfile.ZipFile(path) as archive:
        assert "cd" * 32 in archive.read("report.html").decode()


def test_a_person_s_request_is_told_and_nothing_of_the_person(site, tmp_path):
    row = requests.file_request(
        site, kind="access", place="DE", language="en", email="ada@example.com", name="Ada", actor="alice@example.org"
    )
    requests.close(row, "complied", "Dear Ada", "alice@example.org")
    checkpoint.make(site)
    path = bundle(site, tmp_path / "b.zip", end=date.max)
    today = datetime.now(UTC).date()
    code, said = verify(path)
    told = f"REQUEST of entry 0 (access, under gdpr), by entry 1 on {today}: answered, complied, in time."
    assert (code, told in said) == (UNKNOWN, True), said
    with zipfile.ZipFile(path) as archive:
        whole = "".join(archive.read(name).decode() for name in archive.namelist() if not name.startswith("verify"))
    assert [text for text in ("Ada", "ada@", row.number, "alice@") if text in whole] == []
    assert told in whole


def test_the_texts_of_documents_are_in_the_bundle_and_told(site, tmp_path):
    fill(site)
    terms = documents.written(site, "Be kind.", kind="terms", title="Terms")
    documents.published(terms)
    documents.published(terms, "Be kinder.")
    checkpoint.make(site)
    path = bundle(site, tmp_path / "b.zip", end=date.max)
    with zipfile.ZipFile(path) as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist() if name.startswith("documents/")}
        report = archive.read("report.html").decode()
    made = ["# Terms\n\nBe kind.\n", "# Terms\n\nBe kinder.\n"]
    hashes = [hashlib.sha256(text.encode()).hexdigest() for text in made]
    assert texts == {f"documents/{digest}.md": text for digest, text in zip(hashes, made, strict=True)}
    code, said = verify(path)
    assert (code, "2 texts of documents are there word by word" in said) == (UNKNOWN, True), said
    for number, digest in enumerate(hashes, start=1):
        for told in (said, report):
            assert f"DOCUMENT terms, version {number}, published by entry " in told
            assert f"in force from then on until a higher version is. Its texts: en {digest}." in told
    before = bundle(site, tmp_path / "before.zip")  # of a period that ended before they were published
    with zipfile.ZipFile(before) as archive:
        assert [name for name in archive.namelist() if name.startswith("documents/")] == []
    assert verify(before)[0] == UNKNOWN


def test_pictures_are_in_the_bundle_and_lost_ones_are_said_to_be(site, tmp_path, settings):
    from scripts.forge import png

    fill(site)
    data = [png(20, 10, 1), png(20, 10, 2)]
    names = [hashlib.sha256(one).hexdigest() for one in data]
    folder = settings.FAIRGATE_DATA / "pictures"
    folder.mkdir(parents=True)
    (folder / f"{names[0]}.png").write_bytes(data[0])
    where = {"form": "phone", "scheme": "light", "variant": "eu_opt_in", "language": "de", "layer": "banner"}
    shown = [
        {"sha256": name, "bytes": len(one), "width": 20, "height": 10, **where}
        for name, one in zip(names, data, strict=True)
    ]
    record = {"pictures": shown, "browser": "Chromium", "missing": []}
    release = {"release": 1, "release_hash": site.releases.get().sha256}
    append([draft_of(site.pk, site.uuid, "pictures", record, uuid5(SITE, "pictures"), **release)])
    path = bundle(site, tmp_path / "b.zip")
    code, said = verify(path)
    assert (code, "MISSING: 1 pictures" in said) == (UNKNOWN, True), said
    with zipfile.ZipFile(path) as archive:
        assert [name for name in archive.namelist() if name.startswith("pictures/")] == [f"pictures/{names[0]}.png"]
        assert f'src="pictures/{names[0]}.png"' in archive.read("report.html").decode()
    append(
        [draft_of(site.pk, site.uuid, "void", {"voids": [43], "of": "pictures", "reason": "r"}, uuid5(SITE, "void"))]
    )
    code, said = verify(bundle(site, tmp_path / "c.zip"))
    assert (code, "VOID by entry 44" in said, "MISSING" in said) == (UNKNOWN, True, False)


# --- the same in the browser ----------------------------------------------------------------------------------------
@pytest.fixture
def judge(page):
    """verify.html opened from a file; gives the verdict on a bundle. What is given came in a letter."""

    def ask(path: Path, key: str = "", kept_note: str = "") -> tuple[str, str]:
        page.goto((VERIFY / "verify.html").as_uri())
        page.set_input_files("#bundle", path)
        page.fill("#key", key)
        page.fill("#checkpoint", kept_note)
        page.fill("#source", "a letter" if key or kept_note else "")
        page.click("#go")
        page.locator("#verdict.good, #verdict.bad, #verdict.wrong, #verdict.open").wait_for()
        return page.get_attribute("#verdict", "class"), page.inner_text("main")

    return ask


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_verify_html_agrees_with_verify_py(site, tmp_path, judge):
    fill(site)
    erasure.erase(site, visitor=uuid5(SITE, "regular"), actor="alice", reason="asked for")
    path = bundle(site, tmp_path / "b.zip")
    verdict, said = judge(path, checkpoint.verifier_key(site))
    assert (verdict, "21 entries, 3 of them erased" in said) == ("good", True)
    assert judge(bundle(site, tmp_path / "empty.zip", date(2020, 1, 1), date(2020, 1, 2)))[0] == "open"
    assert judge(tampered(path, tmp_path / "bad.zip", change_the_table))[0] == "bad"
    cut = tmp_path / "cut.zip"
    cut.write_bytes(path.read_bytes()[:-200])
    assert judge(cut)[0] == "bad"
    signing.key_path().write_text(signing.seed_text(Ed25519PrivateKey.generate()))
    assert judge(path, checkpoint.verifier_key(site))[0] == "bad"


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_verify_html_refuses_a_rebuilt_ledger(site, tmp_path, judge):
    path, anchored = rebuilt(site, tmp_path)
    key = checkpoint.verifier_key(site)
    assert judge(path, key)[0] == "good"
    verdict, said = judge(path, key, anchored.read_text())
    assert (verdict, "REWRITTEN" in said) == ("bad", True)
