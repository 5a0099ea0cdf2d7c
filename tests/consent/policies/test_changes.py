"""What differs between two texts, in words."""

from __future__ import annotations

import time

from consent.policies.changes import Change, Piece, compare


def test_words_that_came_and_went_are_named_in_their_paragraph():
    before = ["Terms", "We keep logs for 30 days.", "Old words stand here.", "a"]
    after = ["Terms", "We keep all logs for 90 days.", "a", "Something wholly new"]
    found = compare(before, after)
    assert found.changes == [
        Change("same", [Piece("same", "Terms")]),
        Change("changed", [
            Piece("same", "We keep"), Piece("added", " all"), Piece("same", " logs for"), Piece("removed", " 30"),
            Piece("added", " 90"), Piece("same", " days."),
        ]),
        Change("removed", [Piece("removed", "Old words stand here.")]),
        Change("same", [Piece("same", "a")]),
        Change("added", [Piece("added", "Something wholly new")]),
    ]  # fmt: skip
    assert (found.added, found.removed) == (5, 5)
    assert [one.kind for one in found.changed] == ["changed", "removed", "added"]


def test_the_pieces_make_both_texts_again():
    before = ["One two three four.", "Five six.", "x y z"]
    after = ["One 2 three four five.", "Seven", "x y"]
    found = compare(before, after).changes

    def text(*kinds: str) -> list[str]:
        lines = ["".join(p.text for p in change.pieces if p.kind in kinds) for change in found]
        return [line.strip() for line in lines if line]

    assert text("same", "added") == after
    assert text("same", "removed") == before


def test_equal_texts_differ_in_nothing_and_a_first_text_is_all_new():
    assert compare(["a", "b"], ["a", "b"]).changed == []
    assert (compare([], ["a b"]).added, compare(["a b"], []).removed) == (2, 2)


def test_texts_that_have_nothing_in_common_are_compared_in_bounded_time():
    before = [" ".join(["the"] * 300 + [str(n)]) for n in range(120)]
    after = [" ".join(["of"] * 300 + [str(n)]) for n in range(120)]
    begun = time.thread_time()
    found = compare(before, after)
    assert time.thread_time() - begun < 5
    assert (found.added, found.removed) == (120 * 301, 120 * 301)
    long = compare([" ".join(["a b"] * 20_000)], [" ".join(["a c"] * 20_000)])
    assert [one.kind for one in long.changes] == ["added", "removed"]


def test_a_text_that_repeats_itself_is_compared_in_bounded_time():
    begun = time.thread_time()
    found = compare(["a", "b"] * 20_000, ["b", "a", "c"] * 13_000)
    assert [one.kind for one in compare(["x", "a", "a"], ["x", "a", "a", "b"]).changed] == ["added"]
    words = compare(["a b c d e " * 190] * 20, ["a b c x y " * 190] * 20)
    assert time.thread_time() - begun < 5
    for comparison, sides in ((found, (40_000, 39_000)), (words, (20 * 950, 20 * 950))):
        kept = sum(
            len(piece.text.split()) for one in comparison.changes for piece in one.pieces if piece.kind == "same"
        )
        assert (kept + comparison.removed, kept + comparison.added) == sides
