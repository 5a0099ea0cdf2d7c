"""What a script can read of a page is equal with the gate and without it, held elements included.

210 documents by a seeded generator (`transparency/documents.py`), read before an answer. The kinds of reading that are not
compared are `EXCEPTIONS` of `transparency/judge.py`, at most five. `python -m tests.browser.transparency.table` tells all that
differs, and in which document. `make test` reads the first 42 of them, `make guests` all.
"""

from __future__ import annotations

import pytest

from .transparency.documents import Writer
from .transparency.judge import A_GROUP, EXCEPTIONS, GROUPS, differences, seeds_of

pytestmark = pytest.mark.browser


@pytest.mark.long
@pytest.mark.parametrize("group", [GROUPS[0], *(pytest.param(group, marks=pytest.mark.guests) for group in GROUPS[1:])])
def test_what_can_be_read_is_equal(group, chromium, world, uncaught) -> None:
    assert differences(chromium, world, seeds_of(group)) == {}


def test_there_are_enough_documents_and_each_kind_of_element_in_them() -> None:
    documents = ["".join(Writer(seed).document()) for group in GROUPS for seed in seeds_of(group)]
    assert len(set(documents)) == A_GROUP * len(GROUPS) >= 200
    tags = (
        "<script", "<iframe", " srcdoc=", "<img", " srcset=", "<picture", "<link", "<video", "<audio",
        "<object", "<embed", "<form", "<svg", "<template", "shadowrootmode", "<dialog", "contenteditable", "<table", "<!--",
        "<style", "<noscript", "<x-", "https://trk.test/", "https://cdn.test/", "trkAgent",
    )  # fmt: skip
    assert [tag for tag in tags if not any(tag in document for document in documents)] == []


def test_the_exceptions_are_few() -> None:
    assert len(EXCEPTIONS) <= 5
