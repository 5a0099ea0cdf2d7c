"""The terms of a regime and the columns of a row in words: what a lawyer reads. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from gettext import NullTranslations
from gettext import translation as catalogue
from typing import Any

import pycountry
from django.utils.translation import get_language, gettext, gettext_noop

from consent.jurisdictions import table

SHOWS = {
    "choice": gettext_noop("a banner that asks for a choice"),
    "notice": gettext_noop("a notice"),
    "none": gettext_noop("nothing by itself; the preferences stay reachable"),
}
REJECT = {
    "must": gettext_noop("must stand on the first layer"),
    "must_if_accept": gettext_noop("must stand on the first layer where Accept does"),
    "should": gettext_noop("should stand on the first layer"),
    "no": gettext_noop("the law does not ask for it"),
}
EQUAL = {
    "must": gettext_noop("must be equal"),
    "must_if_accept": gettext_noop("must be equal where Accept is offered"),
    "should": gettext_noop("should be equal"),
    "no": gettext_noop("the law does not ask it"),
}
FACTS = {
    "targeted_ads": gettext_noop("targeted advertising"),
    "sells_or_shares": gettext_noop("sale and sharing"),
    "sensitive": gettext_noop("sensitive data"),
}
# The names in regimes.json once more, for whoever translates them.
REGIME_NAMES = {
    "eu_opt_in": gettext_noop("Opt-in (EU and EEA)"),
    "uk_pecr": gettext_noop("Opt-in with exemptions (United Kingdom)"),
    "ch": gettext_noop("Advertising opt-in, the rest opt-out (Switzerland)"),
    "ca_qc": gettext_noop("Opt-in (Quebec)"),
    "us_ca": gettext_noop("Opt-out with visible signal status (California)"),
    "us_optout_gpc": gettext_noop("Opt-out, signals honoured by law (US states)"),
    "us_optout": gettext_noop("Opt-out (US states without a signal duty)"),
    "us_notice": gettext_noop("Notice (United States, no state law)"),
    "opt_in_generic": gettext_noop("Opt-in"),
    "in_dpdp": gettext_noop("Opt-in with itemised notice (India)"),
    "jp_notice": gettext_noop("Notice of external transmission (Japan)"),
    "kr_notice": gettext_noop("Advertising opt-in, notice for the rest (South Korea)"),
    "ca_implied": gettext_noop("Implied consent with easy opt-out (Canada outside Quebec)"),
    "notice": gettext_noop("Notice"),
    "notice_objection": gettext_noop("Notice and objection"),
}
# Columns that people read. All others become terms, which `terms_in_words` says.
COLUMNS = {
    "name": gettext_noop("Name"),
    "law": gettext_noop("Law"),
    "authority": gettext_noop("Authority"),
    "effective_date": gettext_noop("In force since"),
    "status": gettext_noop("Status"),
    "gpc_from": gettext_noop("Browser signal required since"),
    "guidance_choice_days": gettext_noop("Days of a choice in the authority's guidance"),
    "child_age": gettext_noop("Age of consent of a child"),
    "minor_rule": gettext_noop("Minors"),
    "mandatory_links": gettext_noop("Links and sentences the law names"),
    "gpp_prefix": gettext_noop("GPP section"),
    "gpp_id": gettext_noop("GPP section id"),
    "notes": gettext_noop("Notes"),
    "source": gettext_noop("Source"),
    "confidence": gettext_noop("Confidence"),
}


# Rows that are no country or state, which ISO 3166 names in no language.
OTHER_ROWS = {
    "*": gettext_noop("World fallback (country unknown or unlisted)"),
    "EU": gettext_noop("EU/EEA baseline (use when no country row)"),
}


def name_of_place(id: str) -> str:
    """A place of the table by its name, in the language of whoever looks where ISO 3166 has one; the id of another."""
    row = table.ROWS.get(id)
    if row is None:
        return id
    return _iso_name(id, get_language() or "en") or gettext(row.name)


@cache
def _iso_name(id: str, language: str) -> str:
    if language == "en":
        return ""  # the table's own are English, and say more
    region = "-" in id
    found = pycountry.subdivisions.get(code=id) if region else pycountry.countries.get(alpha_2=id)
    if found is None:
        return ""
    domain = "iso3166-2" if region else "iso3166-1"
    names = catalogue(domain, pycountry.LOCALES_DIR, languages=[language], fallback=True)
    return "" if type(names) is NullTranslations else names.gettext(getattr(found, "common_name", found.name))


def named_regimes() -> dict[str, dict[str, Any]]:
    """The regimes, with their names in the language of whoever looks."""
    return {id: {**terms, "name": gettext(terms["name"])} for id, terms in table.REGIMES.items()}


def terms_in_words(terms: Mapping[str, Any], texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """(what, how) of all that a regime or a variant asks, in the order in which a person decides. `texts` are the
    statutory titles and sentences by key."""
    minors = terms["minors"]
    found = [
        (gettext("Shows"), gettext(SHOWS[terms["banner"]])),
        (gettext("Buttons"), ", ".join(terms["buttons"])),
        (
            gettext("Before an answer"),
            gettext("everything optional waits") if terms["before"]["default"] == "denied" else gettext("services run"),
        ),
        *_exceptions(terms["before"]),
        (gettext("Reject"), gettext(REJECT[terms["reject"]])),
        (gettext("Accept and Reject"), gettext(EQUAL[terms["equal"]])),
        (
            gettext("Global Privacy Control"),
            gettext("required by law") if terms["gpc"] == "required" else gettext("honoured all the same"),
        ),
        (gettext("A consent lasts"), gettext("%(count)s days") % {"count": terms["consent_days"]}),
        (
            gettext("A refusal lasts"),
            gettext("%(count)s days") % {"count": terms["refusal_days"]}
            if terms["refusal_days"]
            else gettext("it never lapses"),
        ),
        (
            gettext("Asks again after"),
            gettext("%(count)s days at the earliest") % {"count": terms["reask_days"]},
        ),
        (
            gettext("Off for minors"),
            gettext("everything optional") if minors["hold"] == "all" else gettext("advertising and sale"),
        ),
        (gettext("Advertising off under age"), str(minors["ads_off_under"])),
    ]
    if terms["gpc_status"]:
        found.append((gettext("Told of a browser signal"), f"“{texts['gpc_honored']}”"))
    if terms["links"]:
        found.append((gettext("Statutory links"), _texts(terms["links"], texts)))
    if terms["notices"]:
        found.append((gettext("Statutory sentences"), _texts(terms["notices"], texts)))
    if terms["optout_icon"]:
        found.append((gettext("Opt-out icon"), gettext("beside the statutory link")))
    if terms["close_x"]:
        found.append((gettext("Close"), gettext("an X that keeps the default")))
    if terms["imprint"]:
        found.append((gettext("Imprint"), gettext("linked in the banner")))
    if terms["exempt"]:
        found.append((gettext("Exemptions known"), ", ".join(terms["exempt"])))
    if terms["tracker_max_days"]:
        found.append(
            (
                gettext("Exempt trackers live"),
                gettext("%(count)s days at most") % {"count": terms["tracker_max_days"]},
            )
        )
    if terms["language"]:
        found.append(
            (gettext("Language"), gettext("the banner must exist in “%(language)s”") % {"language": terms["language"]})
        )
    return found


def _exceptions(before: Mapping[str, str]) -> list[tuple[str, str]]:
    """What does otherwise before an answer than all the rest."""
    found = []
    for state, title in (("denied", gettext("Waits all the same")), ("granted", gettext("Runs all the same"))):
        facts = [gettext(words) for fact, words in FACTS.items() if before.get(fact) == state != before["default"]]
        if facts:
            found.append((title, ", ".join(facts)))
    return found


def _texts(keys: list[str], texts: Mapping[str, str]) -> str:
    return ", ".join(texts.get(key, key) for key in keys)
