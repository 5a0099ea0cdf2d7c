"""Notices of the table of law: the mail, and the page behind its link that ends them without a login."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent.jurisdictions import notices
from consent.jurisdictions.history import Changes, Difference, Start
from consent.jurisdictions.models import LawSubscription
from consent.jurisdictions.notices import News
from consent.sites.queries import sites_of
from consent.sites.roles import May
from cookiebanner.staff import accounts, languages, links, mail
from cookiebanner.staff.pages import show, sites_with

JOB = "mail.law_notice"
_SIGNER = signing.Signer(salt="fairgate.law-notices")
LONGEST = 25  # rows that a mail tells word by word; the page tells all
WORDY = 160  # characters; of longer texts, such as notes and sources, a mail says only that they changed


def with_news() -> list[int]:
    """The ids of the people who are to be told something today."""
    today = timezone.now().date()
    people = LawSubscription.objects.select_related("user")
    return [one.user_id for one in people if _may_read(one.user) and notices.news_for(one, today)]


def send_now(user_id: int) -> bool:
    """Mails a person's news; False when there are none. Raises OSError or NoAddress when no mail can go out."""
    return notices.tell(user_id, timezone.now().date(), _send)


def path(user_id: int) -> str:
    """The path of the page that ends a person's notices."""
    return reverse("law_unsubscribe", kwargs={"token": _SIGNER.sign(str(user_id))})


@csrf_exempt  # mail programs post here without a page of ours (RFC 8058); the token is what proves who asks
@require_http_methods(["GET", "POST"])
@cache_control(private=True, no_store=True)
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Asks, then ends the notices of the person whom the token names. Opening the link alone ends nothing: programs
    that scan mail open links."""
    try:
        user_id = int(_SIGNER.unsign(token))
    except (signing.BadSignature, ValueError):
        return show(request, "staff/law_unsubscribe.html", status=404, unknown=True)
    if request.method == "POST":
        notices.unsubscribe(user_id)
    there = LawSubscription.objects.filter(user_id=user_id).exists()
    return show(request, "staff/law_unsubscribe.html", subscribed=there)


def _may_read(user: Any) -> bool:
    """Who was a member of a site once, and is of none any more, is told nothing."""
    return user.is_active and not accounts.refused(user) and sites_of(user).exists()


def _send(subscription: LawSubscription, news: News) -> None:
    end = links.absolute(path(subscription.user_id))
    with languages.in_language_of(subscription.user):
        parts = [*_version(news), *([_starts(news.starts)] if news.starts else [])]
        parts += [
            gettext("The whole table, with sources: %(address)s")
            % {"address": links.absolute(_page(subscription.user))},
            gettext("This is research, not legal advice."),
            gettext("To get no more of these notices: %(address)s") % {"address": end},
        ]
        headers = {"List-Unsubscribe": f"<{end}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
        mail.send(_subject(news), "\n\n".join(parts) + "\n", subscription.user.email, headers)


def _page(user: Any) -> str:
    """The page of a site of theirs; the table is the same on all."""
    site = sites_with(user, May.VIEW).order_by("pk").first()
    return reverse("dashboard:jurisdictions", kwargs={"uuid": site.uuid}) if site else reverse("dashboard:sites")


def _subject(news: News) -> str:
    if news.version:
        return gettext("The table of law of %(version)s is installed") % {"version": news.version}
    if len(news.starts) == 1:
        [start] = news.starts
        return gettext("%(place)s: a law starts on %(day)s") % {"place": start.name, "day": start.day}
    return gettext("%(count)s laws start until %(day)s") % {"count": len(news.starts), "day": news.starts[-1].day}


def _version(news: News) -> list[str]:
    if not news.version:
        return []
    if news.changes is None:
        text = gettext("A new version of the table of laws and places is installed, of %(version)s.")
        return [text % {"version": news.version}]
    text = gettext(
        "A new version of the table of laws and places is installed, of %(version)s: %(changes)s since %(before)s."
    )
    said = {"version": news.version, "changes": news.changes.in_short(), "before": news.changes.since}
    return [text % said, *_changes(news.changes)]


def _changes(changes: Changes) -> list[str]:
    found = []
    for text, rows in (
        (gettext("Added: %(places)s."), changes.added),
        (gettext("Removed: %(places)s."), changes.removed),
    ):
        if rows:
            found.append(text % {"places": ", ".join(name for _, name in rows)})
    for change in changes.changed[:LONGEST]:
        found.append("\n".join([change.name, *(_difference(one) for one in change.differences)]))
    if len(changes.changed) > LONGEST:
        more = gettext("And %(count)s more rows, which the page shows.") % {"count": len(changes.changed) - LONGEST}
        found.append(more)
    return found


def _difference(one: Difference) -> str:
    if max(len(one.before), len(one.after)) > WORDY:
        done = gettext("taken away")
        if one.after:
            done = gettext("reworded") if one.before else gettext("added")
        return f"- {one.what}: {done}"
    return f"- {one.what}: {one.before or gettext('nothing')} → {one.after or gettext('nothing')}"


def _starts(starts: list[Start]) -> str:
    lines = []
    for start in starts:
        lines.append(f"- {start.day}, {start.name}: {start.what}.")
        if start.then:
            text = gettext("Until then: %(until)s. From then on: %(then)s.") % {
                "until": start.until,
                "then": start.then,
            }
            lines.append(f"  {text}")
    return "\n".join([gettext("Starts within 30 days:"), *lines])
