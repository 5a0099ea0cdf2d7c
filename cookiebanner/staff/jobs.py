"""Mails are sent after the answer, by the worker: slow mail servers hold nobody up, and what a page takes tells
nothing. Links are made when the mail is, so no job's row holds one."""

from __future__ import annotations

from django.utils import timezone

from consent.common import InvalidChange
from consent.jobs.models import Job
from consent.jobs.registry import handler
from consent.jobs.runner import Run
from consent.sites.models import Invitation
from cookiebanner.staff import invitations, passwords

OVER = (Job.Status.DONE, Job.Status.FAILED, Job.Status.CANCELLED)
LATE = 3600  # seconds after which a link that was asked for is no longer expected


@handler(invitations.JOB)
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


@handler(passwords.JOB)
def password_reset(run: Run) -> None:
    """Mails the link to set a new password; whether anybody has the address is not kept."""
    _forget(run.job.kind)
    if (timezone.now() - run.job.created_at).total_seconds() < LATE:
        passwords.send_now(run.params["email"])


def _forget(kind: str) -> None:
    # Strangers type these addresses: nothing of them stays.
    Job.objects.filter(kind=kind, state__in=OVER).delete()
