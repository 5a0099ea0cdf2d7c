"""What a webhook is told of requests: that one came, is due, took longer, has ended. Its number, its kind, its days and
where it is worked on; nothing of the person, whom only the request's own page shows.

The lines of the requests' logs are the queue: a step has been told when `told_at` is set. Where nobody listens, it is
at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import uuid5

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from consent.requests.models import RequestEvent, SubjectRequest
from consent.sites.models import Site, Webhook

REQUESTS = "requests"  # of Webhook.events
SOON = timedelta(days=7)
Step = RequestEvent.Step
Link = Callable[[SubjectRequest], str]
_links: list[Link] = []


def link_maker(function: Link) -> Link:
    """Registers who knows the address of a request's page."""
    _links[:] = [function]
    return function


def told_at(row: SubjectRequest) -> datetime | None:
    """When a step of it that happens now has been told: at once where no webhook wants to know, else not yet."""
    wanted = Webhook.objects.filter(site_id=row.site_id).values_list("events", flat=True).first() or ()
    return None if REQUESTS in wanted else timezone.now()


def untold(site_id: int) -> QuerySet[RequestEvent]:
    """The steps of a site that its webhook is still to be told, the oldest first."""
    return RequestEvent.objects.filter(request__site_id=site_id, told_at=None).exclude(step="").order_by("pk")


def mark_told(places: Sequence[int]) -> None:
    """The webhook knows these steps."""
    RequestEvent.objects.filter(pk__in=list(places)).update(told_at=timezone.now())


def events(site: Site, places: Sequence[int]) -> list[dict[str, Any]]:
    """What is told of these steps; of a request that was deleted meanwhile, nothing. `place` is for the queue alone."""
    rows = RequestEvent.objects.filter(request__site=site, pk__in=list(places)).exclude(step="").order_by("pk")
    return [
        {
            "place": event.pk,
            "id": str(uuid5(site.uuid, f"step {event.pk}")),  # the number itself would tell how much others are asked
            "event": event.step,
            "at": event.at.astimezone(UTC).isoformat(),
            "request": event.request.number,
            "kind": event.request.kind,
            "due": event.request.due.isoformat(),
            "link": "".join(link(event.request) for link in _links),
        }
        for event in rows.select_related("request__site")
    ]


def mark_due(today: date) -> int:
    """Notes of open requests that they are due within a week, or late; once each, and anew after an extension. Returns
    how many."""
    since = Coalesce(OuterRef("extended_at"), OuterRef("received_at"))
    count = 0
    for step, text, when in (
        (Step.DUE_SOON, "Due within a week.", Q(due__gte=today, due__lte=today + SOON)),
        (Step.LATE, "Late: the last day to answer is over.", Q(due__lt=today)),
    ):
        noted = Exists(RequestEvent.objects.filter(request=OuterRef("pk"), step=step, at__gte=since))
        for row in SubjectRequest.objects.filter(~noted, when, status=SubjectRequest.Status.OPEN):
            count += _mark(row.pk, step, text)
    return count


@transaction.atomic
def _mark(pk: int, step: str, text: str) -> bool:
    rows = SubjectRequest.objects.select_for_update().filter(pk=pk, status=SubjectRequest.Status.OPEN)
    row = rows.first()
    if row is None:
        return False
    row.events.create(kind=RequestEvent.Kind.STATUS, text=text, at=timezone.now(), step=step, told_at=told_at(row))
    return True
