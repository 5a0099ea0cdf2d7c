"""The bytes of releases' files: stored once, compressed quickly and then well, and taken apart when they are old.

A gate names its release, so no two releases have the same gates: of those that are live no longer, only what differs is
kept, behind a base that they share (docs/decisions/0040).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Exists, OuterRef

from consent.publishing import streams
from consent.publishing.models import Artifact, Content, Release
from consent.sites.models import Site

TOGETHER = 500  # contents freed at once
WORTH = 4096  # bytes that contents must begin with alike to be taken apart


def digest(body: bytes) -> str:
    """The name of a content."""
    return hashlib.sha256(body).hexdigest()


def compressed(bodies: Mapping[str, bytes]) -> list[Content]:
    """The contents among these {sha256: body} that are not stored yet, compressed quickly; see `compress_well`."""
    known = set(Content.objects.filter(pk__in=bodies).values_list("pk", flat=True))
    effort = min(streams.QUICK, settings.FAIRGATE_BROTLI)
    return [
        Content(sha256=sha256, size=len(body), brotli=streams.to_brotli(body, effort), effort=effort)
        for sha256, body in bodies.items()
        if sha256 not in known
    ]


def held(wanted: set[str], new: Sequence[Content]) -> bool:
    """Stores new contents and keeps all that are wanted until the end of the transaction, in which the caller must be;
    in the order of their hashes, so that two publishes never wait for each other. False when one is missing: it was
    freed meanwhile."""
    Content.objects.bulk_create(sorted(new, key=lambda content: content.pk), ignore_conflicts=True)
    rows = Content.objects.filter(pk__in=wanted).order_by("pk")
    return len(rows.select_for_update(no_key=True).values_list("pk", flat=True)) == len(wanted)


def compress_well(site: Site) -> int:
    """Compresses what the site's newest release has as well as FAIRGATE_BROTLI asks for; returns how many contents.
    What is served meanwhile is the same, in a few more bytes. On one core: nobody waits, and visitors' answers do."""
    quickly = Content.objects.filter(artifacts__release=_newest(site), effort__lt=settings.FAIRGATE_BROTLI, base=None)
    keys = list(quickly.order_by("pk").values_list("pk", flat=True).distinct())
    for key in keys:
        stream = streams.to_brotli(Content.objects.get(pk=key).body, settings.FAIRGATE_BROTLI)
        Content.objects.filter(pk=key).update(brotli=stream, effort=settings.FAIRGATE_BROTLI)
    return len(keys)


def take_apart(site: Site) -> int:
    """Of the gates of the site's older releases, keeps what differs; returns how many contents became smaller."""
    newest = _newest(site)
    if newest is None:
        return 0
    whole = Artifact.objects.filter(release__site=site, name__startswith="gate.", content__base=None)
    live = whole.filter(release=newest).select_related("content").first()
    if live is None:
        return 0
    older = whole.exclude(release=newest).order_by("release__number").values_list("release", flat=True).distinct()
    return sum(_take_apart(release, live.content.body) for release in list(older))


def _newest(site: Site) -> Release | None:
    return Release.objects.filter(site=site).order_by("-number").first()


@transaction.atomic
def _take_apart(release: int, live: bytes) -> int:
    """Of one release: what all of its gates begin with becomes their base, and of that, what a live gate begins with,
    too, which is the code."""
    gates = Content.objects.filter(artifacts__release=release, artifacts__name__startswith="gate.", base=None)
    rows = list(gates.order_by("pk").distinct())
    shared = _alike([row.body for row in rows])
    if len(rows) < 2 or len(shared) < WORTH:
        return 0
    code = _alike([shared, live])
    base = _stored(shared, _stored(code) if len(code) >= WORTH else None)
    for row in rows:
        rest = streams.to_brotli(row.body[base.size :], settings.FAIRGATE_BROTLI)
        Content.objects.filter(pk=row.pk).update(base=base, brotli=rest, effort=settings.FAIRGATE_BROTLI)
    return len(rows)


def _alike(bodies: Sequence[bytes]) -> bytes:
    """What all of them begin with; nothing of none."""
    if not bodies:
        return b""
    first, last = min(bodies), max(bodies)
    longest = min(len(first), len(last))
    return first[: next((n for n in range(longest) if first[n] != last[n]), longest)]


def _stored(body: bytes, base: Content | None = None) -> Content:
    """A content of these bytes, which may be there; held until the end of the transaction."""
    rest = body[base.size :] if base else body
    effort = settings.FAIRGATE_BROTLI
    made = Content(
        sha256=digest(body), size=len(body), brotli=streams.to_brotli(rest, effort), effort=effort, base=base
    )
    Content.objects.bulk_create([made], ignore_conflicts=True)
    return Content.objects.select_for_update(no_key=True, of=("self",)).get(pk=made.pk)


def free() -> int:
    """Deletes the contents that no artifact and no other content needs any more; returns how many."""
    freed = 0
    unused = Content.objects.filter(
        ~Exists(Artifact.objects.filter(content=OuterRef("pk"))), ~Exists(Content.objects.filter(base=OuterRef("pk")))
    )
    for some in _batches(list(unused.values_list("pk", flat=True))):
        with transaction.atomic():
            # A publish that is about to point to one holds it, and one that comes later finds it gone (`held`).
            rows = Content.objects.filter(pk__in=some)
            if connection.features.has_select_for_update_skip_locked:
                rows = rows.select_for_update(skip_locked=True)
            freed += unused.filter(pk__in=[row.pk for row in rows.only("pk")]).delete()[0]
    return freed


def _batches(keys: list[str]) -> Iterator[list[str]]:
    return (keys[start : start + TOGETHER] for start in range(0, len(keys), TOGETHER))
