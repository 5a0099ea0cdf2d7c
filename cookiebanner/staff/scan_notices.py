"""The mail that tells an owner or editor what a scan of their site found."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils.translation import gettext, gettext_noop, ngettext

from consent.notices import actions as choices
from consent.notices.kinds import MAIL
from consent.scanner import scans
from consent.scanner.models import Scan
from consent.sites.queries import role_of
from cookiebanner.staff import accounts, languages, links, mail, notices

LONGEST = 25  # names of one kind that a mail tells; the report has all
TITLES = (
    gettext_noop("New since the scan before:"),
    gettext_noop("Runs before a visitor has answered:"),
    gettext_noop("Still runs after a visitor has refused:"),
)


def send_now(scan_id: int, user_id: int) -> bool:
    """Mails one person; False when there is nothing to tell any more, or they may not read it any more. Raises OSError
    or NoAddress when no mail can go out."""
    scan = Scan.objects.select_related("site").filter(pk=scan_id, finished_at__isnull=False).first()
    user: Any = get_user_model().objects.filter(pk=user_id).first()
    if scan is None or user is None or accounts.refused(user) or role_of(user, scan.site) not in choices.TOLD:
        return False
    if scans.newest(scan.site) != scan:
        return False  # a newer one has news of its own
    news = scans.news_for(scan.site, user, scan, MAIL)
    if not any(news):
        return False
    page = reverse("dashboard:scan", kwargs={"uuid": scan.site.uuid, "scan": scan.pk})
    with languages.in_language_of(user):
        parts = [
            gettext("The scan of %(site)s on %(day)s found this.")
            % {"site": scan.site.name, "day": f"{scan.finished_at:%Y-%m-%d}"}
        ]
        parts += [_list(gettext(title), names) for title, names in zip(TITLES, news, strict=True) if names]
        parts += [
            gettext("The whole report: %(address)s") % {"address": links.absolute(page)},
            *notices.last_lines(scan.site, user),
        ]
        headers = notices.headers(scan.site, user)
        mail.send(_subject(scan.site.name, news), "\n\n".join(parts) + "\n", user.email, headers)
    return True


def _subject(name: str, news: scans.News) -> str:
    new, before, after = map(len, news)
    if after:
        text = ngettext(
            "%(site)s: %(count)s service runs after a refusal",
            "%(site)s: %(count)s services run after a refusal",
            after,
        )
        return text % {"site": name, "count": after}
    if before:
        return gettext("%(site)s: trackers run before an answer") % {"site": name}
    text = ngettext("%(site)s: %(count)s new tracker", "%(site)s: %(count)s new trackers", new)
    return text % {"site": name, "count": new}


def _list(title: str, names: list[str]) -> str:
    lines = [f"- {name}" for name in names[:LONGEST]]
    if len(names) > LONGEST:
        lines.append(gettext("- and %(count)s more") % {"count": len(names) - LONGEST})
    return "\n".join([title, *lines])
