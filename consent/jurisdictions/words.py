"""The terms of a regime and the columns of a row in words: what a lawyer reads. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

SHOWS = {
    "choice": "a banner that asks for a choice",
    "notice": "a notice",
    "none": "nothing by itself; the preferences stay reachable",
}
REJECT = {
    "must": "must stand on the first layer",
    "must_if_accept": "must stand on the first layer where Accept does",
    "should": "should stand on the first layer",
    "no": "the law does not ask for it",
}
EQUAL = {
    "must": "must be equal",
    "must_if_accept": "must be equal where Accept is offered",
    "should": "should be equal",
    "no": "the law does not ask it",
}
FACTS = {"targeted_ads": "targeted advertising", "sells_or_shares": "sale and sharing", "sensitive": "sensitive data"}
# Columns that people read. All others become terms, which `terms_in_words` says.
COLUMNS = {
    "name": "Name",
    "law": "Law",
    "authority": "Authority",
    "effective_date": "In force since",
    "status": "Status",
    "gpc_from": "Browser signal required since",
    "guidance_choice_days": "Days of a choice in the authority's guidance",
    "child_age": "Age of consent of a child",
    "minor_rule": "Minors",
    "mandatory_links": "Links and sentences the law names",
    "gpp_prefix": "GPP section",
    "gpp_id": "GPP section id",
    "notes": "Notes",
    "source": "Source",
    "confidence": "Confidence",
}


def terms_in_words(terms: Mapping[str, Any], texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """(what, how) of all that a regime or a variant asks, in the order in which a person decides. `texts` are the
    statutory titles and sentences by key."""
    minors = terms["minors"]
    found = [
        ("Shows", SHOWS[terms["banner"]]),
        ("Buttons", ", ".join(terms["buttons"])),
        ("Before an answer", "everything optional waits" if terms["before"]["default"] == "denied" else "services run"),
        *_exceptions(terms["before"]),
        ("Reject", REJECT[terms["reject"]]),
        ("Accept and Reject", EQUAL[terms["equal"]]),
        ("Global Privacy Control", "required by law" if terms["gpc"] == "required" else "honoured all the same"),
        ("A consent lasts", f"{terms['consent_days']} days"),
        ("A refusal lasts", f"{terms['refusal_days']} days" if terms["refusal_days"] else "it never lapses"),
        ("Asks again after", f"{terms['reask_days']} days at the earliest"),
        ("Off for minors", "everything optional" if minors["hold"] == "all" else "advertising and sale"),
        ("Advertising off under age", str(minors["ads_off_under"])),
    ]
    if terms["gpc_status"]:
        found.append(("Told of a browser signal", f"“{texts['gpc_honored']}”"))
    if terms["links"]:
        found.append(("Statutory links", _texts(terms["links"], texts)))
    if terms["notices"]:
        found.append(("Statutory sentences", _texts(terms["notices"], texts)))
    if terms["optout_icon"]:
        found.append(("Opt-out icon", "beside the statutory link"))
    if terms["close_x"]:
        found.append(("Close", "an X that keeps the default"))
    if terms["imprint"]:
        found.append(("Imprint", "linked in the banner"))
    if terms["exempt"]:
        found.append(("Exemptions known", ", ".join(terms["exempt"])))
    if terms["tracker_max_days"]:
        found.append(("Exempt trackers live", f"{terms['tracker_max_days']} days at most"))
    if terms["language"]:
        found.append(("Language", f"the banner must exist in “{terms['language']}”"))
    return found


def _exceptions(before: Mapping[str, str]) -> list[tuple[str, str]]:
    """What does otherwise before an answer than all the rest."""
    found = []
    for state, title in (("denied", "Waits all the same"), ("granted", "Runs all the same")):
        facts = [words for fact, words in FACTS.items() if before.get(fact) == state != before["default"]]
        if facts:
            found.append((title, ", ".join(facts)))
    return found


def _texts(keys: list[str], texts: Mapping[str, str]) -> str:
    return ", ".join(texts.get(key, key) for key in keys)
