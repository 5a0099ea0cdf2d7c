"""Reads on people's requests."""

from __future__ import annotations

import gettext
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache
from statistics import mean, median
from typing import Any

import pycountry
from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from consent.jurisdictions import table
from consent.requests.deadlines import Kind
from consent.requests.models import RequestForm, SubjectRequest
from consent.requests.steps import SOON
from consent.sites.models import Site

Status = SubjectRequest.Status
NOBODY = "nobody"
LOCALES = {"pt-BR": "pt_BR", "zh-Hans": "zh_CN", "zh-Hant": "zh_TW"}  # as the ISO lists have them
OLD_FORM = re.compile(r"/dsarwebform/([\w-]{1,80})/([\w-]{1,80})\.html")
MOST_OLD_FORMS = 20
NUMBER = re.compile(r"\b[0-9A-Z]{4}-[0-9A-Z]{4}\b")


def form_of(site: Site) -> RequestForm:
    """How the site takes requests, saved or not."""
    return RequestForm.objects.filter(site=site).first() or RequestForm(site=site)


def with_form(uuid: Any) -> Site | None:
    """The site with this public id, if people can ask it by a form."""
    return Site.objects.filter(uuid=uuid, request_form__enabled=True).first()


def site_of_old_form(path: str) -> Site | None:
    """The site whose form had this path of OneTrust's: `<tenant>/<form>`."""
    if not path or len(path) > 200:
        return None
    rows = RequestForm.objects.filter(enabled=True).select_related("site").exclude(old_forms=[])
    return next((row.site for row in rows if path.lower() in row.old_forms), None)


def old_forms_in(html: str) -> list[str]:
    """The paths of OneTrust's forms that a page links to, as `RequestForm.old_forms` has them."""
    return sorted({f"{tenant}/{form}".lower() for tenant, form in OLD_FORM.findall(html)})[:MOST_OLD_FORMS]


def answered(site: Site, email: str, text: str) -> SubjectRequest | None:
    """The answered request of an address whose number stands in a text; what an appeal is against."""
    numbers = NUMBER.findall(text.upper())[:10]
    rows = SubjectRequest.objects.filter(site=site, email=email.strip().lower(), status=Status.CLOSED)
    return rows.filter(number__in=numbers).order_by("-closed_at").first()


def matching(
    site: Site, *, status: str = "", kind: str = "", owner: str = "", overdue: bool = False, search: str = ""
) -> QuerySet[SubjectRequest]:
    """Requests of a site; what is empty is not asked. `owner`: an address, or NOBODY. `search`: a part of a number, or
    an address as it was written."""
    rows = SubjectRequest.objects.filter(site=site).select_related("owner")
    if status:
        rows = rows.filter(status=status)
    if kind:
        rows = rows.filter(kind=kind)
    if owner:
        rows = rows.filter(owner=None) if owner == NOBODY else rows.filter(owner__email__iexact=owner)
    if overdue:
        rows = rows.filter(status=Status.OPEN, due__lt=timezone.now().date())
    if search := search.strip():
        address = Q(email=search.lower())
        rows = rows.filter(address if "@" in search else Q(number__contains=search.upper()) | address)
    return rows


def queue(
    site: Site, *, show: str = "open", kind: str = "", owner: str = "", search: str = ""
) -> QuerySet[SubjectRequest]:
    """The same for people, the most urgent first. `show`: open, late, unconfirmed, ended, all."""
    known = kind if kind in Kind._value2member_map_ else ""
    rows = matching(site, kind=known, owner=owner, overdue=show == "late", search=search)
    return {
        "open": lambda: rows.filter(status=Status.OPEN),
        "late": lambda: rows,
        "unconfirmed": lambda: rows.filter(status=Status.UNCONFIRMED),
        "ended": lambda: rows.filter(status__in=(Status.CLOSED, Status.WITHDRAWN, Status.LAPSED)).order_by(
            "-closed_at", "-pk"
        ),
    }.get(show, lambda: rows.order_by("-received_at", "-pk"))()


def owners(site: Site) -> list[str]:
    """The addresses of those who answer for requests of a site."""
    rows = SubjectRequest.objects.filter(site=site, owner__isnull=False)
    return sorted(set(rows.order_by().values_list("owner__email", flat=True).distinct()))


def counts(site: Site) -> Mapping[str, int]:
    """How many are open, late, due soon, and wait for their address to be confirmed."""
    today = timezone.now().date()
    is_open = Q(status=Status.OPEN)
    found: Mapping[str, int] = SubjectRequest.objects.filter(site=site).aggregate(
        open=Count("pk", filter=is_open),
        late=Count("pk", filter=is_open & Q(due__lt=today)),
        soon=Count("pk", filter=is_open & Q(due__gte=today, due__lte=today + SOON)),
        unconfirmed=Count("pk", filter=Q(status=Status.UNCONFIRMED)),
    )
    return found


def metrics(site: Site, year: int) -> list[dict[str, Any]]:
    """A line per kind for the requests received in a year: received, complied with, partly, denied and on which ground,
    withdrawn, still open, mean and median days to the answer (11 CCR 7102(a)(1)). Unconfirmed ones are nobody's."""
    lines = []
    rows = SubjectRequest.objects.filter(site=site, received_at__year=year).exclude(
        status__in=(Status.UNCONFIRMED, Status.LAPSED)
    )
    by_kind: dict[str, list[tuple[str, str, str, datetime, datetime | None]]] = {}
    for kind, *row in rows.values_list("kind", "status", "outcome", "because", "received_at", "closed_at"):
        by_kind.setdefault(kind, []).append(tuple(row))  # type: ignore[arg-type]
    for kind in Kind:
        found = by_kind.get(kind, [])
        days = [
            (closed - received).days for status, _, _, received, closed in found if closed and status == Status.CLOSED
        ]
        lines.append(
            {
                "kind": kind.value,
                "received": len(found),
                **{outcome: sum(row[1] == outcome for row in found) for outcome in SubjectRequest.Outcome.values},
                **{f"denied_{why}": sum(row[2] == why for row in found) for why in SubjectRequest.Because.values},
                "withdrawn": sum(row[0] == Status.WITHDRAWN for row in found),
                "open": sum(row[0] == Status.OPEN for row in found),
                "mean_days": round(mean(days), 1) if days else None,
                "median_days": median(days) if days else None,
            }
        )
    return lines


def reminders(today: date) -> Sequence[SubjectRequest]:
    """Open requests that are due within a week, or late, and of which nobody was told in the last three days."""
    not_lately = Q(reminded_on=None) | Q(reminded_on__lte=today - timedelta(days=3))
    rows = SubjectRequest.objects.filter(not_lately, status=Status.OPEN, due__lte=today + SOON)
    return list(rows.select_related("site__request_form", "owner"))


@lru_cache(64)
def places(language: str) -> tuple[tuple[str, str], ...]:
    """(id, name in a language) of every country, and of the states that have a law of their own, by name."""
    countries, parts = (_names(domain, language) for domain in ("iso3166-1", "iso3166-2"))
    rows = []
    for country in pycountry.countries:
        name = getattr(country, "common_name", country.name)
        rows.append((country.alpha_2, countries(name)))
    states = []
    for id in table.ROWS:
        country_code, _, _ = id.partition("-")
        if "-" in id:
            part = pycountry.subdivisions.get(code=id)
            of = next((name for code, name in rows if code == country_code), country_code)
            states.append((id, f"{of}: {parts(part.name) if part else id}"))
    return tuple(sorted(rows + states, key=lambda row: row[1].casefold()))


def _names(domain: str, language: str) -> Any:
    code = LOCALES.get(language, language)
    return gettext.translation(domain, pycountry.LOCALES_DIR, languages=[code], fallback=True).gettext
