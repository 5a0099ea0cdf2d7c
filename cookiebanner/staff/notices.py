"""The mail that tells a person what is new on a site, and the page behind its link that ends such mails of the site
without a login."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.contrib.auth import get_user_model
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent.jobs.actions import enqueue
from consent.jurisdictions.models import LawSubscription
from consent.notices import actions
from consent.notices.kinds import KINDS, MAIL
from consent.notices.models import Notice
from consent.sites.models import Site
from consent.sites.queries import role_of
from cookiebanner.staff import accounts, languages, links, mail
from cookiebanner.staff.pages import show

JOB = "mail.notices"
LONGEST = 25  # notices of one kind that a mail tells
_SIGNER = signing.Signer(salt="fairgate.notices")


def queue() -> int:
    """Queues a mail for each person whose sites have something that was not told yet; returns how many."""
    queued = 0
    rows = Notice.objects.filter(ended_at=None, mailed_at=None).select_related("site").order_by("site_id", "pk")
    of_site: dict[Site, list[Notice]] = defaultdict(list)
    for row in rows:
        of_site[row.site].append(row)
    for site, fresh in of_site.items():
        for person in actions.recipients(site):
            if _for(site, person, fresh):
                enqueue(JOB, site=site, params={"user": person.pk, "notices": [row.pk for row in fresh]})
                queued += 1
        actions.mark_sent(fresh, "mailed_at")
    return queued


def _for(site: Site, person: Any, rows: list[Notice]) -> list[Notice]:
    """What of it a person wants by mail. Who has asked for the notices of law gets what starts with those."""
    kinds = actions.wanted(site, person, MAIL)
    if "law_starts" in kinds and LawSubscription.objects.filter(user=person).exists():
        kinds = kinds - {"law_starts"}
    return [row for row in rows if row.kind in kinds]


def send_now(site: Site, user_id: int, ids: list[int]) -> bool:
    """Mails one person; False when nothing of it is true any more, or they may not read it any more. Raises OSError or
    NoAddress when no mail can go out."""
    user: Any = get_user_model().objects.filter(pk=user_id).first()
    if user is None or accounts.refused(user) or role_of(user, site) not in actions.TOLD:
        return False
    rows = _for(site, user, list(site.notices.filter(pk__in=ids, ended_at=None).order_by("pk")))
    if not rows:
        return False
    of_kind: dict[str, list[Notice]] = defaultdict(list)
    for row in rows:
        of_kind[row.kind].append(row)
    with languages.in_language_of(user):
        parts = [gettext("This is new on %(site)s.") % {"site": site.name}]
        parts += [_lines(site, kind, some) for kind, some in of_kind.items()]
        subject = gettext("%(site)s: %(count)s notices") % {"site": site.name, "count": len(rows)}
        if len(of_kind) == 1:
            subject = f"{site.name}: {gettext(KINDS[rows[0].kind].title)}"
        text = "\n\n".join([*parts, *last_lines(site, user)]) + "\n"
        mail.send(subject, text, user.email, headers(site, user))
    return True


def _lines(site: Site, kind: str, rows: list[Notice]) -> str:
    page = reverse(f"dashboard:{KINDS[kind].page}", kwargs={"uuid": site.uuid})
    lines = [f"- {actions.text_of(row)}" for row in rows[:LONGEST]]
    lines += [gettext("- and %(count)s more") % {"count": len(rows) - LONGEST}] * (len(rows) > LONGEST)
    return "\n".join([f"{gettext(KINDS[kind].title)}:", *lines, f"  {links.absolute(page)}"])


def path(site: Site, user: Any) -> str:
    """The path of the page that ends a person's mails of a site."""
    return reverse("notices_unsubscribe", kwargs={"token": _SIGNER.sign(f"{site.pk}.{user.pk}")})


def last_lines(site: Site, user: Any) -> list[str]:
    """How a mail of ours ends: where to choose, and how to end it."""
    page = reverse("dashboard:notices", kwargs={"uuid": site.uuid})
    return [
        gettext("To choose what you are told of: %(address)s") % {"address": links.absolute(page)},
        gettext("To get no more mails of this site: %(address)s") % {"address": links.absolute(path(site, user))},
    ]


def headers(site: Site, user: Any) -> dict[str, str]:
    """What mail programs show as "unsubscribe" (RFC 8058)."""
    end = links.absolute(path(site, user))
    return {"List-Unsubscribe": f"<{end}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


@csrf_exempt  # mail programs post here without a page of ours; the token is what proves who asks
@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_store=True)
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Asks, then ends the mails. Opening the link alone ends nothing: programs that scan mail open links."""
    try:
        site_id, _, user_id = _SIGNER.unsign(token).partition(".")
        site, user = Site.objects.get(pk=int(site_id)), get_user_model().objects.get(pk=int(user_id))
    except (signing.BadSignature, ValueError, Site.DoesNotExist, get_user_model().DoesNotExist):
        return show(request, "staff/notices_unsubscribe.html", status=404, unknown=True)
    if request.method == "POST":
        actions.choose(site, user, MAIL, [])
    return show(
        request, "staff/notices_unsubscribe.html", told_of=site.name, subscribed=actions.wanted(site, user, MAIL)
    )
