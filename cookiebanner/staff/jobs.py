"""Mails are sent after the answer, by the worker: slow mail servers hold nobody up, and what a page takes tells
nothing. Links are made when the mail is, so no job's row holds one."""

from __future__ import annotations

from django.utils import timezone

from consent.common import InvalidChange
from consent.jobs.actions import OVER, delete, enqueue
from consent.jobs.models import Job
from consent.jobs.registry import DAY, handler
from consent.jobs.runner import Run
from consent.jurisdictions.models import LawSubscription
from consent.requests import actions, entries, prepared, queries, steps
from consent.requests.models import SubjectRequest
from consent.scanner import scans
from consent.sites.models import Invitation
from cookiebanner.staff import (
    choice_mails,
    invitations,
    law_notices,
    logins,
    mail,
    notices,
    passwords,
    request_mails,
    scan_notices,
)

HOUR = 3_600.0
LATE = 3600  # seconds after which a link that was asked for is no longer expected


@handler(invitations.JOB, kept=DAY)
def invitation(run: Run) -> dict[str, int]:
    """Mails an invitation that is still open."""
    _forget(run.job.kind)
    found = Invitation.objects.select_related("site", "inviter").filter(pk=run.params["invitation"]).first()
    if found is None:
        return {"sent": 0}
    try:
        invitations.send_now(found)
    except InvalidChange:  # accepted or withdrawn meanwhile
        return {"sent": 0}
    return {"sent": 1}


@handler(passwords.JOB, kept=DAY)
def password_reset(run: Run) -> None:
    """Mails the link to set a new password; whether anybody has the address is not kept."""
    _forget(run.job.kind)
    if (timezone.now() - run.job.created_at).total_seconds() < LATE:
        passwords.send_now(run.params["email"])


@handler("law_notices", every=DAY)
def notices_of_law(run: Run) -> dict[str, int]:
    """Looks who has news of the table of law; each is a job of its own, so that a mailbox that fails stops nobody."""
    found = law_notices.with_news() if not mail.missing() else []
    for user_id in found:
        enqueue(law_notices.JOB, params={"user": user_id}, once=True)
    return {"people": len(found), "subscriptions": LawSubscription.objects.count()}


@handler(law_notices.JOB, kept=DAY)
def notice_of_law(run: Run) -> dict[str, int]:
    """Mails one person's news of the table of law."""
    _forget(run.job.kind)
    return {"sent": int(law_notices.send_now(run.params["user"]))}


@handler("notice_mails", every=HOUR)
def notices_of_sites(run: Run) -> dict[str, int]:
    """Queues the mails of what was found on sites; without mail it waits until there is some."""
    return {"queued": notices.queue() if not mail.missing() else 0}


@handler(notices.JOB, kept=DAY)
def notice_of_site(run: Run) -> dict[str, int]:
    """Mails one person what is new on one site."""
    _forget(run.job.kind)
    if run.job.site is None or mail.missing():
        return {"sent": 0}
    return {"sent": int(notices.send_now(run.job.site, run.params["user"], run.params["notices"]))}


@handler("invitations_again", every=DAY)
def invitations_again(run: Run) -> dict[str, int]:
    """Queues the mails of open invitations again that a mail server which was away never took."""
    if mail.missing():
        return {"queued": 0}
    waiting = Job.objects.filter(kind=invitations.JOB, state__in=(Job.Status.WAITING, Job.Status.RUNNING))
    queued = {params["invitation"] for params in waiting.values_list("params", flat=True)}
    rows = Invitation.objects.filter(accepted_at=None, withdrawn_at=None, token_sha256="").select_related("site")
    again = [row for row in rows if row.waiting and not row.lapsed and row.pk not in queued]
    for row in again:
        invitations.send_soon(row)
    return {"queued": len(again)}


@handler(scans.MAIL, kept=DAY)
def notice_of_scan(run: Run) -> dict[str, int]:
    """Mails one person what a scan found."""
    _forget(run.job.kind)
    if mail.missing():
        return {"sent": 0}
    return {"sent": int(scan_notices.send_now(run.params["scan"], run.params["user"]))}


@handler(request_mails.JOB, kept=DAY)
def request_mail(run: Run) -> dict[str, int]:
    """Mails a person about their request."""
    _forget(run.job.kind)
    if mail.missing():
        return {"sent": 0}
    return {"sent": int(request_mails.send_now(run.params["request"], run.params["what"]))}


@handler(request_mails.NEWS)
def request_news(run: Run) -> dict[str, int]:
    """Mails colleagues of a new request."""
    row = SubjectRequest.objects.select_related("site__request_form", "owner").filter(pk=run.params["request"]).first()
    return {"sent": int(row is not None and not mail.missing() and request_mails.tell_colleagues(row, new=True))}


@handler("requests", every=DAY)
def requests(run: Run) -> dict[str, int]:
    """Tells who answers for it what is due soon or late, and deletes what was kept long enough."""
    mailed = 0
    today = timezone.now().date()
    marked = steps.mark_due(today)
    for row in queries.reminders(today) if not mail.missing() else ():
        if request_mails.tell_colleagues(row, new=False):
            SubjectRequest.objects.filter(pk=row.pk).update(reminded_on=today)
            mailed += 1
    forgotten = {**actions.forget(), "prepared": prepared.forget()}
    return {"mailed": mailed, "marked": marked, "logged": entries.catch_up(), **forgotten}


def _forget(kind: str) -> None:
    # Strangers type addresses, and notices are daily: nothing of them stays.
    delete(Job.objects.filter(kind=kind, state__in=OVER))


@handler(choice_mails.JOB, kept=DAY)
def choice_mail(run: Run) -> dict[str, int]:
    """Mails the link of a double opt-in."""
    _forget(run.job.kind)
    if mail.missing():
        return {"sent": 0}
    return {"sent": int(choice_mails.send_now(run.params["pending"]))}


@handler("sessions", every=DAY)
def sessions(run: Run) -> dict[str, int]:
    """Deletes the sessions that are over."""
    return {"deleted": logins.clear()}
