"""The words we ship, and how a site's own words lie over them.

A text file `texts/<language>.json` holds `texts` (every key), `blocks` (texts of another kind of law over them),
`categories` (names and descriptions of the usual five) and `own_cookies` (what the banner itself keeps, and how long).
Placeholders are `{controller}`, `{purposes}` and the like.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from consent.banners import languages
from consent.banners.models import BannerContent
from consent.jurisdictions import table
from consent.sites.models import Site

FOLDER = Path(__file__).resolve().parent
FALLBACK = "en"
RIGHT_TO_LEFT = frozenset({"ar", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"})
# Before the last name of a list; a script that asks the browser's Intl for it costs the first banner 60 ms.
AND = {
    "ar": " و", "bg": " и ", "ca": " i ", "cs": " a ", "da": " og ", "de": " und ", "el": " και ",
    "en": " and ", "es": " y ", "et": " ja ", "fi": " ja ", "fr": " et ", "ga": " agus ", "he": " ו",
    "hr": " i ", "hu": " és ", "id": " dan ", "is": " og ", "it": " e ", "ja": ", ", "ko": " 및 ", "lt": " ir ",
    "lv": " un ", "mt": " u ", "nb": " og ", "nl": " en ", "pl": " i ", "pt": " e ", "pt-BR": " e ",
    "ro": " și ", "ru": " и ", "sk": " a ", "sl": " in ", "sr": " и ", "sv": " och ", "tr": " ve ", "uk": " і ",
    "vi": " và ", "zh-Hans": "和", "zh-Hant": "和",
}  # fmt: skip
# Shipped before a status was kept; nobody is reminded of these.
BEFORE_REVIEWS = frozenset({"ar", "de", "en", "es", "fr", "it", "nl"})
PLACEHOLDER = re.compile(r"\{(\w+)\}")
# Statutory titles and sentences: the law gives the words, so nobody edits or translates them.
LOCKED: Mapping[str, str] = table.TEXTS


def shipped() -> list[str]:
    """The languages we ship, sorted."""
    return sorted(path.stem for path in (FOLDER / "texts").glob("*.json"))


def keys() -> frozenset[str]:
    """Every text key that may be overridden."""
    return frozenset(_load(FALLBACK)["texts"])


def placeholders(key: str) -> list[str]:
    """The placeholders a text may use."""
    everywhere = ["controller", "purposes", "count"] if key in ("title", "body", "pc_body") else []
    return list(dict.fromkeys([*everywhere, *PLACEHOLDER.findall(_load(FALLBACK)["texts"][key])]))


def ours(language: str) -> str | None:
    """The shipped language for a BCP 47 code: `de-CH` → `de`, `zh-TW` → `zh-Hant`; None when there is none."""
    return languages.nearest(_languages(), language)


def nearest(language: str) -> str:
    """As `ours`; English when there is none."""
    return ours(language) or FALLBACK


def conjunction(language: str) -> str:
    """What stands before the last name of a list: ` and `; a comma in a language that we don't ship."""
    return AND.get(ours(language) or "", ", ")


def direction(language: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if languages.spoken(language)[0] in RIGHT_TO_LEFT else "ltr"


def block(regime: str) -> str:
    """Which block of texts a regime (or variant) shows: opt_out, notice, mixed, or "" for the opt-in texts."""
    terms = table.REGIMES.get(table.regime_of(regime))
    if not terms or terms["model"] == "opt_in":
        return ""
    if terms["model"] == "notice":
        return "notice"
    # Opt-out in name, but advertising waits for a yes (Switzerland), or nobody speaks of sales (Canada).
    if terms["before"].get("targeted_ads") == "denied":
        return "mixed"
    return "opt_out" if terms["regime"].startswith("us_") else "notice"


def resolve(language: str, overrides: Mapping[str, Any] | None = None, regime: str = "") -> dict[str, str]:
    """All texts of one language: ours, ours for the regime's kind of law, the site's, the site's for this regime.

    `overrides` is `Banner.texts` whole: {"de": {key: text}, "de@us_ca": {key: text}}. The site's general words do not
    replace ours where the regime has words of its own: what is true of opt-in is not true of opt-out.
    """
    given = overrides or {}
    file = _load(nearest(language))
    special = dict(file["blocks"].get(block(regime), {})) if regime else {}
    texts = {**_load(FALLBACK)["texts"], **file["texts"], **_clean(given.get(language)), **special}
    if regime:
        for name in dict.fromkeys((table.regime_of(regime), regime)):
            texts.update(_clean(given.get(f"{language}@{name}")))
    return {**texts, **LOCKED}


def categories(language: str) -> dict[str, dict[str, str]]:
    """Our names and descriptions of C0001 to C0005: {key: {"name", "description"}}."""
    return {key: dict(value) for key, value in _load(nearest(language))["categories"].items()}


def own_cookies(language: str) -> dict[str, str]:
    """Our words for what the banner itself keeps in a browser."""
    return dict(_load(nearest(language))["own_cookies"])


def missing(language: str, overrides: Mapping[str, Any] | None = None) -> list[str]:
    """Keys that would show in another language: not shipped in this one and not given by the site. Sorted."""
    if ours(language):
        return []
    return sorted(keys() - set(_clean((overrides or {}).get(language))))


def own(language: str, overrides: Mapping[str, Any] | None = None) -> dict[str, str]:
    """The site's own words in a language, for all regimes."""
    return _clean((overrides or {}).get(language))


@lru_cache(128)
def digest(language: str) -> str:
    """SHA-256 of all that we ship for a language: changes when a word does."""
    return digest_of(_load(nearest(language)))


def digest_of(words: Any) -> str:
    """SHA-256 of words in one language, whatever holds them."""
    return sha256(json.dumps(words, sort_keys=True).encode()).hexdigest()


def of_draft(site: Site, banner: BannerContent, categories: Iterable[Any]) -> dict[str, Any]:
    """What a release says, in every language of the site: {"texts": {language: all}, "regime_texts":
    {"language@regime": what differs}, "category_texts": {category: {language: {"name", "description"}}}}."""
    languages = list(site.languages) or [FALLBACK]
    plain = {language: resolve(language, banner.texts) for language in languages}
    special = {}
    for language in languages:
        own = [name.partition("@")[2] for name in banner.texts if name.startswith(f"{language}@")]
        for regime in sorted({*table.REGIMES, *own}):
            texts = resolve(language, banner.texts, regime)
            if changed := {key: text for key, text in texts.items() if plain[language].get(key) != text}:
                special[f"{language}@{regime}"] = changed
    return {"texts": plain, "regime_texts": special, "category_texts": _category_texts(languages, categories)}


def _category_texts(languages: list[str], rows: Iterable[Any]) -> dict[str, dict[str, dict[str, str]]]:
    found: dict[str, dict[str, dict[str, str]]] = {}
    for row in rows:
        found[row.key] = {}
        for language in languages:
            own = {key: text for key, text in (row.texts or {}).get(language, {}).items() if text}
            default = categories(language).get(row.key, {"name": row.key, "description": ""})
            found[row.key][language] = {**default, **own}
    return found


@lru_cache(1)
def labels() -> dict[str, dict[str, list[str]]]:
    """The allow-list of button labels: {language: {"accept" | "reject" | "manage": [label]}}."""
    found: dict[str, dict[str, list[str]]] = json.loads((FOLDER / "labels.json").read_text(encoding="utf-8"))
    return found


def _clean(texts: Any) -> dict[str, str]:
    """Only known keys with words in them; an emptied field falls back to ours."""
    if not isinstance(texts, Mapping):
        return {}
    known = keys()
    return {
        key: value.strip() for key, value in texts.items() if key in known and isinstance(value, str) and value.strip()
    }


@lru_cache(1)
def _languages() -> tuple[str, ...]:
    return tuple(shipped())


@lru_cache(64)
def _load(language: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((FOLDER / "texts" / f"{language}.json").read_text(encoding="utf-8"))
    return found
