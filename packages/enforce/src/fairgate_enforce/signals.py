"""signals.json: what browsers say by themselves, in a header of each request and in a property of `navigator`.

A row: `key` (as records name it), `name` (as people read it), `on`, and `why_off` when it is not; `header` and
`property`; `regimes`: those that honour it, "*" for all; `required_by`: the term of a regime that says whether its law
requires it. In an opt-in regime a signal alone counts as a no only where the law requires it. `values`: what each value
means, in the header and in the property:

- "opt_out": of sale, sharing and targeted advertising;
- "refuse": of what is in `categories`, "*" for everything optional. A site may call a category otherwise, so where one
  is missing everything optional is refused;
- "consent": a yes that a browser gives for its user. Nothing acts on one, so a row with it can't be on.

What a signal denies is one number, the same in the gate, here and in workers: SOLD, EVERYTHING, or a bit a category.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

OPT_OUT, REFUSE, CONSENT = "opt_out", "refuse", "consent"
SOLD, EVERYTHING, FIRST_CATEGORY = 1, 2, 4
MOST_CATEGORIES = 28  # a browser's whole numbers have 31 bits and a sign
LONGEST_HEADER = 64  # characters that are looked at
EVERY = "*"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What one value of a signal means."""

    means: str
    header: str = ""
    property: bool | int | str | None = None
    categories: tuple[str, ...] | str = ()

    def denies(self, categories: Sequence[str]) -> int:
        """What it denies, of a site with these categories."""
        if self.means == OPT_OUT:
            return SOLD
        places = [categories.index(key) if key in categories else MOST_CATEGORIES for key in self.categories]
        if self.categories == EVERY or any(place >= MOST_CATEGORIES for place in places):
            return EVERYTHING
        return sum(FIRST_CATEGORY << place for place in places)


@dataclass(frozen=True, slots=True)
class Signal:
    """A row."""

    key: str
    name: str
    on: bool
    header: str
    property: str
    values: tuple[Meaning, ...]
    regimes: tuple[str, ...] | str
    source: str
    required_by: str = ""
    why_off: str = ""

    def is_honoured(self, regime: str) -> bool:
        return self.regimes == EVERY or regime in self.regimes

    def alone_is_a_no(self, terms: Mapping[str, Any]) -> bool:
        """Whether it counts as an answer of its own under these terms."""
        required = bool(self.required_by) and terms.get(self.required_by) == "required"
        return self.is_honoured(terms["regime"]) and (required or terms["model"] != "opt_in")

    def sent(self, headers: Mapping[str, str]) -> Iterator[Meaning]:
        """What a request says by it. `headers` by lower-case name; several values of one name stand between commas."""
        text = headers.get(self.header.lower(), "")[:LONGEST_HEADER]
        found = {part.strip() for part in text.split(",")} if text else ()
        return (value for value in self.values if value.header in found)


def problems(row: Mapping[str, Any]) -> list[str]:
    """Why a row can't hold, in words."""
    found = [f"{name} is missing" for name in ("key", "name", "values", "regimes", "source") if not row.get(name)]
    values = row.get("values", [])
    found += [f"no such meaning: {v['means']}" for v in values if v["means"] not in (OPT_OUT, REFUSE, CONSENT)]
    found += ["a refusal names no categories" for v in values if v["means"] == REFUSE and not v.get("categories")]
    if not row.get("on"):
        return found if row.get("why_off") else [*found, "why_off is missing"]
    found += [f"{name} is missing" for name in ("header", "property") if not row.get(name)]
    found += ["a value is missing" for v in values if not v.get("header") or v.get("property") is None]
    found += ["a yes of a browser can't be on" for v in values if v["means"] == CONSENT]
    return found


def read(rows: Iterable[Mapping[str, Any]]) -> tuple[Signal, ...]:
    """The rows. Raises ValueError for one that can't hold."""
    made: list[Signal] = []
    for row in rows:
        wrong = problems(row)
        if any(row.get("key") == other.key for other in made):
            wrong.append("there are two of this key")
        if wrong:
            raise ValueError(f"Signal {row.get('key', '?')}: {'; '.join(wrong)}.")
        values = tuple(Meaning(**{**v, "categories": _some(v.get("categories", ()))}) for v in row["values"])
        made.append(Signal(**{**row, "values": values, "regimes": _some(row["regimes"])}))
    return tuple(made)


def _some(given: str | Iterable[str]) -> tuple[str, ...] | str:
    return given if given == EVERY else tuple(given)


TABLE: tuple[Signal, ...] = read(
    json.loads(resources.files(__package__).joinpath("signals.json").read_text(encoding="utf-8"))["signals"]
)


def in_force() -> tuple[Signal, ...]:
    """The signals that are on; the same tuple at each request."""
    global _on
    table, found = _on
    if table is not TABLE:
        found = tuple(signal for signal in TABLE if signal.on)
        _on = TABLE, found
    return found


_on: tuple[object, tuple[Signal, ...]] = None, ()  # a table, and what is on in it


def sent(headers: Mapping[str, str]) -> list[str]:
    """The keys of the signals that a request carries. `headers` by lower-case name."""
    return [signal.key for signal in in_force() if signal.header.lower() in headers and any(signal.sent(headers))]


def denied(headers: Mapping[str, str], regime: str, categories: Sequence[str]) -> int:
    """What the signals of a request deny under a regime, of a site with these categories."""
    bits = 0
    for signal in in_force():
        if signal.is_honoured(regime):
            for meaning in signal.sent(headers):
                bits |= meaning.denies(categories)
    return bits


def names(keys: Collection[str]) -> dict[str, str]:
    """key → name of these signals, of those that the table has."""
    return {signal.key: signal.name for signal in TABLE if signal.key in keys}


def vary() -> str:
    """The header `Vary` of a page that was rewritten: what it depends on."""
    return ", ".join(["Cookie", *(signal.header for signal in in_force())])
