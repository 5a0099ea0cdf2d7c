#!/usr/bin/env python3
"""Checks a Fairgate audit bundle, offline, without trusting the operator who made it.

    python3 verify.py [BUNDLE.zip] [--key VKEY] [--checkpoint FILE]

Needs Python 3.8 or newer and nothing else. Without BUNDLE it checks the folder it lies in.
--key         the signer's public key (a vkey line), got from the operator by another way than this bundle
--checkpoint  a checkpoint that you or a third party kept earlier: proves that nothing was rewritten since
Exit code 0: all that was checked holds. 1: something is refused, and why.

Formats: RFC 9162 Merkle tree, C2SP signed note and checkpoint, Ed25519 (RFC 8032). See docs/audit.md.
"""

import argparse
import base64
import hashlib
import hmac
import io
import json
import os
import sys
import zipfile


class VerificationFailed(Exception):
    """Something does not hold; the text says what, in words."""


# --- Ed25519 verification, RFC 8032 §5.1.7 -------------------------------------------------------------------------
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)


def _recover_x(y, sign):
    if y >= P:
        return None
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    if x2 == 0:
        return None if sign else 0
    x = pow(x2, (P + 3) // 8, P)
    if (x * x - x2) % P:
        x = x * SQRT_M1 % P
    if (x * x - x2) % P:
        return None
    return P - x if (x & 1) != sign else x


def _add(a, b):
    e = (a[1] - a[0]) * (b[1] - b[0]) % P
    f = (a[1] + a[0]) * (b[1] + b[0]) % P
    g = 2 * a[3] * b[3] * D % P
    h = 2 * a[2] * b[2] % P
    w, x, y, z = f - e, h - g, h + g, f + e
    return (w * x % P, y * z % P, x * y % P, w * z % P)


def _times(k, point):
    out = (0, 1, 1, 0)
    while k:
        if k & 1:
            out = _add(out, point)
        point = _add(point, point)
        k >>= 1
    return out


def _point(data):
    number = int.from_bytes(data, "little")
    y, sign = number & ((1 << 255) - 1), number >> 255
    x = _recover_x(y, sign)
    return None if x is None else (x, y, 1, x * y % P)


BASE_Y = 4 * pow(5, P - 2, P) % P
BASE = (_recover_x(BASE_Y, 0), BASE_Y, 1, _recover_x(BASE_Y, 0) * BASE_Y % P)


def signature_holds(public, signature, message):
    """Whether `signature` (64 bytes) over `message` was made by the holder of `public` (32 bytes)."""
    if len(public) != 32 or len(signature) != 64:
        return False
    a, r, s = _point(public), _point(signature[:32]), int.from_bytes(signature[32:], "little")
    if a is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + message).digest(), "little") % L
    left, right = _times(s, BASE), _add(r, _times(h, a))
    return (left[0] * right[2] - right[0] * left[2]) % P == 0 and (left[1] * right[2] - right[1] * left[2]) % P == 0


# --- Merkle tree, RFC 9162 §2.1 ------------------------------------------------------------------------------------
def leaf_of(data):
    return hashlib.sha256(b"\x00" + data).digest()


def node(left, right):
    return hashlib.sha256(b"\x01" + left + right).digest()


def split(size):
    """The largest power of two smaller than `size`."""
    return 1 << (size - 1).bit_length() - 1


def root_of_range(size, first, last, leaves, proof):
    """The root of a tree of `size` leaves from the leaves `first`…`last` and the hashes of all subtrees beside them.

    `leaves` and `proof` are iterators, used in order. Raises VerificationFailed when either has too few or too many.
    """
    proof = iter(proof)

    def walk(lo, hi):
        if hi <= first or lo > last:
            try:
                return next(proof)
            except StopIteration:
                raise VerificationFailed("The range proof has too few hashes.")
        if hi - lo == 1:
            try:
                return next(leaves)
            except StopIteration:
                raise VerificationFailed("Records are missing: fewer leaves than the period says.")
        middle = lo + split(hi - lo)
        return node(walk(lo, middle), walk(middle, hi))

    root = walk(0, size)
    if next(proof, None) is not None:
        raise VerificationFailed("The range proof has too many hashes.")
    if next(leaves, None) is not None:
        raise VerificationFailed("There are more records than the period says.")
    return root


def inclusion_root(index, size, leaf, proof):
    """RFC 9162 §2.1.3.2: the root that an inclusion proof leads to."""
    if not 0 <= index < size:
        raise VerificationFailed("An inclusion proof names an index beyond the tree.")
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        if sn == 0:
            raise VerificationFailed("An inclusion proof is too long.")
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn >>= 1
                sn >>= 1
        else:
            r = node(r, p)
        fn >>= 1
        sn >>= 1
    if sn:
        raise VerificationFailed("An inclusion proof is too short.")
    return r


def consistent(first, first_root, second, second_root, proof):
    """RFC 9162 §2.1.4.2: whether the tree of `second` leaves is the tree of `first` leaves with leaves added."""
    if first == second:
        return not proof and first_root == second_root
    if first == 0:
        return not proof and first_root == hashlib.sha256(b"").digest()
    if first > second or not proof:
        return False
    path = list(proof)
    if first & (first - 1) == 0:
        path.insert(0, first_root)
    fn, sn = first - 1, second - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    fr = sr = path[0]
    for c in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            sr = node(sr, c)
        fn >>= 1
        sn >>= 1
    return sn == 0 and fr == first_root and sr == second_root


# --- checkpoints, C2SP signed note ---------------------------------------------------------------------------------
def read_key(vkey):
    """(name, key id, public key) of a vkey line `name+hex+base64`. Raises VerificationFailed when it is not one."""
    try:
        name, key_id, rest = vkey.strip().split("+", 2)
        blob = base64.b64decode(rest, validate=True)
    except Exception:
        raise VerificationFailed("This is not a verifier key: %r" % vkey[:80])
    if blob[:1] != b"\x01" or len(blob) != 33:
        raise VerificationFailed("Only Ed25519 keys are known here.")
    expected = hashlib.sha256(name.encode() + b"\n\x01" + blob[1:]).digest()[:4]
    if expected.hex() != key_id:
        raise VerificationFailed("The verifier key's id does not fit its key.")
    return name, expected, blob[1:]


def read_checkpoint(note, keys):
    """(origin, size, root) of a signed note. With keys, one of them must have signed it. Raises VerificationFailed."""
    text, found, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not found or len(lines) < 3 or not lines[1].isdigit():
        raise VerificationFailed("A checkpoint is not a signed note.")
    try:
        root = base64.b64decode(lines[2], validate=True)
    except Exception:
        raise VerificationFailed("A checkpoint's root is not base64.")
    if len(root) != 32:
        raise VerificationFailed("A checkpoint's root is not 32 bytes.")
    message = (text + "\n").encode()
    for name, key_id, public in keys:
        for line in signatures.split("\n"):
            parts = line.split(" ")
            if len(parts) != 3 or parts[0] != "\u2014" or parts[1] != name:
                continue
            try:
                blob = base64.b64decode(parts[2], validate=True)
            except Exception:
                continue
            if blob[:4] == key_id and signature_holds(public, blob[4:], message):
                return lines[0], int(lines[1]), root
    if keys:
        raise VerificationFailed("The checkpoint of size %s is not signed by the expected key." % lines[1])
    return lines[0], int(lines[1]), root


# --- the bundle ----------------------------------------------------------------------------------------------------
class Bundle:
    """The files of a bundle, in a zip or in a folder."""

    def __init__(self, path):
        self.folder = None if os.path.isfile(path) else path
        try:
            self.zip = None if self.folder else zipfile.ZipFile(path)
        except (OSError, zipfile.BadZipFile) as error:
            raise VerificationFailed("This is not a whole bundle: %s" % error)

    def open(self, name):
        try:
            return self.zip.open(name) if self.zip else open(os.path.join(self.folder, name), "rb")
        except (KeyError, OSError):
            raise VerificationFailed("The bundle has no file %s." % name)

    def read(self, name):
        with self.open(name) as file:
            return file.read()

    def json(self, name):
        try:
            return json.loads(self.read(name).decode("utf-8"))
        except ValueError:
            raise VerificationFailed("%s can't be read." % name)

    def lines(self, name):
        with self.open(name) as file:
            for line in io.TextIOWrapper(file, "utf-8"):
                try:
                    yield json.loads(line)
                except ValueError:
                    raise VerificationFailed("A line of %s can't be read." % name)

    def names(self):
        if self.zip:
            return [name for name in self.zip.namelist() if not name.endswith("/")]
        found = []
        for base, _folders, files in os.walk(self.folder):
            found += [os.path.relpath(os.path.join(base, name), self.folder).replace(os.sep, "/") for name in files]
        return found


def unbase64(text):
    try:
        return base64.b64decode(text, validate=True)
    except Exception:
        raise VerificationFailed("Something that should be base64 is not.")


def canonical(value):
    """RFC 8785 for the values records hold: strings, booleans, whole numbers, lists, objects with ASCII keys."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


# What the line repeats outside the committed record: the record must say the same.
REPEATED = ("release", "release_hash", "regime", "jurisdiction", "language", "action", "received_at", "id", "type")


def leaf_of_line(line, site):
    """The leaf of one record; the record must fit its commitment. Raises VerificationFailed."""
    where = "record %s" % line.get("index")
    if type(line["index"]) is not int or line["index"] < 0:
        raise VerificationFailed("%s has no index." % where)
    commitment = unbase64(line["commitment"])
    blank = line["record"] is None
    if line["erased"] is not blank or (blank and line["salt"] is not None):
        raise VerificationFailed("%s is neither whole nor erased." % where)
    if blank:
        if line["received_at"][:10] != line["day"]:
            raise VerificationFailed("%s has a day that is not that of its time." % where)
    else:
        made = hmac.new(unbase64(line["salt"]), line["record"].encode("utf-8"), hashlib.sha256).digest()
        if not hmac.compare_digest(made, commitment):
            raise VerificationFailed("%s was changed: it does not fit its commitment." % where)
        try:
            record = json.loads(line["record"])
        except ValueError:
            raise VerificationFailed("%s can't be read." % where)
        for name in REPEATED:
            stated = record.get(name)
            if type(stated) is not type(line[name]) or stated != line[name]:
                raise VerificationFailed(
                    "%s says %r beside its proof, but %r in it: %s." % (where, line[name], stated, name)
                )
        if record.get("site") != site or record["received_at"][:10] != line["day"]:
            raise VerificationFailed("%s is of another site, or has a day that is not that of its time." % where)
    text = "fairgate/v1\n%s\n%s\n%s\n%s\n%s" % (
        line["type"],
        site,
        line["day"],
        line["release_hash"],
        line["commitment"],
    )
    return leaf_of(text.encode("utf-8"))


def set_back(line, before):
    """What an entry says that set the clock back, in words; `before` is the time of the entry before it, None when that
    is not here. Raises VerificationFailed when it does not step back from there."""
    if line["record"] is None:
        raise VerificationFailed("Entry %s, which sets the clock back, is blank." % line["index"])
    stated = json.loads(line["record"])
    if before not in (None, stated["before"]) or not line["received_at"] < stated["before"]:
        raise VerificationFailed(
            "Entry %s does not set the clock back from the time of the one before it." % line["index"]
        )
    return "CLOCK SET BACK by entry %s, from %s to %s: records just before it are dated ahead. Stated reason: %s" % (
        line["index"],
        stated["before"],
        line["received_at"],
        stated["reason"],
    )


class Seal:
    """What an erasure says was left of the records that it blanked."""

    def __init__(self, line, first, last):
        stated = json.loads(line["record"])
        self.where, self.kept = line["index"], stated["kept"]
        self.inside = [one for one in stated["indexes"] if first <= one <= last]
        self.rows = {row[0]: row for row in line["others"]}
        self.waiting = len(self.inside)
        if sorted([*self.inside, *self.rows]) != stated["indexes"]:
            raise VerificationFailed("The erasure at index %s does not come with all that it names." % self.where)

    def take(self, line):
        """One of its records, as it stands in the bundle. Raises VerificationFailed when the last one does not fit the
        seal."""
        request = line["request"] if line["record"] is None else json.loads(line["record"])["request"]
        release = -1 if line["release"] is None else line["release"]
        names = ("regime", "jurisdiction", "language", "action")
        row = [line["index"], line["received_at"], line["id"], line["type"], line["day"], release]
        self.rows[line["index"]] = [*row, *(line[name] for name in names), request]
        self.waiting -= 1
        if self.waiting:
            return
        made = hashlib.sha256()
        for index in sorted(self.rows):
            made.update((canonical(self.rows[index]) + "\n").encode("utf-8"))
        self.rows = {}
        if made.hexdigest() != self.kept:
            raise VerificationFailed("What is left of the records that entry %s erased was changed." % self.where)


class Log:
    """What the parts of the check share: the bundle, and the log as its last checkpoint signs it."""

    def __init__(self, bundle, manifest):
        self.bundle, self.manifest = bundle, manifest
        self.site, self.first, self.last = manifest["site"], manifest["first"], manifest["last"]
        # Known once the checkpoints are read.
        self.points, self.keys = [], []
        self.origin, self.size, self.root = "", 0, b""


def check(path, key=None, checkpoint=None, say=print):
    """Checks everything; `say` gets one sentence for each thing that holds. Raises VerificationFailed."""
    bundle = Bundle(path)
    manifest = bundle.json("manifest.json")
    if manifest.get("format") != "fairgate-bundle/1":
        raise VerificationFailed("This is not a Fairgate bundle of a format I know.")
    log = Log(bundle, manifest)
    check_files(log, say)
    check_checkpoints(log, key, say)
    if checkpoint is not None:
        check_kept_checkpoint(log, checkpoint, say)
    erased = check_erasures(log)
    used = check_records(log, erased, say)
    check_releases(log, used, say)
    say_what_is_open(log, checkpoint, say)


def check_files(log, say):
    """The bundle holds the files that its manifest names, whole, and no others."""
    bundle, files = log.bundle, log.manifest["files"]
    for name, digest in files.items():
        made = hashlib.sha256()
        with bundle.open(name) as file:
            try:
                for piece in iter(lambda: file.read(1 << 20), b""):
                    made.update(piece)
            except (zipfile.BadZipFile, EOFError, OSError) as error:
                raise VerificationFailed("%s is damaged: %s" % (name, error))
        if made.hexdigest() != digest:
            raise VerificationFailed("%s is not the file that the manifest names." % name)
    extra = sorted(set(bundle.names()) - set(files) - {"manifest.json"})
    if extra and bundle.zip:
        raise VerificationFailed("The bundle holds files that its manifest does not name: %s." % ", ".join(extra[:5]))
    say("The bundle is whole: %d files fit the manifest." % len(files))


def check_checkpoints(log, key, say):
    """The checkpoints are signed, and each is an earlier state of the last one."""
    bundle, manifest = log.bundle, log.manifest
    stated = [read_key(line) for line in manifest["keys"]]
    trusted = [read_key(key)] if key else []
    points = bundle.json("checkpoints.json")
    if not points:
        raise VerificationFailed("The bundle has no checkpoint.")
    origin, size, root = read_checkpoint(points[-1]["note"], trusted or stated)
    if log.site not in origin:
        raise VerificationFailed("The checkpoint is of another log: %s." % origin)
    if [manifest["origin"], manifest["size"]] != [origin, size]:
        raise VerificationFailed("The manifest speaks of another log than the last checkpoint.")
    if bundle.read("verifier_keys.txt").decode("utf-8").split() != manifest["keys"]:
        raise VerificationFailed("verifier_keys.txt does not hold the keys of the manifest.")
    for point in points:  # an older key may have signed an older one; the newest vouches for all
        _origin, earlier, earlier_root = read_checkpoint(point["note"], trusted + stated)
        proof = [unbase64(h) for h in point["consistency"]]
        if _origin != origin or not consistent(earlier, earlier_root, size, root, proof):
            raise VerificationFailed("The checkpoint of size %d is not an earlier state of this log." % earlier)
    say("%d checkpoints are signed and each is an earlier state of the last one, of size %d." % (len(points), size))
    if trusted:
        say("The signer is the one whose key you gave.")
    else:
        say("SIGNER NOT VERIFIED: give the operator's public key with --key, got by another way than this bundle.")
    log.points, log.keys = points, trusted + stated
    log.origin, log.size, log.root = origin, size, root


def check_kept_checkpoint(log, checkpoint, say):
    """The log has grown out of the one that the checkpoint kept elsewhere was of."""
    kept_origin, kept_size, kept_root = read_checkpoint(checkpoint, log.keys)
    if kept_origin != log.origin:
        raise VerificationFailed("The checkpoint that you kept is of another log: %s." % kept_origin)
    if kept_size > log.size:
        raise VerificationFailed(
            "The checkpoint that you kept is newer than this bundle: the log has shrunk, or ask for a new bundle."
        )
    for point in log.points:
        _o, earlier, earlier_root = read_checkpoint(point["note"], log.keys)
        if earlier == kept_size:
            if earlier_root != kept_root:
                raise VerificationFailed(
                    "REWRITTEN: the log of size %d is not the one that you kept a checkpoint of." % kept_size
                )
            say(
                "The log holds what it held when your checkpoint of size %d was kept: nothing before was rewritten."
                % kept_size
            )
            return
    raise VerificationFailed(
        "The bundle has no proof for your checkpoint of size %d: ask for a bundle that has it." % kept_size
    )


def check_erasures(log):
    """What may be missing: {index: the Seal of the erasure that blanked the record}."""
    erased = {}
    for line in log.bundle.lines("erasures.jsonl"):
        proof = [unbase64(h) for h in line["proof"]]
        if line["type"] != "erasure" or line["record"] is None:
            raise VerificationFailed("Entry %s is not an erasure." % line["index"])
        if inclusion_root(line["index"], log.size, leaf_of_line(line, log.site), proof) != log.root:
            raise VerificationFailed("The log does not hold the erasure at index %s." % line["index"])
        seal = Seal(line, log.first, log.last)
        if any(one in erased for one in seal.inside):
            raise VerificationFailed("A record is erased twice, by the entry at index %s too." % line["index"])
        erased.update(dict.fromkeys(seal.inside, seal))
    return erased


class Period:
    """The records of the period, with one neighbour on each side that shows that none was cut off."""

    def __init__(self, log, erased):
        self.log, self.erased = log, erased
        self.begin, self.end = log.manifest["from"], log.manifest["to"]
        self.lower = log.first - 1 if log.first > 0 else log.first
        self.upper = log.last + 1 if log.last + 1 < log.size else log.last
        self.records = self.blank = 0
        self.used = set()  # hashes of the releases that were answered
        self.stray = None  # a record that is dated ahead, until an entry sets the clock back
        self.repairs = []  # in words

    def leaves(self):
        """The leaf of each line, in order. Raises VerificationFailed for a line that can't stand where it does."""
        expected, before = self.lower, None  # the time of the record before
        for line in self.log.bundle.lines("records.jsonl"):
            index = line["index"]
            if index != expected:
                raise VerificationFailed(
                    "Record %s follows record %s: one is missing, added or out of order." % (index, expected - 1)
                )
            expected += 1
            if line["type"] == "clock_repair":  # the one place where time may step back
                self.repairs.append(set_back(line, before))
                self.stray = None
            elif before is not None and line["received_at"] < before:
                raise VerificationFailed("Record %s is older than the one before it." % index)
            before = line["received_at"]
            if index < self.log.first and not line["day"] < self.begin:
                raise VerificationFailed(
                    "Records were cut off at the beginning: the one before the period is of %s." % line["day"]
                )
            if index > self.log.last and not line["day"] > self.end:
                raise VerificationFailed(
                    "Records were cut off at the end: the one after the period is of %s." % line["day"]
                )
            if self.log.first <= index <= self.log.last:
                self._inside(index, line)
            yield leaf_of_line(line, self.log.site)

    def _inside(self, index, line):
        if line["day"] > self.end and self.stray is None:
            self.stray = line  # the clock was ahead, if an entry that sets it back follows
        if line["day"] < self.begin and not self.repairs:
            raise VerificationFailed("Record %s is of %s, outside the period." % (index, line["day"]))
        self.records += 1
        self.blank += line["record"] is None
        if line["record"] is None and index not in self.erased:
            raise VerificationFailed("Record %s is blank, but no erasure of the log names it." % index)
        if index in self.erased:
            self.erased[index].take(line)
        if line["type"] == "consent":
            self.used.add(line["release_hash"])


def check_records(log, erased, say):
    """The records of the period are all there, as signed; the hashes of the releases that they answered."""
    period = Period(log, erased)
    if log.first <= log.last:
        proof = [unbase64(h) for h in log.bundle.json("range_proof.json")]
        made = root_of_range(log.size, period.lower, period.upper, period.leaves(), proof)
        if period.stray:
            raise VerificationFailed(
                "Record %s is of %s, outside the period." % (period.stray["index"], period.stray["day"])
            )
        if made != log.root:
            raise VerificationFailed(
                "The records do not lead to the signed root: one was changed, moved, removed or added."
            )
        for repair in period.repairs:
            say(repair)
        say(
            "Records %d to %d are all there, in order, as signed: %d entries, %d of them erased (their leaf stays)."
            % (log.first, log.last, period.records, period.blank)
        )
    else:
        empty_period(log.bundle, log.site, log.size, log.root, period.begin, period.end)
        say("No entry lies in the period, and the entries around it prove that.")
    if period.upper == log.last:
        say("The log ended with this period when the bundle was made; no later entry closes it.")
    return period.used


def check_releases(log, used, say):
    """What was asked is there, word by word, for each release that was answered."""
    shown, numbers = set(), set()
    for line in log.bundle.lines("releases.jsonl"):
        proof = [unbase64(h) for h in line["proof"]]
        if inclusion_root(line["index"], log.size, leaf_of_line(line, log.site), proof) != log.root:
            raise VerificationFailed("The log does not hold the release at index %s." % line["index"])
        text = log.bundle.read("releases/%s.json" % line["release_hash"])
        if hashlib.sha256(text).hexdigest() != line["release_hash"]:
            raise VerificationFailed("The text of release %s was changed." % line["release_hash"][:12])
        if line["type"] != "release":
            raise VerificationFailed("Entry %s is not a release." % line["index"])
        if line["number"] in numbers or line["number"] != line["release"]:
            raise VerificationFailed("Release %s is there twice, or under another number." % line["number"])
        numbers.add(line["number"])
        shown.add(line["release_hash"])
    missing = used - shown
    if missing:
        raise VerificationFailed(
            "The texts that visitors answered are missing for release %s." % sorted(missing)[0][:12]
        )
    say("%d releases are there word by word, and each is an entry of the log." % len(shown))


def say_what_is_open(log, checkpoint, say):
    """What the bundle can't prove by itself."""
    anchors = log.bundle.json("anchors.json")
    if anchors:
        say("%d anchors outside the operator's hands are listed; check them with whoever keeps them." % len(anchors))
    elif checkpoint is None:
        say("No checkpoint was kept outside: the operator could have rewritten this before it was signed.")
    say("NOT PROVED: records.csv and report.html are made from the records for reading; records.jsonl is the proof.")
    say("NOT CLAIMED: that every click was logged (ask visitors for receipts), nor that the texts are lawful.")


def empty_period(bundle, site, size, root, begin, end):
    """An empty period lies between two neighbours, or at an end of the log. Raises VerificationFailed when it does
    not."""
    around = list(bundle.lines("records.jsonl"))
    proofs = bundle.json("range_proof.json")
    if len(around) > 2 or (size and not around) or len(proofs) != len(around):
        raise VerificationFailed("The entries around the empty period are not there.")
    for line, proof in zip(around, proofs):
        if inclusion_root(line["index"], size, leaf_of_line(line, site), [unbase64(h) for h in proof]) != root:
            raise VerificationFailed("An entry beside the empty period is not in the log.")
        if begin <= line["day"] <= end:
            raise VerificationFailed("Records were cut off: an entry of %s lies in the period." % line["day"])
    if len(around) == 2 and not (
        around[0]["day"] < begin and around[1]["day"] > end and around[1]["index"] == around[0]["index"] + 1
    ):
        raise VerificationFailed("The entries around the empty period are not neighbours.")
    if len(around) == 1:
        line = around[0]
        if not (line["index"] == size - 1 and line["day"] < begin) and not (line["index"] == 0 and line["day"] > end):
            raise VerificationFailed("The entry beside the empty period is not at an end of the log.")


def main():
    parser = argparse.ArgumentParser(description="Checks a Fairgate audit bundle, offline.")
    parser.add_argument("bundle", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--key", help="the signer's public key (vkey), or a file that holds it")
    parser.add_argument("--checkpoint", help="a file with a checkpoint kept earlier")
    options = parser.parse_args()
    sys.setrecursionlimit(10_000)
    try:
        key = options.key
        if key and os.path.isfile(key):
            with open(key, encoding="utf-8") as file:
                key = file.read()
        kept = None
        if options.checkpoint:
            with open(options.checkpoint, encoding="utf-8") as file:
                kept = file.read()
        check(options.bundle, key, kept, lambda text: print("ok  " + text))
    except VerificationFailed as error:
        print("REFUSED  %s" % error)
        return 1
    except (OSError, KeyError, TypeError, ValueError, AttributeError, EOFError, zipfile.BadZipFile) as error:
        print("REFUSED  The bundle can't be read: %s: %s" % (type(error).__name__, error))
        return 1
    print("All that was checked holds.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
