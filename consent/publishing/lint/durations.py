"""How long a cookie lives, as people write it: "13 months", "2 Jahre", "session", "for ever". Pure."""

from __future__ import annotations

import re

# Whole words in the languages in which vendors' lists are written; what is in another is not judged.
_UNITS = (
    (1 / 1440, r"min|mins|minutes?|minuten|minutos?|minut[oi]|minuut"),
    (1 / 24, r"h|hours?|std|stunden?|heures?|horas?|or[ae]|uur|uren"),
    (1, r"d|days?|tage?n?|jours?|d[ií]as?|giorn[oi]|dag(?:en)?"),
    (7, r"weeks?|wochen?|semaines?|semanas?|settiman[ae]|we(?:ek|ken)"),
    (30.4, r"months?|monate?n?|mois|mes(?:es)?|mes[ei]|maand(?:en)?"),
    (365, r"y|years?|jahre?n?|ans?|ann[ée]es?|años?|ann[oi]|anos?|jaar|jaren"),
)
_SESSION = re.compile(r"\b(session|sitzung\w*|sesi[oó]n|sessione|sessie)\b", re.IGNORECASE)
_FOR_EVER = re.compile(
    r"unlimited|indefinite|\bpersist|permanent|for ?ever|never|unbegrenzt|unbefristet|dauerhaft|illimit|indefinid|"
    r"onbeperkt",
    re.IGNORECASE,
)
_NOTHING = re.compile(
    r"(n[./]?a\.?|none|unknown|tbd|tba|todo|various|unbekannt|keine angabe|inconnue?|varies|x+)", re.IGNORECASE
)
_NUMBER = re.compile(r"(\d+(?:[.,]\d+)?)[\s-]*([^\W\d_]+)")
FOR_EVER = 36500
_COMPILED = [(days, re.compile(unit, re.IGNORECASE)) for days, unit in _UNITS]


def days_of(lifetime: str) -> float | None:
    """Days, 0 for a session, `FOR_EVER`; None when the words are no length of time that we can read."""
    if _SESSION.search(lifetime):
        return 0
    if _FOR_EVER.search(lifetime):
        return FOR_EVER
    found = _NUMBER.search(lifetime)
    same = (days for days, unit in _COMPILED if found and unit.fullmatch(found[2]))
    return float(found[1].replace(",", ".")) * days if found and (days := next(same, None)) else None


def says_something(lifetime: str) -> bool:
    """Whether the words may be a length of time at all."""
    text = lifetime.strip()
    return any(letter.isalpha() for letter in text) and not _NOTHING.fullmatch(text)
