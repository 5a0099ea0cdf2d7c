"""What a service does before the visitor has answered. The compiler puts the result into each gate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

FACTS = ("targeted_ads", "sells_or_shares", "sensitive")


def before_answer(
    service: Mapping[str, Any],
    category_necessary: bool,
    terms: Mapping[str, Any],
    *,
    gpc: bool = False,
    child: bool = False,
) -> str:
    """ "granted" or "denied" for one service of a snapshot under the terms of one variant.

    Necessary → granted. A GPC signal denies whatever sells, shares or targets; a child denies the same (and under
    `minors.hold` = "all" everything optional); neither ever grants. Then the site's own override for the regime, then
    a confirmed exemption (never for advertising or sensitive data), then the strictest of the regime's defaults.
    """
    if category_necessary:
        return "granted"
    advertises = bool(service.get("sells_or_shares") or service.get("targeted_ads"))
    if advertises and (gpc or child):
        return "denied"
    if child and terms["minors"].get("hold") == "all":
        return "denied"
    override = service.get("overrides", {}).get(terms["regime"], {}).get("state")
    if override:
        return "granted" if override == "allow" else "denied"
    if exempt(service, terms):
        return "granted"
    before = terms["before"]
    asked = [before["default"], *(before[fact] for fact in FACTS if service.get(fact) and fact in before)]
    return "denied" if "denied" in asked else "granted"


def exempt(service: Mapping[str, Any], terms: Mapping[str, Any]) -> bool:
    """True when the law exempts this service here: the catalogue says it can be (`exempt_in`), the owner confirmed
    the conditions (`exemption_confirmed`), and it neither advertises, sells nor touches sensitive data
    (PECR Sch. A1 par. 5: "sole purpose"; CNIL recommendation 2020-092 par. 50)."""
    if any(service.get(fact) for fact in FACTS):
        return False
    could, confirmed = service.get("exempt_in") or (), service.get("exemption_confirmed") or ()
    return any(place in confirmed and place in could for place in terms["exempt"])
