"""Rows that the audit trail tells of, held against it: reviews of our words, corrections of the law, hosts, the switch,
requests to publish. `consent.ledger.verify` has checked the trail itself; here its lines are believed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple

from consent.banners.models import TextReview
from consent.jurisdictions.models import JurisdictionOverride
from consent.publishing.models import PublishRequest
from consent.sites.models import Site
from consent.trail.models import AuditEvent
from consent.trail.verbs import Verb

ENDS = {
    Verb.RELEASE_WITHDRAW: PublishRequest.Outcome.WITHDRAWN, Verb.RELEASE_DECLINE: PublishRequest.Outcome.DECLINED,
    Verb.RELEASE_FAIL: PublishRequest.Outcome.FAILED,
}  # fmt: skip
VERBS = (
    Verb.TEXTS_SIGN, Verb.TEXTS_UNSIGN, Verb.JURISDICTION_OVERRIDDEN, Verb.JURISDICTION_OVERRIDE_REMOVED,
    Verb.SITE_CREATE, Verb.SITE_HOSTS, Verb.SITE_KILL, Verb.SITE_REVIVE, Verb.RELEASE_ASK, Verb.RELEASE_APPROVE, *ENDS,
)  # fmt: skip


class Line(NamedTuple):
    """A line of the trail."""

    verb: str
    actor: str
    detail: Mapping[str, Any]


def wrong(site: Site) -> Iterator[str]:
    """What is otherwise than the trail says, in words."""
    rows = AuditEvent.objects.filter(site=site, verb__in=VERBS).order_by("number")
    lines = [Line(*row) for row in rows.values_list("verb", "actor", "detail") if isinstance(row[2], dict)]
    yield from _reviews(site, lines)
    yield from _overrides(site, lines)
    yield from _hosts(site, lines)
    yield from _switch(site, lines)
    yield from _requests(site, lines)


def _reviews(site: Site, lines: Sequence[Line]) -> Iterator[str]:
    """Who has read which words."""
    said: dict[tuple[str, str], tuple[Any, ...]] = {}
    signed: Counter[tuple[Any, ...]] = Counter()
    for verb, _, detail in lines:
        key = (str(detail.get("about", "")), str(detail.get("language")))
        if verb == Verb.TEXTS_SIGN:
            said[key] = (*key, detail.get("signed_by"), detail.get("texts"))
            signed[said[key]] += 1
        elif verb == Verb.TEXTS_UNSIGN:
            said.pop(key, None)
    for row in TextReview.objects.filter(site=site).order_by("pk"):
        whole = (row.about, row.language, row.signed_by, row.texts)
        name = f"The review of {row.about or 'our words'} in {row.language} by {row.signed_by}"
        if not signed[whole]:
            yield f"{name} was invented or changed: the audit trail tells of none such."
        elif row.revoked_at is None and said.pop((row.about, row.language), None) != whole:
            yield f"{name} holds, though it was taken back or followed by another one."
        signed[whole] -= 1
    for about, language, by, _ in said.values():
        yield f"The review of {about or 'our words'} in {language} by {by} does not hold, though nobody took it back."


def _overrides(site: Site, lines: Sequence[Line]) -> Iterator[str]:
    """Corrections of the table of laws."""
    said = {}
    for verb, _, detail in lines:
        if verb == Verb.JURISDICTION_OVERRIDDEN:
            said[detail.get("jurisdiction")] = (detail.get("fields"), detail.get("reason"))
        elif verb == Verb.JURISDICTION_OVERRIDE_REMOVED:
            said.pop(detail.get("jurisdiction"), None)
    for row in JurisdictionOverride.objects.filter(site=site).order_by("jurisdiction"):
        if said.pop(row.jurisdiction, None) != (row.fields, row.reason):
            yield f"The correction of {row.jurisdiction} was invented or changed: the audit trail tells of none such."
    for jurisdiction in said:
        yield f"The correction of {jurisdiction} is gone, though nobody took it back."


def _hosts(site: Site, lines: Sequence[Line]) -> Iterator[str]:
    """The hosts of the draft."""
    names = {Verb.SITE_CREATE: "hosts", Verb.SITE_HOSTS: "after"}
    said = [detail.get(names[verb]) for verb, _, detail in lines if verb in names]  # type: ignore[index]
    now = sorted(site.hosts.values_list("name", flat=True))
    if said and isinstance(said[-1], list) and sorted(said[-1]) != now:
        yield f"The site's hosts are {', '.join(now)}; the audit trail says {', '.join(sorted(said[-1]))}."


def _switch(site: Site, lines: Sequence[Line]) -> Iterator[str]:
    """Whether the gate is switched off."""
    said = [line for line in lines if line.verb in (Verb.SITE_KILL, Verb.SITE_REVIVE)]
    off = bool(said) and said[-1].verb == Verb.SITE_KILL
    if off is not (site.killed_at is not None) or (off and said[-1].detail.get("reason") != site.kill_reason):
        yield "The site's gate is switched off, or on, otherwise than the audit trail says."


def _requests(site: Site, lines: Sequence[Line]) -> Iterator[str]:
    """What somebody wants to publish, when, and who approved it."""
    asked, approved, ended = Counter[Any](), Counter[Any](), Counter[Any]()
    for verb, actor, detail in lines:
        digest = detail.get("sha256")
        if verb == Verb.RELEASE_ASK:
            asked[digest, actor, detail.get("note"), _moment(detail.get("publish_at"))] += 1
        elif verb == Verb.RELEASE_APPROVE:
            approved[digest, actor] += 1
        elif verb in ENDS:
            ended[digest, ENDS[Verb(verb)].value] += 1
    for row in PublishRequest.objects.filter(site=site).order_by("pk").iterator(10):
        name = f"The request of {row.requested_by} to publish release {row.base + 1}"
        key = (row.sha256, row.requested_by, row.note, row.publish_at)
        if sha256(row.snapshot.encode()).hexdigest() != row.sha256:
            yield f"{name}: its content was changed, it does not have its hash."
        if not asked[key]:
            yield f"{name} was invented or changed: the audit trail tells of none such."
        asked[key] -= 1
        if row.approved_by and not approved[row.sha256, row.approved_by]:
            yield f"{name} counts as approved by {row.approved_by}, though nobody did."
        if row.outcome == PublishRequest.Outcome.PUBLISHED:
            if not site.releases.filter(number=row.base + 1, sha256=row.sha256).exists():
                yield f"{name} counts as published, though there is no such release."
        elif row.outcome and not ended[row.sha256, row.outcome]:
            yield f"{name} counts as {row.outcome}, though nobody ended it."
        if row.outcome:
            ended[row.sha256, row.outcome] -= 1
    open_again = [digest for (digest, outcome), count in ended.items() if count > 0]
    for digest in open_again:
        yield f"A request to publish {str(digest)[:16]}… was ended and is open again, or gone."


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
