"""The mail of a double opt-in: one link, in the person's language. Made when it is sent, so that no job's row holds an
address."""

from __future__ import annotations

from django.utils import timezone

from consent.jobs.actions import enqueue
from consent.preferences import queries
from consent.preferences.models import PendingChoice
from consent.preferences.texts import language_for, words
from cookiebanner.staff import choice_links, links, mail

JOB = "choice_mail"


def send_soon(row: PendingChoice) -> None:
    """Queues the mail with the link."""
    enqueue(JOB, site=row.site, params={"pending": row.pk}, once=True)


def send_now(pending: int) -> bool:
    """Mails the link; False when nothing waits any more, it was sent, or the address was erased meanwhile, which then
    goes here, too. Raises OSError or NoAddress."""
    row = PendingChoice.objects.select_related("site", "topic").filter(pk=pending, mailed_at=None).first()
    if row is None or row.expires_at < timezone.now():
        return False
    text = words(language_for([row.language]))
    wording = row.topic.wordings.get(version=row.wording)
    _, asked = queries.words_of(wording, [row.language])
    who = row.site.controller or row.site.name
    body = text["mail_confirm"].format(
        site=who, name=asked["name"], text=asked["text"], link=links.absolute(choice_links.confirm(row))
    )
    subject = text["mail_confirm_subject"].format(site=who, name=asked["name"])
    if not mail.send_to_person(row.site, subject, body, row.address):
        row.delete()
        return False
    PendingChoice.objects.filter(pk=row.pk, asked_at=row.asked_at).update(mailed_at=timezone.now())
    return True
