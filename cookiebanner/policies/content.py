"""What stands on the pages of a document: plain values for the templates; only the text's own HTML is ready."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils import timezone, translation
from django.utils.safestring import mark_safe

from consent.banners import cldr, texts
from consent.policies import markdown, queries
from consent.policies.models import DocumentVersion
from consent.policies.words import language_of, words

RECENT = 5  # versions under "Recent changes"
MOST_PARAGRAPHS = 1_000  # of a comparison


class Reading(NamedTuple):
    """What somebody asks for: a version (its primary key and time) in a language, at a place of it, in a form."""

    version: str
    language: str
    fallback: bool  # none of the languages that were asked for is offered
    place: str
    form: str
    in_path: bool  # the language stands in the address

    @property
    def up(self) -> str:
        """From this address to that of the document."""
        steps = len([part for part in self.place.split("/") if part]) + self.in_path
        return "../" * steps

    @property
    def tail(self) -> str:
        """What keeps the language in a link."""
        return f"{self.language}/" if self.in_path else ""


def page_of(version: DocumentVersion, every: Sequence[DocumentVersion], reading: Reading) -> dict[str, Any]:
    """The text, when it is or was in force, where the others are, and what changed lately."""
    own = version.texts[reading.language]
    shown = _frame(version, every, reading)
    recent = [one for one in every if one.number <= version.number and one.number > 1]
    return (
        shown
        | {
            "title": own["title"],
            "html": mark_safe(markdown.to_html(own["text"])),  # noqa: S308 - made of a few elements (consent.policies.markdown)
            "recent": [_row(one, every, reading) for one in reversed(recent[-RECENT:])],
            "previous": _address(every, version.number - 1, reading),
            "digest": markdown.digest(own["title"], own["text"]),
        }
    )


def versions_of(version: DocumentVersion, every: Sequence[DocumentVersion], reading: Reading) -> dict[str, Any]:
    """All versions, the newest first."""
    return _frame(version, every, reading) | {
        "title": version.texts[reading.language]["title"],
        "rows": [_row(one, every, reading) for one in reversed(every)],
    }


def changes_of(version: DocumentVersion, every: Sequence[DocumentVersion], reading: Reading) -> dict[str, Any]:
    """What a version changed, word by word."""
    before = next((one for one in every if one.number == version.number - 1), None)
    found = queries.differences(before, version.texts, reading.language)
    own, said = version.texts[reading.language], words(language_of(reading.language))
    values = {"title": own["title"], "number": version.number}
    return _frame(version, every, reading) | {
        "title": said["compared"].format(**values),
        "first": before is None,
        "changes": found.changed[:MOST_PARAGRAPHS] if before else [],
        "counts": said["counts"].format(added=found.added, removed=found.removed),
        "summary": _summary(version, reading.language),
        "previous": _address(every, version.number - 1, reading),
        "own": f"{reading.up}{version.number}/{reading.tail}",
    }


def data_of(version: DocumentVersion, every: Sequence[DocumentVersion], reading: Reading) -> dict[str, Any]:
    """The same as data."""
    own = version.texts[reading.language]
    return {
        "site": str(version.document.site.uuid),
        "document": version.document.key,
        "kind": version.document.kind,
        "version": version.number,
        "language": reading.language,
        "original": version.original,
        "languages": list(version.texts),
        "title": own["title"],
        "markdown": own["text"],
        "html": markdown.to_html(own["text"]),
        "sha256": markdown.digest(own["title"], own["text"]),
        "published_at": version.published_at.isoformat(),
        "effective_at": version.effective_at.isoformat(),
        "ledger_entry": version.entry,
        "versions": [
            {
                "version": one.number,
                "effective_at": one.effective_at.isoformat(),
                "summary": _summary(one, reading.language),
                "material": list(one.material),
            }
            for one in every
        ],
    }


def _frame(version: DocumentVersion, every: Sequence[DocumentVersion], reading: Reading) -> dict[str, Any]:
    """What every page has."""
    ours = language_of(reading.language)
    said = words(ours)
    now = timezone.now()
    current = queries.in_force_of(every, now)
    upcoming = [one for one in every if one.effective_at > now and one.number > (current.number if current else 0)]
    changes = "changes/" if reading.place.endswith("changes") else ""
    place = f"{reading.up}{reading.place}/" if reading.place else reading.up
    return {
        "words": said,
        "ours": ours,
        "language": reading.language,
        "direction": texts.direction(reading.language),
        "our_direction": texts.direction(ours),
        "fallback": reading.fallback,
        "original": version.original,
        "translated": reading.language != version.original,
        "original_name": _own_name(version.original),
        "original_address": f"{place}{version.original}/",
        "version": said["version"].format(number=version.number),
        "number": version.number,
        "when": _when(version, every, ours),
        "is_current": version == current,
        "is_over": current is not None and version.number < current.number,
        "is_coming": version.effective_at > now,
        "upcoming": [
            (
                said["upcoming"].format(number=one.number, date=_date(one.effective_at, ours)),
                f"{reading.up}{one.number}/",
            )
            for one in upcoming
            if one != version
        ],
        "current_address": f"{reading.up or './'}{reading.tail}",
        "all_address": f"{reading.up}versions/{reading.tail}",
        "changes_address": f"{reading.up}{version.number}/changes/{reading.tail}"
        if version.number > 1 and not changes
        else "",
        "languages": [(code, _own_name(code), f"{place or './'}{code}/") for code in version.texts],
    }


def _row(one: DocumentVersion, every: Sequence[DocumentVersion], reading: Reading) -> dict[str, Any]:
    ours = language_of(reading.language)
    return {
        "version": words(ours)["version"].format(number=one.number),
        "address": f"{reading.up}{one.number}/{reading.tail}",
        "changes": f"{reading.up}{one.number}/changes/{reading.tail}" if one.number > 1 else "",
        "when": _when(one, every, ours),
        "date": _date(one.effective_at, ours),
        "day": one.effective_at.date().isoformat(),
        "summary": _summary(one, reading.language) if one.number > 1 else words(ours)["first"],
    }


def _summary(one: DocumentVersion, language: str) -> str:
    """The owner's words on what changed, in the language or the original's."""
    own = one.texts.get(language, {}).get("summary") or one.texts[one.original]["summary"]
    return str(own)


def _when(one: DocumentVersion, every: Sequence[DocumentVersion], ours: str) -> str:
    """From when to when it was in force, in words."""
    said, now = words(ours), timezone.now()
    end = queries.replaced_at(one, every)
    if end is not None and end <= one.effective_at:
        return said["never"]
    begin = _date(one.effective_at, ours)
    if end is not None and end <= now:
        return said["between"].format(begin=begin, end=_date(end, ours))
    return said["since" if one.effective_at <= now else "from"].format(date=begin)


def _address(every: Sequence[DocumentVersion], number: int, reading: Reading) -> str:
    return f"{reading.up}{number}/{reading.tail}" if any(one.number == number for one in every) else ""


def _date(moment: datetime, ours: str) -> str:
    return cldr.long_date(moment.date(), ours)


def _own_name(code: str) -> str:
    """A language as its speakers call it."""
    try:
        return str(translation.get_language_info(code.lower())["name_local"])
    except KeyError:
        return code
