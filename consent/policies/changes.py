"""What differs between two texts, in words, paragraph by paragraph. Pure, and bounded: anybody may ask for it, of texts
of 200,000 characters that a tenant wrote."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Literal, NamedTuple

Kind = Literal["same", "added", "removed", "changed"]
ALIKE = 0.3  # of the words of two paragraphs: below it, one was taken away and another added
NEAR = 6  # paragraphs that one is compared with: what moved further was taken away and added
MOST_PAIRS = 1_000_000  # of words that are compared: a longer paragraph is taken away and added whole
# Of a text that says the same again and again, only what is rare is looked for in the other: pairs of one search, and
# of all searches in paragraphs; when these are used up, a paragraph is taken away and added whole.
PAIRS, MOST_SEARCHED = 50_000, 20_000_000
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
    changes = list(_paragraphs(before, after, _Budget(MOST_SEARCHED)))
    pieces = [piece for change in changes for piece in change.pieces]
    added, removed = (sum(len(p.text.split()) for p in pieces if p.kind == kind) for kind in ("added", "removed"))
    return Comparison(changes, added, removed)


@dataclass(slots=True)
class _Budget:
    left: int


def _pairs(before: Sequence[str], after: Sequence[str]) -> tuple[int, set[str]]:
    """How many pairs of like pieces one search looks at, and the frequent pieces that it must not begin with."""
    counts, others = Counter(before), Counter(after)
    most = min(PAIRS, 1_000 + 5 * (len(before) + len(after)))
    total, frequent = 0, set()
    for piece, pairs in sorted(((one, counts[one] * others[one]) for one in counts), key=lambda one: one[1]):
        if pairs > 1 and total + pairs > most:
            frequent.add(piece)
        else:
            total += pairs
    return total, frequent


def _matcher(before: Sequence[str], after: Sequence[str], budget: _Budget | None = None) -> SequenceMatcher[str]:
    """Compares two texts piece by piece, and takes from the budget what it looked at."""
    total, frequent = _pairs(before, after)
    matcher = SequenceMatcher(frequent.__contains__ if frequent else None, before, after, autojunk=False)
    if budget:
        budget.left -= len(before) + len(after)
        if matcher.quick_ratio() >= ALIKE:  # a search for each stretch that is in both, and one more in `words`
            budget.left -= 2 * total * len(matcher.get_matching_blocks())
    return matcher


def _paragraphs(before: Sequence[str], after: Sequence[str], budget: _Budget) -> Iterator[Change]:
    matcher = _matcher(before, after)
    for _, first, last, begin, end in matcher.get_opcodes():
        old, new = before[first:last], after[begin:end]
        if old == new:
            yield from (Change("same", [Piece("same", text)]) for text in old)
        else:
            yield from _replaced(list(old), list(new), budget)


def _replaced(old: list[str], new: list[str], budget: _Budget) -> Iterator[Change]:
    """Each new paragraph beside the next old one that it is alike; what has no like was added or removed."""
    for text in new:
        place = next((n for n, one in enumerate(old[:NEAR]) if _alike(one, text, budget)), None)
        if place is None:
            yield Change("added", [Piece("added", text)])
            continue
        yield from (Change("removed", [Piece("removed", one)]) for one in old[:place])
        yield Change("changed", words(old[place], text))
        del old[: place + 1]
    yield from (Change("removed", [Piece("removed", one)]) for one in old)


def _alike(one: str, other: str, budget: _Budget) -> bool:
    first, second = one.split(), other.split()
    if len(first) * len(second) > MOST_PAIRS or budget.left <= 0:
        return False
    matcher = _matcher(first, second, budget)
    return matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE


def words(before: str, after: str) -> list[Piece]:
    """The words of a paragraph that stayed, came and went."""
    old, new = _WORDS.findall(before), _WORDS.findall(after)
    found: list[Piece] = []
    for _, first, last, begin, end in _matcher(old, new).get_opcodes():
        gone, come = "".join(old[first:last]), "".join(new[begin:end])
        if gone == come:
            found.append(Piece("same", gone))
            continue
        found += [Piece("removed", gone)] if gone else []
        found += [Piece("added", come)] if come else []
    return found
