"""What changed in the table of law from version to version, and what starts soon. Pure, made from data alone.

Every version lies whole in `versions/`: its rows, and the terms that they came to. Differences are computed from two of
them, so nobody writes what changed by hand. `manage.py check_jurisdictions --keep` writes the file of today's version.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

from django.utils.translation import get_language, gettext, gettext_noop, ngettext

from consent.jurisdictions import table, words
from consent.jurisdictions.locate import Place, decide
from consent.jurisdictions.table import EU, WORLD, Overrides, Terms

FOLDER = table.FOLDER / "versions"
REGIME = {
    "name": gettext_noop("Regime"),
    "law": gettext_noop("Law of the regime"),
    "source": gettext_noop("Source of the regime"),
}


class Version(NamedTuple):
    """A whole table: the day it is of, its rows by id as {column: text}, the terms of each row, the texts it names, and
    the days that no row's own date says."""

    version: str
    rows: Mapping[str, Mapping[str, str]]
    terms: Mapping[str, Terms]
    texts: Mapping[str, str]
    dates: list[dict[str, str]]


class Difference(NamedTuple):
    """One thing of a row that changed; "" where there was, or is, nothing."""

    what: str
    before: str
    after: str


class Change(NamedTuple):
    """A row that changed, and how."""

    id: str
    name: str
    differences: list[Difference]


class Changes(NamedTuple):
    """What a version changed after an earlier one. Added and removed rows as (id, name)."""

    version: str
    since: str
    added: list[tuple[str, str]]
    removed: list[tuple[str, str]]
    changed: list[Change]

    def in_short(self) -> str:
        """`3 rows added, 1 changed`."""
        added, removed, changed = len(self.added), len(self.removed), len(self.changed)
        said = (
            (added, ngettext("%(count)s row added", "%(count)s rows added", added), gettext("%(count)s added")),
            (
                removed,
                ngettext("%(count)s row removed", "%(count)s rows removed", removed),
                gettext("%(count)s removed"),
            ),
            (
                changed,
                ngettext("%(count)s row changed", "%(count)s rows changed", changed),
                gettext("%(count)s changed"),
            ),
        )
        parts = [(first % {"count": count}, later % {"count": count}) for count, first, later in said if count]
        if not parts:
            return gettext("no row changed")
        return ", ".join([parts[0][0], *(later for _, later in parts[1:])])


class Start(NamedTuple):
    """A day on which the law of a row begins or changes: what it is, and what visitors get until then and from then on
    ("" where nothing changes for them by itself)."""

    day: str
    id: str
    name: str
    what: str
    until: str
    then: str
    source: str

    @property
    def key(self) -> str:
        """Names this start, however its words change."""
        return f"{self.day} {self.id}"


# --- versions ---------------------------------------------------------------------------------------------------------


def present() -> Version:
    """The table as it is shipped."""
    rows = {id: table.as_dict(row) for id, row in table.ROWS.items()}
    terms = {id: table.variant_and_terms(row)[1] for id, row in table.ROWS.items()}
    return Version(table.VERSION, rows, terms, table.TEXTS, table.DATES)


def as_text(version: Version) -> str:
    """The file of a version: one line a row, so that a difference of two files can be read, too. Rows of one regime
    mostly have the same terms, which stand there once."""
    shared: dict[str, str] = {}
    for terms in version.terms.values():
        shared.setdefault(_line(terms), str(len(shared)))
    rows = [
        f"{_line(id)}: {_line([shared[_line(version.terms[id])], columns])}" for id, columns in version.rows.items()
    ]
    parts = [
        f'"version": {_line(version.version)}',
        f'"texts": {_line(version.texts)}',
        f'"dates": [\n{_lines([_line(one) for one in version.dates])}\n]',
        f'"terms": {{\n{_lines([f"{_line(name)}: {text}" for text, name in shared.items()])}\n}}',
        f'"rows": {{\n{_lines(rows)}\n}}',
    ]
    return "{\n" + ",\n".join(parts) + "\n}\n"


@cache
def versions() -> tuple[Version, ...]:
    """All kept versions, the oldest first."""
    return tuple(read(path.read_text(encoding="utf-8")) for path in sorted(FOLDER.glob("*.json")))


def read(text: str) -> Version:
    """What `as_text` wrote."""
    kept = json.loads(text)
    rows = {id: columns for id, (_, columns) in kept["rows"].items()}
    terms = {id: kept["terms"][name] for id, (name, _) in kept["rows"].items()}
    return Version(kept["version"], rows, terms, kept["texts"], kept["dates"])


def keep(today: date) -> str:
    """Writes the file of the present version. ValueError when that version was kept on an earlier day and holds
    something else: what is installed somewhere is never rewritten."""
    now = present()
    text, path = as_text(now), FOLDER / f"{now.version}.json"
    if path.exists() and path.read_text(encoding="utf-8") != text and now.version != today.isoformat():
        raise ValueError(
            f"Version {now.version} was kept with other rows. Set the version in regimes.json to {today} and try again."
        )
    path.write_text(text, encoding="utf-8")
    versions.cache_clear()
    return str(path)


MOST_LANGUAGES = 8
_in_languages: dict[tuple[Any, ...], tuple[tuple[Version, ...], list[Changes]]] = {}


# --- what changed -----------------------------------------------------------------------------------------------------


def all_changes() -> list[Changes]:
    """What each kept version changed after the one before it, the newest first, in the language of whoever looks."""
    kept = versions()
    key = (get_language() or "en", *map(id, kept))
    if key not in _in_languages:
        if len(_in_languages) > MOST_LANGUAGES:
            _in_languages.clear()
        made = [changes(old, new) for old, new in zip(kept, kept[1:], strict=False)][::-1]
        _in_languages[key] = (kept, made)  # with the versions, so that their ids stay theirs
    return list(_in_languages[key][1])


def changes_since(version: str) -> Changes | None:
    """What the present version changed after the kept one of that day; None when it is the same or was never kept."""
    known = {one.version: one for one in versions()}
    if version == table.VERSION or version not in known:
        return None
    return changes(known[version], present())


def changes(old: Version, new: Version) -> Changes:
    """What differs between two versions."""
    added = [(id, row["name"]) for id, row in new.rows.items() if id not in old.rows]
    removed = [(id, row["name"]) for id, row in old.rows.items() if id not in new.rows]
    changed = []
    for id, row in new.rows.items():
        if id in old.rows and (found := list(_differences(id, old, new))):
            changed.append(Change(id, row["name"], found))
    # What has another effect comes before what is only said otherwise.
    changed.sort(key=lambda one: {part.what for part in one.differences} == {words.COLUMNS["notes"]})
    return Changes(new.version, old.version, added, removed, changed)


def _differences(id: str, old: Version, new: Version) -> Iterator[Difference]:
    before, after = _in_words(id, old), _in_words(id, new)
    for what in {**before, **after}:
        if before.get(what, "") != after.get(what, ""):
            yield Difference(what, before.get(what, ""), after.get(what, ""))


def last_changes() -> dict[str, str]:
    """{row id: the version that last added or changed it}; rows that are as they were in the first one have its day."""
    found = dict.fromkeys(table.ROWS, versions()[0].version)
    for version in reversed(all_changes()):
        found |= {id: version.version for id, _ in version.added} | {one.id: version.version for one in version.changed}
    return found


def _in_words(id: str, version: Version) -> dict[str, str]:
    """{what: how} of all that a person can read of a row."""
    row, terms = version.rows[id], version.terms[id]
    found = {gettext(title): row.get(column, "") for column, title in words.COLUMNS.items()}
    found |= {gettext(title): terms[key] for key, title in REGIME.items()}
    found |= dict(words.terms_in_words(terms, version.texts))
    found |= {gettext("On %(day)s") % {"day": one["on"]}: one["what"] for one in version.dates if one["row"] == id}
    return found


# --- what starts ------------------------------------------------------------------------------------------------------


def starts(today: date, overrides: Overrides | None = None) -> list[Start]:
    """Everything that starts after a day, the next first: rows whose law takes force, and the table's other days."""
    found = [_start_of(row, overrides) for row in _rows(overrides) if row.effective_date > today.isoformat()]
    for one in table.DATES:
        if one["on"] > today.isoformat():
            name = table.row(one["row"]).name
            found.append(Start(one["on"], one["row"], name, one["what"], "", "", one["source"]))
    return sorted(found)


def starting(today: date, overrides: Overrides | None = None) -> list[Start]:
    """What starts in the twelve months after a day."""
    return [start for start in starts(today, overrides) if start.day <= _in_a_year(today).isoformat()]


def _rows(overrides: Overrides | None) -> Iterator[table.Jurisdiction]:
    return (table.row(id, overrides) for id in table.ROWS)


def _start_of(row: table.Jurisdiction, overrides: Overrides | None) -> Start:
    """What holds in its place on the day before, and what its own row asks."""
    eve = date.fromisoformat(row.effective_date) - timedelta(days=1)
    held = decide(Place(row.iso_country, row.iso_subdivision[3:] or None, "header"), eve, overrides).jurisdiction
    until = table.variant_and_terms(table.row(held, overrides))[1]
    then = table.variant_and_terms(row)[1]
    before, after = (dict(words.terms_in_words(terms, table.TEXTS)) for terms in (until, then))
    made = Start(row.effective_date, row.id, row.name, row.law, "", "", row.source)
    if before == after:
        return made
    if until["name"] == then["name"]:  # then what differs says more
        things = [thing for thing in {**before, **after} if before.get(thing) != after.get(thing)]
        said = (
            "; ".join(f"{thing}: {one.get(thing, gettext('nothing'))}" for thing in things) for one in (before, after)
        )
        return made._replace(until=next(said), then=next(said))
    where = {WORLD: gettext(", as in an unknown place"), EU: gettext(", as everywhere in the EEA")}.get(held, "")
    return made._replace(until=gettext(until["name"]) + where, then=gettext(then["name"]))


def _in_a_year(today: date) -> date:
    try:
        return today.replace(year=today.year + 1)
    except ValueError:  # 29 February
        return today.replace(year=today.year + 1, day=28)


def _line(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _lines(lines: list[str]) -> str:
    return ",\n".join(lines)
