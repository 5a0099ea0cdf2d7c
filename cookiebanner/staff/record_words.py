"""A record in words: what was asked, in which words, what was answered, under which law, by which release."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext, gettext_noop

from consent.banners import arms, screen
from consent.ledger.models import ConsentRecord, LogEntry
from consent.preferences import queries as preferences
from consent.preferences.models import TopicWording
from consent.publishing import queries as publishing
from consent.publishing.differences import label, language_name, value
from consent.sites.models import Site

BY = {
    "header": gettext_noop("a trusted proxy's header"),
    "mmdb": gettext_noop("the country database"),
    "url": gettext_noop("the page's own choice"),
    "fallback": gettext_noop("no information: the strictest regime"),
}
LAYERS = {
    "banner": gettext_noop("in the banner"),
    "preferences": gettext_noop("in the preferences"),
    "api": gettext_noop("by the page's own code"),
    "signal": gettext_noop("by the browser's signal"),
}
SIGNALS = {
    "gpc": gettext_noop("Global Privacy Control"),
    "tc": gettext_noop("TCF string"),
    "gpp": gettext_noop("GPP string"),
    "vendors": gettext_noop("What vendors were told"),
}
TEXTS = screen.FORMAT["screen"]["texts"]
# The first layer from top to bottom, as a person calls its parts.
PARTS = (
    ("title", gettext_noop("Heading")),
    ("body", gettext_noop("Text")),
    ("accept", gettext_noop("Button")),
    ("reject", gettext_noop("Button")),
    ("manage", gettext_noop("Button")),
    ("policy", gettext_noop("Link")),
    ("imprint", gettext_noop("Link")),
)
VECTOR = {
    "categories": gettext_noop("Categories"),
    "purposes": gettext_noop("Purposes"),
    "services": gettext_noop("Services"),
}
Choices = list[tuple[str, list[tuple[str, str]]]]


def of_rows(site: Site, indexes: Sequence[int]) -> list[dict[str, Any]]:
    """Records of a site's log, the newest first, as `of` says each."""
    rows = ConsentRecord.objects.filter(site_id=site.pk, index__in=list(indexes)).order_by("-index")
    snapshots: dict[int | None, dict[str, Any] | None] = {}
    for row in rows:
        if row.release not in snapshots:
            snapshots[row.release] = publishing.snapshot_of(site, row.release) if row.release else None
    said = [{"row": row, **of(row, snapshots[row.release])} for row in rows]
    for one in said:
        if one["row"].type == LogEntry.Type.CHOICE:
            one["asked"] = _asked_of_choice(site, one["payload"], one["row"].language)
    return said


def _asked_of_choice(site: Site, payload: Mapping[str, Any], language: str) -> list[tuple[str, str]]:
    """The words that a choice answered; none where they were another system's."""
    wording = TopicWording.objects.filter(
        topic__site=site, topic__key=payload.get("topic", ""), version=payload.get("wording", 0)
    ).first()
    if wording is None:
        return []
    _, texts = preferences.words_of(wording, [language])
    return [(gettext("Heading"), texts["name"]), (gettext("Text"), texts["text"])]


def of(row: ConsentRecord | None, snapshot: dict[str, Any] | None) -> dict[str, Any]:
    """What a template says of one record; nothing of what was erased."""
    payload: dict[str, Any] = json.loads(row.payload) if row and row.payload else {}
    shown = arms.arm(snapshot, payload.get("arm", arms.A)) if snapshot else None
    asked = _asked(row, shown) if row and shown and row.action else {}
    return {
        "payload": payload,
        "signals": [
            (gettext(SIGNALS[key]) if key in SIGNALS else label(key), value(sent))
            for key, sent in payload.get("signals", {}).items()
            if key != "acted_on"
        ],
        "layer": _said(LAYERS, payload.get("layer", "")),
        "located": _said(BY, payload.get("jurisdiction_by", "")),
        "choices": choices(payload, snapshot),
        "language_name": language_name(row.language) if row and row.language else "",
        **asked,
    }


def _said(names: Mapping[str, str], key: str) -> str:
    return gettext(names[key]) if key in names else ""


def variant_of(snapshot: dict[str, Any], regime: str, jurisdiction: str) -> str:
    """The variant that a record's regime and place mean in its release."""
    own = f"{regime}-{jurisdiction}"
    return own if own in snapshot["variants"] else regime


def _asked(row: ConsentRecord, snapshot: dict[str, Any]) -> dict[str, Any]:
    """The words of the first layer that stood there, and what could be switched; {} where the release had no such
    language (a record that came from elsewhere)."""
    if row.language not in snapshot["languages"]:
        return {}
    variant = variant_of(snapshot, row.regime, row.jurisdiction)
    said = _first_layer(snapshot, row.language, variant, row.regime)
    return {
        "asked": [(gettext(part), said[key]) for key, part in PARTS if said.get(key)]
        + [(gettext("Notice"), text) for key, text in sorted(said.items()) if key.startswith(screen.STATUTORY)],
        "offered": [
            {"name": texts.get("name") or one["key"], "description": texts.get("description", ""),
             "necessary": one["necessary"]}
            for one in snapshot["categories"]
            for texts in [one["texts"].get(row.language, {})]
        ],
    }  # fmt: skip


def _first_layer(release: dict[str, Any], language: str, variant: str, regime: str) -> dict[str, str]:
    screens = screen.first(release, language)
    found = screens.get(variant) or screens.get(regime) or screens[""]
    return dict(screen.first_of_variants(release).get(variant, {}).get(TEXTS, {})) | dict(found[TEXTS])


def choices(payload: dict[str, Any], snapshot: dict[str, Any] | None) -> Choices:
    """The decision vector with the names that the release gave, in the record's language where it has them."""
    names: dict[str, dict[str, str]] = {"categories": {}, "purposes": {}, "services": {}}
    if snapshot:
        first = (snapshot["languages"] or ["en"])[0]
        for part in ("categories", "purposes"):
            names[part] = {c["key"]: c["texts"].get(first, {}).get("name") or c["key"] for c in snapshot[part]}
        names["services"] = {s["key"]: s["name"] for s in snapshot["services"]}
    vector = payload.get("choices", {})
    return [
        (gettext(VECTOR[part]), [(names[part].get(key, key), state) for key, state in sorted(vector[part].items())])
        for part in VECTOR
        if vector.get(part)
    ]
