"""Publish, roll back, sign off a lint rule: the one bridge from drafts to what visitors get."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4, uuid5

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from consent.common import InvalidChange, check
from consent.ledger.append import append, draft_of, utc_text
from consent.publishing import contents, lint, material_changes, pictures, queries, rendered, slots
from consent.publishing.models import Artifact, Content, LintWaiver, PublishRequest, Release
from consent.publishing.snapshot import Snapshot, canonical, sha256_of
from consent.sites.models import Site
from consent.sites.queries import locked, person_of
from consent.trail.actions import audit

# (snapshot with its "numbering", release number, release hash) → [(name, content type, bytes)]
Compile = Callable[[Snapshot, int, str], Sequence[tuple[str, str, bytes]]]
ATTEMPTS = 5  # publishes of one site that overtake each other while artifacts are compiled


class Blocked(InvalidChange):
    """Lint findings that forbid publishing; `findings` are all of them, warnings too."""

    def __init__(self, findings: list[lint.Finding], what: str = "This draft may not be published:") -> None:
        self.findings = findings
        blocking = [str(f) for f in findings if f.blocks]
        super().__init__("\n".join([what, *blocking]))

    @property
    def why(self) -> str:
        """The first five reasons, in one line."""
        reasons = [finding.message for finding in self.findings if finding.blocks]
        if len(reasons) > 5:
            reasons[5:] = [gettext("And %(count)s more.") % {"count": len(reasons) - 5}]
        return " ".join(reasons)


class NeedsApproval(InvalidChange):
    """The site's releases need a second person."""

    def __init__(self, site: Site) -> None:
        super().__init__(
            gettext("%(name)s publishes with a second person's approval only: ask for it under Releases.")
            % {"name": site.name}
        )


class Unchanged(InvalidChange):
    """There is nothing to publish; `release` is the current one."""

    def __init__(self, release: Release) -> None:
        self.release = release
        super().__init__(
            gettext("There is nothing to publish: release %(number)s is current.") % {"number": release.number}
        )


def publish(
    site: Site,
    actor: str,
    compile: Compile,  # noqa: A002
    note: str = "",
    *,
    force: bool = False,
    at: datetime | None = None,
) -> Release:
    """Makes the draft the site's next release. Raises Blocked, Unchanged (unless `force`), NeedsApproval or
    InvalidChange.

    `at` is for histories only (the demo's): a past time, moved forward where the ledger is already later.
    """
    if Site.objects.filter(pk=site.pk, publish_needs_approval=True).exists():
        raise NeedsApproval(site)
    draft = queries.draft(site)
    _refuse_blocked(site, draft)
    return _release(site, draft, actor, compile, note, force=force, at=at)


def _refuse_blocked(site: Site, content: Snapshot) -> None:
    findings = rendered.check(site, content, queries.sign_offs(site))
    if any(finding.blocks for finding in findings):
        raise Blocked(findings)


def begin_material_changes(site: Site, compile: Compile) -> Release | None:  # noqa: A002
    """Publishes what is live once more, now asking again about what material changes of documents touch; the draft
    has no part in it. None when no change is due, or something is in its way (`material_changes.due` says what).

    Raises InvalidChange when another release came between.
    """
    due = material_changes.due(site)
    if due is None or due.hindrance:
        return None
    return _release(site, due.content, "schedule", compile, due.note, base=due.base, asked_again=due.names)


@transaction.atomic
def ask_to_publish(site: Site, actor: str, note: str = "", publish_at: datetime | None = None) -> PublishRequest:
    """Keeps the draft as a content to publish: at a time, once somebody else has approved it where the site asks for
    that, or both. Raises Blocked, Unchanged or InvalidChange."""
    site = locked(site)
    if site.publish_requests.filter(ended_at=None).exists():
        raise InvalidChange(gettext("A release waits already: approve, decline or withdraw it first."))
    if publish_at is not None and publish_at <= timezone.now():
        raise InvalidChange(gettext("The time to publish has passed."))
    draft = queries.draft(site)
    _refuse_blocked(site, draft)
    text, current = canonical(draft), queries.current_release(site)
    if current and current.sha256 == sha256_of(text):
        raise Unchanged(current)
    request = PublishRequest(
        site=site,
        snapshot=text,
        sha256=sha256_of(text),
        base=current.number if current else 0,
        note=note.strip(),
        publish_at=publish_at,
        requested_by=actor,
    )
    check(request)
    request.save(force_insert=True)
    when = {"publish_at": publish_at.isoformat()} if publish_at else {}
    audit(site, actor, "release.ask", number=request.base + 1, sha256=request.sha256, note=request.note, **when)
    return request


@transaction.atomic
def approve(request: PublishRequest, actor: str) -> PublishRequest:
    """A second person's yes to exactly this content. Raises InvalidChange, also for whoever asked."""
    site = locked(request.site)
    request = _open_request(site, request)
    if person_of(actor) == person_of(request.requested_by):
        raise InvalidChange(gettext("Whoever asks for a release can't approve it; another member has to."))
    request.approved_by, request.approved_at = actor, timezone.now()
    request.save(update_fields=["approved_by", "approved_at"])
    audit(site, actor, "release.approve", number=request.base + 1, sha256=request.sha256, asked_by=request.requested_by)
    return request


@transaction.atomic
def end_request(request: PublishRequest, actor: str, why: str = "", *, failed: bool = False) -> PublishRequest:
    """Takes a request back (who asked), declines it (anybody else), or says that it could not be done. Raises
    InvalidChange."""
    site = locked(request.site)
    request = _open_request(site, request)
    own = person_of(actor) == person_of(request.requested_by)
    outcome = PublishRequest.Outcome.WITHDRAWN if own else PublishRequest.Outcome.DECLINED
    request.outcome = PublishRequest.Outcome.FAILED if failed else outcome
    request.ended_at, request.why = timezone.now(), why.strip()[:500]
    request.save(update_fields=["outcome", "ended_at", "why"])
    verb = "release.fail" if failed else "release.withdraw" if own else "release.decline"
    audit(site, actor, verb, number=request.base + 1, sha256=request.sha256, reason=request.why)
    return request


def publish_requested(request: PublishRequest, compile: Compile) -> Release:  # noqa: A002
    """Publishes what was asked for. Raises NeedsApproval, Blocked, or InvalidChange when it is not open, too early, or
    another release came between."""
    site = Site.objects.get(pk=request.site_id)
    request = _open_request(site, request)
    if site.publish_needs_approval and not request.approved_by:
        raise NeedsApproval(site)
    if request.publish_at and request.publish_at > timezone.now():
        raise InvalidChange(gettext("It is not yet time to publish."))
    content = json.loads(request.snapshot)
    _refuse_blocked(site, content)
    release = _release(site, content, request.requested_by, compile, request.note, base=request.base)
    PublishRequest.objects.filter(pk=request.pk).update(
        outcome=PublishRequest.Outcome.PUBLISHED, ended_at=timezone.now()
    )
    return release


def _open_request(site: Site, request: PublishRequest) -> PublishRequest:
    found = site.publish_requests.filter(pk=request.pk, ended_at=None).first()
    if found is None:
        raise InvalidChange(gettext("This request was published, withdrawn or declined meanwhile."))
    return found


def rollback(site: Site, number: int, actor: str, compile: Compile, note: str = "") -> Release:  # noqa: A002
    """Makes a new release with the content of an old one; the draft stays as it is.

    Linted with the rules and the sign-offs of today: who signed then may have taken it back. What is no law (F rules)
    does not stand in the way, for what worked must be there at once when the new release is broken.
    Raises InvalidChange for a number the site does not have, Unchanged when that content is current, Blocked.
    """
    old = site.releases.filter(number=number).first()
    if old is None:
        raise InvalidChange(gettext("%(name)s has no release %(number)s.") % {"name": site.name, "number": number})
    content = json.loads(old.snapshot)
    findings = rendered.check(site, content, queries.sign_offs(site))
    if any(finding.can_be_signed_off for finding in findings):
        raise Blocked(findings, gettext("Release %(number)s may not be published again:") % {"number": number})
    return _release(site, content, actor, compile, note, back_to=number)


def _release(
    site: Site,
    snapshot: Snapshot,
    actor: str,
    compile: Compile,  # noqa: A002
    note: str,
    *,
    force: bool = False,
    back_to: int | None = None,
    at: datetime | None = None,
    base: int | None = None,
    asked_again: Sequence[str] = (),
) -> Release:
    """Compiles before any lock, then stores in one transaction; starts over when another publish was faster, unless it
    is to follow the release `base` and no other. `asked_again`: the versions of documents that it is made for."""
    text = canonical(snapshot)
    sha256 = sha256_of(text)
    for _ in range(ATTEMPTS):
        current = queries.current_release(site)
        number = current.number + 1 if current else 1
        if base is not None and number != base + 1:
            raise InvalidChange(
                gettext("Release %(number)s was published meanwhile. Look at the differences, and ask again.")
                % {"number": number - 1}
            )
        if current and current.sha256 == sha256 and not force:
            raise Unchanged(current)
        numbering = slots.extended(queries.numbering(site), snapshot)
        release = Release(
            site=site,
            number=number,
            sha256=sha256,
            snapshot=text,
            numbering=numbering,
            note=note.strip(),
            published_by=actor,
            published_at=at or timezone.now(),
            rolled_back_to=back_to,
        )
        check(release)
        files = compile({**queries.with_files(site, snapshot), "numbering": numbering}, number, sha256)
        bodies = {contents.digest(body): body for _, _, body in files}
        hashes = {body: digest for digest, body in bodies.items()}
        artifacts = [Artifact(name=name, content_type=kind, content_id=hashes[body]) for name, kind, body in files]
        if _store(release, artifacts, contents.compressed(bodies), at, asked_again):
            return release
    raise InvalidChange(
        gettext("%(name)s was published %(attempts)s times meanwhile; try again.")
        % {"name": site.name, "attempts": ATTEMPTS}
    )


@transaction.atomic
def _store(
    release: Release,
    artifacts: list[Artifact],
    new: list[Content],
    at: datetime | None = None,
    asked_again: Sequence[str] = (),
) -> bool:
    """False when the number is taken, or a content was freed meanwhile. The site's row is locked: publishes of one site
    queue here."""
    site = locked(release.site)
    if site.releases.filter(number__gte=release.number).exists():
        return False
    if not contents.held({artifact.content_id for artifact in artifacts}, new):
        return False
    release.save(force_insert=True)
    for artifact in artifacts:
        artifact.release = release
    Artifact.objects.bulk_create(artifacts)
    detail = {"number": release.number, "sha256": release.sha256, "note": release.note}
    if release.rolled_back_to is not None:
        detail["rolled_back_to"] = release.rolled_back_to
    record_id = uuid5(site.uuid, f"release/{release.number}")
    more = {"published_by": release.published_by, "published_at": utc_text(release.published_at)}
    files = {artifact.name: artifact.sha256 for artifact in artifacts}
    _log(site, "release", record_id, release, {**detail, **more, "artifacts": files}, at)
    pictures.void_blank(site, release.published_by)
    verb = "release.rollback" if release.rolled_back_to else "release.publish"
    audit(site, release.published_by, verb, **detail, **({"asked_again": list(asked_again)} if asked_again else {}))
    return True


def _log(
    site: Site, kind: str, record_id: UUID, release: Release | None, record: dict[str, Any], at: datetime | None = None
) -> None:
    """An entry of the site's ledger that is not an answer."""
    place = {"release": release.number, "release_hash": release.sha256} if release else {}
    [outcome] = append([draft_of(site.pk, site.uuid, kind, record, record_id, **place)], at=at)
    if outcome.status != "created":
        raise InvalidChange(
            gettext("The ledger of %(name)s does not take entries (%(status)s); see manage.py restart_log.")
            % {"name": site.name, "status": outcome.status}
        )


@transaction.atomic
def waive(
    site: Site, rule: str, regime: str, signed_by: str, reason: str, actor: str, subject: str = "", text: str = ""
) -> LintWaiver:
    """Signs off a lint rule by name, for one regime or ("") all, for one subject with the words it had, or ("") the
    whole rule; also a ledger entry. Raises InvalidChange."""
    site = locked(site)
    if not lint.can_waive(rule):
        raise InvalidChange(gettext("%(rule)s cannot be signed off.") % {"rule": rule})
    if not signed_by.strip() or not reason.strip():
        raise InvalidChange(gettext("A sign-off needs the name of who signs and a reason."))
    about = {"subject": subject, "text": text}
    waiver = LintWaiver(
        site=site, rule=rule, regime=regime, signed_by=signed_by.strip(), reason=reason.strip(), **about
    )
    check(waiver)
    waiver.save()
    record = {
        "rule": rule,
        "for_regime": regime,
        "signed_by": waiver.signed_by,
        "reason": waiver.reason,
        "actor": actor,
        **(about if subject else {}),
    }
    _log(site, "waiver", uuid4(), queries.current_release(site), record)
    audit(
        site,
        actor,
        "lint.waive",
        rule=rule,
        regime=regime,
        **({"subject": subject} if subject else {}),
        signed_by=waiver.signed_by,
        reason=waiver.reason,
    )
    return waiver


@transaction.atomic
def revoke_waiver(waiver: LintWaiver, actor: str) -> None:
    """Takes a sign-off back; the next publish is linted without it. A second call changes nothing."""
    if LintWaiver.objects.filter(pk=waiver.pk, revoked_at=None).update(revoked_at=timezone.now()):
        audit(
            waiver.site,
            actor,
            "lint.revoke",
            rule=waiver.rule,
            regime=waiver.regime,
            **({"subject": waiver.subject} if waiver.subject else {}),
            signed_by=waiver.signed_by,
        )
