"""What differs between two texts, in words, paragraph by paragraph. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Kind = Literal["same", "added", "removed", "changed"]
ALIKE = 0.3  # of the words of two paragraphs: below it, one was taken away and another added
NEAR = 6  # paragraphs that one is compared with: what moved further was taken away and added
MOST_PAIRS = 1_000_000  # of words that are compared: a longer paragraph is taken away and added whole
_WORDS = re.compile(r"\s*\S+")


class Piece(NamedTuple):
    """Some words of a paragraph that are in both texts, or in one."""

    kind: Literal["same", "added", "removed"]
    text: str


class Change(NamedTuple):
    """A paragraph in two texts."""

    kind: Kind
    pieces: list[Piece]


class Comparison(NamedTuple):
    """All paragraphs in order, and how many words came and went."""

    changes: list[Change]
    added: int
    removed: int

    @property
    def changed(self) -> list[Change]:
        """Only what is not the same."""
        return [one for one in self.changes if one.kind != "same"]


def compare(before: Sequence[str], after: Sequence[str]) -> Comparison:
    """The paragraphs of two texts beside each other."""
    changes = list(_paragraphs(before, after))
    pieces = [piece for change in changes for piece in change.pieces]
    added, removed = (sum(len(p.text.split()) for p in pieces if p.kind == kind) for kind in ("added", "removed"))
    return Comparison(changes, added, removed)


def _paragraphs(before: Sequence[str], after: Sequence[str]) -> Iterator[Change]:
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    for _, first, last, begin, end in matcher.get_opcodes():
        old, new = before[first:last], after[begin:end]
        if old == new:
            yield from (Change("same", [Piece("same", text)]) for text in old)
        else:
            yield from _replaced(list(old), list(new))


def _replaced(old: list[str], new: list[str]) -> Iterator[Change]:
    """Each new paragraph beside the next old one that it is alike; what has no like was added or removed."""
    for text in new:
        place = next((n for n, one in enumerate(old[:NEAR]) if _alike(one, text)), None)
        if place is None:
            yield Change("added", [Piece("added", text)])
            continue
        yield from (Change("removed", [Piece("removed", one)]) for one in old[:place])
        yield Change("changed", words(old[place], text))
        del old[: place + 1]
    yield from (Change("removed", [Piece("removed", one)]) for one in old)


def _alike(one: str, other: str) -> bool:
    first, second = one.split(), other.split()
    if len(first) * len(second) > MOST_PAIRS:
        return False
    matcher = SequenceMatcher(None, first, second, autojunk=False)
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def words(before: str, after: str) -> list[Piece]:
    """The words of a paragraph that stayed, came and went."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    found: list[Piece] = []
    for _, first, last, begin, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = "".join(old[first:last]), "".join(new[begin:end])
        if gone == come:
            found.append(Piece("same", gone))
            continue
        found += [Piece("removed", gone)] if gone else []
        found += [Piece("added", come)] if come else []
    return found
