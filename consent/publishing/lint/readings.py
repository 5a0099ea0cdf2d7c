"""A text as different eyes take it: a visitor reads over what keeps a pattern from finding a word. Pure.

Each reading undoes one disguise: HTML entities, letters set apart, marks inside words, letters of another script or
digits that look like the right ones, marks over letters that are left out or put in, sentences cut where a clause ends.
"""

from __future__ import annotations

import html
import re
import unicodedata
from functools import lru_cache

UNSEEN = re.compile(
    "[\u00ad\u034f\u180e\u200b-\u200f\u202a-\u202c\u2060-\u2069\ufe00-\ufe0f\ufeff\U000e0000-\U000e007f]"
)
TURNED = re.compile("[\u202d\u202e]")  # shows letters in another order than they are stored in
_APART = re.compile(r"(?<!\w)[^\W\d_](?:([ .\-_*·|/~+])[^\W\d_](?:\1[^\W\d_])+)(?!\w)")
_INSIDE = re.compile(r"(?<=[^\W\d_])[*|_·.~+\-](?=[^\W\d_])")
_DIGITS_IN_WORDS = re.compile(r"\w*[^\W\d_][\w@$!]*[^\W\d_]\w*")
_CLAUSE_END = re.compile(r"\s*[?!…]+\s*")
# Letters that look alike: first the Latin one. What has no twin in a script stays.
_CYRILLIC = str.maketrans("аеорсухіјѕԁԛԝһӏкмтАВЕКМНОРСТУХІЈЅ", "aeopcyxijsdqwhlkmtABEKMHOPCTYXIJS")
_GREEK = str.maketrans("αοορνυικτεχγηωΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "aoopvuiktexynwABEZHIKMNOPTYX")
_OTHERS = str.maketrans("ɑɡıɩᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀꜱᴛᴜᴠᴡʏᴢ", "agiiabcdefghijklmnoprstuvwyz")
_DIGITS = str.maketrans("0134578@$!", "oieastbasi")
_TO_CYRILLIC = str.maketrans("aeopcyxijskmtABEKMHOPCTYXIJS", "аеорсухіјѕкмтАВЕКМНОРСТУХІЈЅ")
_TO_GREEK = str.maketrans("aopvuiktexABEZHIKMNOPTYX", "αορνυικτεχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ")
_WORD = re.compile(r"\w+")
_IS_CYRILLIC, _IS_GREEK = re.compile("[\u0400-\u052f]"), re.compile("[\u0370-\u03ff]")
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0640\u064b-\u065f\u0670]")
_MARKED = re.compile("[\u00c0-\u024f\u0370-\u052f\u0621-\u064a\u1e00-\u1eff\u1f00-\u1fff]")


@lru_cache(32768)
def plain(text: str) -> str:
    """The text as a reader sees it: no invisible characters, one kind of letter form, single spaces."""
    return " ".join(_seen(text).split())


def _seen(text: str) -> str:
    return UNSEEN.sub("", unicodedata.normalize("NFKC", text)).replace("’", "'")


@lru_cache(8192)
def readings(text: str) -> tuple[str, ...]:
    """Every way in which a text may be read, the plain one first; most texts have no other."""
    seen = TURNED.sub("", _seen(html.unescape(text)))
    apart = _APART.sub(lambda found: found.group().replace(found[1], ""), seen)
    ways = [plain(text), seen, apart, _INSIDE.sub("", seen), _CLAUSE_END.sub(", ", apart), _latin(apart)]
    if _IS_CYRILLIC.search(seen):
        ways.append(_mixed(apart, _IS_CYRILLIC, _TO_CYRILLIC))
    if _IS_GREEK.search(seen):
        ways.append(_mixed(apart, _IS_GREEK, _TO_GREEK))
    return tuple(dict.fromkeys(" ".join(way.split()) for way in ways))


def _latin(text: str) -> str:
    """Letters that only look Latin, and digits inside of words, as the letters that they are taken for."""
    text = text.translate(_CYRILLIC).translate(_GREEK).translate(_OTHERS)
    return _DIGITS_IN_WORDS.sub(lambda word: word.group().translate(_DIGITS), text)


def _mixed(text: str, script: re.Pattern[str], letters: dict[int, int]) -> str:
    """Words of a script with Latin letters in them, in that script alone."""
    return _WORD.sub(
        lambda word: word.group().translate(letters) if script.search(word.group()) else word.group(), text
    )


@lru_cache(4096)
def unmarked(text: str) -> str:
    """The text, or a pattern, without the marks over and under its letters, which people leave out or put in."""
    bare = _MARKED.sub(lambda letter: unicodedata.normalize("NFD", letter.group()), text)
    return _MARKS.sub("", bare)
