"""Writes on people's requests. Each is one transaction with its line in the request's own log; what a colleague did is
in the audit trail too, by the request's number alone."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext

from consent.common import InvalidChange, check, months_later
from consent.requests import entries, files, queries, steps
from consent.requests.deadlines import UNVERIFIED, Kind, deadlines, kinds, law_of, log_until
from consent.requests.models import (
    LONGEST_DETAILS,
    MOST_FILES,
    RequestEvent,
    RequestFile,
    RequestForm,
    SubjectRequest,
    SuppressedAddress,
)
from consent.requests.prepared import GAP
from consent.sites.models import Membership, Site
from consent.sites.roles import May, can
from consent.trail.actions import audit

ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is misread or spells a word
CONFIRM_WITHIN = timedelta(days=14)
CODE_LIFE = timedelta(days=14)
MOST_WAITING = 3  # unconfirmed requests of one address a day
SUPPRESSED_FOR = 10  # years
Status = SubjectRequest.Status
Step = RequestEvent.Step
SALT = "fairgate.suppressed"


class TooManyWaiting(InvalidChange):
    """An address has several requests that nobody has confirmed: no more mails to it today."""


@transaction.atomic
def file_request(
    site: Site,
    *,
    kind: str,
    place: str,
    language: str,
    email: str = "",
    name: str = "",
    details: str = "",
    agent: str = "",
    reference: str = "",
    channel: str = SubjectRequest.Channel.FORM,
    appeal_of: SubjectRequest | None = None,
    actor: str = "",
    received_at: datetime | None = None,
) -> SubjectRequest:
    """A new request. What needs no verification is open at once, and what a colleague files (`actor`), who has the
    person on the telephone or their letter in hand; the rest waits until its address is confirmed. The days count from
    `received_at` (now) all the same. Raises InvalidChange, TooManyWaiting."""
    now = timezone.now()
    received_at = received_at or now
    if received_at > now:
        raise InvalidChange(gettext("The day of receipt is in the future."))
    try:
        wanted = Kind(kind)
    except ValueError:
        raise InvalidChange(gettext("Choose what is asked for.")) from None
    if wanted not in kinds(place) and not actor:
        raise InvalidChange(
            gettext("The law of this place does not know this kind of request. Choose another, or write to us.")
        )
    if len(details) > LONGEST_DETAILS:
        raise InvalidChange(gettext("The description is longer than %(most)s characters.") % {"most": LONGEST_DETAILS})
    email = email.strip().lower()
    if not email and not actor:
        raise InvalidChange(gettext("Without an address there is no way to answer."))
    terms, day = deadlines(place, wanted), received_at.date()
    at_once = bool(actor) or wanted in UNVERIFIED
    if not actor:
        _refuse_flood(site, email, now)
    row = SubjectRequest(
        site=site, kind=wanted, place=place, law=law_of(place), channel=channel, language=language, name=name.strip(),
        email=email, details=details.strip(), agent=agent.strip(), reference=reference.strip(),
        status=Status.OPEN if at_once else Status.UNCONFIRMED, received_at=received_at, appeal_of=appeal_of,
        receipt_due=terms.acknowledge.after(day) if terms.acknowledge else None, due=terms.due(day),
    )  # fmt: skip
    _number(row)
    if at_once:
        entries.add(row, entries.RECEIVED)
    _log(row, "Received.", actor=actor, step=Step.RECEIVED if at_once else "")
    if actor:
        audit(site, actor, "request.file", number=row.number, kind=row.kind)
    return row


def _refuse_flood(site: Site, email: str, now: datetime) -> None:
    # Each of them is a mail to an address that anybody can type.
    waiting = SubjectRequest.objects.filter(site=site, email=email, status=Status.UNCONFIRMED)
    if waiting.filter(received_at__gt=now - timedelta(days=1)).count() >= MOST_WAITING:
        raise TooManyWaiting(gettext("Several requests with this address wait for the link that was mailed to it."))


def _number(row: SubjectRequest) -> None:
    for _ in range(20):
        text = "".join(secrets.choice(ALPHABET) for _ in range(8))
        row.number = f"{text[:4]}-{text[4:]}"
        check(row)
        try:
            with transaction.atomic():
                row.save(force_insert=True)
        except IntegrityError:
            row.pk = None
        else:
            return
    raise RuntimeError("no free number")


def _log(
    row: SubjectRequest, text: str, kind: str = RequestEvent.Kind.STATUS, actor: str = "", *, step: str = ""
) -> None:
    told_at = steps.told_at(row) if step else None
    row.events.create(kind=kind, actor=actor, text=text, at=timezone.now(), step=step, told_at=told_at)


def _locked(row: SubjectRequest) -> SubjectRequest:
    return SubjectRequest.objects.select_for_update(of=("self",)).select_related("site").get(pk=row.pk)


def _open(row: SubjectRequest) -> SubjectRequest:
    """The request, locked. Raises InvalidChange when it is not open."""
    row = _locked(row)
    if row.status != Status.OPEN:
        raise InvalidChange(
            gettext("Request %(number)s is not open: %(status)s.")
            % {"number": row.number, "status": row.get_status_display().lower()}
        )
    return row


# --- The person -----------------------------------------------------------------------------------------------------


@transaction.atomic
def confirm(row: SubjectRequest) -> SubjectRequest:
    """The address is the person's: they followed the link that was mailed to it. Once; later calls change nothing."""
    row = _locked(row)
    if row.status == Status.LAPSED:
        raise InvalidChange(gettext("This request was not confirmed in time. Please make a new one."))
    if row.confirmed_at is None:
        opens = row.status == Status.UNCONFIRMED
        row.confirmed_at = timezone.now()
        row.status = Status.OPEN if opens else row.status
        row.save(update_fields=("confirmed_at", "status"))
        entries.add(row, entries.VERIFIED)
        text = "The address was confirmed by the link that was mailed to it."
        _log(row, text, step=Step.RECEIVED if opens else "")
    return row


@transaction.atomic
def withdraw(row: SubjectRequest, actor: str = "") -> SubjectRequest:
    """The person takes the request back. Raises InvalidChange when it has ended."""
    row = _locked(row)
    if row.status not in (Status.OPEN, Status.UNCONFIRMED):
        raise InvalidChange(gettext("Request %(number)s has ended already.") % {"number": row.number})
    was_open = row.status == Status.OPEN
    _close(row, Status.WITHDRAWN)
    if was_open:
        entries.must_add(row, entries.WITHDRAWN)
    _log(row, "Withdrawn by the person.", actor=actor, step=Step.WITHDRAWN if was_open else "")
    return row


@transaction.atomic
def attach(
    row: SubjectRequest, name: str, content: bytes, *, for_person: bool = False, actor: str = ""
) -> tuple[RequestFile, str]:
    """Adds a file; for the person, also the code that opens it, which is told this once. Raises InvalidChange."""
    row = _open(row) if for_person else _locked(row)
    if row.files.count() >= MOST_FILES:
        raise InvalidChange(gettext("A request has at most %(most)s files.") % {"most": MOST_FILES})
    name, media_type = files.checked(name, content)
    code = "".join(secrets.choice(ALPHABET) for _ in range(10)) if for_person else ""
    now = timezone.now()
    made = row.files.create(
        for_person=for_person, name=name, media_type=media_type, size=len(content), content=content, created_at=now,
        code_sha256=hashlib.sha256(code.encode()).hexdigest() if code else "",
        expires_at=now + CODE_LIFE if for_person else None,
    )  # fmt: skip
    _log(row, f"File {name} added" + (" for the person." if for_person else "."), actor=actor)
    if actor:
        audit(row.site, actor, "request.attach", number=row.number)
    return made, code


def open_file(file: RequestFile, code: str) -> bytes:
    """What a file holds, for whoever knows its code. Raises InvalidChange: wrong, too late, or too often wrong."""
    found = _opened(file, code)
    if found is None:
        raise InvalidChange(gettext("This is not the code of the mail."))
    return found


@transaction.atomic
def _opened(file: RequestFile, code: str) -> bytes | None:
    """None for a wrong code, which is counted, so that none is found by trying."""
    file = RequestFile.objects.select_for_update(of=("self",)).get(pk=file.pk, for_person=True)
    if file.expires_at is None or file.expires_at <= timezone.now() or file.wrong_codes >= RequestFile.WRONG_CODES:
        raise InvalidChange(gettext("This file is no longer handed out. Write to us, and we send a new code."))
    given = hashlib.sha256(code.strip().upper().encode()).hexdigest()
    if not secrets.compare_digest(given, file.code_sha256):
        file.wrong_codes += 1
        file.save(update_fields=("wrong_codes",))
        return None
    _log(file.request, f"File {file.name} was fetched.")
    return bytes(file.content)


# --- The colleagues -------------------------------------------------------------------------------------------------


@transaction.atomic
def assign(row: SubjectRequest, owner: Any, actor: str) -> SubjectRequest:
    """Somebody who may work on requests answers for it; None = nobody. Raises InvalidChange."""
    row = _locked(row)
    if owner is not None:
        role = Membership.objects.filter(site=row.site, user=owner).values_list("role", flat=True).first()
        if not can(role, May.REQUESTS):
            raise InvalidChange(gettext("They may not work on requests of this site."))
    row.owner = owner
    row.save(update_fields=("owner",))
    _log(row, f"Given to {owner.email}." if owner else "Given to nobody.", actor=actor)
    audit(row.site, actor, "request.assign", number=row.number)
    return row


@transaction.atomic
def note(row: SubjectRequest, text: str, actor: str) -> None:
    """A note among colleagues; the person never sees it. Raises InvalidChange for an empty one."""
    if not text.strip():
        raise InvalidChange(gettext("The note is empty."))
    _log(_locked(row), text.strip()[:LONGEST_DETAILS], RequestEvent.Kind.NOTE, actor)


@transaction.atomic
def keep_mail(row: SubjectRequest, text: str, actor: str = "", *, receipt: bool = False) -> None:
    """Keeps what was mailed to the person; `receipt`: it confirms that the request arrived."""
    row = _locked(row)
    if receipt and row.acknowledged_at is None:
        row.acknowledged_at = timezone.now()
        row.save(update_fields=("acknowledged_at",))
    _log(row, text, RequestEvent.Kind.MAIL, actor)


@transaction.atomic
def keep_unsent(row: SubjectRequest) -> None:
    """Notes that a mail was not sent: the site must not write to this address."""
    _log(_locked(row), "Not mailed: this address must not be written to.")


@transaction.atomic
def keep_erasure(row: SubjectRequest, count: int, entries_of: Sequence[int], actor: str) -> None:
    """Notes in its log that consent records of the person were erased, and which entries of the ledger say so."""
    where = ", ".join(map(str, entries_of))
    _log(_locked(row), f"{count} consent records erased" + (f" (ledger entry {where})." if where else "."), actor=actor)


@transaction.atomic
def extend(row: SubjectRequest, reason: str, actor: str) -> SubjectRequest:
    """Takes the law's extension; the reason is told to the person. Once, before the due day. Raises InvalidChange."""
    row = _open(row)
    if not reason.strip():
        raise InvalidChange(gettext("The law wants the reason to be told: write it."))
    if row.extended_at:
        raise InvalidChange(gettext("It was extended already, and no law allows it twice."))
    if timezone.now().date() > row.due:
        raise InvalidChange(gettext("It is too late: an extension must be told before the due day."))
    try:
        row.due = deadlines(row.place, row.kind).due(row.received_at.date(), extended=True)
    except ValueError as error:
        raise InvalidChange(str(error)) from None
    row.extended_at, row.extension_reason = timezone.now(), reason.strip()[:500]
    row.save(update_fields=("due", "extended_at", "extension_reason"))
    entries.must_add(row, entries.EXTENDED)
    _log(row, f"Extended until {row.due}: {row.extension_reason}", actor=actor, step=Step.EXTENDED)
    audit(row.site, actor, "request.extend", number=row.number, due=row.due.isoformat())
    return row


@transaction.atomic
def close(row: SubjectRequest, outcome: str, text: str, actor: str, *, because: str = "") -> SubjectRequest:
    """Answers it: `text` goes to the person, a denial says why. Raises InvalidChange."""
    row = _open(row)
    if outcome not in SubjectRequest.Outcome.values:
        raise InvalidChange(gettext("Choose how it ended."))
    denied = outcome != SubjectRequest.Outcome.COMPLIED
    if denied and because not in SubjectRequest.Because.values:
        raise InvalidChange(gettext("A denial, whole or in part, needs its ground."))
    if not text.strip():
        raise InvalidChange(gettext("Write the answer: the person must be told."))
    if GAP in text:
        raise InvalidChange(gettext("Fill in what stands as %(gap)s: the person would get it so.") % {"gap": GAP})
    row.outcome, row.because = outcome, because if denied else ""
    _close(row, Status.CLOSED)
    entries.must_add(row, entries.ANSWERED)
    _log(row, text.strip(), RequestEvent.Kind.MAIL, actor, step=Step.ANSWERED)
    audit(row.site, actor, "request.close", number=row.number, outcome=outcome)
    return row


def _close(row: SubjectRequest, status: str) -> None:
    row.status, row.closed_at = status, timezone.now()
    row.keep_until = log_until(row.place, row.closed_at.date())
    row.save(update_fields=("status", "outcome", "because", "closed_at", "keep_until"))


@transaction.atomic
def suppress(site: Site, email: str, actor: str) -> None:
    """Remembers by a keyed hash that an address must not be written to, or sold, again. Raises InvalidChange."""
    email = email.strip().lower()
    try:
        validate_email(email)
    except ValidationError:
        raise InvalidChange(gettext("This is not an address.")) from None
    now = timezone.now()
    until = months_later(now.date(), 12 * SUPPRESSED_FOR)
    SuppressedAddress.objects.update_or_create(
        site=site,
        address_hash=address_hash(site, email),
        defaults={"until": until},
        create_defaults={"since": now, "until": until},
    )
    audit(site, actor, "request.suppress")


def address_hash(site: Site, email: str, secret: str | bytes | None = None) -> str:
    """What is kept of an address; it says nothing without SECRET_KEY, and another site's differs."""
    text = f"{site.uuid} {email.strip().lower()}"
    return salted_hmac(SALT, text, secret=secret, algorithm="sha256").hexdigest()


def is_suppressed(site: Site, email: str) -> bool:
    """Whether an address was erased and must not be written to."""
    return _suppressed(site, email).exists()


def may_write(site: Site, email: str, asked_at: datetime | None = None) -> bool:
    """Whether a site may write to an address: to one that was erased only the answer to what was asked before
    (`asked_at`), since a person must be told that it was done."""
    rows = _suppressed(site, email)
    return not (rows.filter(since__lte=asked_at) if asked_at else rows).exists()


def suppressed_among(site: Site, emails: Sequence[str]) -> list[int]:
    """Which of these addresses a site must not write to, or sell, by their place in the list."""
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    hashes = {address_hash(site, email, key): place for place, email in enumerate(emails) for key in keys}
    kept = set(site.suppressed.values_list("address_hash", flat=True))
    by_hash = [place for hash, place in hashes.items() if hash in kept]
    wanted = {emails[place].strip().lower() for place in by_hash}  # an address may stand there twice
    return [place for place, email in enumerate(emails) if email.strip().lower() in wanted]


def filed_at(row: SubjectRequest) -> datetime:
    """When a request reached this server, whatever day it counts from."""
    return row.events.order_by("pk").values_list("at", flat=True).first() or row.received_at


def _suppressed(site: Site, email: str) -> QuerySet[SuppressedAddress]:
    keys = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    return site.suppressed.filter(address_hash__in=[address_hash(site, email, key) for key in keys])


@transaction.atomic
def set_form(site: Site, actor: str, **fields: Any) -> RequestForm:
    """Changes how a site takes requests: `enabled`, `sells`, `notify`, `old_forms`. Raises InvalidChange."""
    form = RequestForm.objects.select_for_update().filter(site=site).first() or RequestForm(site=site)
    for name, value in fields.items():
        setattr(form, name, value)
    taken = RequestForm.objects.exclude(site=site).exclude(old_forms=[]).values_list("old_forms", flat=True)
    if twice := {path for paths in taken for path in paths} & set(form.old_forms):
        raise InvalidChange(gettext("Another site has the form %(twice)s.") % {"twice": sorted(twice)[0]})
    check(form)
    form.save()
    audit(site, actor, "request.form", enabled=form.enabled)
    return form


def name_old_forms(site: Site, actor: str, html: str) -> None:
    """OneTrust's request forms that a page of the site links to lead to the site's own, once that is switched on; those
    that another site has stay where they are."""
    known = queries.form_of(site).old_forms
    for path in queries.old_forms_in(html):
        if path not in known:
            try:
                set_form(site, actor, old_forms=[*queries.form_of(site).old_forms, path])
            except InvalidChange:
                continue


# --- By itself ------------------------------------------------------------------------------------------------------


def forget(today: date | None = None) -> Mapping[str, int]:
    """Lets requests lapse that nobody confirmed, and deletes whole what was kept long enough: requests with their log
    and files, hashes of addresses, and files that are no longer handed out. Returns how many of each."""
    now = timezone.now()
    today = today or now.date()
    lapsed = 0
    for row in SubjectRequest.objects.filter(status=Status.UNCONFIRMED, received_at__lt=now - CONFIRM_WITHIN):
        with transaction.atomic():
            row = _locked(row)
            if row.status == Status.UNCONFIRMED:
                _close(row, Status.LAPSED)
                # Nobody knows that it was their address: nothing of it is kept but that there was one.
                for field in SubjectRequest.PERSONAL:
                    setattr(row, field, "")
                row.save(update_fields=SubjectRequest.PERSONAL)
                row.files.all().delete()
                row.events.filter(kind=RequestEvent.Kind.MAIL).delete()
                lapsed += 1
    old_files, _ = RequestFile.objects.filter(for_person=True, expires_at__lt=now).delete()
    gone = SubjectRequest.objects.filter(keep_until__lt=today)
    count = gone.count()
    gone.delete()
    hashes, _ = SuppressedAddress.objects.filter(until__lt=today).delete()
    return {"lapsed": lapsed, "deleted": count, "files": old_files, "hashes": hashes}
