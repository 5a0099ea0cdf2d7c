#!/usr/bin/env python3
"""Checks a Fairgate audit bundle, offline, without trusting the operator who made it.

    python3 verify.py [BUNDLE] [--key VKEY] [--checkpoint FILE] [--source TEXT] [--witness VKEY]

Needs Python 3.9 or newer and nothing else. BUNDLE is the zip or the folder it was unpacked to; without it the folder
that this file lies in is checked.
--key         the signer's public key (a vkey line, or a file that holds it), got by another way than this bundle
--checkpoint  a file with a checkpoint that you or a third party kept earlier: nothing was rewritten since
--source      where you have the key or the checkpoint from, in your words; without it they prove nothing
--witness     the public key of a witness that cosigned checkpoints

Exit code 0, HOLDS: all was checked, against a key or a checkpoint from outside. 3, CONSISTENT IN ITSELF, BY WHOM
UNKNOWN: it may be forged as a whole. 1, REFUSED: something does not fit, and what. 2: an option can't be used.

Formats: RFC 9162 Merkle tree, C2SP signed note, checkpoint and cosignature, Ed25519 (RFC 8032), RFC 3161 tokens. See
docs/audit.md.
"""

import argparse
import base64
import hashlib
import hmac
import html
import json
import os
import re
import struct
import sys
import zlib
from array import array

HOLDS, REFUSED, WRONG_OPTION, UNKNOWN_SIGNER = 0, 1, 2, 3
WORDS = {HOLDS: "HOLDS", UNKNOWN_SIGNER: "CONSISTENT IN ITSELF, BY WHOM UNKNOWN"}
LARGEST = 2**53 - 1  # whole numbers beyond are no two programs' same
LONGEST_LINE = 1 << 24
LARGEST_FILE = 1 << 28  # of all but the records: they are read whole


class VerificationFailed(Exception):
    """Something does not hold; the text says what, in words."""


class WrongOption(Exception):
    """What the auditor gave can't be used; it says nothing about the bundle."""


def refuse(text, *values):
    raise VerificationFailed(text % values if values else text)


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
# Blanks are those of ASCII: what else counts as one is another question in each programming language.
NOTE = re.compile(
    r"([!-~]+)\s+([0-9]{1,16})\s+([A-Za-z0-9+/]{43}=)\s+"
    r"((?:(?:\u2014|\u2013|--?-?)\s+[!-~]+\s+[A-Za-z0-9+/]+={0,2}(?:\s+|$))+)",
    re.ASCII,
)
KEY = re.compile(r"([!-*,-~]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
SEEN = re.compile(r"[^\x00-\x20\x7f-\xa0\xad\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff]")


def plain_text(data):
    """The text of a file that an editor or a mail program may have rewritten: a byte order mark, UTF-16, line ends of
    Windows, marks of quoting before each line."""
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        text = data.decode("utf-16", "replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", "replace")
    lines = re.split(r"\r\n|\r|\n", text.replace("\ufeff", "").replace("\xa0", " "))
    return "\n".join(re.sub(r"^[>|\s]+", "", line, flags=re.ASCII) for line in lines)


def note_in(text):
    """The checkpoint that a text holds, as it was signed, whatever stands around it. Raises WrongOption."""
    found = NOTE.search(plain_text(text.encode("utf-8", "replace") if isinstance(text, str) else text))
    if not found:
        raise WrongOption("This holds no checkpoint.")
    words = found[4].split()
    lines = ["\u2014 %s %s\n" % (words[i + 1], words[i + 2]) for i in range(0, len(words), 3)]
    return "%s\n%s\n%s\n\n%s" % (found[1], found[2], found[3], "".join(lines))


def read_key(text, kind=1):
    """(name, public key) of a vkey line `name+hex+base64`. Raises WrongOption when it is not one."""
    found = KEY.search(plain_text(text.encode("utf-8", "replace")))
    try:
        blob = unbase64(found[3]) if found else b""
    except VerificationFailed:
        blob = b""
    if len(blob) != 33 or blob[0] != kind:
        raise WrongOption("This is not a verifier key: %s" % ascii(text[:80]))
    if key_id(found[1], blob[1:], kind).hex() != found[2]:
        raise WrongOption("The verifier key's id does not fit its key.")
    return found[1], blob[1:]


def key_id(name, public, kind=1):
    return hashlib.sha256(name.encode() + b"\n" + bytes([kind]) + public).digest()[:4]


class Checkpoint:
    """A tree head out of a signed note."""

    def __init__(self, note):
        self.note = note
        text, found, self.signatures = note.partition("\n\n")
        self.message = text + "\n"
        lines = text.split("\n")
        if not found or len(lines) != 3 or not re.fullmatch(r"[1-9][0-9]{0,15}", lines[1]):
            refuse("A checkpoint is not a signed note.")
        self.origin, self.size, self.root = lines[0], int(lines[1]), unbase64(lines[2], 32)
        if self.size > LARGEST or not re.fullmatch(r"[!-~]+", self.origin):
            refuse("A checkpoint is not a signed note.")
        self.signers = set()  # public keys, once `sign` has looked

    def sign(self, keys, strict):
        """Notes which of the public keys signed it. `strict`: no line may be there that none of them made."""
        if strict and not self.signatures.endswith("\n"):
            refuse("A checkpoint is not a signed note.")
        for line in self.signatures.rstrip("\n").split("\n"):
            signer = self._signer(line, keys)
            if signer:
                self.signers.add(signer)
            elif strict:
                refuse("The checkpoint of size %d is not signed by the expected key.", self.size)
        return self

    def _signer(self, line, keys):
        parts = line.split(" ")
        if len(parts) != 3 or parts[0] != "\u2014" or parts[1] != self.origin:
            return None
        try:
            blob = unbase64(parts[2])
        except VerificationFailed:
            return None
        for public in keys:
            if blob[:4] == key_id(self.origin, public) and signature_holds(public, blob[4:], self.message.encode()):
                return public
        return None


# --- strict JSON and strict texts ----------------------------------------------------------------------------------
def canonical(value):
    """RFC 8785 for what is used here: texts, booleans, null, whole numbers, lists, objects with ASCII names."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _whole(text):
    number = int(text) if len(text) < 18 else LARGEST + 1
    if abs(number) > LARGEST:
        raise ValueError("a number is too large")
    return number


def _never(text):
    raise ValueError("%s is not used here" % text)


def parse(text, where, earlier=False):
    """The value of a JSON text that is written in its one canonical way: so no name comes twice and nothing hides
    between the values. `earlier`: as bundles of format 1 were written."""
    try:
        value = json.loads(text, parse_int=_whole, parse_float=_never, parse_constant=_never)
        forms = [canonical(value)]
        if not text.isascii():
            _check_names(value)
        if earlier:
            forms += [json.dumps(value, separators=(",", ":"), ensure_ascii=False)]
            forms += [json.dumps(value, indent=1, ensure_ascii=False)]
    except (ValueError, RecursionError):
        refuse("%s can't be read.", where)
    if text not in forms:
        refuse("%s is not written in the one way that is allowed: a name twice, or signs between.", where)
    return value


def _check_names(value):
    """Raises ValueError for a name that is not ASCII: programs order such names differently."""
    if type(value) is dict and any(not name.isascii() for name in value):
        raise ValueError("a name is not ASCII")
    for inner in value.values() if type(value) is dict else value if type(value) is list else ():
        _check_names(inner)


KINDS = {"int": int, "str": str, "bool": bool, "list": list, "dict": dict}


def shaped(value, shape, where):
    """The value, an object with exactly these members of these kinds; `?` allows null, `:` is followed by a pattern.
    Raises VerificationFailed."""
    if type(value) is not dict or set(value) != set(shape):
        refuse("%s has not the members that it must have.", where)
    for name, kind in shape.items():
        kind, _, pattern = kind.partition(":")
        if kind.endswith("?"):
            if value[name] is None:
                continue
            kind = kind[:-1]
        if type(value[name]) is not KINDS[kind] or (pattern and not re.fullmatch(pattern, value[name])):
            refuse("%s: %s is not what it must be.", where, name)
        if kind == "int" and value[name] < 0:
            refuse("%s: %s is below zero.", where, name)
    return value


def unbase64(text, length=None):
    """The bytes of base64 in its one canonical form. Raises VerificationFailed."""
    try:
        data = base64.b64decode(text, validate=True)
    except Exception:
        data = None
    if data is None or base64.b64encode(data).decode() != text or length not in (None, len(data)):
        refuse("Something that should be base64 is not.")
    return data


def hashes_of(texts):
    if type(texts) is not list:
        refuse("A proof is no list.")
    return [unbase64(one, 32) for one in texts]


# --- the bundle's files --------------------------------------------------------------------------------------------
NAME = re.compile(r"[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)?/?")
SYMLINK, REGULAR = 0xA000, 0xF000
MOST_EXTRA = 256
EXTRAS = (
    0x0001,
    0x000A,
    0x5455,
    0x5855,
    0x7855,
    0x7875,
)  # long numbers, times and owners: nothing that others would read


class Entry:
    """Where a file's bytes lie in the zip."""

    def __init__(self, method, packed, plain, crc, where):
        self.method, self.packed, self.plain, self.crc, self.where = method, packed, plain, crc, where


def read_directory(file):
    """{name: Entry} of a zip in which nothing lies but its files, one after the other, from its first byte to its last.
    So what one program finds in it, every program finds. Raises VerificationFailed."""
    length = file.seek(0, 2)
    file.seek(max(0, length - 22))
    end = file.read()
    if len(end) < 22 or end[:4] != b"PK\x05\x06" or end[20:] != b"\0\0":
        refuse("This is not a whole bundle, or something follows it.")
    disk, first_disk, here, count, size, start = struct.unpack("<HHHHII", end[4:20])
    stop = length - 22
    file.seek(max(0, stop - 20))
    locator = file.read(20)
    if locator[:4] == b"PK\x06\x07":
        where = struct.unpack("<Q", locator[8:16])[0]
        if where + 56 != stop - 20:
            refuse("This is not a whole bundle.")
        file.seek(where)
        large = file.read(56)
        if large[:4] != b"PK\x06\x06":
            refuse("This is not a whole bundle.")
        here, count, size, start = struct.unpack("<QQQQ", large[24:56])
        stop = where
    if disk or first_disk or here != count or start + size != stop:
        refuse("Something lies in the zip before or between its files.")
    file.seek(start)
    found = _entries(file.read(size), count)
    _check_places(file, found, start)
    return {name: entry for name, entry in found.items() if not name.endswith("/")}


def _entries(table, count):
    found, names, at = {}, set(), 0
    for _ in range(count):
        if table[at : at + 4] != b"PK\x01\x02" or len(table) < at + 46:
            refuse("The bundle's table of contents is damaged.")
        flags, method = struct.unpack("<HH", table[at + 8 : at + 12])
        crc, packed, plain, named, extra, remark = struct.unpack("<IIIHHH", table[at + 16 : at + 34])
        mode, where = struct.unpack("<II", table[at + 38 : at + 46])
        raw = table[at + 46 : at + 46 + named]
        name = raw.decode("latin-1")
        if not NAME.fullmatch(name) or ".." in name or flags & ~0x080E or method not in (0, 8) or remark:
            refuse("The bundle holds a file that no bundle holds: %s.", ascii(name))
        if mode >> 16 & REGULAR == SYMLINK:
            refuse("The bundle holds a link: %s.", name)
        if name.lower() in names:
            refuse("The bundle holds the file %s twice.", name)
        names.add(name.lower())
        plain, packed, where = _long_numbers(table[at + 46 + named : at + 46 + named + extra], plain, packed, where)
        found[name] = Entry(method, packed, plain, crc, where)
        if name.endswith("/") and plain:
            refuse("The bundle holds a file that no bundle holds: %s.", name)
        at += 46 + named + extra
    if at != len(table):
        refuse("The bundle's table of contents is damaged.")
    return found


def _long_numbers(extra, *numbers):
    """The sizes and the place, from the zip64 field where the table has no room for them."""
    numbers, at = list(numbers), 0
    while at + 4 <= len(extra):
        kind, size = struct.unpack("<HH", extra[at : at + 4])
        if kind not in EXTRAS:
            refuse("A file of the bundle has more to it than its bytes.")
        if kind == 1:
            longer = [extra[at + 4 + i : at + 12 + i] for i in range(0, size, 8)]
            for place, number in enumerate(numbers):
                if number == 0xFFFFFFFF and longer and len(longer[0]) == 8:
                    numbers[place] = struct.unpack("<Q", longer.pop(0))[0]
        at += 4 + size
    if at != len(extra):
        refuse("A file of the bundle has more to it than its bytes.")
    return numbers


def _check_places(file, found, start):
    at = 0
    for name, entry in sorted(found.items(), key=lambda pair: pair[1].where):
        file.seek(entry.where)
        head = file.read(30)
        if entry.where != at or len(head) < 30 or head[:4] != b"PK\x03\x04":
            refuse("Something lies in the zip before or between its files.")
        flags, method = struct.unpack("<HH", head[6:10])
        crc, packed, plain, named, extra = struct.unpack("<IIIHH", head[14:30])
        if file.read(named) != name.encode() or method != entry.method:
            refuse("A file of the bundle has two names.")
        if extra > MOST_EXTRA:
            refuse("A file of the bundle has more to it than its bytes.")
        more = file.read(extra)
        if len(more) < extra:
            refuse("Something lies in the zip before or between its files.")
        plain, packed = _long_numbers(more, plain, packed)
        if not flags & 8 and (crc, packed, plain) != (entry.crc, entry.packed, entry.plain):
            refuse("A file of the bundle has two sizes.")
        entry.where += 30 + named + extra
        at = entry.where + entry.packed
        if flags & 8:  # sizes that were written behind the file
            later = sorted(one.where for one in found.values() if one.where >= at)
            gap = (later[0] if later else start) - at
            if gap not in (12, 16, 20, 24):
                refuse("Something lies in the zip before or between its files.")
            at += gap
    if at != start:
        refuse("Something lies in the zip before or between its files.")


class Bundle:
    """The files of a bundle, in a zip or in a folder: both are read alike."""

    def __init__(self, path):
        self.folder, self.zip, self.earlier = None, None, False
        if os.path.isfile(path):
            self.zip = open(path, "rb")  # noqa: SIM115 - read until the end
            self.files = read_directory(self.zip)
        else:
            self.folder = path
            self.files = dict.fromkeys(self._walk())

    def _walk(self):
        for base, folders, files in os.walk(self.folder):
            for name in folders + files:
                path = os.path.join(base, name)
                if os.path.islink(path):
                    refuse("The bundle holds a link: %s.", ascii(name))
            for name in files:
                yield os.path.relpath(os.path.join(base, name), self.folder).replace(os.sep, "/")

    def pieces(self, name):
        """The bytes of a file, in pieces. Raises VerificationFailed when it is not there or damaged."""
        if name not in self.files:
            refuse("The bundle has no file %s.", name)
        if self.zip is None:
            with open(os.path.join(self.folder, name), "rb") as file:
                yield from iter(lambda: file.read(1 << 20), b"")
            return
        entry = self.files[name]
        made, crc = 0, 0
        for piece in self._inflated(name, entry):
            made, crc = made + len(piece), zlib.crc32(piece, crc)
            if made > entry.plain:
                break
            yield piece
        if (made, crc) != (entry.plain, entry.crc):
            refuse("%s is damaged.", name)

    def _inflated(self, name, entry):
        at, left = entry.where, entry.packed
        machine = zlib.decompressobj(-15) if entry.method else None
        while left:
            self.zip.seek(at)
            raw = self.zip.read(min(left, 1 << 20))
            if not raw:
                refuse("%s is damaged.", name)
            at, left = at + len(raw), left - len(raw)
            while raw and machine:
                try:
                    piece = machine.decompress(raw, 1 << 20)
                except zlib.error:
                    refuse("%s is damaged.", name)
                if machine.unused_data:
                    refuse("%s is damaged.", name)
                raw = machine.unconsumed_tail
                if piece:
                    yield piece
            if not machine:
                yield raw
        if machine and not machine.eof:
            refuse("%s is damaged.", name)

    def read(self, name):
        made = bytearray()
        for piece in self.pieces(name):
            made += piece
            if len(made) > LARGEST_FILE:
                refuse("%s is larger than such a file can be.", name)
        return bytes(made)

    def text(self, name):
        try:
            return self.read(name).decode("utf-8")
        except UnicodeDecodeError:
            refuse("%s can't be read.", name)

    def json(self, name):
        return parse(self.text(name), name, self.earlier)

    def lines(self, name):
        """The objects of a file of JSON lines."""
        where, rest = "a line of " + name, b""
        for piece in self.pieces(name):
            *whole, rest = (rest + piece).split(b"\n")
            if len(rest) > LONGEST_LINE:
                refuse("%s can't be read.", where)
            for line in whole:
                try:
                    yield parse(line.decode("utf-8"), where, self.earlier)
                except UnicodeDecodeError:
                    refuse("%s can't be read.", where)
        if rest:
            refuse("%s ends in half a line.", name)


# --- entries of the log --------------------------------------------------------------------------------------------
# A day that a calendar has: of months with 31, with 30 days, of February, of February in a leap year.
DAY = (
    r"([0-9]{4}-(0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|[0-9]{4}-(0[469]|11)-(0[1-9]|[12][0-9]|30)|"
    r"[0-9]{4}-02-(0[1-9]|1[0-9]|2[0-8])|([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)-02-29)"
)
CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
TIME = DAY + "T" + CLOCK + r"\.[0-9]{6}Z"
UUID, HASH = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", r"[0-9a-f]{64}"
LINE = {
    "index": "int", "id": "str:" + UUID, "type": "str:[a-z_]{1,12}", "day": "str:" + DAY, "received_at": "str:" + TIME,
    "release": "int?", "release_hash": "str:(" + HASH + ")?", "regime": "str", "jurisdiction": "str", "language": "str",
    "action": "str", "commitment": "str", "salt": "str?", "record": "str?", "erased": "bool",
}  # fmt: skip
# What the line repeats outside the committed record: the record must say the same.
REPEATED = ("release", "release_hash", "regime", "jurisdiction", "language", "action", "received_at", "id", "type")


def leaf_of_line(line, site, **more):
    """The leaf of one entry and its record (None once erased); the record must fit its commitment. Raises
    VerificationFailed."""
    where = "record %s" % (line.get("index") if type(line) is dict else "?")
    blank = type(line) is dict and line.get("erased") is True
    shaped(line, {**LINE, **more, **({"request": "str:" + HASH} if blank else {})}, where)
    if blank is not (line["record"] is None) or blank is not (line["salt"] is None):
        refuse("%s is neither whole nor erased.", where)
    if line["received_at"][:10] != line["day"]:
        refuse("%s has a day that is not that of its time.", where)
    commitment, record = unbase64(line["commitment"], 32), None
    if not blank:
        made = hmac.new(unbase64(line["salt"], 32), line["record"].encode("utf-8"), hashlib.sha256).digest()
        if not hmac.compare_digest(made, commitment):
            refuse("%s was changed: it does not fit its commitment.", where)
        record = parse(line["record"], where)
        if type(record) is not dict:
            refuse("%s can't be read.", where)
        for name in REPEATED:
            if type(record.get(name)) is not type(line[name]) or record.get(name) != line[name]:
                refuse("%s says something else beside its proof than in it: %s.", where, name)
        if (
            record.get("site") != site
            or type(record.get("request")) is not str
            or not re.fullmatch(HASH, record["request"])
        ):
            refuse("%s is of another site.", where)
    text = ["fairgate/v1", line["type"], site, line["day"], line["release_hash"], line["commitment"]]
    return leaf_of("\n".join(text).encode("utf-8")), record


def member(record, name, kind, where):
    """A member of a record, of the kind that it must be. Raises VerificationFailed."""
    value = record.get(name)
    if type(value) is not kind or (kind is int and value < 0):
        refuse("%s: %s is not what it must be.", where, name)
    return value


def set_back(line, record, before):
    """What an entry says that set the clock back; `before` is the time of the entry before it, None when that is not
    here. Raises VerificationFailed when it does not step back from there."""
    stated = member(record, "before", str, "Entry %s" % line["index"])
    if before not in (None, stated) or not line["received_at"] < stated:
        refuse("Entry %s does not set the clock back from the time of the one before it.", line["index"])


class Seal:
    """What an erasure says was left of the records that it blanked."""

    def __init__(self, line, record, first, last):
        self.where = line["index"]
        where = "Entry %s" % self.where
        self.kept, indexes = member(record, "kept", str, where), member(record, "indexes", list, where)
        if any(type(one) is not int or not 0 <= one < self.where for one in indexes) or indexes != sorted(set(indexes)):
            refuse("%s: indexes is not what it must be.", where)
        self.inside = [one for one in indexes if first <= one <= last]
        self.rows = {}
        for row in line["others"]:
            if type(row) is not list or len(row) != 11 or type(row[0]) is not int:
                refuse("The erasure at index %s does not come with all that it names.", self.where)
            self.rows[row[0]] = row
        self.waiting = len(self.inside)
        if sorted([*self.inside, *self.rows]) != indexes or len(line["others"]) != len(self.rows):
            refuse("The erasure at index %s does not come with all that it names.", self.where)
        if not self.waiting:
            self._close()

    def take(self, line):
        """One of its records, as it stands in the bundle. Raises VerificationFailed when it is still there, or when the
        last one does not fit the seal."""
        if line["record"] is not None:
            refuse("Record %s is still there, but entry %s says that it was erased.", line["index"], self.where)
        release = -1 if line["release"] is None else line["release"]
        names = ("regime", "jurisdiction", "language", "action", "request")
        row = [line["index"], line["received_at"], line["id"], line["type"], line["day"], release]
        self.rows[line["index"]] = [*row, *(line[name] for name in names)]
        self.waiting -= 1
        if not self.waiting:
            self._close()

    def _close(self):
        made = hashlib.sha256()
        for index in sorted(self.rows):
            made.update((canonical(self.rows[index]) + "\n").encode("utf-8"))
        self.rows = {}
        if made.hexdigest() != self.kept:
            refuse("What is left of the records that entry %s erased was changed.", self.where)


# --- what happened, in words ---------------------------------------------------------------------------------------
def restarted(line, record):
    """(size, note) of the log that was abandoned; the note is "" when it is not known."""
    lost = member(record, "lost_from", int, "Entry %s" % line["index"])
    abandoned = record.get("abandoned")
    note = abandoned.get("note") if type(abandoned) is dict else abandoned
    if lost != line["index"] or (note is not None and type(note) is not str):
        refuse("Entry %s is no restart of the log.", line["index"])
    if not note:
        return 0, ""
    size = Checkpoint(note).size
    if size <= lost or (type(abandoned) is dict and abandoned.get("size", size) != size):
        refuse("Entry %s does not restart a log that was ahead of it.", line["index"])
    return size, note


def rotated(line, record):
    """(old, new) public keys of an entry that changed the key."""
    keys = []
    for name in ("old_key", "new_key"):
        text = member(record, name, str, "Entry %s" % line["index"])
        try:
            keys.append(unbase64(text, 32) if len(text) == 44 else read_key(text)[1])
        except WrongOption as error:
            refuse("Entry %s: %s", line["index"], error)
    return keys[0], keys[1]


STEPS, OUTCOMES = ("received", "verified", "extended", "answered", "withdrawn"), ("complied", "partly", "denied")


def request_of(line, record):
    """(event, kind, law, day on which it came, day when due, its first entry) of a person's request. Raises
    VerificationFailed for what can't be one."""
    index, where = line["index"], "Entry %s" % line["index"]
    names = ("event", "kind", "law", "came", "due")
    event, kind, law, came, due = (member(record, name, str, where) for name in names)
    first = index if event == "received" else member(record, "of", int, where)
    days = [came, due] + ([member(record, "kept_until", str, where)] if event in STEPS[3:] else [])
    shaped = event in STEPS and re.fullmatch(r"[a-z_]{1,16}", kind) and re.fullmatch(r"[a-z_]{1,20}", law)
    placed = ("of" in record) is (event != "received") and (first < index or event == "received")
    answered = ("outcome" in record) is (event == "answered") and record.get("outcome", "complied") in OUTCOMES
    if not (shaped and placed and answered and all(re.fullmatch(DAY, day) for day in days) and came <= due):
        refuse("%s tells of no request that can have been.", where)
    return event, kind, law, came, due, first


def told_request(line, record):
    """One sentence on what became of a person's request."""
    event, kind, law, came, due, first = request_of(line, record)
    if event == "received":
        text = "REQUEST received by entry %d on %s: %s, under %s; it came on %s and is to be answered by %s."
        return text % (first, line["day"], kind, law, came, due)
    said = {
        "verified": "the address was verified",
        "extended": "more time was taken, it is to be answered by %s" % due,
        "answered": "answered, %s, %s" % (record.get("outcome"), "in time" if line["day"] <= due else "LATE"),
        "withdrawn": "taken back by the person",
    }[event]
    return "REQUEST of entry %d (%s, under %s), by entry %d on %s: %s." % (
        first, kind, law, line["index"], line["day"], said,
    )  # fmt: skip


DOCUMENT = r"[a-z0-9-]{1,40}"
LANGUAGE = r"[A-Za-z0-9-]{1,20}"


def texts_of(line, record):
    """{language: SHA-256 of its text} of an entry that published a version of a document."""
    texts, where = member(record, "texts", dict, "Entry %s" % line["index"]), "Entry %s" % line["index"]
    for language, digest in texts.items():
        if not re.fullmatch(LANGUAGE, language) or type(digest) is not str or not re.fullmatch(HASH, digest):
            refuse("%s: texts is not what it must be.", where)
    return texts


def published(line, record):
    """The sentence on a version of a document."""
    index, where = line["index"], "Entry %s" % line["index"]
    key, number = member(record, "document", str, where), member(record, "version", int, where)
    since, texts = member(record, "effective_on", str, where), texts_of(line, record)
    if not re.fullmatch(DOCUMENT, key) or (since and not re.fullmatch(DAY, since)) or not texts:
        refuse("%s publishes no version of a document.", where)
    force = "from the midnight (UTC) that began %s on" % since if since else "from then on"
    text = "DOCUMENT %s, version %d, published by entry %d at %s, in force %s until a higher version is. Its texts: %s."
    hashes = ", ".join("%s %s" % (language, texts[language]) for language in sorted(texts))
    text %= (key, number, index, line["received_at"], force, hashes)
    if "material" in record:
        text += " A material change: people were to be asked again about %s." % (
            ", ".join(_strings(member(record, "material", list, where), where))
        )
    return text


def _strings(values, where):
    if not values or any(type(one) is not str for one in values):
        refuse("%s: material is not what it must be.", where)
    return values


QUIET = ("consent", "release", "pictures", "trail", "choice")  # what the report shows elsewhere, or what says nothing


def sentence_of(line, record):
    """One sentence on an entry that is no answer and that a reader must know of, None for any other."""
    index, day, kind = line["index"], line["day"], line["type"]
    where = "Entry %s" % index
    if kind in QUIET:
        return None
    reason = " Stated reason: %s" % member(record, "reason", str, where) if "reason" in record else ""
    if kind == "restart":
        size, _ = restarted(line, record)
        if not size:
            return "RESTARTED at %d on %s: what was signed before is not known.%s" % (index, day, reason)
        text = "RESTARTED at %d on %s: a log of %d entries was signed before; up to %d are gone.%s"
        return text % (index, day, size, size - index, reason)
    if kind == "key_rotation":
        old, new = rotated(line, record)
        return "KEY CHANGED by entry %d on %s, from %s\u2026 to %s\u2026.%s" % (
            index, day, old.hex()[:16], new.hex()[:16], reason,
        )  # fmt: skip
    if kind == "waiver":
        names = ("rule", "for_regime", "signed_by")
        rule, regime, by = (member(record, name, str, where) for name in names)
        about = " about %s" % member(record, "subject", str, where) if record.get("subject", "") != "" else ""
        text = "RULE %s SIGNED OFF%s by entry %d on %s, for %s, by %s.%s"
        return text % (rule, about, index, day, regime or "every regime", by, reason)
    if kind == "erasure":
        indexes, why = member(record, "indexes", list, where), member(record, "why", str, where)
        if any(type(one) is not int or not 0 <= one < index for one in indexes):
            refuse("%s: indexes is not what it must be.", where)
        words = {"request": "asked for by the person", "retention": "RETENTION, their time was over"}.get(why, why)
        return "ERASED by entry %d on %s: %d records, %s.%s" % (index, day, len(indexes), words, reason)
    if kind == "clock_repair":
        text = "CLOCK SET BACK by entry %d, from %s to %s: records just before it are dated ahead.%s"
        return text % (index, member(record, "before", str, where), line["received_at"], reason)
    if kind == "screenshot":
        return "PICTURE logged by entry %d on %s by an earlier version: such are blank, and not shown here." % (
            index,
            day,
        )
    if kind == "void":
        voids, of = member(record, "voids", list, where), member(record, "of", str, where)
        if any(type(one) is not int or not 0 <= one < index for one in voids) or of not in ("pictures", "screenshot"):
            refuse("%s: voids is not what it must be.", where)
        return "VOID by entry %d on %s: %d entries of pictures (%s) show nothing.%s" % (
            index,
            day,
            len(voids),
            of,
            reason,
        )
    if kind == "scan":
        report, pages = member(record, "report", str, where), member(record, "pages", int, where)
        if not re.fullmatch(HASH, report):
            refuse("%s: report is not what it must be.", where)
        return "SCANNED by entry %d on %s: %d pages of the site; the SHA-256 of the report is %s." % (
            index, day, pages, report,
        )  # fmt: skip
    if kind in SENTENCES:
        return SENTENCES[kind](line, record)
    return "ENTRY %d on %s is of a kind that this verifier does not know: %s." % (index, day, kind)


# --- choices beyond cookies ----------------------------------------------------------------------------------------
TOPIC = r"[-a-zA-Z0-9_]{1,40}"
SAYS = ("yes", "no", "notice")  # what a choice can be; a notice is what the carrier sent before it may use CPNI


def wording_of(line, record):
    """(topic, version, SHA-256) of what people were asked, held against its texts."""
    where = "Entry %s" % line["index"]
    topic, kind, basis, digest = (member(record, name, str, where) for name in ("topic", "kind", "basis", "sha256"))
    version, texts = member(record, "version", int, where), member(record, "texts", dict, where)
    said = canonical({"topic": topic, "kind": kind, "basis": basis, "texts": texts}).encode("utf-8")
    if not re.fullmatch(TOPIC, topic) or not version or hashlib.sha256(said).hexdigest() != digest:
        refuse("%s: the wording is not what it must be.", where)
    return topic, version, digest


def told_wording(line, record):
    topic, version, digest = wording_of(line, record)
    return "WORDING %d of the choice %s by entry %d on %s; its SHA-256 is %s." % (
        version, topic, line["index"], line["day"], digest,
    )  # fmt: skip


SENTENCES = {"request": told_request, "wording": told_wording, "document": published}


def read_wordings(log):
    """What people were asked beyond cookies: {(topic, version): (index, SHA-256)}. Versions follow each other, and what
    a topic is and when one may stay what people agreed to."""
    newest = {}
    for index in sorted(log.events):
        line, record = log.events[index]
        if line["type"] == "wording":
            topic, version, digest = wording_of(line, record)
            if (topic, version) in log.wordings:
                refuse("Wording %s of the choice %s is logged twice.", version, topic)
            said = (record["kind"], record["basis"])
            before, was = newest.get(topic, (0, said))
            if version != before + 1 or said != was:
                refuse("Wording %s of the choice %s does not follow from the one before it.", version, topic)
            newest[topic] = version, said
            log.wordings[topic, version] = (index, digest)


def contradicted_choice(line, record, wordings):
    """What about a choice can't have been; "" when nothing."""
    texts = [record.get(name) for name in ("topic", "visitor", "told_at", "acted_at", "method")]
    forms = (TOPIC, UUID, TIME, TIME, "[a-z_]{1,16}")
    if any(type(one) is not str or not re.fullmatch(form, one) for one, form in zip(texts, forms)):
        return "it is no choice"
    topic, _subject, claimed, acted, _method = texts
    if acted > claimed or acted > line["received_at"]:
        return "it was made after it was received"
    version, digest = record.get("wording", 0), record.get("wording_sha256", "")
    if type(version) is not int or version < 0 or type(digest) is not str or bool(version) is not bool(digest):
        return "its wording is none"
    if line["action"] == "notice" and not version:
        return "the notice has no words"
    if version:
        asked = wordings.get((topic, version))
        if asked is None or asked[0] > line["index"] or asked[1] != digest:
            return "the log does not hold the words that it answers"
    return ""


# --- what visitors were asked --------------------------------------------------------------------------------------
STATES = ("granted", "denied", "not_offered")
PARTS = ("categories", "purposes", "services")
RELEASE = "fairgate-release/1"
MODELS = ("opt_in", "opt_out", "notice")
BY_ITSELF = ("gpc", "signal")  # actions that are a browser's signal
ELSEWHERE = ("import", "receipt")  # actions that were said in another system
PLACE = r"\*|[A-Z]{2}(-[A-Z0-9]{1,3})?"
SAID = {"CONFIRMED": "granted", "NO_OPT_OUT": "granted", "NO_CHOICE": "granted", "OPT_OUT": "denied"}  # in a receipt


def statuses(action, granted):
    """What the status of an answer can be; `granted`: whether it grants something that may be refused."""
    if action in ("receipt", "test"):
        return ("ConsentUnknown",)
    if action == "withdraw":
        return ("ConsentWithdrawn",)
    if action == "close" and granted:
        return ("ConsentRequestDeferred", "ConsentGiven")  # the second one by earlier versions
    return ("ConsentRefused",) if action in ("opt_out", *BY_ITSELF) or not granted else ("ConsentGiven",)


def malformed(line):
    """What stands beside the record of no answer, in words; "" when nothing."""
    if line["action"] not in ACTIONS:
        return "its action is none"
    return "" if re.fullmatch(PLACE, line["jurisdiction"]) else "its place of law is none"


def misstated(line, record):
    """What no answer holds, whatever its release is, in words; "" when nothing."""
    action, place = line["action"], record.get("place", {"country": "AA"})
    located = (place.get("country"), place.get("region", "A")) if type(place) is dict else (None, None)
    shapes = ("[A-Z]{2}", "[A-Z0-9]{1,3}")
    if any(type(one) is not str or not re.fullmatch(form, one) for one, form in zip(located, shapes)):
        return "its place is none"
    for name in ("visitor", "replaces"):
        if name in record and (type(record[name]) is not str or not re.fullmatch(UUID, record[name])):
            return "its %s is no id" % name
    if record.get("replaces") == line["id"]:
        return "it replaces itself"
    number = record.get("reference", "0" * 64)
    if type(number) is not str or not re.fullmatch(HASH, number) or ("reference" in record and action not in ELSEWHERE):
        return "its number in another system is none"
    said = record.get("receipt", {})
    if ("receipt" in record) is not (action == "receipt") or type(said) is not dict:
        return "it holds what only a receipt of another system does"
    if any(type(one) is not str for one in said.values()):
        return "it holds what only a receipt of another system does"
    return contradicted_signals(line, record) or contradicted_regime(line, record)


def contradicted_signals(line, record):
    """What about its signals can't have been; "" when nothing."""
    signals = record.get("signals", {})
    acted = signals.get("acted_on", {}) if type(signals) is dict else None
    if type(acted) is not dict or any(type(one) is not str for one in acted.values()):
        return "its signals are none"
    return "it acts on a signal that it does not name" if line["action"] == "signal" and not acted else ""


def contradicted_regime(line, record):
    """What it says of the regime that the server decided on, and can't have been; "" when nothing."""
    agrees, server = record.get("regime_agrees", False), record.get("regime_server", "")
    if type(agrees) is not bool or type(server) is not str:
        return "its regime is none"
    same = line["regime"] in (server, server.partition("-")[0])
    return "it says that the server agreed on its regime, or did not" if server and agrees is not same else ""


class Offer:
    """A release as an answer must fit it, out of its text and its entry of the log."""

    def __init__(self, line, record, text, site_id):
        self.number, self.hash, self.index = line["release"], line["release_hash"], line["index"]
        self.new = "artifacts" in record  # logged by a version that looks at the language of an answer
        where = "The text of release %s" % self.number
        whole = parse(text, where)
        site = whole.get("site", {}) if type(whole) is dict else None
        if type(site) is not dict or whole.get("format", RELEASE) != RELEASE:
            refuse("%s can't be read.", where)
        if site.get("uuid", site_id) != site_id:
            refuse("%s is of another site.", where)
        self.text = whole
        self.known = {part: self._list(whole, part, where) for part in PARTS}
        needed = {key: one.get("necessary") is True for key, one in self.known["categories"].items()}
        self.needed = {key for key, necessary in needed.items() if necessary}
        self.optional = {"categories": {key for key in needed if not needed[key]}}
        for part in ("purposes", "services"):
            own = self.known[part].items()
            self.optional[part] = {key for key, one in own if not needed.get(one.get("category"))}
        self.languages, self.terms = whole.get("languages"), None
        listed = self.languages if type(self.languages) is list else [] if self.languages is None else [None]
        if any(type(one) is not str for one in listed):
            refuse("%s can't be read.", where)
        if "variants" in whole:
            self.terms = self._terms(whole["variants"], where)
        there = {"categories": "categories" in whole, "regimes": self.terms is not None}
        there["languages"] = self.languages is not None
        self.open = [word for word in there if not there[word]]
        if self.new and self.open:
            refuse("%s lists no %s.", where, self.open[0])

    @staticmethod
    def _list(whole, part, where):
        """{key: what it is} of a list of the release."""
        rows = whole.get(part, [])
        for one in rows if type(rows) is list else [None]:
            good = type(one) is dict and type(one.get("key")) is str and type(one.get("necessary", False)) is bool
            if not good or type(one.get("category", None)) not in (str, type(None)):
                refuse("%s can't be read.", where)
        found = {one["key"]: one for one in rows}
        if len(found) != len(rows):
            refuse("%s has something twice among its %s.", where, part)
        return found

    @staticmethod
    def _terms(variants, where):
        """The terms of each variant, and of each regime those of its shortest variant."""
        good = type(variants) is dict and all(type(terms) is dict for terms in variants.values())
        for terms in variants.values() if good else [{"regime": None}]:
            if type(terms.get("regime", "")) is not str or terms.get("model", "opt_in") not in MODELS:
                refuse("%s can't be read.", where)
        found = dict(variants)
        for name in sorted(variants, key=lambda one: (len(one), one)):
            found.setdefault(variants[name].get("regime") or name.partition("-")[0], variants[name])
        return found

    def shown(self):
        """The variants and the languages that pictures can show."""
        return self.text.get("variants", {}), self.languages or []

    def contradiction(self, line, record):
        """What about an answer can't have been, in words; "" when nothing. Raises VerificationFailed when it can't be
        read."""
        where = "Record %s" % line["index"]
        if line["index"] < self.index:
            return "it answers a release that was published later"
        if self.terms is not None and line["regime"] not in self.terms:
            return "its release has no regime %s" % line["regime"]
        wrong = malformed(line) or (misstated(line, record) if record else "")
        if wrong or record is None or "categories" in self.open:
            return wrong
        choices = member(record, "choices", dict, where)
        for part in sorted({*choices, *PARTS}):
            states = choices.get(part, {})
            if part not in PARTS or type(states) is not dict or set(states) != set(self.known[part]):
                return "its choices are not those that its release offers"
            if any(type(state) is not str or state not in STATES for state in states.values()):
                return "its choices are not those that its release offers"
        return self._against(line["action"], record, choices)

    def _against(self, action, record, choices):
        states = {choices.get(part, {}).get(key) for part in PARTS for key in self.optional[part]} - {None}
        granted, denied = "granted" in states, "denied" in states
        if any(choices["categories"][key] == "denied" for key in self.needed):
            return "it refuses what is necessary"
        if (action == "accept_all" and denied) or (action == "reject_all" and granted):
            return "its action and its choices disagree"
        if action in ("withdraw", "opt_out", "gpc", "signal") and states and not denied:
            return "its action and its choices disagree"
        terms = (self.terms or {}).get(record["regime"], {})
        own = {choices["categories"][key] for key in self.optional["categories"]}
        by_consent = terms.get("model") == "opt_in"
        if action == "close" and "replaces" not in record and by_consent and "granted" in own:
            return "its action and its choices disagree"
        if action == "import" and "replaces" not in record and self._covers_too_much(choices):
            return "the earlier banner did not ask about all that it allows"
        if action == "test" and (
            record.get("status") != "ConsentUnknown" or "visitor" in record or "replaces" in record
        ):
            return "it was tried out, and says that somebody meant it"
        if record.get("status") not in statuses(action, granted):
            return "its status and its choices disagree"
        if by_consent and record.get("test", action) not in BY_ITSELF and record.get("signals", {}).get("acted_on"):
            return "it acts on a signal where a visitor's own answer counts"
        return self._elsewhere(record, choices) if action == "receipt" else ""

    def _elsewhere(self, record, choices):
        """A receipt of another system decides what it says of the release's categories, and nobody's state."""
        for key in self.optional["categories"]:
            if choices["categories"][key] != SAID.get(record["receipt"].get(key, ""), "not_offered"):
                return "its choices are not those of its receipt"
        others = {state for part in ("purposes", "services") for state in choices.get(part, {}).values()}
        if others - {"not_offered"} or "visitor" in record or "replaces" in record:
            return "its choices are not those of its receipt"
        return ""

    def _covers_too_much(self, choices):
        """Whether it allows what the release says came after the earlier banner."""
        return any(
            choices.get(part, {}).get(key) == "granted" and self.known[part][key].get("added_since") is True
            for part in ("purposes", "services")
            for key in self.known[part]
        )


# --- the table of answers ------------------------------------------------------------------------------------------
COLUMNS = (
    "index", "id", "received_at", "type", "action", "status", "jurisdiction", "country", "region", "located_by",
    "regime", "language", "layer", "categories", "purposes", "services", "signals", "page", "visitor", "replaces",
    "release", "release_hash", "user_agent_family", "client_time", "leaf_hash", "erased", "arm",
)  # fmt: skip
PLAIN = re.compile(r" *[A-Za-z0-9\u00c0-\u024f({\[/*]")
QUOTED = re.compile(r'[",;\t\r\n]')
NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?")


def harmless(value):
    """A cell's text, with an apostrophe before it when a spreadsheet could take it for a formula or a command (OWASP,
    CSV injection). Only what begins with a letter, a digit or a sign that begins none stays as it is. Taking the first
    apostrophe of a cell away gives the text back: one that begins with an apostrophe gets another."""
    return value if not value or PLAIN.match(value) or NUMBER.fullmatch(value) else "'" + value


def csv_line(values, separator):
    """A line of CSV (RFC 4180). What any spreadsheet takes for a separator is in quotes, whichever is used."""
    cells = []
    for value in map(harmless, values):
        cells.append('"' + value.replace('"', '""') + '"' if QUOTED.search(value) else value)
    return separator.join(cells) + "\r\n"


def cells_of(line, record, leaf):
    """An answer in the order of COLUMNS, as texts. Raises VerificationFailed when its record holds other things."""
    record, where = record or {}, "Record %s" % line["index"]
    text = dict.fromkeys(("status", "jurisdiction_by", "layer", "page", "ua_family", "client_time", "arm"), "")
    text.update((name, record[name]) for name in text if name in record)
    place = record.get("place", {})
    names = {**text, "country": "", "region": "", "visitor": "", "replaces": ""}
    if type(place) is not dict:
        refuse("%s: place is not what it must be.", where)
    names.update((name, record[name]) for name in ("visitor", "replaces") if name in record)
    names.update((name, place[name]) for name in ("country", "region") if name in place)
    for name, value in names.items():
        if type(value) is not str:
            refuse("%s: %s is not what it must be.", where, name)
    vector = []
    for part in PARTS:
        states = record.get("choices", {})
        states = states.get(part, {}) if type(states) is dict else None
        if type(states) is not dict or any(type(state) is not str for state in states.values()):
            refuse("%s: choices is not what it must be.", where)
        vector.append(" ".join("%s:%s" % pair for pair in sorted(states.items())))
    signals = canonical(record["signals"]) if "signals" in record else ""
    return [
        str(line["index"]), line["id"], line["received_at"], line["type"], line["action"], names["status"],
        line["jurisdiction"], names["country"], names["region"], names["jurisdiction_by"], line["regime"],
        line["language"], names["layer"], *vector, signals, names["page"], names["visitor"], names["replaces"],
        str(line["release"] or ""), line["release_hash"], names["ua_family"], names["client_time"], leaf.hex(),
        "yes" if line["erased"] else "no", names["arm"],
    ]  # fmt: skip


# --- report.html: made anew from what was proved, and compared -----------------------------------------------------
ACTIONS = {
    "accept_all": "Accepted everything",
    "reject_all": "Refused everything",
    "custom": "Chose in detail",
    "close": "Closed the banner",
    "withdraw": "Withdrew",
    "opt_out": "Objected (opted out)",
    "gpc": "Browser's opt-out signal (GPC)",
    "signal": "Another signal of the browser",
    "import": "Said elsewhere before, wording not proved",
    "receipt": "A page's own receipt in another form, wording not proved",
    "test": "Tried out on the testing script",
}
STYLE = """
body{font:16px/1.55 Georgia,serif;max-width:820px;margin:40px auto;padding:0 20px;color:#1c2430;background:#fff}
h1{font-size:30px;line-height:1.2}h2{font-size:21px;margin-top:40px}
table{border-collapse:collapse;width:100%;font:15px/1.45 system-ui,sans-serif}
th,td{text-align:start;padding:7px 10px;border-bottom:1px solid #dcdcd6;vertical-align:top;overflow-wrap:break-word}
td.n,th.n{text-align:end;font-variant-numeric:tabular-nums;white-space:nowrap}
code,pre{font:13px ui-monospace,monospace;overflow-wrap:anywhere;white-space:pre-wrap}
.note{border-inline-start:4px solid #1f5fbf;padding:4px 16px;background:#f3f6fb}
.bars{display:flex;align-items:flex-end;gap:1px;height:140px;border-bottom:1px solid #dcdcd6}
.bars i{flex:1;background:#1f5fbf}
.pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(240px,1fr));gap:16px}
figure{margin:0}figure img{max-width:100%;border:1px solid #dcdcd6}figcaption{font:13px/1.4 system-ui,sans-serif}
@media print{body{margin:0}}
"""


PICTURED = (("banner", "preferences"), ("phone", "desktop"), ("light", "dark"))  # layers, forms, schemes


class ReportContent:
    """What the report says, all of it proved: filled while the bundle is checked, or while it is made."""

    def __init__(self, site, begin, end):
        self.site, self.begin, self.end = site, begin, end
        self.name, self.owner = "", {}
        self.entries = self.blank = self.tests = 0
        self.days, self.actions, self.places = {}, {}, {}
        self.releases = []  # (number, time, by whom, note, hash)
        self.happened = {}  # index → sentence
        self.choices = {}  # (topic, what was said) → how many; of erased ones the topic is ""
        self.pictures = []  # (release, sha256, words)
        self.note, self.keys, self.anchors = "", [], []

    def answer(self, line, record):
        """Counts an answer of the period; what was tried out is no answer."""
        if line["action"] == "test":
            self.tests += 1
            return
        place = (record or {}).get("place") or {}
        where = place.get("country") or line["jurisdiction"]
        for counts, key in ((self.days, line["day"]), (self.actions, line["action"]), (self.places, where)):
            counts[key] = counts.get(key, 0) + 1

    def choice(self, line, record):
        """Counts a choice of the period."""
        key = ("", "") if record is None else (record["topic"], line["action"])
        self.choices[key] = self.choices.get(key, 0) + 1

    def all_that_happened(self):
        """The sentences of entries, in order, and one on all choices."""
        found = [self.happened[index] for index in sorted(self.happened)]
        if self.choices:
            topics = sorted({topic for topic, _said in self.choices if topic})
            parts = []
            for topic in topics:
                counts = ["%d %s" % (self.choices[topic, one], one) for one in SAYS if (topic, one) in self.choices]
                parts.append(" %s: %s." % (topic, ", ".join(counts)))
            if ("", "") in self.choices:
                parts.append(" Erased: %d." % self.choices["", ""])
            text = "CHOICES beyond cookies in the period: %d.%s"
            found.append(text % (sum(self.choices.values()), "".join(parts)))
        return found

    def release(self, line, record):
        """An entry that published something."""
        where = "Entry %s" % line["index"]
        by, note = (member(record, name, str, where) if name in record else "" for name in ("published_by", "note"))
        files = record.get("artifacts", {})
        hashes = files.values() if type(files) is dict else [None]
        if any(type(one) is not str or not re.fullmatch(HASH, one) for one in hashes):
            refuse("%s: artifacts is not what it must be.", where)
        self.releases.append((line["release"], line["received_at"], by, note, line["release_hash"]))

    def owner_is(self, text):
        """Whose site it is, as the newest release says."""
        site = text.get("site") if type(text.get("site")) is dict else {}
        names = ("name", "controller", "controller_contact", "policy_url")
        self.owner = {name: site[name] if type(site.get(name)) is str else "" for name in names}
        hosts = site.get("hosts") if type(site.get("hosts")) is list else []
        self.owner["hosts"] = ", ".join(one for one in hosts if type(one) is str)
        self.name = self.owner["name"]

    def shown(self, line, record, offer=None):
        """An entry that says what pictures show, and the release that it names, if that is there. Returns
        {name: (bytes, width, height)}. Raises VerificationFailed."""
        files, where = {}, "Entry %s" % line["index"]
        for one in member(record, "pictures", list, where):
            if type(one) is not dict:
                refuse("%s: pictures is not what it must be.", where)
            digest = member(one, "sha256", str, where)
            if not re.fullmatch(HASH, digest):
                refuse("%s: pictures is not what it must be.", where)
            size = tuple(member(one, name, int, where) for name in ("bytes", "width", "height"))
            words = [member(one, name, str, where) for name in ("variant", "language", "layer", "form", "scheme")]
            variants, languages = offer.shown() if offer else ([words[0]], [words[1]])
            known = (variants, languages, *PICTURED)
            if any(word not in names for word, names in zip(words, known)):
                refuse("%s: its pictures show what release %s does not have.", where, line["release"])
            files["pictures/%s.png" % digest] = size
            self.pictures.append((line["release"], digest, ", ".join(words)))
        return files


def count(number):
    """1234567 → 1,234,567"""
    return re.sub(r"(?<=[0-9])(?=([0-9]{3})+$)", ",", str(number))


def share(part, whole):
    """Of a hundred, to one place, halves upwards: whole numbers only, so that every program rounds alike."""
    tenths = (2000 * part + whole) // (2 * whole)
    return "%d.%d %%" % (tenths // 10, tenths % 10)


def _pairs(rows):
    cells = "".join(
        '<tr><th scope="row">%s</th><td>%s</td></tr>' % (html.escape(name), html.escape(value)) for name, value in rows
    )
    return "<table>%s</table>" % cells


def _heads(names):
    return "<tr>%s</tr>" % "".join('<th scope="col">%s</th>' % name for name in names)


def _counts(title, counts, names):
    total = sum(counts.values())
    rows = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    cells = "".join(
        '<tr><td>%s</td><td class="n">%s</td><td class="n">%s</td></tr>'
        % (html.escape(names.get(key, key)), count(number), share(number, total))
        for key, number in rows
    )
    return "<table>%s%s</table>" % (_heads((title, "Answers", "Share")), cells) if rows else ""


def _chart(days):
    """A bar for each day that has answers, the last 366 of them."""
    shown = sorted(days)[-366:]
    top = max(days[day] for day in shown)
    bars = "".join(
        '<i title="%s: %s" style="height:%d%%"></i>' % (day, count(days[day]), -(-100 * days[day] // top))
        for day in shown
    )
    words = "%s to %s, days with answers; at most %s a day" % (shown[0], shown[-1], count(top))
    return '<div class="bars" role="img" aria-label="%s">%s</div><p>%s</p>' % (words, bars, words)


def _releases(rows):
    cells = "".join(
        "<tr><td>%d</td><td>%s</td><td>%s</td><td>%s</td><td><code>releases/%s.json</code></td></tr>"
        % (number, at[:16].replace("T", " "), html.escape(by), html.escape(note), digest)
        for number, at, by, note, digest in rows
    )
    return "<table>%s%s</table>" % (_heads(("Release", "Logged (UTC)", "By", "Note", "File")), cells)


def _pictures(rows):
    if not rows:
        return "<p>The log names no picture of these releases.</p>"
    cells = "".join(
        '<figure><img loading="lazy" src="pictures/%s.png" alt="The banner: %s"><figcaption>Release %d: %s</figcaption></figure>'
        % (digest, html.escape(words), number, html.escape(words))
        for number, digest, words in rows
    )
    return '<div class="pictures">%s</div>' % cells


HOW = (
    "<h2>How to check it yourself</h2><p>Offline, on your own computer, with <code>verify.html</code> or <code>python3 "
    "verify.py BUNDLE --key KEY --checkpoint FILE --source WHERE-FROM</code>. A copy of both is in the bundle, but whoever "
    "forges a bundle forges its verifier too: take them from Fairgate&rsquo;s source code or from somebody else&rsquo;s "
    "installation (<code>/audit/verifiers/</code>), and compare their SHA-256 with the list that is published there. Get the key from the operator by another "
    "way than this bundle, and use a checkpoint that was kept outside the operator&rsquo;s hands: without one of them "
    "nobody can say who made this.</p><h2>What this does not claim</h2><ul><li>That every click was logged: a visitor"
    "&rsquo;s own receipt shows that.</li><li>That the texts are lawful: read them in <code>releases/</code>.</li><li>Who "
    "a visitor is: records hold a random id at most, never an IP address.</li></ul>"
)


TRIED = (
    "<p>Beside them the log holds %s entries of people who tried the banner out: the page had the site&rsquo;s testing "
    "script. They stand in <code>records.csv</code> with the action <code>test</code>, name no visitor, and are in no "
    "figure here. Whose real answer was marked so holds a receipt that says it.</p>"
)


def report_page(facts):
    """report.html: what a lawyer reads. One file, no script, prints well."""
    name, owner, escape = facts.name or facts.site, facts.owner, html.escape
    answers = sum(facts.actions.values())
    title = "Consent records of %s" % escape(name)
    whose = [("Controller", "controller"), ("Contact", "controller_contact"), ("Hosts", "hosts")]
    whose += [("Privacy policy", "policy_url")]
    entries = "%s answers in %s entries of the log; %s entries were erased later (their place in the log stays, their "
    entries += "content is gone)."
    happened = "".join("<li>%s</li>" % escape(one) for one in facts.all_that_happened())
    anchors = "".join("<li>%s</li>" % escape(one) for one in facts.anchors)
    proof = [("Signed tree head", facts.note.strip()), ("Keys that the bundle states", "\n".join(facts.keys))]
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
        "<title>%s</title><style>%s</style></head><body>" % (title, STYLE),
        "<h1>%s</h1>" % title,
        "<p>%s to %s (UTC), site %s.</p>" % (facts.begin, facts.end, facts.site),
        "<h2>Who asked</h2>",
        _pairs([(word, owner.get(key) or "not stated") for word, key in whose]),
        "<h2>What was answered</h2>",
        "<p>%s</p>" % (entries % (count(answers), count(facts.entries), count(facts.blank))),
        TRIED % count(facts.tests) if facts.tests else "",
        _chart(facts.days) if answers else "<p>There was no answer in the period.</p>",
        _counts("Answer", facts.actions, ACTIONS),
        _counts("Place (ISO 3166; * = unknown, treated as the strictest)", facts.places, {}),
        "<h2>What visitors were asked</h2><p>Each release holds every text, category, service and setting word by word, "
        "and the law&rsquo;s terms as they were applied; its file is named by its SHA-256.</p>",
        _releases(facts.releases),
        "<h2>What it looked like</h2>",
        _pictures(facts.pictures),
        "<h2>What happened in the log</h2>",
        "<ul>%s</ul>" % happened if happened else "<p>Nothing but releases and answers.</p>",
        "<h2>How this is proved</h2>",
        "<pre>%s</pre>" % escape("\n\n".join("%s\n%s" % pair for pair in proof)),
        '<div class="note">%s</div>'
        % (
            "<ul>%s</ul>" % anchors
            if anchors
            else "<p>No checkpoint was kept outside: the operator could have rewritten this.</p>"
        ),
        HOW,
        "</body></html>\n",
    ]
    return "\n".join(parts)


# --- anchors -------------------------------------------------------------------------------------------------------
ANCHOR = {"size": "int", "method": "str:rfc3161|witness|email|webhook", "target": "str", "evidence": "str"}
SHA256_OID, TST_INFO = bytes.fromhex("608648016503040201"), bytes.fromhex("2a864886f70d0109100104")


def der(data):
    """[(tag, content)] of DER. Raises VerificationFailed."""
    found, at = [], 0
    while at < len(data):
        head = data[at : at + 2]
        size, more = (head[1], 0) if len(head) == 2 else (256, 0)
        if size > 128:
            more = size & 127
            size = int.from_bytes(data[at + 2 : at + 2 + more], "big") if 0 < more < 5 else len(data) + 1
        at += 2 + more
        if size == 128 or at + size > len(data):
            refuse("A timestamp can't be read.")
        found.append((head[0], data[at : at + size]))
        at += size
    return found


def read_timestamp(data):
    """(imprint, time) of a TimeStampResp of RFC 3161. Raises VerificationFailed."""
    try:
        [(_tag, response)] = der(data)
        status, token = der(response)[:2]
        granted = der(status[1])[0][1] in (b"\0", b"\1")
        signed = der(der(der(token[1])[1][1])[0][1])
        content = der(signed[2][1])
        info = der(der(der(content[1][1])[0][1])[0][1])
        imprint = der(info[2][1])
        kind, digest, moment = der(imprint[0][1])[0][1], imprint[1][1], info[4][1].decode("ascii")
    except (IndexError, ValueError, TypeError):
        refuse("A timestamp can't be read.")
    if (
        not granted
        or content[0][1] != TST_INFO
        or kind != SHA256_OID
        or not re.fullmatch(r"[0-9]{14}(\.[0-9]+)?Z", moment)
    ):
        refuse("A timestamp can't be read.")
    day, clock = "-".join((moment[:4], moment[4:6], moment[6:8])), ":".join((moment[8:10], moment[10:12]))
    if not re.fullmatch(DAY, day) or not re.fullmatch(CLOCK, clock + ":00"):
        refuse("A timestamp can't be read.")
    return digest, "%s %s UTC" % (day, clock)


def read_cosignatures(data, point, witness):
    """The times at which a witness (name, public key) cosigned a checkpoint, out of its answer; without a witness, only
    its form is looked at. C2SP tlog-cosignature. Raises VerificationFailed."""
    try:
        lines = data.decode("utf-8").rstrip("\n").split("\n")
    except UnicodeDecodeError:
        refuse("A cosignature can't be read.")
    times = []
    for line in lines:
        parts = line.split(" ")
        blob = unbase64(parts[2]) if len(parts) == 3 and parts[0] == "\u2014" else b""
        if len(blob) != 76:
            refuse("A cosignature can't be read.")
        if witness and parts[1] == witness[0] and blob[:4] == key_id(witness[0], witness[1], 4):
            at = int.from_bytes(blob[4:12], "big")
            message = "cosignature/v1\ntime %d\n%s" % (at, point.message)
            if not signature_holds(witness[1], blob[12:], message.encode()):
                refuse("A cosignature is not the witness's: the checkpoint of size %d.", point.size)
            times.append(at)
    return times


def anchor_words(row, point):
    """What the evidence of an anchor says of its checkpoint. Raises VerificationFailed when it is of another one."""
    data, place = unbase64(row["evidence"]), "%s (%s)" % (row["target"], row["method"])
    if row["method"] == "rfc3161":
        digest, moment = read_timestamp(data)
        if digest != hashlib.sha256(point.note.encode()).digest():
            refuse("A timestamp is not of the checkpoint of size %d.", row["size"])
        text = (
            "A timestamp of %s by %s is of the checkpoint of size %d; the authority's own signature is UNCHECKED here, "
        )
        return (text + "`openssl ts -verify` does it.") % (moment, place, row["size"])
    if row["method"] == "witness":
        read_cosignatures(data, point, None)
        text = "The checkpoint of size %d was cosigned by %s: UNCHECKED without the witness's key."
        return text % (row["size"], place)
    return "The checkpoint of size %d was sent to %s: UNCHECKED, ask there." % (row["size"], place)


def check_anchors(log, say):
    """Each names a checkpoint of the bundle; what it proves is said, and what is not looked at."""
    points = {point.size: point for point in log.points}
    rows = log.bundle.json("anchors.json")
    if log.bundle.earlier:
        if rows:
            say("NOT PROVED: %d anchors are listed; ask whoever keeps them." % len(rows))
        return
    seen = set()
    for row in rows if type(rows) is list else refuse("anchors.json can't be read."):
        shaped(row, ANCHOR, "An anchor")
        if canonical(row) in seen:
            refuse("An anchor of size %d is there twice.", row["size"])
        seen.add(canonical(row))
        if row["size"] not in points:
            refuse("An anchor is of size %d, but the bundle has no such checkpoint.", row["size"])
        point = points[row["size"]]
        log.facts.anchors.append(anchor_words(row, point))
        say(log.facts.anchors[-1])
        if log.witness and row["method"] == "witness":
            for _at in read_cosignatures(unbase64(row["evidence"]), point, log.witness):
                say("The witness whose key you gave cosigned the checkpoint of size %d." % row["size"])


# --- the check -----------------------------------------------------------------------------------------------------
MANIFEST = {
    "format": "str", "site": "str:" + UUID, "origin": "str:[!-~]+", "name": "str", "from": "str:" + DAY, "to": "str:" + DAY,
    "first": "int", "last": "int", "size": "int", "keys": "list", "files": "dict",
}  # fmt: skip
FORMATS = {
    "fairgate-bundle/1": {**MANIFEST, "made_at": "str"},
    "fairgate-bundle/2": {**MANIFEST, "date": "str:" + DAY, "separator": "str:[,;]", "missing": "list"},
}
ALWAYS = {"records.jsonl", "records.csv", "range_proof.json", "erasures.jsonl", "releases.jsonl", "checkpoints.json",
          "anchors.json", "report.html", "verify.py", "verify.html"}  # fmt: skip
OWN = {
    "fairgate-bundle/1": {"verifier_keys.txt", "jurisdictions.csv", "jurisdictions.json"},
    "fairgate-bundle/2": {"head.json", "events.jsonl"},
}
HEAD = {"type": "str:[a-z_]{1,12}", "day": "str:" + DAY, "release_hash": "str:(" + HASH + ")?", "commitment": "str",
        "proof": "list"}  # fmt: skip


class Log:
    """What the parts of the check share: the bundle, and the log as its last checkpoint signs it."""

    def __init__(self, bundle, manifest):
        self.bundle, self.manifest = bundle, manifest
        self.site, self.first, self.last = manifest["site"], manifest["first"], manifest["last"]
        self.size, self.origin = manifest["size"], manifest["origin"]
        self.named = self.origin.partition(self.site)[0] + self.site  # without the mark of a restart
        self.facts = ReportContent(self.site, manifest["from"], manifest["to"])
        self.witness, self.source = None, ""
        self.points, self.trusted, self.root = [], set(), b""
        self.events = {}  # index → (line, record) of what is no answer and no choice
        self.wordings = {}  # (topic, version) → (index, SHA-256)
        self.offers = {}  # (number, hash) → Offer
        self.head_day = None
        self.around = []  # the neighbours of an empty period
        self.times = {}  # index → time, of entries outside the period too
        self.lower = max(0, self.first - 1)
        self.upper = self.last + 1 if self.last + 1 < self.size else self.last

    @property
    def empty(self):
        return self.last < self.first

    def proved(self, line, **more):
        """The record of an entry that comes with its inclusion proof. Raises VerificationFailed."""
        leaf, record = leaf_of_line(line, self.site, proof="list", **more)
        if inclusion_root(line["index"], self.size, leaf, hashes_of(line["proof"])) != self.root:
            refuse("The log does not hold the %s at index %s.", line["type"], line["index"])
        self.times[line["index"]] = line["received_at"]
        return record


def check(path, key=None, checkpoint=None, source="", witness=None, say=print):
    """Checks everything; `say` gets one sentence for each thing that was found. Returns HOLDS or UNKNOWN_SIGNER. Raises
    VerificationFailed, WrongOption."""
    given = read_key(key) if key else None
    kept = note_in(checkpoint) if checkpoint else None
    watching = read_key(witness, kind=4) if witness else None
    if not os.path.exists(path):
        raise WrongOption("There is no %s." % path)
    log = open_log(Bundle(path))
    log.witness, log.source = watching, source.strip() if SEEN.search(source) else ""
    check_files(log, say)
    read_points(log)
    read_head(log)
    read_events(log)
    read_wordings(log)
    read_releases(log)
    erased = read_erasures(log)
    check_signers(log, given, kept, say)
    check_restarts(log)
    check_records(log, erased, say)
    check_times(log)
    check_requests(log)
    pictures = check_pictures(log)
    check_names(log, pictures | check_documents(log, say))
    check_anchors(log, say)
    check_report(log, say)
    say_what_happened(log, say)
    say_what_is_open(log, say)
    return say_verdict(log, given, kept, say)


def open_log(bundle):
    """The log that a bundle is of, once its manifest can be read."""
    bundle.earlier = True
    manifest = bundle.json("manifest.json")
    form = manifest.get("format") if type(manifest) is dict else None
    if type(form) is not str or form not in FORMATS:
        refuse("This is not a Fairgate bundle of a format I know.")
    bundle.earlier = form == "fairgate-bundle/1"
    manifest = bundle.json("manifest.json")
    begin, end, last = manifest.get("from"), manifest.get("to"), manifest.get("last")
    shaped({**manifest, "last": 0} if last == -1 else manifest, FORMATS[form], "manifest.json")
    if not begin <= end or not last < manifest["size"] or not manifest["size"] or (last == -1 and manifest["first"]):
        refuse("manifest.json: its numbers or days can't be.")
    if last < manifest["first"] and last != -1:
        refuse("manifest.json: its numbers or days can't be.")
    return Log(bundle, manifest)


def check_files(log, say):
    """The bundle holds the files that its manifest names, whole, and no others."""
    bundle, files = log.bundle, log.manifest["files"]
    extra = sorted(set(bundle.files) - set(files) - {"manifest.json"})
    if extra:
        refuse("The bundle holds files that its manifest does not name: %s.", ascii(", ".join(extra[:5])))
    for name, digest in files.items():
        made = hashlib.sha256()
        for piece in bundle.pieces(name):
            made.update(piece)
        if made.hexdigest() != digest:
            refuse("%s is not the file that the manifest names.", name)
    say("The bundle is whole: %d files, those that its manifest names." % len(files))


def read_points(log):
    """The checkpoints, each signed by a key that the bundle states and an earlier state of the last one."""
    stated = []
    for text in log.manifest["keys"]:
        try:
            name, public = read_key(text) if type(text) is str else ("", b"")
        except WrongOption as error:
            refuse("manifest.json: %s", error)
        if name != log.origin or public in stated or text != "%s+%s+%s" % KEY.fullmatch(text).groups():
            refuse("manifest.json: keys is not what it must be.")
        stated.append(public)
    if log.bundle.earlier and log.bundle.text("verifier_keys.txt").split() != log.manifest["keys"]:
        refuse("verifier_keys.txt does not hold the keys of the manifest.")
    rows = log.bundle.json("checkpoints.json")
    if type(rows) is not list or not rows:
        refuse("The bundle has no checkpoint.")
    proofs = []
    for row in rows:
        shaped(row, {"note": "str", "consistency": "list"}, "A checkpoint")
        log.points.append(Checkpoint(row["note"]).sign(stated, strict=True))
        proofs.append(hashes_of(row["consistency"]))
    last = log.points[-1]
    log.root = last.root
    if (log.origin, log.size) != (last.origin, last.size):
        refuse("The manifest speaks of another log than the last checkpoint.")
    if not re.fullmatch(r"[!-~]+/%s(/r[0-9]+)?" % log.site, log.origin):
        refuse("The checkpoint is of another log: %s.", log.origin)
    before = 0
    for point, proof in zip(log.points, proofs):
        if point.size <= before or not consistent(point.size, point.root, log.size, log.root, proof):
            refuse("The checkpoint of size %d is not an earlier state of this log.", point.size)
        before = point.size
        if not re.fullmatch(re.escape(log.named) + r"(/r[0-9]+)?", point.origin):  # it may have been restarted since
            refuse("The checkpoint of size %d is of another log: %s.", point.size, point.origin)
    log.facts.note, log.facts.keys = last.note, log.manifest["keys"]


def read_head(log):
    """The day of the log's last entry, which is the day of the bundle. Nothing in it can be later."""
    if log.bundle.earlier:
        return
    head = shaped(log.bundle.json("head.json"), HEAD, "head.json")
    text = ["fairgate/v1", head["type"], log.site, head["day"], head["release_hash"], head["commitment"]]
    unbase64(head["commitment"], 32)
    leaf = leaf_of("\n".join(text).encode("utf-8"))
    if inclusion_root(log.size - 1, log.size, leaf, hashes_of(head["proof"])) != log.root:
        refuse("head.json is not the log's last entry.")
    if log.manifest["date"] != head["day"]:
        refuse("manifest.json: date is not the day of the log's last entry.")
    log.head_day = head["day"]


def read_events(log):
    """What else the log says, each entry with its proof."""
    if log.empty:
        for line in log.bundle.lines("records.jsonl"):
            log.around.append(line)
            if len(log.around) > 2:
                refuse("The entries around the empty period are not there.")
        places = [line.get("index") for line in log.around if type(line) is dict]
        if places and all(type(one) is int for one in places):
            log.lower, log.upper = places[0], places[-1]
    if log.bundle.earlier:
        return
    before = -1
    for line in log.bundle.lines("events.jsonl"):
        record = log.proved(line)
        if record is None or line["type"] in ("consent", "release", "erasure", "choice") or (line["index"] <= before):
            refuse("events.jsonl holds something else than it must.")
        before = line["index"]
        log.events[before] = (line, record)


def read_releases(log):
    """What was asked is there, word by word, for each release."""
    before, number = -1, {"number": "int"} if log.bundle.earlier else {}
    for line in log.bundle.lines("releases.jsonl"):
        record = log.proved(line, **number)
        if record is None or line["type"] != "release" or line["release"] is None:
            refuse("Entry %s is not a release.", line["index"])
        earlier = max([one.number for one in log.offers.values()], default=0)
        if (
            line["release"] <= earlier
            or line["index"] <= before
            or line.get("number", line["release"]) != line["release"]
        ):
            refuse("Release %s is there twice, or under another number.", line["release"])
        if record.get("sha256", line["release_hash"]) != line["release_hash"] or (
            record.get("number", line["release"]) != line["release"]
        ):
            refuse("Release %s is logged as another one.", line["release"])
        before = line["index"]
        text = log.bundle.text("releases/%s.json" % line["release_hash"])
        if hashlib.sha256(text.encode("utf-8")).hexdigest() != line["release_hash"]:
            refuse("The text of release %s was changed.", line["release"])
        offer = Offer(line, record, text, log.site)
        log.offers[offer.number, offer.hash] = offer
        log.facts.release(line, record)
        log.facts.owner_is(offer.text)
    if log.bundle.earlier and any(offer.new for offer in log.offers.values()):
        refuse("Who writes such a log makes bundles of a later format: this one hides what that proves.")
    if not log.bundle.earlier and log.manifest["name"] != log.facts.name:
        refuse("manifest.json: name is not the one that the newest release says.")


def read_erasures(log):
    """What may be missing: {index: the Seal of the erasure that blanked the record}."""
    erased, before = {}, -1
    inside = (log.first, log.last) if log.bundle.earlier else (log.lower, log.upper)
    for line in log.bundle.lines("erasures.jsonl"):
        record = log.proved(line, others="list")
        if record is None or line["type"] != "erasure" or line["index"] <= before:
            refuse("Entry %s is not an erasure.", line["index"])
        before = line["index"]
        seal = Seal(line, record, *inside)
        if any(one in erased for one in seal.inside):
            refuse("A record is erased twice, by the entry at index %s too.", line["index"])
        erased.update(dict.fromkeys(seal.inside, seal))
        log.events[before] = (line, record)
    return erased


def check_signers(log, given, kept, say):
    """Who signed: a key from outside, or one that it leads to over entries that changed the key."""
    if given:
        if not re.fullmatch(re.escape(log.named) + r"(/r[0-9]+)?", given[0]):
            refuse("The key that you gave is of another log: %s.", given[0])
        log.trusted.add(given[1])
    stated = {read_key(text)[1] for text in log.manifest["keys"]}
    if kept:
        log.trusted |= check_kept(log, Checkpoint(kept).sign(stated | log.trusted, strict=False), say)
    start = set(log.trusted) or set(log.points[-1].signers)
    reached = follow(log, start)
    if not log.points[-1].signers & reached:
        refuse("The checkpoint of size %d is not signed by the expected key.", log.size)
    for point in log.points:
        if not point.signers <= reached and not log.bundle.earlier:
            refuse("The checkpoint of size %d is signed by a key that no entry leads to.", point.size)
    if not stated <= reached:
        if not log.bundle.earlier:
            refuse("manifest.json: keys names one that no entry leads to.")
        say("NOT PROVED: how the keys that the bundle states follow each other; this format does not say it.")
    log.reached = reached | stated
    say(
        "%d checkpoints are signed and each is an earlier state of the last one, of size %d."
        % (len(log.points), log.size)
    )


def follow(log, start):
    """The keys that these lead to: an entry that changed the key counts when a key that counts signed a log with it."""
    reached, grown = set(start), True
    changes = [(index, *rotated(*event)) for index, event in log.events.items() if event[0]["type"] == "key_rotation"]
    if log.bundle.earlier:  # then these are only among the period's records
        for line in log.bundle.lines("records.jsonl"):
            if type(line) is dict and line.get("type") == "key_rotation":
                _leaf, record = leaf_of_line(line, log.site)
                changes.append((line["index"], *rotated(line, record)))
    while grown:
        grown = False
        for index, old, new in changes:
            for one, other in ((old, new), (new, old)):
                vouched = any(one in point.signers and point.size > index for point in log.points)
                if one in reached and other not in reached and vouched:
                    reached.add(other)
                    grown = True
    return reached


def check_kept(log, mine, say):
    """The log has grown out of the one that the checkpoint kept elsewhere was of; the keys that signed it."""
    if not re.fullmatch(re.escape(log.named) + r"(/r[0-9]+)?", mine.origin):
        refuse("The checkpoint that you kept is of another log: %s.", mine.origin)
    if not mine.signers:
        refuse("The checkpoint that you kept is not signed by a key of this bundle.")
    if mine.size > log.size:
        refuse("The checkpoint that you kept is newer than this bundle: the log has shrunk, or ask for a new bundle.")
    for point in log.points:
        if point.size == mine.size:
            if point.root != mine.root:
                refuse("REWRITTEN: the log of size %d is not the one that you kept a checkpoint of.", mine.size)
            say(
                "The log holds what it held when your checkpoint of size %d was kept: nothing before was rewritten."
                % mine.size
            )
            return mine.signers
    if mine.origin != log.origin:
        refuse("The checkpoint that you kept is of a log that was abandoned, %s: see RESTARTED.", mine.origin)
    refuse(
        "The bundle has no proof for your checkpoint of size %d: ask for one made with `export --checkpoint FILE`.",
        mine.size,
    )


def check_restarts(log):
    """A log that was restarted says so in its name, and comes with the entry; what was abandoned was signed."""
    found = re.search(r"/r([0-9]+)$", log.origin)
    if found and not log.bundle.earlier and int(found[1]) not in log.events:
        refuse("The log was restarted at %s, but that entry is not here.", found[1])
    for index, (line, record) in log.events.items():
        if line["type"] == "restart":
            size, note = restarted(line, record)
            if size and not Checkpoint(note).sign(log.reached, strict=False).signers:
                refuse("Entry %d: the checkpoint of the abandoned log is not signed by a key of this log.", index)


class Ids:
    """Whether an id comes twice, in little memory: eight bytes of a digest each. What looks alike is compared whole."""

    def __init__(self):
        self.parts = [array("Q") for _ in range(256)]

    def add(self, id):
        digest = hashlib.sha256(id.encode()).digest()
        self.parts[digest[8]].append(struct.unpack("<Q", digest[:8])[0])

    def twice(self, lines):
        """The first id that comes twice; `lines` are looked at only when two look alike."""
        alike = set()
        for part in self.parts:
            ordered = sorted(part)
            alike |= {a for a, b in zip(ordered, ordered[1:]) if a == b}
        seen = set()
        for line in lines if alike else ():
            if struct.unpack("<Q", hashlib.sha256(line["id"].encode()).digest()[:8])[0] in alike:
                if line["id"] in seen:
                    return line["id"]
                seen.add(line["id"])
        return None


class Same:
    """A file of the bundle that must be what is fed here."""

    def __init__(self, bundle, name):
        self.name, self.pieces, self.rest, self.at = name, bundle.pieces(name), b"", 0

    def feed(self, data):
        while len(self.rest) - self.at < len(data):
            piece = next(self.pieces, None)
            if piece is None:
                refuse("%s is not what the records make.", self.name)
            self.rest, self.at = self.rest[self.at :] + piece, 0
        if self.rest[self.at : self.at + len(data)] != data:
            refuse("%s is not what the records make.", self.name)
        self.at += len(data)

    def end(self):
        if len(self.rest) > self.at or next(self.pieces, None):
            refuse("%s is not what the records make.", self.name)


class Period:
    """The records of the period, with one neighbour on each side that shows that none was cut off."""

    def __init__(self, log, erased):
        self.log, self.erased = log, erased
        self.begin, self.end = log.manifest["from"], log.manifest["to"]
        self.ids = Ids()
        self.strange = 0  # answers in a language that their release does not have
        self.wrong = None  # what is wrong with an answer that may yet turn out not to be the one that was signed
        self.used = set()  # releases that were answered
        self.stray = None  # a record that is dated ahead, until an entry sets the clock back
        self.repairs = sorted(index for index, event in log.events.items() if event[0]["type"] == "clock_repair")
        self.table = None
        if not log.bundle.earlier:
            self.separator = log.manifest["separator"]
            self.table = Same(log.bundle, "records.csv")
            self.table.feed(b"\xef\xbb\xbf" + csv_line(COLUMNS, self.separator).encode())

    def leaves(self):
        """The leaf of each line, in order. Raises VerificationFailed for a line that can't stand where it does."""
        log, expected, before, repaired = self.log, self.log.lower, None, False
        for line in log.bundle.lines("records.jsonl"):
            leaf, record = leaf_of_line(line, log.site)
            index = line["index"]
            if index != expected:
                refuse("Record %s follows record %s: one is missing, added or out of order.", index, expected - 1)
            expected += 1
            if line["type"] == "clock_repair" and record is not None:  # the one place where time may step back
                set_back(line, record, before)
                self.stray, repaired = None, True
            elif before is not None and line["received_at"] < before:
                refuse("Record %s is older than the one before it.", index)
            before = line["received_at"]
            if index in (log.lower, log.upper):
                log.times[index] = before
            self.ids.add(line["id"])
            if index < log.first and not line["day"] < self.begin:
                refuse("Records were cut off at the beginning: the one before the period is of %s.", line["day"])
            if index > log.last and not line["day"] > self.end:
                refuse("Records were cut off at the end: the one after the period is of %s.", line["day"])
            if log.head_day and line["day"] > log.head_day and not any(one > index for one in self.repairs):
                refuse("Record %s is dated ahead of the log's last entry.", index)
            self._blank(line, record)
            if log.first <= index <= log.last:
                self._inside(line, record, leaf, repaired)
            yield leaf

    def _blank(self, line, record):
        index, inside = line["index"], self.log.first <= line["index"] <= self.log.last
        if record is None and index not in self.erased and (inside or not self.log.bundle.earlier):
            refuse("Record %s is blank, but no erasure of the log names it.", index)
        if index in self.erased:
            self.erased[index].take(line)

    def _inside(self, line, record, leaf, repaired):
        index, facts = line["index"], self.log.facts
        if line["day"] > self.end and self.stray is None:
            self.stray = line  # the clock was ahead, if an entry that sets it back follows
        if line["day"] < self.begin and not repaired:
            refuse("Record %s is of %s, outside the period.", index, line["day"])
        facts.entries += 1
        facts.blank += record is None
        if line["type"] == "consent":
            try:
                self._answer(line, record, leaf)
            except VerificationFailed as error:
                self.wrong = self.wrong or error
        elif line["type"] == "release":
            if (line["release"], line["release_hash"]) not in self.log.offers:
                refuse("The text of release %s, of the period, is missing.", line["release"])
        elif line["type"] == "choice":
            try:
                self._choice(line, record)
            except VerificationFailed as error:
                self.wrong = self.wrong or error
        elif record is None:
            refuse("Record %s is neither whole nor erased.", index)
        else:
            self.log.events.setdefault(index, (line, record))
            if line["type"] == "erasure":
                self._named(line, record)

    def _named(self, line, record):
        for one in member(record, "indexes", list, "Entry %s" % line["index"]):
            if self.log.lower <= one <= self.log.upper and one not in self.erased and not self.log.bundle.earlier:
                refuse("Record %s is still there, but entry %s says that it was erased.", one, line["index"])

    def _choice(self, line, record):
        if line["action"] not in SAYS:
            refuse("Record %s can't have been: it says neither yes nor no.", line["index"])
        wrong = contradicted_choice(line, record, self.log.wordings) if record is not None else ""
        if wrong:
            refuse("Record %s can't have been: %s.", line["index"], wrong)
        if self.begin <= line["day"] <= self.end:
            self.log.facts.choice(line, record)

    def _answer(self, line, record, leaf):
        log = self.log
        offer = log.offers.get((line["release"], line["release_hash"]))
        if offer is None:
            refuse("The texts that visitors answered are missing for release %s.", line["release"])
        wrong = offer.contradiction(line, record)
        if wrong:
            refuse("Record %s can't have been: %s.", line["index"], wrong)
        if offer.languages is not None and line["language"] and line["language"] not in offer.languages:
            if offer.new:
                refuse(
                    "Record %s can't have been: its release has no language %s.", line["index"], ascii(line["language"])
                )
            self.strange += 1
        self.used.add((offer.number, offer.hash))
        cells = cells_of(line, record, leaf)
        if self.begin <= line["day"] <= self.end:
            log.facts.answer(line, record)
            if self.table:
                self.table.feed(csv_line(cells, self.separator).encode())


def check_times(log):
    """No entry is older than one before it, or younger than the log's last, but where the clock was put right."""
    repairs = [index for index, event in log.events.items() if event[0]["type"] == "clock_repair"]
    before, known = -1, sorted(log.times)
    for index in known:
        put_right = any(before < one <= index for one in repairs)
        if before >= 0 and log.times[index] < log.times[before] and not put_right:
            refuse("Entry %s is older than entry %s.", index, before)
        if log.head_day and log.times[index][:10] > log.head_day and not any(one > index for one in repairs):
            refuse("Entry %s is dated ahead of the log's last entry.", index)
        before = index


def check_records(log, erased, say):
    """The records of the period are all there, as signed, and the table of them is what they make."""
    period = Period(log, erased)
    if log.empty:
        empty_period(log, period)
        say("No entry lies in the period, and the entries around it prove that.")
    else:
        proof = hashes_of(log.bundle.json("range_proof.json"))
        made = root_of_range(log.size, log.lower, log.upper, period.leaves(), proof)
        if period.stray:
            refuse("Record %s is of %s, outside the period.", period.stray["index"], period.stray["day"])
        if made != log.root:
            refuse("The records do not lead to the signed root: one was changed, moved, removed or added.")
        if period.wrong:
            raise period.wrong
        twice = period.ids.twice(log.bundle.lines("records.jsonl"))
        if twice:
            refuse("The record %s is there twice.", twice)
        facts = log.facts
        text = "Records %d to %d are all there, in order, as signed: %d entries, %d of them erased (their leaf stays)."
        say(text % (log.first, log.last, facts.entries, facts.blank))
    if period.table:
        period.table.end()
    before = max([offer.index for offer in log.offers.values() if offer.index <= log.lower], default=-1)
    for key, offer in log.offers.items():
        needed = key in period.used or offer.index == before or log.first <= offer.index <= log.last
        if not needed and not log.bundle.earlier:
            refuse("Release %s was neither in force in the period nor answered.", offer.number)
    if log.upper == log.last or log.empty and log.upper == log.size - 1:
        say("The log ended with this period when the bundle was made; no later entry closes it.")
    if period.strange:
        text = "NOT PROVED: %d answers name a language that their release does not have; the server did not look then."
        say(text % period.strange)


def empty_period(log, period):
    """An empty period lies between two neighbours, or at an end of the log. Raises VerificationFailed when it does
    not."""
    around, begin, end = log.around, period.begin, period.end
    proofs = log.bundle.json("range_proof.json")
    if not around or type(proofs) is not list or len(proofs) != len(around):
        refuse("The entries around the empty period are not there.")
    for line, proof in zip(around, proofs):
        leaf, record = leaf_of_line(line, log.site)
        if inclusion_root(line["index"], log.size, leaf, hashes_of(proof)) != log.root:
            refuse("An entry beside the empty period is not in the log.")
        if begin <= line["day"] <= end:
            refuse("Records were cut off: an entry of %s lies in the period.", line["day"])
        log.times[line["index"]] = line["received_at"]
        period._blank(line, record)
    one, other = around[0], around[-1]
    if len(around) == 2 and not (one["day"] < begin and other["day"] > end and other["index"] == one["index"] + 1):
        refuse("The entries around the empty period are not neighbours.")
    ends = (one["index"] == log.size - 1 and one["day"] < begin) or (one["index"] == 0 and one["day"] > end)
    if len(around) == 1 and not ends:
        refuse("The entry beside the empty period is not at an end of the log.")


def pictures_of(events, facts, offers=()):
    """{name: (bytes, width, height)} of the pictures that these entries, in order, name and do not void. Raises
    VerificationFailed, for one that is not of the release, among `offers`, that it names, too."""
    void, files = set(), {}
    types = {line["index"]: line["type"] for line, _record in events}
    for line, record in events:
        if line["type"] == "void":
            named, where = member(record, "voids", list, "Entry %s" % line["index"]), "Entry %s" % line["index"]
            of = member(record, "of", str, where)
            if any(type(one) is not int or types.get(one, of) != of for one in named):
                refuse("%s: voids is not what it must be.", where)
            void |= {one for one in named if one < line["index"]}
    for line, record in events:
        if line["type"] == "pictures" and line["index"] not in void:
            found = [one for one in offers if one.number == line["release"]]
            if found and (found[0].hash != line["release_hash"] or found[0].index > line["index"]):
                refuse("Entry %s names pictures of a release that is another one.", line["index"])
            files.update(facts.shown(line, record, found[0] if found else None))
    return files


def check_requests(log):
    """What entries say of one person's request goes together: it came first, says the same, and ends once."""
    events = [log.events[index] for index in sorted(log.events)]
    repaired = any(line["type"] == "clock_repair" for line, _record in events)
    firsts, seen, ended = {}, set(), set()
    for line, record in events:
        if line["type"] != "request":
            continue
        event, kind, law, came, _due, first = request_of(line, record)
        missing = first not in firsts and event != "received" and log.first <= first <= log.last
        other = firsts.setdefault(first, (kind, law, came)) != (kind, law, came)
        if missing or other or first in ended or (first, event) in seen or (came > line["day"] and not repaired):
            refuse("Entry %s does not fit what the log says of this request before.", line["index"])
        seen.add((first, event))
        ended |= {first} if event in STEPS[3:] else set()


def check_pictures(log):
    """The pictures that entries of the log name are there, as they were logged; returns their names."""
    if log.bundle.earlier:
        return set()
    files = pictures_of([log.events[index] for index in sorted(log.events)], log.facts, log.offers.values())
    missing = set()
    for name in log.manifest["missing"]:
        if type(name) is not str or name not in files or name in missing:
            refuse("manifest.json: missing is not what it must be.")
        missing.add(name)
    for name, size in files.items():
        if name not in missing:
            data = log.bundle.read(name)
            digest = "pictures/%s.png" % hashlib.sha256(data).hexdigest()
            if (
                digest != name
                or data[:8] != b"\x89PNG\r\n\x1a\n"
                or (len(data), *struct.unpack(">II", data[16:24])) != size
            ):
                refuse("%s is not the picture that the log names.", name)
    return set(files) - missing


def check_documents(log, say):
    """The texts of documents that entries of the log name are there, as they were logged; returns their names."""
    names, versions = set(), {}
    for index in sorted(log.events):
        line, record = log.events[index]
        if line["type"] != "document":
            continue
        published(line, record)
        last = versions.get(record["document"], 0)
        if record["version"] <= last:
            refuse("Entry %s publishes a version of %s again.", index, record["document"])
        versions[record["document"]] = record["version"]
        for digest in texts_of(line, record).values():
            name = "documents/%s.md" % digest
            if hashlib.sha256(log.bundle.read(name)).hexdigest() != digest:
                refuse("%s is not the text that the log names.", name)
            names.add(name)
    if names:
        say("%d texts of documents are there word by word, as entries of the log name them." % len(names))
    return names


def check_names(log, pictures):
    """There is each file that a bundle has, and none besides."""
    names = ALWAYS | OWN[log.manifest["format"]] | {"releases/%s.json" % digest for _number, digest in log.offers}
    there = set(log.manifest["files"])
    if log.bundle.earlier:
        there = {name for name in there if not re.fullmatch(r"screenshots/%s\.png" % HASH, name)}
    if there != names | set(pictures):
        refuse(
            "The bundle holds other files than it must: %s.",
            ascii(", ".join(sorted(there ^ (names | set(pictures)))[:5])),
        )


def check_report(log, say):
    """report.html says what was found here, letter by letter."""
    for index, event in log.events.items():
        sentence = sentence_of(*event)
        if sentence:
            log.facts.happened[index] = sentence
    if log.bundle.earlier:
        say(
            "NOT PROVED: records.csv, report.html, pictures and the table of laws; bundles of this format do not prove them."
        )
        return
    page = Same(log.bundle, "report.html")
    page.feed(report_page(log.facts).encode("utf-8"))
    page.end()
    say("records.csv and report.html are what the records make, letter by letter.")


def say_what_happened(log, say):
    for one in log.facts.all_that_happened():
        say(one)
    say("%d releases are there word by word, and each is an entry of the log." % len(log.offers))


def say_what_is_open(log, say):
    """What the bundle can't prove by itself."""
    for offer in log.offers.values():
        if offer.open:
            say(
                "NOT PROVED: release %d lists no %s, so its answers were not compared."
                % (offer.number, " and no ".join(offer.open))
            )
    old = [offer.number for offer in log.offers.values() if not offer.new]
    if old:
        text = "NOT PROVED: which files browsers got of release %s; their entries were made by an earlier version."
        say(text % ", ".join(map(str, old)))
    if log.manifest.get("missing"):
        say("MISSING: %d pictures that the log names; the operator does not have them." % len(log.manifest["missing"]))
    say("NOT PROVED: that nothing else happened before or after the period; only the period is shown as a whole.")
    shown = ("verify.py", "verify.html")
    copies = ", ".join("%s %s" % (name, log.manifest["files"].get(name)) for name in shown)
    say(
        "NOT PROVED: the copies of the verifiers in the bundle; compare their SHA-256 with a list from elsewhere: "
        + copies
    )
    say("NOT CLAIMED: that every click was logged (ask visitors for receipts), nor that the texts are lawful.")


def say_verdict(log, given, kept, say):
    """HOLDS only with something from outside, whose source the auditor names."""
    what = " and ".join(word for word, there in (("the key", given), ("the checkpoint", kept)) if there)
    if not what:
        say("SIGNER NOT VERIFIED: whoever made this may have forged all of it. Give the operator's key or a checkpoint kept "
            "earlier, got by another way than this bundle, and say where from.")  # fmt: skip
        return UNKNOWN_SIGNER
    if not log.source:
        say(
            "SIGNER NOT VERIFIED: say where you have %s from (--source); what came with the bundle proves nothing."
            % what
        )
        return UNKNOWN_SIGNER
    say("The signer is the one of %s that you gave, from: %s." % (what, log.source))
    return HOLDS


def visible(text):
    """A text with nothing in it that moves a cursor, begins a line or turns the direction of writing."""
    odd = r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]"
    return re.sub(odd, lambda found: "\\u%04x" % ord(found[0]), text)


def text_or_file(given):
    """An option's text, or that of the file that it names."""
    if not given or not os.path.isfile(given):
        return given
    with open(given, "rb") as file:
        return plain_text(file.read())


def main():
    parser = argparse.ArgumentParser(description="Checks a Fairgate audit bundle, offline.")
    parser.add_argument("bundle", nargs="?", default=os.path.dirname(os.path.abspath(__file__)))
    parser.add_argument("--key", help="the signer's public key (vkey), or a file that holds it")
    parser.add_argument("--checkpoint", help="a file with a checkpoint kept earlier")
    parser.add_argument("--source", default="", help="where you have the key or the checkpoint from, in your words")
    parser.add_argument("--witness", help="the public key (vkey) of a witness, or a file that holds it")
    options = parser.parse_args()
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # a terminal that lacks a letter is no reason to stop
    try:
        kept = None
        if options.checkpoint is not None:
            try:
                with open(options.checkpoint, "rb") as file:
                    kept = file.read()
            except OSError as error:
                raise WrongOption("The checkpoint can't be read: %s" % error)
            if not kept:
                raise WrongOption("The checkpoint is an empty file.")
        key, witness = text_or_file(options.key), text_or_file(options.witness)
        verdict = check(options.bundle, key, kept, options.source, witness, lambda text: print("    " + visible(text)))
    except VerificationFailed as error:
        print("REFUSED: %s" % visible(str(error)))
        return REFUSED
    except WrongOption as error:
        print("WRONG OPTION: %s" % visible(str(error)))
        return WRONG_OPTION
    except Exception as error:  # what nobody foresaw in a file is no reason to trust it, nor to fall over
        print("REFUSED: the bundle can't be read (%s: %s)." % (type(error).__name__, ascii(str(error))))
        return REFUSED
    print("%s." % WORDS[verdict])
    return verdict


if __name__ == "__main__":
    sys.exit(main())
