"""What a dishonest operator, or an accident, could do to a bundle: one function each, by the name of what it does.

`scripts.forge` makes the honest one. Beside refused bundles stand those that must hold, so that no verifier passes by
refusing everything.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import struct
import zipfile
from collections.abc import Callable
from typing import Any

from consent.exports.verify import verify as verifier
from scripts import nonsense
from scripts.forge import (
    CASES,
    END,
    FIRST,
    NAME,
    NO,
    SECOND,
    SITE,
    STRANGER,
    TEXT,
    WITNESS,
    YES,
    Files,
    Log,
    Record,
    b64,
    bundle,
    bytes_of,
    case,
    day_of,
    document,
    files,
    fit,
    honest,
    honest_bundle,
    key_of,
    note_of,
    plain,
    public,
    root,
    rows,
    vkey,
    zipped,
)
from scripts.nonsense import ANSWERED, NOON, REQUEST, SCAN, named

__all__ = ["CASES"]
KEPT = 12  # the size of the log when its first checkpoint was signed


def lines(found: Files, name: str = "records.jsonl") -> list[Record]:
    return [json.loads(line) for line in found[name].decode().splitlines()]


def edited(found: Files, file: str, /, **members: Any) -> None:
    """Members of a JSON object changed."""
    found[file] = plain({**json.loads(found[file]), **members})


def in_line(name: str, place: int, **members: Any) -> Callable[[Files], None]:
    """Members of a line changed."""

    def change(found: Files) -> None:
        all_lines = lines(found, name)
        all_lines[place] |= members
        found[name] = rows(all_lines)

    return change


def in_lines(change: Callable[[list[Record]], object], name: str = "records.jsonl") -> Callable[[Files], None]:
    """The list of lines changed."""

    def changed(found: Files) -> None:
        all_lines = lines(found, name)
        change(all_lines)
        found[name] = rows(all_lines)

    return changed


def replaced(name: str, old: str, new: str) -> Callable[[Files], None]:
    """A text of a file changed, which must be there."""

    def change(found: Files) -> None:
        assert old.encode() in found[name], (name, old)
        found[name] = found[name].replace(old.encode(), new.encode(), 1)

    return change


def all_files(**changes: Callable[[Files], object]) -> None:
    for name, change in changes.items():
        files(named(name, change))


# --- what must hold --------------------------------------------------------------------------------------------------
def whole(**options: Any) -> Callable[[], bytes]:
    return lambda: zipped(bundle(honest(), **options))


def kept_note() -> str:
    return honest().note(KEPT)


def odd_blank() -> str:
    """A blank that is one in Unicode only."""
    return kept_note().replace("\n12\n", "\u200512\u2005")


def repacked(found: Files, extra: bytes) -> bytes:
    """A zip in which each file has this extra field."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, content in found.items():
            info = zipfile.ZipInfo(name, (2026, 3, 7, 0, 0, 0))
            info.extra = extra
            archive.writestr(info, content, zipfile.ZIP_DEFLATED, 6)
    return made.getvalue()


def quoted(text: str) -> str:
    """As a mail program quotes it, with a line that it broke."""
    broken = text.replace(f"\u2014 {NAME} ", f"\u2014 {NAME}\n")
    return "Dear all,\r\n\r\n> > " + broken.replace("\n", "\r\n> > ") + "\r\n\r\nKind regards"


def restarted(abandoned: Log | None = None, note: str = "") -> Log:
    """A log that went on from an old dump as a new one; `abandoned` is what was signed before."""
    first = abandoned or Log()
    if not first.lines:
        first.publish("2026-03-01T05:00:00.000000Z", TEXT, 1)
        for day in (1, 2, 3):
            day_of(first, day)
        first.sign()
    made = Log(origin=NAME, lines=[dict(line) for line in first.lines[:12]], texts=first.texts)
    made.sign()
    lost = {
        "abandoned": note or first.note(len(first.lines)),
        "lost_from": 12,
        "reason": "The disk broke.",
        "actor": "a",
    }
    made.add("restart", "2026-03-03T15:00:00.000000Z", lost)
    made.origin = NAME + "/r12"
    day_of(made, 4)
    made.sign()
    return made


def repaired() -> Log:
    """A clock that had jumped to 2036 and was put right."""
    made = Log()
    made.publish("2026-03-01T05:00:00.000000Z", TEXT, 1)
    day_of(made, 2)
    made.answer("2036-01-01T09:00:00.000000Z", "reject_all", NO)
    stated = {"before": "2036-01-01T09:00:00.000000Z", "reason": "The clock was wrong.", "actor": "alice"}
    made.add("clock_repair", "2026-03-03T09:00:00.000000Z", stated)
    day_of(made, 4)
    day_of(made, 6)
    made.sign()
    return made


def rotated_twice() -> Log:
    made = honest()
    made.rotate("2026-03-07T05:00:00.000000Z", key_of("third"))
    made.add("waiver", "2026-03-07T06:00:00.000000Z", {"rule": "L1", "for_regime": "", "signed_by": "B", "reason": "r"})
    made.sign()
    return made


def of_every_kind() -> Log:
    """Answers of all actions, a sign-off of one service, a rollback, an entry of a kind that is not known."""
    number = "ab" * 32
    deferred: Record = {"status": "ConsentRequestDeferred"}
    acted: Record = {"signals": {"acted_on": {"gpc": "Global Privacy Control"}}, "status": "ConsentRefused"}
    said: Record = {"receipt": {"C0002": "CONFIRMED", "theirs": "OPT_OUT"}, "status": "ConsentUnknown"}
    receipt = {"categories": YES["categories"], "services": {"meter": "not_offered"}}
    california: Record = {"regime": "us_ca", "jurisdiction": "US-CA"}

    def change(made: Log) -> None:
        made.answer(NOON, "import", YES, reference=number, layer="api", regime_server="eu_opt_in", regime_agrees=True)
        made.answer(NOON, "receipt", receipt, reference=number, **said)
        made.answer(NOON, "signal", NO, **acted)
        made.answer(NOON, "opt_out", NO, **california, **acted)
        made.answer(NOON, "close", YES, **california, **deferred)
        made.answer(NOON, "close", YES, **california)
        made.answer(NOON, "close", NO, status="ConsentRefused", regime_server="us_ca", regime_agrees=False)
        waiver = {"rule": "L33", "for_regime": "eu_opt_in", "signed_by": "B", "reason": "r", "subject": "meter"}
        made.add("waiver", NOON, waiver)
        made.add("trail", NOON, {"events": 9})
        made.add("notary", NOON, {"events": 9})
        made.publish(NOON, TEXT, 2, rolled_back_to=1)
        made.add("scan", NOON, SCAN)
        asked_of_data(made)

    made = honest(change)
    made.erase("2026-03-06T19:00:00.000000Z", [12, 13, 14])
    made.sign()
    return made


def asked_of_data(made: Log) -> None:
    """Three requests of people: answered late, taken back, and one of which the log says no end."""
    first, second = (made.add("request", NOON, REQUEST) for _ in range(2))
    made.add("request", NOON, {**REQUEST, "kind": "opt_out", "law": "california"})
    made.add("request", NOON, {**REQUEST, "event": "verified", "of": first})
    made.add("request", NOON, {**REQUEST, "event": "extended", "of": second, "due": "2026-06-01"})
    made.add("request", NOON, {**ANSWERED, "of": first, "outcome": "partly", "due": "2026-03-01"})
    made.add("request", NOON, {**REQUEST, "event": "withdrawn", "of": second, "kept_until": "2029-03-02"})


def rotated_and_not_set() -> Log:
    """A new key was made, and the operator still signs with the one before."""
    made = honest()
    made.rotate("2026-03-07T05:00:00.000000Z", key_of("third"))
    made.add("waiver", "2026-03-07T06:00:00.000000Z", {"rule": "L1", "for_regime": "", "signed_by": "B", "reason": "r"})
    made.sign(SECOND)
    return made


def der(tag: int, content: bytes) -> bytes:
    size = len(content)
    return bytes([tag, size] if size < 128 else [tag, 0x82, size >> 8, size & 255]) + content


def timestamp(note: str, at: bytes = b"20260307120000Z") -> bytes:
    """A TimeStampResp of RFC 3161 over a note, without a signature."""
    algorithm = der(0x30, der(6, verifier.SHA256_OID) + der(5, b""))
    imprint = der(0x30, algorithm + der(4, verifier.hashlib.sha256(note.encode()).digest()))
    info = der(0x30, der(2, b"\1") + der(6, b"\x2a\x03") + imprint + der(2, b"\7") + der(0x18, at))
    content = der(0x30, der(6, verifier.TST_INFO) + der(0xA0, der(4, info)))
    signed = der(0x30, der(2, b"\3") + der(0x31, algorithm) + content + der(0x31, b""))
    token = der(0x30, der(6, bytes.fromhex("2a864886f70d010702")) + der(0xA0, signed))
    return der(0x30, der(0x30, der(2, b"\0")) + token)


def cosignature(note: str, at: int = 1_772_900_000) -> bytes:
    """C2SP tlog-cosignature of a witness."""
    message = f"cosignature/v1\ntime {at}\n" + note.partition("\n\n")[0] + "\n"
    signed = (
        verifier.key_id("witness.example", public(WITNESS), 4) + struct.pack(">Q", at) + WITNESS.sign(message.encode())
    )
    return f"\u2014 witness.example {b64(signed)}\n".encode()


def anchored(change: Callable[[list[Record]], object] = lambda anchors: None) -> Callable[[], bytes]:
    """A bundle with anchors of each kind, which `change` may change after the report was made of them."""

    def make() -> bytes:
        found, note = honest_bundle(), kept_note()
        evidence = {"rfc3161": timestamp(note), "witness": cosignature(note), "email": b"<1@x>", "webhook": b"ok"}
        anchors = [
            {"size": KEPT, "method": kind, "target": f"https://{kind}.example", "evidence": b64(data)}
            for kind, data in evidence.items()
        ]
        words = [verifier.anchor_words(one, verifier.Checkpoint(note)) for one in anchors]
        kept = b"<p>No checkpoint was kept outside: the operator could have rewritten this.</p>"
        told = f"<ul>{''.join(f'<li>{verifier.html.escape(one)}</li>' for one in words)}</ul>"
        assert kept in found["report.html"]
        found["report.html"] = found["report.html"].replace(kept, told.encode())
        change(anchors)
        found["anchors.json"] = plain(anchors)
        return zipped(fit(found))

    return make


def without_a_picture() -> bytes:
    """The operator lost a picture and says so."""
    found = honest_bundle()
    name = next(name for name in found if name.startswith("pictures/"))
    del found[name]
    edited(found, "manifest.json", missing=[name])
    return zipped(fit(found))


METER_NOT_ASKED: Record = {**YES, "services": {"meter": "not_offered"}}


def tried_out(made: Log) -> None:
    """An answer to the site's testing script; one of them was erased later."""
    made.answer(NOON, "test", YES, status="ConsentUnknown", test="accept_all")
    made.erase(NOON, [made.answer(NOON, "test", NO, status="ConsentUnknown", test="reject_all")])


def documents(made: Log) -> None:
    """Two versions of a document, the second one material, in force later."""
    document(made, NOON, 1)
    why: Record = {"material": ["category C0002"], "why": {"en": "We measure more."}}
    document(made, NOON, 2, "# Terms\n\nBe kinder.\n", effective_on="2026-04-01", summary={"en": "Kinder."}, **why)


def with_documents(change: Callable[[Files], object]) -> Callable[[], bytes]:
    """A bundle with documents, changed and made to fit its manifest again."""

    def make() -> bytes:
        found = bundle(honest(documents))
        change(found)
        return zipped(fit(found))

    return make


def text_of_a_document_changed(found: Files) -> None:
    name = next(name for name in found if name.startswith("documents/"))
    found[name] = found[name].replace(b"kind", b"rude")


def text_of_a_document_deleted(found: Files) -> None:
    del found[next(name for name in found if name.startswith("documents/"))]


def text_of_a_document_added(found: Files) -> None:
    text = b"# Terms\n\nWe may do anything.\n"
    found[f"documents/{hashlib.sha256(text).hexdigest()}.md"] = text


def said_elsewhere(choices: Record) -> Callable[[Log], None]:
    """An answer to an earlier banner, which did not have one of the services."""

    def change(made: Log) -> None:
        made.publish(NOON, {**TEXT, "services": [{"key": "meter", "category": "C0002", "added_since": True}]}, 9)
        made.answer(NOON, "import", choices, 9, client_time="2025-12-24T00:00:00.000Z")

    return change


def chosen(erased: bool = False) -> Log:
    """Choices beyond cookies of each kind: under words of ours, in those of another system, told by a clock ahead."""

    def change(made: Log) -> None:
        made.word(NOON)
        made.choose(NOON)
        made.choose(NOON, "no", told_at="2026-03-04T08:00:00.000000Z", acted_at=NOON)
        made.choose(NOON, "notice")
        made.choose(NOON, "no", topic="calls", wording=0, wording_sha256="")

    made = honest(change)
    if erased:
        first = next(line["index"] for line in made.lines if line["type"] == "choice")
        made.erase("2026-03-06T19:00:00.000000Z", [first, first + 1])
        made.sign()
    return made


def without_the_words() -> bytes:
    """The texts that choices answer are not told of."""
    found = bundle(chosen())
    in_lines(lambda told: told.remove(next(line for line in told if line["type"] == "wording")), "events.jsonl")(found)
    return zipped(fit(found))


def what_holds() -> None:
    key, first = vkey(SECOND), vkey(FIRST)
    case("honest", 0, whole())
    case("honest_without_key_or_checkpoint", 3, whole(), key="", source="")
    case("honest_with_a_key_from_nowhere", 3, whole(), source=" ")
    case("honest_with_the_key_before_the_rotation", 0, whole(), key=first)
    case("honest_with_a_kept_checkpoint", 0, whole(), key="", checkpoint=kept_note())
    case("honest_with_key_and_checkpoint", 0, whole(), checkpoint=kept_note())
    case("checkpoint_from_nowhere", 3, whole(), key="", checkpoint=kept_note(), source="")
    case("checkpoint_with_a_byte_order_mark", 0, whole(), checkpoint="\ufeff" + kept_note())
    case("checkpoint_with_line_ends_of_windows", 0, whole(), checkpoint=kept_note().replace("\n", "\r\n"))
    case("checkpoint_quoted_by_a_mail_program", 0, whole(), key="", checkpoint=quoted(kept_note()))
    case("key_with_a_byte_order_mark_and_spaces", 0, whole(), key="\ufeff  " + key + " \r\n")
    case("table_with_semicolons", 0, whole(separator=";"))
    case("one_day", 0, whole(begin=END, end=END))
    case("the_whole_log", 0, whole(begin="2020-01-01", end="2030-01-01"))
    case("empty_period_before", 0, whole(begin="2020-01-01", end="2020-01-02"))
    case("empty_period_after", 0, whole(begin="2030-01-01", end="2030-01-02"))
    case("unpacked_to_a_folder", 0, lambda: honest_bundle())
    case("restarted", 0, lambda: zipped(bundle(restarted())), key=vkey(FIRST, NAME + "/r12"))
    case("restarted_with_the_key_of_before", 0, lambda: zipped(bundle(restarted())), key=first)
    case("clock_put_right", 0, lambda: zipped(bundle(repaired())), key=first)
    case("rotated_twice_with_the_first_key", 0, lambda: zipped(bundle(rotated_twice())), key=first)
    case("rotated_twice_with_the_last_key", 0, lambda: zipped(bundle(rotated_twice())), key=vkey(key_of("third")))
    case("answers_of_every_kind", 0, lambda: zipped(bundle(of_every_kind())), key=first)
    case("zipped_by_another_program", 0, lambda: repacked(honest_bundle(), struct.pack("<HHBI", 0x5455, 5, 1, 0)))
    no_break = kept_note().replace("\u2014 ", "\xa0\u2014\xa0")
    case("checkpoint_with_blanks_of_a_web_page", 0, whole(), key="", checkpoint=no_break)
    case("honest_with_a_key_from_where_nothing_can_be_read", 3, whole(), source="\x85\u2003\ufeff")
    for which in (FIRST, SECOND, key_of("third")):
        name = f"rotated_and_not_set_with_the_key_{vkey(which).split('+')[1]}"
        case(name, 0, lambda: zipped(bundle(rotated_and_not_set())), key=vkey(which))
    case("anchored", 0, anchored())
    case("anchored_with_the_key_of_the_witness", 0, anchored(), witness=vkey(WITNESS, "witness.example", 4))
    case("scanned", 0, lambda: zipped(bundle(honest(lambda made: made.add("scan", NOON, SCAN)))))
    case("asked_of_data", 0, lambda: zipped(bundle(honest(asked_of_data))))
    case("chosen", 0, lambda: zipped(bundle(chosen())))
    case("chosen_and_erased", 0, lambda: zipped(bundle(chosen(erased=True))))
    case("chosen_and_the_words_left_out", 1, without_the_words)
    case("documents_published", 0, lambda: zipped(bundle(honest(documents))))
    case("tried_out", 0, lambda: zipped(bundle(honest(tried_out))))
    case("said_to_an_earlier_banner", 0, lambda: zipped(bundle(honest(said_elsewhere(METER_NOT_ASKED)))))
    case("a_picture_that_is_lost_and_said_to_be", 0, without_a_picture)
    case("option_checkpoint_with_a_sign_that_some_take_for_a_blank", 2, whole(), checkpoint=odd_blank())
    case("option_key_is_no_key", 2, whole(), key="believe me")
    case("option_key_has_another_id", 2, whole(), key=key.replace(key.split("+")[1], "00000000"))
    case("option_checkpoint_is_none", 2, whole(), checkpoint="believe me")
    case("option_witness_is_no_witness", 2, whole(), witness=key)


def with_a_later_release() -> bytes:
    """A release that is in the log, but was neither in force in the period nor answered in it."""
    made = honest()
    made.publish("2026-03-07T05:00:00.000000Z", {**TEXT, "site": {"name": "Another"}}, 3)
    made.sign()
    found = bundle(made)
    last = made.lines[-1]
    found["releases.jsonl"] += rows([made.proved(last["index"])])
    found[f"releases/{last['release_hash']}.json"] = made.texts[last["release_hash"]].encode()
    edited(found, "manifest.json", name="Another")
    return zipped(fit(found))


# --- another signer, another history ---------------------------------------------------------------------------------
def forged(key: Any = STRANGER) -> Callable[[], bytes]:
    """A whole log made up, signed with a key of the forger's."""

    def make() -> bytes:
        made = Log(keys=[key])
        made.publish("2026-03-01T05:00:00.000000Z", TEXT, 1)
        for day in (1, 2, 3, 4, 6):
            at = f"2026-03-0{day}T12:00:00.000000Z"
            for _ in range(8):
                made.answer(at, "accept_all", YES)
            if len(made.lines) > KEPT and not made.signed:
                made.sign()
        made.sign()
        return zipped(bundle(made))

    return make


def unvouched() -> bytes:
    """The key changes by an entry that the old one never signed."""
    made = honest()
    made.signed = {size: one for size, one in made.signed.items() if one[1] == [SECOND]}
    return zipped(bundle(made))


def dated_before_the_period() -> bytes:
    """An entry behind the period that is older than what stands before it."""
    made = honest()
    waiver = {"rule": "L1", "for_regime": "", "signed_by": "B", "reason": "r"}
    made.add("waiver", "2026-03-01T01:00:00.000000Z", waiver)
    made.add("trail", "2026-03-07T06:00:00.000000Z", {"events": 9})
    made.sign()
    return zipped(bundle(made))


def other_histories() -> None:
    at = len(honest().lines)
    other = note_of(NAME, KEPT, b"\1" * 32, [FIRST])
    case("release_that_the_period_never_saw", 1, with_a_later_release)
    case("entry_behind_the_period_that_is_older", 1, dated_before_the_period)
    case("period_from_a_day_that_no_calendar_has", 1, whole(begin="2026-02-31"))
    case("period_until_a_day_that_no_calendar_has", 1, whole(end="2026-03-32"))
    case("wholly_forged_without_a_key", 3, forged(), key="", source="")
    case("wholly_forged_against_the_genuine_key", 1, forged())
    case("wholly_forged_against_a_kept_checkpoint", 1, forged(), key="", checkpoint=kept_note())
    case("rewritten_with_the_genuine_key", 1, forged(FIRST), key=vkey(FIRST), checkpoint=kept_note())
    case("rewritten_before_the_kept_checkpoint", 1, whole(), checkpoint=other)
    case("shorter_than_the_kept_checkpoint", 1, whole(), checkpoint=note_of(NAME, at + 9, b"\1" * 32, [SECOND]))
    case(
        "no_proof_for_the_kept_checkpoint",
        1,
        whole(),
        checkpoint=note_of(NAME, 20, root(honest().leaves()[:20]), [FIRST]),
    )
    case(
        "checkpoint_that_a_stranger_signed", 1, whole(), key="", checkpoint=note_of(NAME, KEPT, b"\1" * 32, [STRANGER])
    )
    case("checkpoint_of_another_log", 1, whole(), checkpoint=note_of("other.example/x", KEPT, b"\1" * 32, [FIRST]))
    case("key_of_another_log", 1, whole(), key=vkey(SECOND, "other.example/x"))
    case("key_that_the_old_one_never_vouched_for", 1, unvouched, key=vkey(FIRST))
    case(
        "restarted_on_a_forged_checkpoint",
        1,
        lambda: zipped(bundle(restarted(note=note_of(NAME, 90, b"\1" * 32, [STRANGER])))),
        key=vkey(FIRST),
    )
    case(
        "restarted_after_nothing",
        1,
        lambda: zipped(bundle(restarted(note=note_of(NAME, 9, b"\1" * 32, [FIRST])))),
        key="",
    )


# --- files -----------------------------------------------------------------------------------------------------------
@files
def record_changed_with_its_commitment(found: Files) -> None:
    all_lines = lines(found)
    line = all_lines[4]
    line["record"] = line["record"].replace("C0001", "C0009")
    made = verifier.hmac.new(base64.b64decode(line["salt"]), line["record"].encode(), "sha256").digest()
    line["commitment"] = b64(made)
    found["records.jsonl"] = rows(all_lines)


@files
def period_cut_at_the_beginning(found: Files) -> None:
    cut(found, 2, 0)


@files
def period_cut_at_the_end(found: Files) -> None:
    cut(found, 0, 2)


def cut(found: Files, begin: int, end: int) -> None:
    manifest = json.loads(found["manifest.json"])
    first, last = manifest["first"] + begin, manifest["last"] - end
    found["records.jsonl"] = rows([one for one in lines(found) if first - 1 <= one["index"] <= last + 1])
    edited(found, "manifest.json", first=first, last=last)


@files
def records_moved_between_their_places(found: Files) -> None:
    all_lines = lines(found)
    one, other = all_lines[4], all_lines[5]
    all_lines[4], all_lines[5] = {**other, "index": one["index"]}, {**one, "index": other["index"]}
    found["records.jsonl"] = rows(all_lines)


@files
def record_blanked_without_an_erasure(found: Files) -> None:
    all_lines = lines(found)
    request = json.loads(all_lines[4]["record"])["request"]
    all_lines[4] |= {"record": None, "salt": None, "erased": True, "request": request}
    found["records.jsonl"] = rows(all_lines)


@files
def row_added_to_the_table(found: Files) -> None:
    found["records.csv"] += found["records.csv"].splitlines(keepends=True)[-1]


@files
def row_taken_from_the_table(found: Files) -> None:
    found["records.csv"] = b"".join(found["records.csv"].splitlines(keepends=True)[:-1])


@files
def picture_replaced(found: Files) -> None:
    name = next(name for name in found if name.startswith("pictures/"))
    found[name] = found[name][:-1] + b"\0"


@files
def pictures_exchanged(found: Files) -> None:
    one, other = (name for name in found if name.startswith("pictures/"))
    found[one], found[other] = found[other], found[one]


@files
def picture_deleted(found: Files) -> None:
    del found[next(name for name in found if name.startswith("pictures/"))]


@files
def picture_added(found: Files) -> None:
    found[f"pictures/{'ab' * 32}.png"] = b"\x89PNG\r\n\x1a\n"


@files
def text_of_a_release_changed(found: Files) -> None:
    name = next(name for name in found if name.startswith("releases/"))
    found[name] = found[name].replace(b"Shop Ltd", b"Shop Inc")


@files
def text_of_a_release_added(found: Files) -> None:
    found[f"releases/{'ab' * 32}.json"] = b"{}"


@files
def text_of_a_release_deleted(found: Files) -> None:
    del found[next(name for name in found if name.startswith("releases/"))]


@files
def law_table_smuggled_in(found: Files) -> None:
    found["jurisdictions.csv"] = b"id,name\r\nDE,Germany\r\n"


@files
def key_stated_that_signed_nothing(found: Files) -> None:
    edited(found, "manifest.json", keys=[*json.loads(found["manifest.json"])["keys"], vkey(STRANGER)])


@files
def called_a_bundle_of_format_1(found: Files) -> None:
    manifest = json.loads(found["manifest.json"])
    for name in ("date", "separator", "missing"):
        del manifest[name]
    for name in ("head.json", "events.jsonl"):
        del found[name]
    for name in [name for name in found if name.startswith("pictures/")]:
        del found[name]
    releases = [{**one, "number": one["release"]} for one in lines(found, "releases.jsonl")]
    found["releases.jsonl"] = rows(releases)
    found["verifier_keys.txt"] = "\n".join(manifest["keys"]).encode()
    found["jurisdictions.csv"] = found["jurisdictions.json"] = b"{}"
    found["records.csv"] = b"believe me"
    found["manifest.json"] = plain({**manifest, "format": "fairgate-bundle/1", "made_at": "2026-03-07T00:00:00Z"})


@files
def checkpoint_with_a_line_of_a_stranger(found: Files) -> None:
    points = json.loads(found["checkpoints.json"])
    note = points[-1]["note"]
    points[-1]["note"] = note + note_of(NAME, 5, b"\1" * 32, [STRANGER]).partition("\n\n")[2]
    found["checkpoints.json"] = plain(points)


@files
def checkpoint_with_another_text(found: Files) -> None:
    points = json.loads(found["checkpoints.json"])
    points[0]["note"] = points[0]["note"].replace("\n12\n", "\n13\n")
    found["checkpoints.json"] = plain(points)


@files
def checkpoint_twice(found: Files) -> None:
    points = json.loads(found["checkpoints.json"])
    found["checkpoints.json"] = plain([points[0], *points])


@files
def checkpoint_with_another_proof(found: Files) -> None:
    points = json.loads(found["checkpoints.json"])
    points[0]["consistency"] = points[0]["consistency"][:-1]
    found["checkpoints.json"] = plain(points)


@files
def checkpoint_with_an_unknown_member(found: Files) -> None:
    points = json.loads(found["checkpoints.json"])
    points[0]["kept_by"] = "a notary"
    found["checkpoints.json"] = plain(points)


@files
def last_checkpoint_taken_away(found: Files) -> None:
    found["checkpoints.json"] = plain(json.loads(found["checkpoints.json"])[:-1])


@files
def proof_longer(found: Files) -> None:
    found["range_proof.json"] = plain([*json.loads(found["range_proof.json"]), b64(b"\1" * 32)])


@files
def proof_shorter(found: Files) -> None:
    found["range_proof.json"] = plain(json.loads(found["range_proof.json"])[:-1])


def renumber(all_lines: list[Record], change: Callable[[list[Record]], object]) -> None:
    first = all_lines[0]["index"]
    change(all_lines)
    for number, line in enumerate(all_lines):
        line["index"] = first + number


def texts_of_lines() -> None:
    """What makes one program read a line otherwise than another."""
    record = "records.jsonl"
    all_files(
        name_twice_in_a_line=replaced(record, '"action":"custom"', '"action":"reject_all","action":"custom"'),
        name_twice_in_a_checkpoint=replaced("checkpoints.json", '"note":', '"note":"","note":'),
        blank_between=replaced(record, '"action":', '"action": '),
        escape_that_need_not_be=replaced(record, '"type":"consent"', '"type":"\\u0063onsent"'),
        half_a_surrogate_pair=replaced(record, '"language":"de"', '"language":"\\ud800"'),
        unknown_member_of_a_line=in_line(record, 3, verdict="good"),
        unknown_member_of_the_manifest=lambda found: edited(found, "manifest.json", signed_off_by="a notary"),
        unknown_member_of_the_head=lambda found: edited(found, "head.json", at="2026-03-07"),
        line_ends_of_windows=replaced(record, "\n", "\r\n"),
        empty_line=replaced(record, "\n", "\n\n"),
        last_line_without_an_end=lambda found: found.update({record: found[record][:-1]}),
        byte_order_mark=lambda found: found.update({record: b"\xef\xbb\xbf" + found[record]}),
        no_utf8=lambda found: found.update({record: found[record] + b"\xff\n"}),
        number_with_a_fraction=replaced(record, '"index":7', '"index":7.0'),
        number_too_large=replaced(record, '"index":7', '"index":' + "9" * 30),
        truth_for_a_number=in_line(record, 3, index=True),
        list_for_a_line=lambda found: found.update({record: b"[]\n" + found[record]}),
        null_for_a_text=in_line(record, 3, action=None),
        absurdly_deep=lambda found: found.update({record: b"[" * 100_000 + b"]" * 100_000 + b"\n"}),
        not_json=lambda found: found.update({"head.json": b"believe me"}),
        nothing_at_all=lambda found: found.update({"head.json": b""}),
        prototype_for_a_member=replaced(record, '"type":"consent"}', '"type":"consent","__proto__":"x"}'),
    )


def lines_changed() -> None:
    record = "records.jsonl"
    all_files(
        record_changed=replaced(record, '\\"layer\\":\\"banner\\"', '\\"layer\\":\\"center\\"'),
        action_changed_beside_the_proof=in_line(record, 4, action="reject_all"),
        record_removed=in_lines(lambda found: found.pop(4)),
        record_removed_and_renumbered=in_lines(lambda found: renumber(found, lambda all_lines: all_lines.pop(4))),
        record_added=in_lines(lambda found: renumber(found, lambda all_lines: all_lines.insert(5, dict(all_lines[4])))),
        records_out_of_order=in_lines(lambda found: found.insert(3, found.pop(4))),
        neighbours_left_out=in_lines(lambda found: (found.pop(), found.pop(0))),
        whole_record_called_erased=in_line(record, 4, erased=True),
        erased_record_given_another_place=in_line(record, 1, jurisdiction="FR"),
        erased_record_given_another_time=in_line(record, 1, received_at="2026-03-02T12:00:00.500000Z"),
        day_changed=in_line(record, 4, day="2026-03-03"),
        salt_shortened=in_line(record, 4, salt=b64(b"1")),
        commitment_not_in_its_one_form=in_lines(
            lambda found: found[4].update(commitment=found[4]["commitment"].rstrip("="))
        ),
        erasure_left_out=in_lines(lambda found: found.clear(), "erasures.jsonl"),
        erasure_twice=in_lines(lambda found: found.append(found[0]), "erasures.jsonl"),
        erasure_without_what_it_names_elsewhere=in_line("erasures.jsonl", 0, others=[]),
        erasure_with_another_of_those=in_lines(
            lambda found: found[0]["others"][0].__setitem__(7, "FR"), "erasures.jsonl"
        ),
        release_left_out=in_lines(lambda found: found.pop(), "releases.jsonl"),
        release_twice=in_lines(lambda found: found.append(found[-1]), "releases.jsonl"),
        release_renumbered=in_line("releases.jsonl", 0, release=7),
        release_given_a_language=in_line("releases.jsonl", 0, language="de"),
        event_twice=in_lines(lambda found: found.append(found[-1]), "events.jsonl"),
        events_out_of_order=in_lines(lambda found: found.reverse(), "events.jsonl"),
        event_with_another_proof=in_line("events.jsonl", 0, proof=[]),
        change_of_the_key_left_out=in_lines(lambda found: found.clear(), "events.jsonl"),
    )  # fmt: skip


def other_files() -> None:
    for change in (text_of_a_document_changed, text_of_a_document_deleted, text_of_a_document_added):
        case(change.__name__, 1, with_documents(change))
    report, table, manifest = "report.html", "records.csv", "manifest.json"
    all_files(
        cell_changed=replaced(table, "accept_all", "reject_all"),
        country_changed=replaced(table, ",DE,DE,", ",DE,FR,"),
        cell_made_a_formula=replaced(table, "'=1+1", "=1+1"),
        table_with_other_separators=lambda found: edited(found, manifest, separator=";"),
        table_without_its_mark=lambda found: found.update({table: found[table][3:]}),
        table_with_something_behind=lambda found: found.update({table: found[table] + b"total,1\r\n"}),
        total_changed=replaced(report, '<td class="n">3</td>', '<td class="n">9</td>'),
        controller_changed_in_the_report=replaced(report, "Shop Ltd", "Nobody Ltd"),
        event_hidden_in_the_report=replaced(report, "KEY CHANGED", "Key kept"),
        script_in_the_report=replaced(report, "</body>", "<script>alert(1)</script></body>"),
        report_with_something_behind=lambda found: found.update({report: found[report] + b"<p>Certified.</p>"}),
        name_changed=lambda found: edited(found, manifest, name="Another shop"),
        date_changed=lambda found: edited(found, manifest, date="2026-03-09"),
        period_said_to_be_longer=lambda found: edited(found, manifest, to="2026-03-06"),
        period_said_to_be_shorter=lambda found: edited(found, manifest, to="2026-03-03"),
        period_that_ends_before_it_begins=lambda found: edited(found, manifest, to="2026-01-01"),
        size_changed=lambda found: edited(found, manifest, size=400),
        size_absurd=lambda found: edited(found, manifest, size=2**53 - 1, last=2**53 - 2),
        size_of_nothing=lambda found: edited(found, manifest, size=0, first=0, last=-1),
        last_beyond_the_log=lambda found: edited(found, manifest, last=39),
        site_changed=lambda found: edited(found, manifest, site=SITE.replace("1", "2")),
        site_that_is_a_pattern=lambda found: edited(found, manifest, site=".*"),
        format_unknown=lambda found: edited(found, manifest, format="fairgate-bundle/3"),
        format_that_is_no_text=lambda found: edited(found, manifest, format=[]),
        origin_changed=lambda found: edited(found, manifest, origin="other.example/" + SITE),
        keys_that_are_no_texts=lambda found: edited(found, manifest, keys=[1]),
        missing_that_is_a_list_in_a_list=lambda found: edited(found, manifest, missing=[[]]),
        picture_called_missing_that_none_names=lambda found: edited(found, manifest, missing=["pictures/x.png"]),
        head_of_another_day=lambda found: edited(found, "head.json", day="2026-03-09"),
        head_that_is_another_entry=lambda found: edited(found, "head.json", proof=[]),
        verifier_left_out=lambda found: found.pop("verify.py"),
        table_left_out=lambda found: found.pop(table),
        file_smuggled_in=lambda found: found.update({"readme.txt": b"believe me"}),
        file_with_a_capital=lambda found: found.update({"Report.html": b"believe me"}),
        file_in_another_folder=lambda found: found.update({"report/report.html": b"believe me"}),
    )  # fmt: skip


def anchors() -> None:
    def first(**members: Any) -> Callable[[], bytes]:
        return anchored(lambda all_anchors: all_anchors[0].update(members))

    def cosigned(data: bytes) -> Callable[[], bytes]:
        return anchored(lambda all_anchors: all_anchors[1].update(evidence=b64(data)))

    stranger, by = kept_note().replace("\n12\n", "\n13\n"), vkey(WITNESS, "witness.example", 4)
    case("timestamp_of_another_checkpoint", 1, first(evidence=b64(timestamp(stranger))))
    for moment in (b"20260230120000Z", b"20260307240000Z", b"20260307126000Z"):
        impossible = b64(timestamp(kept_note(), moment))
        case(f"timestamp_of_{moment.decode()}", 1, first(evidence=impossible))
    case("anchor_twice", 1, anchored(lambda all_anchors: all_anchors.append(all_anchors[-1])))
    case("timestamp_that_is_none", 1, first(evidence=b64(b"0\x82")))
    case("timestamp_that_is_empty", 1, first(evidence=""))
    case("timestamp_that_is_cut", 1, first(evidence=b64(timestamp(kept_note())[:-9])))
    case("evidence_that_is_not_base64", 1, first(evidence="believe me"))
    case("anchor_of_a_checkpoint_that_is_not_there", 1, first(size=11))
    case("anchor_of_an_unknown_kind", 1, first(method="notary"))
    case("anchor_with_an_unknown_member", 1, first(at="2026-03-01"))
    case("anchor_elsewhere_than_the_report_says", 1, first(target="https://better.example"))
    case("anchor_left_out", 1, anchored(lambda all_anchors: all_anchors.pop()))
    case("anchors_that_are_no_list", 1, anchored(lambda all_anchors: all_anchors.__setitem__(slice(None), [{}])))
    case("cosignature_that_is_none", 1, cosigned(b"thank you"))
    case("cosignature_of_another_checkpoint", 1, cosigned(cosignature(stranger)), witness=by)


# --- the zip and the folder ------------------------------------------------------------------------------------------
@bytes_of
def zip_with_something_before(found: Files) -> bytes:
    return b"#!/bin/sh\n" + zipped(found)


@bytes_of
def zip_behind_another_zip(found: Files) -> bytes:
    return zipped({"report.html": b"<p>Something else.</p>"}) + zipped(found)


@bytes_of
def zip_with_something_behind(found: Files) -> bytes:
    return zipped(found) + b"believe me"


def written(found: Files, *more: tuple[zipfile.ZipInfo | str, bytes], remark: bytes = b"") -> bytes:
    made = io.BytesIO(zipped(found))
    with zipfile.ZipFile(made, "a") as archive:
        archive.comment = remark
        for name, content in more:
            archive.writestr(name, content)
    return made.getvalue()


@bytes_of
def zip_with_a_comment(found: Files) -> bytes:
    return written(found, remark=b"certified")


@bytes_of
def zip_with_a_file_that_the_manifest_does_not_name(found: Files) -> bytes:
    return written(found, ("readme.txt", b"believe me"))


@bytes_of
def zip_with_a_file_twice(found: Files) -> bytes:
    return written(found, ("report.html", b"<p>Something else.</p>"))


@bytes_of
def zip_with_a_file_in_capitals(found: Files) -> bytes:
    return written(found, ("REPORT.html", b"<p>Something else.</p>"))


@bytes_of
def zip_with_a_way_out(found: Files) -> bytes:
    return written(found, ("../report.html", b"<p>Something else.</p>"))


@bytes_of
def zip_with_a_name_of_windows(found: Files) -> bytes:
    info = zipfile.ZipInfo("x")
    info.filename = "pictures\\x.png"
    return written(found, (info, b""))


@bytes_of
def zip_with_a_letter_that_looks_alike(found: Files) -> bytes:
    return written(found, ("rep\u043ert.html", b"<p>Something else.</p>"))


@bytes_of
def zip_with_a_link(found: Files) -> bytes:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    return written(found, (info, b"/etc/passwd"))


@bytes_of
def zip_with_a_second_name_for_other_programs(found: Files) -> bytes:
    info = zipfile.ZipInfo("readme.txt")
    info.extra = struct.pack("<HH", 0x7075, 9) + b"\1\0\0\0\0name"
    return written(found, (info, b""))


@bytes_of
def zip_with_something_in_an_extra_field(found: Files) -> bytes:
    return repacked(found, struct.pack("<HH", 0xCAFE, 10) + b"believe me")


@bytes_of
def zip_with_half_an_extra_field(found: Files) -> bytes:
    return repacked(found, b"\0\0")


@bytes_of
def zip_with_another_size_at_the_file_than_in_its_table(found: Files) -> bytes:
    whole_zip = bytearray(zipped(found))
    whole_zip[22] ^= 1
    return bytes(whole_zip)


@bytes_of
def zip_with_another_checksum_at_the_file_than_in_its_table(found: Files) -> bytes:
    whole_zip = bytearray(zipped(found))
    whole_zip[14] ^= 1
    return bytes(whole_zip)


@bytes_of
def zip_with_another_name_at_the_file_than_in_its_table(found: Files) -> bytes:
    return zipped(found).replace(b"report.html", b"repor1.html", 1)


@bytes_of
def zip_with_a_gap(found: Files) -> bytes:
    """Another file lies between two files, where only some programs look."""
    whole_zip, hidden = zipped(found), zipped({"x": b"believe me"})[:41]
    end = whole_zip.rindex(b"PK\5\6")
    start = struct.unpack("<I", whole_zip[end + 16 : end + 20])[0]
    tail = whole_zip[end : end + 16] + struct.pack("<I", start + len(hidden)) + whole_zip[end + 20 :]
    return whole_zip[:start] + hidden + whole_zip[start:end] + tail


@bytes_of
def zip_with_another_checksum(found: Files) -> bytes:
    whole_zip = bytearray(zipped(found))
    at = whole_zip.index(b"PK\1\2")
    whole_zip[at + 16] ^= 1
    return bytes(whole_zip)


@bytes_of
def zip_said_to_be_encrypted(found: Files) -> bytes:
    whole_zip = bytearray(zipped(found))
    at = whole_zip.index(b"PK\1\2")
    whole_zip[at + 8] |= 1
    return bytes(whole_zip)


@bytes_of
def zip_with_damaged_bytes(found: Files) -> bytes:
    whole_zip = bytearray(zipped(found))
    whole_zip[200] ^= 255
    return bytes(whole_zip)


@bytes_of
def zip_cut_in_the_middle(found: Files) -> bytes:
    whole_zip = zipped(found)
    return whole_zip[: len(whole_zip) // 2]


@bytes_of
def zip_cut_near_the_end(found: Files) -> bytes:
    return zipped(found)[:-30]


@bytes_of
def empty_file(_found: Files) -> bytes:
    return b""


@bytes_of
def not_a_zip(_found: Files) -> bytes:
    return b"believe me" * 100


@bytes_of
def manifest_that_was_not_made_to_fit(found: Files) -> bytes:
    return zipped({**found, "anchors.json": b"[ ]"})


@bytes_of
def name_twice_in_the_manifest(found: Files) -> bytes:
    replaced("manifest.json", '"name":"Shop"', '"name":"Other","name":"Shop"')(found)
    return zipped(found)


@bytes_of
def folder_with_another_file(found: Files) -> Files:
    return {**found, "readme.txt": b"believe me"}


@bytes_of
def folder_without_a_file(found: Files) -> Files:
    del found["report.html"]
    return found


@bytes_of
def folder_with_a_changed_table(found: Files) -> Files:
    return fit({**found, "records.csv": found["records.csv"].replace(b"accept_all", b"reject_all")})


def marked_answers() -> None:
    nonsense.nonsense(
        said_elsewhere_of_what_was_not_there=said_elsewhere(YES),
        tried_out_and_given=lambda made: made.answer(NOON, "test", YES, test="accept_all"),
        tried_out_by_a_visitor=lambda made: made.answer(
            NOON, "test", YES, status="ConsentUnknown", test="accept_all", visitor=made.lines[2]["id"]
        ),
    )


what_holds()
other_histories()
texts_of_lines()
lines_changed()
other_files()
anchors()
nonsense.add_cases()
marked_answers()
