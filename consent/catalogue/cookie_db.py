"""Reads the Open Cookie Database (Apache-2.0, github.com/jkwakman/Open-Cookie-Database), CSV or JSON, and keeps the
copy that was imported last, for scans."""

from __future__ import annotations

import csv
import io
import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from consent import private_files

# CSV column or JSON key → our name.
COLUMNS = {
    "platform": ("Platform", "platform"),
    "category": ("Category", "category"),
    "name": ("Cookie / Data Key name", "cookie"),
    "purpose": ("Description", "description"),
    "lifetime": ("Retention period", "retentionPeriod"),
    "wildcard": ("Wildcard match", "wildcardMatch"),
}
DAYS = {"second": 1 / 86400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1, "week": 7, "month": 30.4, "year": 365}


@dataclass(frozen=True, slots=True)
class CookieEntry:
    """One cookie: `name` ends in `*` where the database says wildcard; `lifetime_days` None = not a length of time."""

    platform: str
    category: str
    name: str
    purpose: str
    lifetime: str
    lifetime_days: int | None


def read(text: str) -> list[CookieEntry]:
    """The rows of a file, in its order. Raises ValueError in words for another kind of file."""
    text = text.lstrip("\ufeff")
    rows = _json(text) if text.lstrip()[:1] in ("{", "[") else _csv(text)
    found = []
    for given in rows:
        values = {
            name: str(next((given[key] for key in keys if given.get(key) is not None), "")).strip()
            for name, keys in COLUMNS.items()
        }
        if values["name"]:
            star = "*" if values["wildcard"] in ("1", "true", "True") and not values["name"].endswith("*") else ""
            found.append(
                CookieEntry(
                    values["platform"],
                    values["category"],
                    values["name"] + star,
                    values["purpose"][:500],
                    values["lifetime"][:60],
                    days(values["lifetime"]),
                )
            )
    return found


def keep(text: str) -> None:
    """Keeps a file that could be read, in the data folder, in place of the one before."""
    private_files.folder(_file().parent)
    new = _file().with_suffix(".new")
    with private_files.open_file(new, "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(_file())


def kept() -> list[CookieEntry]:
    """The rows of the file that was imported last; [] when none was. Shared: don't change it."""
    try:
        return _read_kept(str(_file()), _file().stat().st_mtime_ns)
    except OSError:
        return []


def _file() -> Path:
    return Path(settings.FAIRGATE_DATA) / "open-cookie-database"


@lru_cache(1)
def _read_kept(path: str, changed: int) -> list[CookieEntry]:
    return read(Path(path).read_text(encoding="utf-8"))


def days(lifetime: str) -> int | None:
    """`13 months` → 395, `Session` → 0, `1 hour` → 1 (whole days, at least one); None for anything else."""
    if re.search(r"\bsession\b", lifetime, re.IGNORECASE):
        return 0
    found = re.search(r"(\d+(?:\.\d+)?)\s*(second|minute|hour|day|week|month|year)s?\b", lifetime, re.IGNORECASE)
    return max(1, round(float(found[1]) * DAYS[found[2].lower()])) if found else None


def _csv(text: str) -> list[dict[str, Any]]:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if COLUMNS["name"][0] not in (reader.fieldnames or ()):
        raise ValueError(f"This is not the Open Cookie Database: it has no column {COLUMNS['name'][0]!r}.")
    return list(reader)


def _json(text: str) -> list[dict[str, Any]]:
    try:
        given = json.loads(text)
    except ValueError as error:
        raise ValueError(f"This is no JSON: {error}.") from None
    if isinstance(given, dict):  # {platform: [cookie]}
        given = [{"platform": platform, **row} for platform, rows in given.items() for row in _rows(rows)]
    return _rows(given)


def _rows(given: Any) -> list[dict[str, Any]]:
    if not isinstance(given, list) or not all(isinstance(row, dict) for row in given):
        raise ValueError("This is not the Open Cookie Database: it is no list of cookies.")
    return given
