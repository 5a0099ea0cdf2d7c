"""What a visitor's browser keeps of ours: the rows of it in a site's cookie list (docs/data-protection.md). Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from consent.banners import texts
from consent.publishing.tags import cookie_name
from fairgate_enforce.signals import in_force

LONGEST = 400  # days; browsers keep no cookie longer, and an objection is kept as long as they do
ONETRUSTS = ("OptanonConsent", "OptanonAlertBoxClosed")


def own_cookies(site_uuid: str, drop_in: bool, languages: Iterable[str]) -> list[dict[str, Any]]:
    """[{name, kind, lifetime, lifetime_days, purpose}] with `lifetime` and `purpose` as {language: words}; a `*` stands
    for what differs from answer to answer. `drop_in`: the site's pages speak to OneTrust's names, so their cookies
    are written, too."""
    mine = cookie_name(site_uuid)
    words = {language: texts.own_cookies(language) for language in languages}

    def row(name: str, kind: str, purpose: str, days: int | None, until: str = "") -> dict[str, Any]:
        return {
            "name": name,
            "kind": kind,
            "lifetime": {lang: said.get(until, until) for lang, said in words.items()} if until else {},
            "lifetime_days": days,
            "purpose": {lang: said[purpose] for lang, said in words.items()},
        }

    rows = [
        row(mine, "cookie", "choice", LONGEST, f"{LONGEST} days"),
        row(f"{mine}.q.*", "local", "queue", None, "until_sent"),
        *(row(f"{mine}.{signal.key}", "local", "gpc", None, "until_deleted") for signal in in_force()),
        row(f"{mine}.r", "session", "reports", 0),
    ]
    return rows + [row(name, "cookie", "onetrust", 365) for name in ONETRUSTS if drop_in]
