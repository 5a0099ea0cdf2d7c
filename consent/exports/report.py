"""report.html of the audit bundle: what a lawyer reads. The page is written by the verifier (`verify/verify.py`), which
makes it anew from the bundle and compares; here is only what goes in."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from consent.exports import formats
from consent.exports.period import LogRow, Period
from consent.exports.verify import verify as verifier
from consent.stats.actions import TEST

if TYPE_CHECKING:
    from consent.exports.bundle import BundleProgress

MOST = 500  # entries that a page tells of
ACTIONS: dict[str, str] = verifier.ACTIONS


def page(content: verifier.ReportContent) -> bytes:
    """The page, in English."""
    text: str = verifier.report_page(content)
    return text.encode()


def facts(
    span: Period,
    state: BundleProgress,
    releases: Sequence[tuple[LogRow, str]],
    happened: Mapping[int, str],
    pictured: Sequence[LogRow],
    note: str,
    keys: list[str],
    anchors: Iterable[dict[str, Any]],
    points: dict[int, str],
) -> verifier.ReportContent:
    """What the report says: totals, releases with their texts, sentences on other entries of the log, entries of
    pictures and voids of them, the note of the last checkpoint, keys, anchors with the notes of their checkpoints by
    size."""
    made = verifier.ReportContent(str(span.site.uuid), span.start.isoformat(), span.end.isoformat())
    made.entries, made.blank = state.records, state.erased
    for key, number in state.totals.items():
        day, action, place = key.split(" ")
        if action == TEST:
            made.tests += number
            continue
        for counts, name in ((made.days, day), (made.actions, action), (made.places, place)):
            counts[name] = counts.get(name, 0) + number
    for key, number in state.choices.items():
        topic, _, said = key.partition(" ")
        made.choices[topic, said] = number
    for row, text in releases:
        made.release(formats.fields(row), json.loads(row.payload or "{}"))
        made.owner_is(json.loads(text))
    made.happened = dict(happened)
    pictures(pictured, made)
    made.note, made.keys = note, keys
    made.anchors = [verifier.anchor_words(one, verifier.Checkpoint(points[one["size"]])) for one in anchors]
    return made


def sentences(rows: Iterable[LogRow]) -> Iterable[tuple[int, str]]:
    """(index, sentence) of each entry that a reader must know of: restarts, new keys, sign-offs, erasures …"""
    for row in rows:
        text = verifier.sentence_of(formats.fields(row), json.loads(row.payload or "{}"))
        if text:
            yield row.index, text


def pictures(rows: Sequence[LogRow], content: verifier.ReportContent | None = None) -> list[str]:
    """The names of the files that entries of pictures name and no later entry voids; `content` shows them."""
    read = [(formats.fields(row), json.loads(row.payload or "{}")) for row in rows]
    shown = content or verifier.ReportContent("", "", "")
    return list(verifier.pictures_of(read, shown))
