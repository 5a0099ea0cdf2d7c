"""The mail that tells an owner or editor what a scan of their site found."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.urls import reverse

from consent.notices import actions as choices
from consent.notices.kinds import MAIL
from consent.scanner import scans
from consent.scanner.models import Scan
from consent.sites.queries import role_of
from cookiebanner.staff import accounts, links, mail, notices

LONGEST = 25  # names of one kind that a mail tells; the report has all
TITLES = (
    "New since the scan before:",
    "Runs before a visitor has answered:",
    "Still runs after a visitor has refused:",
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
    parts = [f"The scan of {scan.site.name} on {scan.finished_at:%Y-%m-%d} found this."]
    parts += [_list(title, names) for title, names in zip(TITLES, news, strict=True) if names]
    parts += [f"The whole report: {links.absolute(page)}", *notices.last_lines(scan.site, user)]
    headers = notices.headers(scan.site, user)
    mail.send(_subject(scan.site.name, news), "\n\n".join(parts) + "\n", user.email, headers)
    return True


def _subject(name: str, news: scans.News) -> str:
    new, before, after = map(len, news)
    if after:
        return f"{name}: {after} service{'s run' if after > 1 else ' runs'} after a refusal"
    if before:
        return f"{name}: trackers run before an answer"
    return f"{name}: {new} new tracker{'s' * (new > 1)}"


def _list(title: str, names: list[str]) -> str:
    lines = [f"- {name}" for name in names[:LONGEST]]
    if len(names) > LONGEST:
        lines.append(f"- and {len(names) - LONGEST} more")
    return "\n".join([title, *lines])
