"""What a receipt says to the visitor, in the languages of our texts (`receipt_texts/<language>.json`). Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

from consent.banners import cldr, languages, texts

FOLDER = Path(__file__).parent / "receipt_texts"


def shipped() -> tuple[str, ...]:
    """The languages that receipts are in."""
    return _languages()


def nearest(language: str) -> str:
    """The language of ours in which a wish is answered."""
    return languages.nearest(_languages(), language) or texts.FALLBACK


def words(language: str) -> dict[str, Any]:
    """The words of a language, with those that the banner has already: `record`, and where to change an answer."""
    banner = texts.resolve(language)
    change = banner["change"].replace("{link}", banner["reopen"])
    return {"record": banner["record"], "change": change} | _load(nearest(language))


def action(said: str, language: str, signals: str = "") -> str:
    """What the visitor did, in a sentence; `signals` are the browser's, by name."""
    return str(words(language).get(said, said)).replace("{signals}", signals)


def stored(at: datetime, site: str, language: str) -> str:
    """When it was stored, and for which site."""
    utc = at.astimezone(UTC)
    values = {"date": cldr.long_date(utc.date(), nearest(language)), "time": f"{utc:%H:%M:%S}", "site": site}
    return _filled(words(language)["stored"], values)


def proof(index: int, size: int, language: str) -> str:
    """Where in the ledger it is, and what that is worth."""
    said = words(language)
    entries = said["entries"][cldr.plural(size, nearest(language))].replace("{count}", str(size))
    return _filled(said["proof_text"], {"entries": entries, "index": str(index)})


def _filled(text: str, values: Mapping[str, str]) -> str:
    return texts.PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


@lru_cache(1)
def _languages() -> tuple[str, ...]:
    return tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


@lru_cache(64)
def _load(language: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / f"{language}.json").read_text(encoding="utf-8"))
    return found
