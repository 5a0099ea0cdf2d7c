"""Find a record, read it in words, see what the visitor saw, check its proof."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect

from consent.answers import references
from consent.banners import arms
from consent.ledger import checkpoint, clock, events
from consent.ledger.models import Anchor, Checkpoint, ConsentRecord, LogEntry, LogHead
from consent.publishing import queries as publishing
from consent.publishing.differences import label, value
from consent.sites.models import Site
from consent.sites.roles import May
from cookiebanner.audit import proof
from cookiebanner.staff import preview as previews
from cookiebanner.staff.pages import on_site, show, signed_in, sites_with

MOST = 200  # records of one visitor that are listed
BY = {"header": "a trusted proxy's header", "mmdb": "the country database", "url": "the page's own choice",
      "fallback": "no information: the strictest regime"}  # fmt: skip

LAYERS = {"banner": "in the banner", "preferences": "in the preferences", "api": "by the page's own code",
          "signal": "by the browser's signal"}  # fmt: skip
SIGNALS = {
    "gpc": "Global Privacy Control",
    "tc": "TCF string",
    "gpp": "GPP string",
    "vendors": "What vendors were told",
}


@signed_in("GET")
def sites(request: HttpRequest) -> HttpResponse:
    """The sites whose records the person may read."""
    rows = list(sites_with(request.user, May.EXPORT).order_by("name"))
    if len(rows) == 1:
        return redirect("audit:search", uuid=rows[0].uuid)
    return show(request, "audit/sites.html", rows=rows)


@on_site(May.EXPORT, "GET", auditors=True)
def search(request: HttpRequest, site: Site) -> HttpResponse:
    """Records by record id, visitor id, leaf number, or the number that an earlier system gave an answer; without a
    question the latest ones."""
    asked = request.GET.get("q", "").strip()
    problem = ""
    records = ConsentRecord.objects.filter(site_id=site.pk)
    if asked.isdigit() and len(asked) < 19:
        rows = list(records.filter(index=int(asked)))
    elif asked:
        try:
            key = UUID(asked)
        except ValueError:
            rows = references.found(site, asked)
            problem = (
                "" if rows else "An id looks like 3f0c9d3e-7a51-4c1e-9b0a-2d4c8f1e6a77. A leaf number has only digits."
            )
        else:
            entry = LogEntry.objects.filter(site_id=site.pk, record_id=key).first()
            if entry:
                return redirect("audit:record", uuid=site.uuid, index=entry.index)
            rows = list(records.filter(visitor=key).order_by("-index")[:MOST]) or references.found(site, asked)
            problem = "" if rows else "This site has no record and no visitor with this id."
    else:
        rows = list(records.order_by("-index")[:25])
    if asked.isdigit() and not rows:
        problem = "The ledger has no such leaf."
    return show(request, "audit/search.html", site, rows=rows, asked=asked, problem=problem)


@on_site(May.EXPORT, "GET", auditors=True)
def record(request: HttpRequest, site: Site, index: int) -> HttpResponse:
    """One leaf: its record in words, its proof, its visitor's other answers."""
    entry = LogEntry.objects.filter(site_id=site.pk, index=index).first()
    if entry is None:
        raise Http404
    row = ConsentRecord.objects.filter(site_id=site.pk, index=index).first()
    payload: dict[str, Any] = json.loads(row.payload) if row and row.payload else {}
    release = row.release if row else None
    snapshot = publishing.snapshot_of(site, release) if release else None
    seen = None
    if entry.type == LogEntry.Type.CONSENT and row and snapshot:
        variant = variant_of(snapshot, row.regime, row.jurisdiction)
        seen = previews.address(
            site, release=release, variant=variant, language=row.language, arm=payload.get("arm", arms.A)
        )
    others: list[ConsentRecord] = []
    if row and row.visitor:
        mine = ConsentRecord.objects.filter(site_id=site.pk, visitor=row.visitor).exclude(index=index)
        others = list(mine.order_by("-index")[:20])
    return show(
        request,
        "audit/record.html",
        site,
        entry=entry,
        row=row,
        payload=payload,
        signals=[
            (SIGNALS.get(key, label(key)), value(sent))
            for key, sent in payload.get("signals", {}).items()
            if key != "acted_on"
        ],
        layer=LAYERS.get(payload.get("layer", ""), ""),
        raw=json.dumps(payload, indent=2, ensure_ascii=False, sort_keys=True) if payload else "",
        choices=choices(payload, snapshot),
        located=BY.get(payload.get("jurisdiction_by", ""), ""),
        steps=proof.check(site, entry, row),
        seen=seen,
        others=others,
        release=release,
    )


def variant_of(snapshot: dict[str, Any], regime: str, jurisdiction: str) -> str:
    """The variant that a record's regime and place mean in its release."""
    own = f"{regime}-{jurisdiction}"
    return own if own in snapshot["variants"] else regime


def choices(payload: dict[str, Any], snapshot: dict[str, Any] | None) -> list[tuple[str, list[tuple[str, str]]]]:
    """The decision vector with the names that the release gave."""
    names: dict[str, dict[str, str]] = {"categories": {}, "purposes": {}, "services": {}}
    if snapshot:
        first = (snapshot["languages"] or ["en"])[0]
        for part in ("categories", "purposes"):
            names[part] = {c["key"]: c["texts"].get(first, {}).get("name") or c["key"] for c in snapshot[part]}
        names["services"] = {s["key"]: s["name"] for s in snapshot["services"]}
    vector = payload.get("choices", {})
    return [
        (part.capitalize(), [(names[part].get(key, key), state) for key, state in sorted(vector[part].items())])
        for part in ("categories", "purposes", "services")
        if vector.get(part)
    ]


@on_site(May.EXPORT, "GET", auditors=True)
def ledger(request: HttpRequest, site: Site) -> HttpResponse:
    """The head, its checkpoints and where they are kept outside, and what happened in it."""
    head = LogHead.objects.filter(pk=site.pk).first()
    points = list(Checkpoint.objects.filter(site_id=site.pk).order_by("-size")[:20])
    anchors = list(Anchor.objects.filter(site_id=site.pk).order_by("-at")[:20])
    checkpoint.hand_out(site.pk, [point.size for point in points])  # their notes are on the page
    ahead = next((clock.words(by) for _, by in clock.ahead(site)), "")
    happened = events.of_log(site.pk)
    return show(
        request, "audit/ledger.html", site, head=head, points=points, anchors=anchors, ahead=ahead, events=happened
    )
