"""May this be published? The rules that a snapshot alone can decide, by effect and not by the names of keys. Pure.

Rule ids L01 to L33 follow the regulators' catalogues (EDPB Cookie Banner Taskforce 2023, CNIL 2020-092, 11 CCR 7004 …);
F ids are not law but configurations that break the site. What needs a drawn page is found by a browser (`rendered.py`
beside this folder) and comes in as `drawn`.
A blocking L rule can be signed off by name, for the words that were judged; the sign-off is a ledger entry. An F rule
cannot be signed off.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from django.utils.translation import gettext

from consent.banners import arms
from consent.publishing.lint import buttons, informing, law, trackers, truthful, wording, working
from consent.publishing.lint.finding import BLOCK, WARN, Finding, Snapshot, can_waive, covers
from consent.publishing.lint.wording import machine_made

__all__ = ["BLOCK", "RULES", "WARN", "Finding", "Snapshot", "can_waive", "check", "machine_made"]

RULES: tuple[Callable[[Snapshot], Iterator[Finding]], ...] = (
    *buttons.RULES, *wording.RULES, *truthful.RULES, *informing.RULES, *trackers.RULES, *law.RULES, *working.RULES,
)  # fmt: skip


def check(
    snapshot: Snapshot, waivers: Sequence[Mapping[str, str]] | None = None, drawn: Iterable[Finding] = ()
) -> list[Finding]:
    """Every finding, blocking ones first. What was signed off is a warning that names who signed.

    `waivers` are the sign-offs in force, the snapshot's own when none are given: an old release says who signed then.
    """
    given = snapshot["waivers"] if waivers is None else waivers
    judged = [finding for rule in RULES for finding in rule(arms.arm(snapshot, arms.A))]
    if arms.tested(snapshot):
        judged += _of_b(snapshot, judged)
    found = [_signed(finding, given) for finding in (*judged, *drawn)]
    return sorted(found, key=lambda f: (f.severity, f.rule, f.regime, f.subject))


def _of_b(snapshot: Snapshot, of_a: list[Finding]) -> Iterator[Finding]:
    """What is wrong with the second banner of a test and not with the first; and a test of nothing."""
    other = arms.arm(snapshot, arms.B)
    if other == arms.arm(snapshot, arms.A):
        yield Finding(
            "F13",
            BLOCK,
            gettext("The two banners of the test are the same."),
            "configuration",
            gettext("Change what banner B says or how it looks, or end the test."),
            field="test",
        )
    known = set(of_a)
    for rule in RULES:
        for finding in rule(other):
            if finding not in known:
                yield replace(
                    finding, message=gettext("Banner B: %(message)s") % {"message": finding.message}, field="test"
                )


def _signed(finding: Finding, waivers: Sequence[Mapping[str, str]]) -> Finding:
    if finding.can_be_signed_off:
        for waiver in waivers:
            if covers(waiver, finding):
                return replace(finding, severity=WARN, signed_by=waiver["signed_by"])
    return finding
