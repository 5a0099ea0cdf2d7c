"""One complaint, and what all rules share."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext

Snapshot = Mapping[str, Any]
BLOCK, WARN = "block", "warn"
SIGNED_TEXT = 400  # characters of a text that a sign-off quotes; of a longer one it holds the hash


@dataclass(frozen=True, slots=True)
class Finding:
    """One complaint: which rule, what is wrong, whose law says so, what to do; `regime` "" = in all of them.

    `subject` is what it is about and `text` the words that were judged: a sign-off holds for these and no others.
    `field` names what mends it: `settings policy_url`, `text en@us_ca save`, `service hotjar category`, `category
    C0004 necessary`, `purpose push legal_basis`, `law FR`, `banner floating_button`, `override hotjar` or "".
    """

    rule: str
    severity: str
    message: str
    law: str
    fix: str
    regime: str = ""
    subject: str = ""
    signed_by: str = ""
    text: str = ""
    field: str = ""

    def __post_init__(self) -> None:
        if len(self.text) > SIGNED_TEXT:
            object.__setattr__(self, "text", digest([self.text]))

    @property
    def blocks(self) -> bool:
        """Whether this stops a publish."""
        return self.severity == BLOCK

    @property
    def can_be_signed_off(self) -> bool:
        """Whether a named person may answer for it; what would break the site nobody can."""
        return self.blocks and can_waive(self.rule)

    def __str__(self) -> str:
        where = f" [{self.regime}]" if self.regime else ""
        signed = gettext(" Signed off by %(signed_by)s.") % {"signed_by": self.signed_by} if self.signed_by else ""
        return f"{self.rule}{where} {self.message} ({self.law}) {self.fix}{signed}"


def can_waive(rule: str) -> bool:
    """Whether a named person may sign the rule off."""
    return bool(re.fullmatch(r"L\d\d", rule))


def covers(waiver: Mapping[str, str], finding: Finding) -> bool:
    """Whether a sign-off is for this finding. Those of before 2026-12 name a rule and a regime only, and cover all."""
    if waiver["rule"] != finding.rule or waiver["regime"] not in ("", finding.regime):
        return False
    subject = waiver.get("subject", "")
    return not subject or (subject, waiver.get("text", "")) == (finding.subject, finding.text)


def necessary(snapshot: Snapshot) -> set[str]:
    """The keys of the categories that are always active."""
    return {category["key"] for category in snapshot["categories"] if category["necessary"]}


def asks(terms: Mapping[str, Any]) -> bool:
    """Whether visitors under these terms choose on the first layer."""
    return bool(terms["model"] == "opt_in" or terms["banner"] == "choice")


def opt_in(snapshot: Snapshot) -> bool:
    """Whether any visitor of the site lives under a law that asks for a yes first."""
    return any(terms["model"] == "opt_in" for terms in snapshot["variants"].values())


def worded(snapshot: Snapshot) -> Iterator[tuple[str, str, Mapping[str, str]]]:
    """(place, language, texts) per language, and per language and regime where the regime has words of its own; of
    these only what differs, so that no text is judged twice."""
    banner = snapshot["banner"]
    for language in snapshot["languages"]:
        own = banner["texts"].get(language, {})
        yield language, language, own
        for where, special in banner["regime_texts"].items():
            if where.partition("@")[0] == language:
                yield where, language, special


def digest(texts: Iterable[str]) -> str:
    """What a sign-off of many texts at once holds for: changes when one of them does."""
    return "sha256:" + hashlib.sha256("\0".join(texts).encode()).hexdigest()
