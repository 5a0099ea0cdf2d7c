"""Both verifiers accept an honest bundle, and refuse it after each thing that a dishonest operator could do."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid5

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from consent.exports import actions, period
from consent.ledger import checkpoint, erasure, kept, signing
from consent.ledger.append import append, draft_of
from consent.models import Release, Site
from consent.publishing.snapshot import canonical, sha256_of
from consent.sites.actions import create_site

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
GIVEN = {"categories": {"C0001": "granted", "C0002": "granted"}, "purposes": {}, "services": {}}
REFUSED = {"categories": {"C0001": "granted", "C0002": "denied"}, "purposes": {}, "services": {}}


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


def verify(path: Path, *options: str) -> tuple[int, str]:
    """verify.py as a regulator runs it: no site packages, none of our code."""
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
        files["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out


def lines(files: dict[str, bytes], name: str = "records.jsonl") -> list[dict]:
    return [json.loads(line) for line in files[name].decode().splitlines()]


def put(files: dict[str, bytes], rows: list[dict], name: str = "records.jsonl") -> None:
    files[name] = "".join(json.dumps(row) + "\n" for row in rows).encode()


def change_a_record(files):
    rows = lines(files)
    rows[3]["record"] = rows[3]["record"].replace("granted", "GRANTED")
    put(files, rows)


def change_a_record_and_its_commitment(files):
    import base64
    import hmac

    rows = lines(files)
    rows[3]["record"] = rows[3]["record"].replace("granted", "GRANTED")
    salt = base64.b64decode(rows[3]["salt"])
    rows[3]["commitment"] = base64.b64encode(hmac.digest(salt, rows[3]["record"].encode(), "sha256")).decode()
    put(files, rows)


def change_what_stands_beside(files):
    rows = lines(files)
    rows[3]["action"] = "reject_all"
    put(files, rows)


def remove_a_record(files):
    rows = lines(files)
    del rows[4]
    put(files, rows)


def remove_a_record_and_renumber(files):
    rows = lines(files)
    del rows[4]
    for number, row in enumerate(rows):
        row["index"] = rows[0]["index"] + number
    put(files, rows)


def add_a_record(files):
    rows = lines(files)
    rows.insert(5, dict(rows[4]))
    for number, row in enumerate(rows):
        row["index"] = rows[0]["index"] + number
    put(files, rows)


def reorder(files):
    rows = lines(files)
    rows[3], rows[4] = rows[4], rows[3]
    put(files, rows)


def swap_two_between_indexes(files):
    rows = lines(files)
    rows[3], rows[4] = {**rows[4], "index": rows[3]["index"]}, {**rows[3], "index": rows[4]["index"]}
    put(files, rows)


def pretend_an_erasure(files):
    rows = lines(files)
    rows[3] |= {"record": None, "salt": None, "erased": True, "commitment": rows[4]["commitment"]}
    put(files, rows)


def blank_a_record_quietly(files):
    rows = lines(files)
    rows[3] |= {"record": None, "salt": None, "erased": True}
    put(files, rows)


def change_a_release_text(files):
    name = next(name for name in files if name.startswith("releases/"))
    files[name] = files[name].replace(b"reject all", b"learn more")


def drop_the_release(files):
    put(files, [], "releases.jsonl")


def shorten(files, first: int, last: int):
    """Cut the period itself, with a range proof made for it."""
    manifest = json.loads(files["manifest.json"])
    rows = [row for row in lines(files) if first - 1 <= row["index"] <= last + 1]
    put(files, rows)
    files["manifest.json"] = json.dumps({**manifest, "first": first, "last": last}).encode()


def cut_the_beginning(files):
    manifest = json.loads(files["manifest.json"])
    shorten(files, manifest["first"] + 2, manifest["last"])


def cut_the_end(files):
    manifest = json.loads(files["manifest.json"])
    shorten(files, manifest["first"], manifest["last"] - 2)


def leave_out_the_neighbours(files):
    put(files, lines(files)[1:-1])


def smuggle_a_file_in(files):
    files["readme.txt"] = b"believe me"


def change_what_is_left_of_an_erased_record(files):
    rows = lines(files)
    next(row for row in rows if row["erased"])["jurisdiction"] = "FR"
    put(files, rows)


def call_a_whole_record_erased(files):
    rows = lines(files)
    next(row for row in rows if not row["erased"])["erased"] = True
    put(files, rows)


def change_what_an_erasure_left_outside(files):
    rows = lines(files, "erasures.jsonl")
    rows[0]["others"][0][7] = "FR"
    put(files, rows, "erasures.jsonl")


def hide_what_an_erasure_names(files):
    rows = lines(files, "erasures.jsonl")
    del rows[0]["others"][0]
    put(files, rows, "erasures.jsonl")


def change_what_stands_beside_a_release(files):
    rows = lines(files, "releases.jsonl")
    rows[0]["language"] = "de"
    put(files, rows, "releases.jsonl")


def renumber_a_release(files):
    rows = lines(files, "releases.jsonl")
    rows[0]["number"] = 2
    put(files, rows, "releases.jsonl")


def show_a_release_twice(files):
    put(files, lines(files, "releases.jsonl") * 2, "releases.jsonl")


def name_another_key(files):
    files["verifier_keys.txt"] = files["verifier_keys.txt"].replace(b"+A", b"+B", 1)


CHANGES = [
    change_a_record, change_a_record_and_its_commitment, change_what_stands_beside, remove_a_record,
    remove_a_record_and_renumber, add_a_record, reorder, swap_two_between_indexes, pretend_an_erasure,
    blank_a_record_quietly, change_what_is_left_of_an_erased_record, call_a_whole_record_erased,
    change_what_an_erasure_left_outside, hide_what_an_erasure_names, change_what_stands_beside_a_release,
    renumber_a_release, show_a_release_twice, name_another_key, change_a_release_text, drop_the_release, cut_the_beginning, cut_the_end, leave_out_the_neighbours,
]  # fmt: skip


def test_an_honest_bundle_holds(site, tmp_path):
    fill(site)
    path = bundle(site, tmp_path / "b.zip")
    code, said = verify(path)
    assert (code, "SIGNER NOT VERIFIED" in said, "could have rewritten" in said) == (0, True, True)
    assert "Records 8 to 28 are all there, in order, as signed: 21 entries, 0 of them erased" in said
    code, said = verify(path, "--key", checkpoint.verifier_key(site), "--checkpoint", str(tmp_path / "none"))
    assert code == 1
    code, said = verify(path, "--key", checkpoint.verifier_key(site))
    assert (code, "The signer is the one whose key you gave" in said) == (0, True)


@pytest.mark.parametrize(
    "span", [(START, START), (date(2026, 3, 1), date(2026, 3, 6)), (date(2020, 1, 1), date(2099, 1, 1))]
)
def test_every_period_holds(site, tmp_path, span):
    fill(site)
    assert verify(bundle(site, tmp_path / "b.zip", *span))[0] == 0


def test_answers_that_come_while_it_is_made_are_in_it_or_after_it(site, tmp_path, monkeypatch):
    """A period of today, on a live site: what came in until the log was signed belongs to it."""
    from consent.exports import bundle as module

    fill(site)
    make = module.checkpoint.make

    def busy(of: Site) -> object:
        release = {"release": 1, "release_hash": site.releases.get().sha256}
        append([draft_of(site.pk, site.uuid, "consent", {"choices": {}}, uuid5(SITE, "late"), **release)])
        return make(of)

    monkeypatch.setattr(module.checkpoint, "make", busy)
    today = datetime.now(UTC).date()
    code, said = verify(bundle(site, tmp_path / "b.zip", today, today))
    assert (code, "1 entries" in said or "No entry" in said) == (0, True), said
    code, said = verify(bundle(site, tmp_path / "b.zip", START, today))
    assert code == 0, said


@pytest.mark.parametrize("span", [(date(2020, 1, 1), date(2020, 1, 2)), (date(2030, 1, 1), date(2030, 1, 2))])
def test_an_empty_period_is_proved_too(site, tmp_path, span):
    fill(site)
    code, said = verify(bundle(site, tmp_path / "b.zip", *span))
    assert (code, "No entry lies in the period" in said) == (0, True)


def test_an_erased_record_keeps_its_place(site, tmp_path):
    ids = fill(site)
    erasure.erase(site, record_id=ids[A_DAY], actor="alice", reason="asked for")
    code, said = verify(bundle(site, tmp_path / "b.zip"))
    assert (code, "21 entries, 3 of them erased" in said) == (0, True)


def test_each_of_two_releases_with_the_same_text_has_its_own_entry(site, tmp_path):
    fill(site)
    first = site.releases.get()
    at = datetime(2026, 3, 3, 12, tzinfo=UTC)
    Release.objects.create(
        site=site, number=2, sha256=first.sha256, snapshot=first.snapshot, published_by="alice", published_at=at
    )
    columns = {"release": 2, "release_hash": first.sha256}
    append([draft_of(site.pk, site.uuid, "release", {"number": 2}, uuid5(SITE, "again"), **columns)])
    path = bundle(site, tmp_path / "b.zip")
    with zipfile.ZipFile(path) as archive:
        shown = [json.loads(line) for line in archive.read("releases.jsonl").splitlines()]
    assert [(line["number"], line["index"]) for line in shown] == [(1, 0), (2, 43)]
    assert verify(path)[0] == 0


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_verify_py_refuses(site, tmp_path, change):
    fill(site)
    erasure.erase(site, visitor=uuid5(SITE, "regular"), actor="alice", reason="asked for")
    honest = bundle(site, tmp_path / "b.zip")
    code, said = verify(honest)
    assert (code, "21 entries, 3 of them erased" in said) == (0, True)
    path = tampered(honest, tmp_path / "bad.zip", change)
    code, said = verify(path)
    assert (code, "REFUSED" in said, "All that was checked holds" in said) == (1, True, False)


def test_verify_py_refuses_a_file_that_the_manifest_does_not_name(site, tmp_path):
    fill(site)
    path = tampered(bundle(site, tmp_path / "b.zip"), tmp_path / "bad.zip", smuggle_a_file_in, honest_manifest=True)
    assert verify(path)[0] == 1


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
    assert verify(path)[0] == 0  # nobody said which signer to expect
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
    append([draft_of(site.pk, site.uuid, "waiver", {"rule": "L20"}, uuid5(SITE, "later"))])
    code, said = verify(bundle(site, tmp_path / "b.zip"), "--checkpoint", str(anchored))
    assert (code, "nothing before was rewritten" in said) == (0, True)


def test_a_killed_export_goes_on_where_it_was(site, tmp_path, monkeypatch):
    from consent.exports import bundle as module

    fill(site)
    monkeypatch.setattr(module, "STEP", 5)
    span = period.find(site, START, END)
    out = tmp_path / "b.zip"
    seen: list[int] = []

    def die(done: int, total: int) -> None:
        seen.append(done)
        if len(seen) == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        module.build(span, out, "alice", die)
    assert not out.exists()
    with (tmp_path / "b.zip.work" / "records.jsonl").open("ab") as file:
        file.write(b"half a line that was never noted")
    again: list[int] = []
    assert module.build(span, out, "alice", lambda done, total: again.append(done)) == 21
    assert again[0] > seen[1]
    assert verify(out)[0] == 0
    assert not (tmp_path / "b.zip.work").exists()


# --- the same in the browser ----------------------------------------------------------------------------------------
@pytest.fixture
def judge(page):
    """verify.html opened from a file; gives the verdict on a bundle."""

    def ask(path: Path, key: str = "", kept_note: str = "") -> tuple[str, str]:
        page.goto((VERIFY / "verify.html").as_uri())
        page.set_input_files("#bundle", path)
        page.fill("#key", key)
        page.fill("#checkpoint", kept_note)
        page.click("#go")
        page.locator("#verdict.good, #verdict.bad").wait_for()
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
    assert judge(bundle(site, tmp_path / "empty.zip", date(2020, 1, 1), date(2020, 1, 2)))[0] == "good"
    for change in CHANGES:
        assert (change.__name__, judge(tampered(path, tmp_path / "bad.zip", change))[0]) == (change.__name__, "bad")
    assert judge(tampered(path, tmp_path / "bad.zip", smuggle_a_file_in, honest_manifest=True))[0] == "bad"
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
