"""Cookies of a site's services from a CSV file: good rows are kept, bad ones are told with their line. Pure.

Columns, in any order, of which only `name` is needed: `service` (name or key of a service of the site), `name`, `kind`,
`lifetime`, `description`, and `description:de` for a language of the banner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

from consent import csv_text
from consent.catalogue import cookie_db
from consent.catalogue.actions import ALL_OF
from consent.catalogue.models import Cookie
from consent.common import thousands

MOST = 5000  # rows
LONGEST = {
    "name": Cookie._meta.get_field("name").max_length or 0,
    "lifetime": Cookie._meta.get_field("lifetime").max_length or 0,
    "purpose": Cookie._meta.get_field("purpose").max_length or 0,
}
# What people call a kind, in lower case.
KINDS = {
    "": Cookie.Kind.COOKIE, "cookie": Cookie.Kind.COOKIE, "http": Cookie.Kind.COOKIE,
    "local": Cookie.Kind.LOCAL, "localstorage": Cookie.Kind.LOCAL, "local storage": Cookie.Kind.LOCAL,
    "session": Cookie.Kind.SESSION, "sessionstorage": Cookie.Kind.SESSION, "session storage": Cookie.Kind.SESSION,
    "indexeddb": Cookie.Kind.INDEXED_DB,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class CookieRow:
    """A good row: `values` are fields of a cookie, those that the file has."""

    line: int
    service: str
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be taken, and why, in words."""

    line: int
    why: str


def read(
    text: str, services: Mapping[str, str], languages: Iterable[str], default: str = ""
) -> tuple[list[CookieRow], list[BadRow]]:
    """(good rows, bad rows) of a file. `services` is {key: name}; `default` the key for rows that name no service.

    Raises ValueError in words for what is no such file at all.
    """
    table = csv_text.rows(text)
    good: list[CookieRow] = []
    bad: list[BadRow] = []
    seen: dict[tuple[str, str, str], int] = {}
    try:
        columns = _columns(next(table, (0, []))[1], list(languages), default)
        keys = {name.casefold(): key for key, name in services.items()} | {key.casefold(): key for key in services}
        for number, (line, cells) in enumerate(table):
            if number >= MOST:
                bad.append(
                    BadRow(
                        line,
                        gettext("The file has more than %(most)s rows; the rest is left out.")
                        % {"most": thousands(MOST)},
                    )
                )
                break
            if not any(cell.strip() for cell in cells):
                continue
            try:
                row = _row(line, dict(zip(columns, map(str.strip, cells), strict=False)), keys, default)
                _once(row, seen)
            except ValueError as error:
                bad.append(BadRow(line, str(error)))
            else:
                good.append(row)
    except csv_text.NoTable as error:
        raise ValueError(gettext("This can't be read: %(error)s.") % {"error": error}) from None
    return good, bad


def _columns(head: list[str], languages: list[str], default: str) -> list[str]:
    names = ("service", "name", "kind", "lifetime", "description", *(f"description:{one}" for one in languages))
    known = {name.casefold(): name for name in names}
    columns = [known.get(name.strip().casefold(), name.strip()) for name in head]
    if "name" not in columns:
        raise ValueError(gettext("The first line must name the columns, and one of them must be name."))
    if unknown := [name for name in columns if name and name not in known]:
        raise ValueError(
            gettext("There is no column %(unknown)s; there are %(known)s.")
            % {"unknown": ", ".join(unknown), "known": ", ".join(sorted(known))}
        )
    if twice := sorted({name for name in columns if name and columns.count(name) > 1}):
        raise ValueError(gettext("The column %(twice)s is there twice.") % {"twice": ", ".join(twice)})
    if "service" not in columns and not default:
        raise ValueError(gettext("The file needs a column service, which says whose cookie each is."))
    return columns


def _row(line: int, cells: dict[str, str], keys: Mapping[str, str], default: str) -> CookieRow:
    name, wanted = cells.get("name", ""), cells.get("service", "")
    service = keys.get(wanted.casefold(), "") if wanted else default
    if not name:
        raise ValueError(gettext("It has no name."))
    if not service:
        raise ValueError(
            gettext("The site has no service %(wanted)r.") % {"wanted": wanted}
            if wanted
            else gettext("It names no service.")
        )
    kind = KINDS.get(cells.get("kind", "").casefold())
    if kind is None:
        raise ValueError(
            gettext("%(kind)r is no kind; use cookie, local, session or indexeddb.") % {"kind": cells["kind"]}
        )
    if not name.strip("* "):
        one, every = ALL_OF[kind]
        raise ValueError(
            gettext("%(one)s called %(name)r would stand for every %(every)s; name at least its beginning.")
            % {"one": gettext(one), "name": name, "every": gettext(every)}
        )
    values: dict[str, Any] = {"name": name, "kind": kind.value}
    if lifetime := cells.get("lifetime"):
        values |= {"lifetime": lifetime, "lifetime_days": cookie_db.days(lifetime)}
    if purpose := cells.get("description"):
        values["purpose"] = purpose
    if own := {key.partition(":")[2]: text for key, text in cells.items() if ":" in key and text}:
        values["texts"] = own
    for field, text in (*values.items(), *(("purpose", text) for text in own.values())):
        if field in LONGEST and len(text) > LONGEST[field]:
            about = "description" if field == "purpose" else field
            raise ValueError(
                gettext("Its %(about)s has more than %(longest)s letters.")
                % {"about": about, "longest": LONGEST[field]}
            )
    return CookieRow(line, service, values)


def _once(row: CookieRow, seen: dict[tuple[str, str, str], int]) -> None:
    about = (row.service, row.values["kind"], row.values["name"])
    first = seen.setdefault(about, row.line)
    if first != row.line:
        raise ValueError(gettext("It is the same cookie as in line %(first)s.") % {"first": first})
