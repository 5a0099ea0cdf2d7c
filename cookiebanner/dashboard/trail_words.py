"""The details of the audit trail's lines in words. What is stored stays as it was written; only its telling is here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_noop, pgettext

from consent.banners import texts
from consent.jurisdictions import table
from consent.jurisdictions.words import COLUMNS
from consent.ledger.erasure import REFUSALS, REQUESTS
from consent.publishing.differences import label, language_name, law, place_name, text_name, value
from consent.sites.models import Site
from consent.sites.roles import name_of
from consent.trail.verbs import words_of
from cookiebanner.staff.days import minute

Pairs = list[tuple[str, str]]
LABELS = {
    "key": gettext_noop("Which"),
    "user": gettext_noop("Member"),
    "email": gettext_noop("Address"),
    "role": gettext_noop("Role"),
    "signed_by": gettext_noop("Signed by"),
    "subject": gettext_noop("Of"),
    "rule": gettext_noop("Rule"),
    "regime": gettext_noop("Law"),
    "jurisdiction": gettext_noop("Place"),
    "where": gettext_noop("Language"),
    "state": gettext_noop("Does"),
    "number": gettext_noop("Release"),
    "sha256": gettext_noop("Fingerprint"),
    "rolled_back_to": gettext_noop("Content of release"),
    "note": gettext_noop("Note"),
    "killed_at": gettext_noop("Off since"),
    "paused_at": gettext_noop("Paused since"),
    "uuid": gettext_noop("Site id"),
    "prefix": gettext_noop("Begins with"),
    "before": gettext_noop("Before"),
    "after": gettext_noop("After"),
    "optouts": gettext_noop("Opt-outs"),
    "added": gettext_noop("Added services"),
    "strangers": gettext_noop("Unknown hosts"),
    "reprompt_after_refusal_min_days": gettext_noop("Days before asking again"),
    "consent_lifetime_days": gettext_noop("Days of a consent"),
    "new_key": gettext_noop("New key"),
    "entry": gettext_noop("Entry of the ledger"),
    "entries": gettext_noop("Entries of the ledger"),
    "indexes": gettext_noop("Entries of the ledger"),
    "publish_at": gettext_noop("Goes live"),
    "ground": gettext_noop("Ground"),
    "template": gettext_noop("Site"),
}
COPIED = ("sha256", "uuid", "new_key", "head")  # fingerprints: the first digits tell them apart
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")


def category_names(site: Site) -> dict[str, str]:
    """{key: name} of the site's categories in its first language, and of ours that it has no longer."""
    first = next(iter(site.languages or [texts.FALLBACK]))
    names = {key: own["name"] for key, own in texts.categories(first).items()}
    for row in site.categories.all():
        names[row.key] = (row.texts or {}).get(first, {}).get("name") or names.get(row.key, row.key)
    return names


def detail_words(detail: Mapping[str, Any], names: Mapping[str, str]) -> Pairs:
    """The detail of a line as pairs that a person reads; `names` are those of categories. Empty values are left out."""
    found: Pairs = []
    for key, given in detail.items():
        if key in ("changed", "fields") and isinstance(given, Mapping):
            found += [pair for field, one in given.items() for pair in _pairs(field, one, names)]
        elif key == "key" and detail.get("name"):
            continue  # an id beside the name of what it is the id of
        elif key == "done" and isinstance(given, list):
            found += [(capfirst(gettext(words_of(verb))), _in_short(one, names)) for verb, one in given]
        elif given not in ("", None, [], {}):
            found += _pairs(key, given, names)
    return found


def _in_short(detail: Mapping[str, Any], names: Mapping[str, str]) -> str:
    return "; ".join(f"{name}: {said}" for name, said in detail_words(detail, names))


def _label(key: str) -> str:
    if key == "scopes":
        return pgettext("what a token is allowed to do", "May")
    named = LABELS.get(key) or COLUMNS.get(key)
    return gettext(named) if named else label(key)


def _pairs(key: str, given: Any, names: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    if key == "texts" and isinstance(given, Mapping):
        for where, one in given.items():
            if isinstance(one, Mapping):  # a category's, by language
                yield from ((f"{language_name(where)}, {_label(k)}", value(v)) for k, v in one.items())
            else:
                yield text_name(where), _said(where, one, names)
    elif _is_change(given) and all(isinstance(side, Mapping) for side in given):
        before, after = given
        for field in dict.fromkeys((*before, *after)):
            if before.get(field) != after.get(field):
                yield _label(field), _said(field, [before.get(field), after.get(field)], names)
    else:
        yield _label(key), _said(key, given, names)


def _said(key: str, given: Any, names: Mapping[str, str]) -> str:
    if _is_change(given) and key not in ("scopes", "entries", "indexes", "services", "added", "strangers"):
        return " → ".join(_said(key, side, names) or gettext("nothing") for side in given)
    if isinstance(given, str):
        if key == "where":
            language, _, regime = given.partition("@")
            return f"{language_name(language)}, {law(regime)}" if regime else language_name(language)
        if key == "role":
            return name_of(given)
        if key == "jurisdiction":
            return place_name(given)
        if key == "ground":
            if given in REQUESTS:
                return gettext(REQUESTS[given])
            refusal = gettext(REFUSALS[given]) if given in REFUSALS else ""
            return gettext("GDPR art. %(article)s: %(ground)s") % {"article": given, "ground": refusal}
        if key == "regime" or given in table.REGIMES:
            return law(given)
        if key in COPIED:
            return f"{given[:16]}…" if len(given) > 40 else given
        if MOMENT.fullmatch(given):
            return minute(datetime.fromisoformat(given))
    return value(given, names)


def _is_change(given: Any) -> bool:
    """Whether it is a pair of before and after, and not two of a list."""
    return isinstance(given, list) and len(given) == 2
