"""Which language answers a wish: the twin of banner/src/core/origin.js, held to tests/vectors/languages.json. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

# Languages by their names of today. Most of Norway writes Bokmål.
RENAMED = {
    "in": "id", "iw": "he", "ji": "yi", "jw": "jv", "mo": "ro", "no": "nb", "sh": "sr-latn", "tl": "fil",
}  # fmt: skip
# The script that a language is written in where nothing is said of it; Latin in all others (CLDR, likely subtags).
SCRIPTS = {
    "cyrl": "ab av ba be bg ce cu cv kk kv ky mk mn os ru sr tg tt uk", "ethi": "am ti",
    "arab": "ar fa ks ps sd ug ur", "beng": "as bn", "tibt": "bo dz", "thaa": "dv", "grek": "el", "gujr": "gu",
    "hebr": "he yi", "deva": "hi mr ne sa", "armn": "hy", "jpan": "ja", "geor": "ka", "khmr": "km", "knda": "kn",
    "kore": "ko", "laoo": "lo", "mlym": "ml", "mymr": "my", "orya": "or", "guru": "pa", "sinh": "si", "taml": "ta",
    "telu": "te", "thai": "th", "hans": "zh",
}  # fmt: skip
SCRIPT = {language: script for script, languages in SCRIPTS.items() for language in languages.split()}
# Where a language is written otherwise.
REGIONAL_SCRIPT = {
    "az": {"arab": "iq ir", "cyrl": "ru"}, "ha": {"arab": "cm sd"}, "kk": {"arab": "af cn ir mn"},
    "ku": {"cyrl": "am az ge tm", "arab": "iq ir lb"}, "ky": {"arab": "cn", "latn": "tr"}, "mn": {"mong": "cn"},
    "ms": {"arab": "cc"}, "pa": {"arab": "pk"}, "sd": {"deva": "in"}, "sr": {"latn": "me ro tr"},
    "tg": {"arab": "pk"}, "ug": {"cyrl": "kz mn"}, "uz": {"arab": "af", "cyrl": "cn"},
    "zh": {"hant": "au bn gb gf hk id mo pa pf ph sr th tw us vn"},
}  # fmt: skip


def tag(code: str) -> str:
    """A code as it is compared: `zh_TW` → `zh-tw`."""
    return code.replace("_", "-").lower()


def spoken(code: str) -> tuple[str, str]:
    """(language, script) by their names of today: `iw` → he, hebr; `zh-TW` → zh, hant."""
    first, *rest = tag(code).split("-")
    language, _, script = RENAMED.get(first, first).partition("-")
    script = next((part for part in rest if len(part) == 4 and part.isalpha()), script)
    region = next((part for part in rest if len(part) == 2), "")
    if not script:
        regional = REGIONAL_SCRIPT.get(language, {})
        script = next((name for name, regions in regional.items() if region in regions.split()), "")
    return language, script or SCRIPT.get(language, "latn")


@lru_cache(4096)
def nearest(offered: Sequence[str], wish: str) -> str | None:
    """What is offered exactly, else what the wish is a case of (`fr` for `fr-CH`), else the same language in the same
    script; None when it is not offered. `offered` is a tuple."""
    wished = tag(wish)
    if exact := next((code for code in offered if tag(code) == wished), None):
        return exact
    same = [code for code in offered if spoken(code) == spoken(wished)]
    wider = [code for code in same if f"{wished}-".startswith(f"{tag(code)}-")]
    return max(wider, key=len, default=None) or next(iter(same), None)
