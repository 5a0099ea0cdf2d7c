"""Mails about people's requests: to the person in their language, to colleagues in theirs. Links are made when a mail
is, so that no job's row holds one or an address."""

from __future__ import annotations

from datetime import date

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from consent.banners import cldr
from consent.jobs.actions import enqueue
from consent.requests import actions, steps
from consent.requests.deadlines import UNVERIFIED, Kind, authority, kinds
from consent.requests.models import RequestEvent, SubjectRequest
from consent.requests.texts import words
from cookiebanner.staff import languages, links, mail

JOB = "request_mail"
NEWS = "request_news"
LINK_DAYS = 120  # no request and its appeal takes longer
CONFIRM, RECEIPT, EXTENDED, CLOSED = "confirm", "receipt", "extended", "closed"
_SALT = "fairgate.request"
Status = SubjectRequest.Status
# What a request asks for, as colleagues call it.
KIND_NAMES = {
    Kind.ACCESS: gettext_noop("access"),
    Kind.CORRECTION: gettext_noop("correction"),
    Kind.ERASURE: gettext_noop("erasure"),
    Kind.PORTABILITY: gettext_noop("portability"),
    Kind.RESTRICTION: gettext_noop("restriction"),
    Kind.OBJECTION: gettext_noop("objection"),
    Kind.OPT_OUT: gettext_noop("opt out"),
    Kind.LIMIT: gettext_noop("limit"),
    Kind.SHINE_THE_LIGHT: gettext_noop("shine the light"),
    Kind.APPEAL: gettext_noop("appeal"),
    Kind.COMPLAINT: gettext_noop("complaint"),
}


def day(value: date, language: str) -> str:
    """A day as people write it in a language."""
    return cldr.long_date(value, language)


def path(row: SubjectRequest) -> str:
    """The person's own page; whoever has it may confirm, read and withdraw."""
    token = signing.dumps(row.pk, salt=_SALT)
    return reverse("request_page", kwargs={"token": token})


def of_token(token: str) -> SubjectRequest | None:
    """The request of a link; None for one that is wrong, too old, or of a request that is gone."""
    try:
        pk = signing.loads(token, salt=_SALT, max_age=LINK_DAYS * 86_400)
    except signing.BadSignature:
        return None
    return SubjectRequest.objects.select_related("site").filter(pk=pk).first()


def send_soon(row: SubjectRequest, what: str) -> None:
    """Queues a mail to the person; nothing for those without an address. What is open now is news for colleagues."""
    if what == RECEIPT:
        enqueue(NEWS, site=row.site, params={"request": row.pk}, once=True)
    if row.email:
        enqueue(JOB, site=row.site, params={"request": row.pk, "what": what}, once=True)


def send_now(request_id: int, what: str) -> bool:
    """Mails the person; False when there is nothing to say any more. Raises OSError or NoAddress."""
    row = SubjectRequest.objects.select_related("site").filter(pk=request_id).first()
    if row is None or not row.email or (what == CONFIRM and row.status != Status.UNCONFIRMED):
        return False
    text = words(row.language)
    subject, body = _confirm(row) if what == CONFIRM else _news(row, what)
    body = f"{text['mail_greeting']}\n\n{body}\n\n{row.site.controller or row.site.name}\n"
    if not mail.send_to_person(row.site, subject, body, row.email, asked_at=actions.filed_at(row)):
        actions.keep_unsent(row)
        return False
    if what != CONFIRM:
        actions.keep_mail(row, subject, receipt=what == RECEIPT)
    return True


def _confirm(row: SubjectRequest) -> tuple[str, str]:
    text = words(row.language)
    values = {"site": row.site.name, "kind": text[row.kind], "link": links.absolute(path(row)), "number": row.number}
    return text["mail_confirm_subject"].format(**values), text["mail_confirm"].format(**values)


def _news(row: SubjectRequest, what: str) -> tuple[str, str]:
    text = words(row.language)
    values = {
        "site": row.site.name,
        "kind": text[row.kind],
        "number": row.number,
        "link": links.absolute(path(row)),
        "due": day(row.due, row.language),
        "reason": row.extension_reason,
        "until": day(row.keep_until, row.language) if row.keep_until else "",
        "text": answer_text(row),
    }
    rights = _rights(row)
    at_once = what == RECEIPT and row.kind in UNVERIFIED and row.kind != Kind.COMPLAINT
    body = text["mail_effective" if at_once else f"mail_{what}"].format(**values)
    if what == RECEIPT and row.kind == Kind.COMPLAINT and rights:
        body += f"\n\n{rights}"  # who complains to us may go to the authority as well, and at once
    return text[f"mail_{what}_subject"].format(**values), body


def _rights(row: SubjectRequest) -> str:
    """Where to complain, in the person's language; "" where there is nobody."""
    text = words(row.language)
    name, where = authority(row.law, text)
    return text["mail_rights"].format(authority=f"{name}{', ' if where else ''}{where}") if name else ""


def answer_text(row: SubjectRequest) -> str:
    """The answer as the person reads it: outcome, what was written, the ground of a denial, where to complain."""
    if row.status != Status.CLOSED:
        return ""
    text = words(row.language)
    last = row.events.filter(kind=RequestEvent.Kind.MAIL).exclude(actor="").last()
    parts = [
        f"{text['request'].format(number=row.number)}: {text[f'outcome_{row.outcome}']}",
        last.text if last else "",
    ]
    if row.because:
        parts.append(text[f"because_{row.because}"])
        if Kind.APPEAL in kinds(row.place) and row.kind != Kind.APPEAL:
            parts.append(text["mail_appeal"])
    if rights := _rights(row):
        parts.append(rights)
    return "\n\n".join(part for part in parts if part)


@steps.link_maker
def page_of(row: SubjectRequest) -> str:
    """Where colleagues work on it; "" on a server without an address."""
    path = reverse("dashboard:request", kwargs={"uuid": row.site.uuid, "asked": row.number})
    return links.absolute(path) if settings.FAIRGATE_URL else ""


def tell_colleagues(row: SubjectRequest, *, new: bool) -> bool:
    """Mails whoever answers for it, else the site's address for requests, that it came in (`new`) or waits; False when
    there is none. Names no person."""
    form = getattr(row.site, "request_form", None)
    to = row.owner.email if row.owner and row.owner.is_active else form.notify if form else ""
    if not to:
        return False
    with languages.in_language_of(row.owner if row.owner and row.owner.is_active else None):
        left = row.days_left(timezone.now().date())
        due = (gettext("due on %(day)s") if left >= 0 else gettext("LATE since %(day)s")) % {"day": row.due}
        page = page_of(row)
        if new:
            subject = gettext("%(site)s: request %(number)s came in, %(due)s")
            text = gettext("A request (%(kind)s, %(place)s) came in.")
        else:
            subject = gettext("%(site)s: request %(number)s waits for its answer, %(due)s")
            text = gettext("A request (%(kind)s, %(place)s) waits for its answer.")
        text %= {"kind": gettext(KIND_NAMES[Kind(row.kind)]), "place": row.place}
        mail.send(subject % {"site": row.site.name, "number": row.number, "due": due}, f"{text}\n\n{page}\n", to)
    return True
