"""What applying a file would change, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from consent.configuration.document import Document, plain
from consent.publishing.differences import Line, label, law, place_name, text_name, value

KEYED = ("categories", "purposes", "services", "texts", "jurisdictions")  # sections of things that have a key
HEADINGS = {
    "hosts": "Hosts", "settings": "Settings", "categories": "Categories", "purposes": "Purposes",
    "services": "Services", "banner": "Banner", "texts": "Words", "jurisdictions": "Laws",
}  # fmt: skip


class Comparison(msgspec.Struct):
    """`lines`: what changes, under headings; `extra`: {section: keys} that the site has and the file has not."""

    lines: list[tuple[str, list[Line]]]
    extra: dict[str, list[str]]

    @property
    def empty(self) -> bool:
        return not self.lines and not self.extra


def compare(before: Document, wanted: Document) -> Comparison:
    """What is other in the sections that the file has."""
    lines: list[tuple[str, list[Line]]] = []
    extra: dict[str, list[str]] = {}
    for section, heading in HEADINGS.items():
        new = getattr(wanted, section)
        if new is msgspec.UNSET:
            continue
        found = list(_section(section, getattr(before, section), new))
        if found:
            lines.append((heading, found))
        if section in KEYED and (gone := sorted(set(getattr(before, section)) - set(new))):
            extra[section] = gone
    return Comparison(lines, extra)


def gone(comparison: Comparison, before: Document) -> list[tuple[str, list[Line]]]:
    """The things that only the site has, as lines."""
    return [
        (HEADINGS[section], [Line("gone", _name(section, key, getattr(before, section)[key])) for key in keys])
        for section, keys in comparison.extra.items()
    ]


def _section(section: str, old: Any, new: Any) -> Iterator[Line]:
    if section in KEYED:
        for key in sorted(new):
            name = _name(section, key, new[key])
            if key not in old:
                yield Line("add", name)
            elif section == "texts":
                yield from _fields(name, old[key], new[key], text_name)
            else:
                yield from _fields(name, _full(old[key]), _full(new[key]), label)
    elif section == "hosts":
        if sorted(old) != sorted(new):
            yield Line("change", "Hosts", value(sorted(old)), value(sorted(new)))
    else:
        yield from _fields("", _full(old), _full(new), label)


def _full(part: Any) -> dict[str, Any]:
    """Every field of a part, the usual values too."""
    return {name: getattr(part, name) for name in part.__struct_fields__}


def _fields(name: str, old: Mapping[str, Any], new: Mapping[str, Any], words: Any) -> Iterator[Line]:
    for field in {**old, **new}:
        before, after = old.get(field), new.get(field)
        if before != after:
            what = f"{name}: {words(field)}" if name else words(field)
            yield Line("change", what, _said(field, before), _said(field, after))


def _said(field: str, given: Any) -> str:
    """A value in words, short."""
    if field == "cookies":
        return value([one.name for one in given or ()])
    if field == "overrides":
        return value({law(regime): one.state for regime, one in (given or {}).items()})
    return value(plain(given))


def _name(section: str, key: str, part: Any) -> str:
    if section == "services":
        return f"{part.name} ({key})"
    if section == "jurisdictions":
        return f"{place_name(key)} ({key})"
    return key


def in_words(lines: list[tuple[str, list[Line]]]) -> Iterator[str]:
    """The lines as a terminal shows them: + what comes, - what goes, ~ what changes."""
    signs = {"add": "+", "gone": "-", "change": "~"}
    for heading, found in lines:
        yield heading
        for line in found:
            values = f": {line.before or 'nothing'} → {line.after or 'nothing'}" if line.kind == "change" else ""
            yield f"  {signs[line.kind]} {line.what}{values}"
