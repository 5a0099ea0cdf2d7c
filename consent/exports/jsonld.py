"""JSON-LD per ISO/IEC TS 27560:2023 in the terms of W3C DPV 2.3 (Community Group report "guide-27560", 2026-02-15)."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from consent.exports import formats
from consent.exports.period import LogRow
from consent.publishing.models import Release
from consent.sites.models import Site

CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "dct": "http://purl.org/dc/terms/",
    "fairgate": "urn:fairgate:",
}
SCHEMA = "https://w3id.org/dpv/schema/dpv-27560#record-eu-gdpr"
STATUS = {"granted": "dpv:ConsentGiven", "denied": "dpv:ConsentRefused"}


def to_jsonld(rows: Iterable[LogRow], site_uuid: str) -> Iterator[bytes]:
    """One document with a `@graph` of consent records; erased records keep their place and say so."""
    site = Site.objects.get(uuid=site_uuid)
    releases: dict[str, dict[str, Any]] = {}
    head = {"@context": CONTEXT, "dct:conformsTo": SCHEMA, "dpv:hasDataController": _controller(site)}
    yield json.dumps(head, ensure_ascii=False)[:-1].encode() + b',"@graph":[\n'
    comma = ""
    for row in rows:
        if row.release_hash not in releases:
            found = Release.objects.filter(site=site, sha256=row.release_hash).first()
            releases[row.release_hash] = json.loads(found.snapshot) if found else {}
        record = _record(row, site, releases[row.release_hash])
        yield (comma + json.dumps(record, ensure_ascii=False, separators=(",", ":"))).encode()
        comma = ",\n"
    yield b"\n]}\n"


def _controller(site: Site) -> dict[str, str]:
    return {"@type": "dpv:DataController", "dpv:hasName": site.controller, "dpv:hasContact": site.controller_contact}


def _record(row: LogRow, site: Site, release: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {
        "@type": "dpv:ConsentRecord",
        "@id": f"urn:uuid:{row.record_id}",
        "dct:conformsTo": SCHEMA,
        "dct:identifier": str(row.record_id),
        "dpv:hasJurisdiction": row.jurisdiction,
        "dpv:hasNotice": {"@id": f"fairgate:release/{row.release_hash}", "dct:language": row.language},
        "dct:date": formats.stamp(row),
        "fairgate:index": row.index,
        "fairgate:leaf": formats.leaf_hash(row, str(site.uuid)).hex(),
        "fairgate:regime": row.regime,
        "fairgate:action": row.action,
    }
    if row.payload is None:
        return {**made, "dpv:hasStatus": "fairgate:erased"}
    record = json.loads(row.payload)
    days = release.get("variants", {}).get(row.regime, {}).get("consent_days")
    made |= {
        "dpv:hasConsentStatus": f"dpv:{record.get('status', 'ConsentUnknown')}",
        "dpv:hasDataSubject": f"urn:uuid:{row.visitor}" if row.visitor else None,
        "dpv:hasPurpose": [_purpose(c, record, release, row.language) for c in release.get("categories", [])],
        "dpv:hasConsentControl": {"@type": "dpv:WithdrawConsent", "dct:description": "Settings link on every page"},
        "dpv:isIndicatedBy": record.get("layer"),
        "dct:valid": f"P{days}D" if days else None,
        "dct:isReplacedBy": None,
        "dct:replaces": f"urn:uuid:{row.replaces}" if row.replaces else None,
    }
    return {name: value for name, value in made.items() if value is not None}


def _purpose(
    category: dict[str, Any], record: dict[str, Any], release: dict[str, Any], language: str
) -> dict[str, Any]:
    key = category["key"]
    texts: dict[str, dict[str, str]] = category.get("texts", {})
    name = (texts.get(language) or next(iter(texts.values()), {"name": key})).get("name", key)
    decision = record.get("choices", {}).get("categories", {}).get(key, "not_offered")
    services = [s for s in release.get("services", []) if s["category"] == key]
    basis = "dpv:LegitimateInterest" if category.get("necessary") else "dpv:ExpressedConsent"
    return {
        "@id": f"fairgate:category/{key}",
        "dct:title": name,
        "dpv:hasLegalBasis": basis,
        "dpv:hasConsentStatus": STATUS.get(decision, "dpv:ConsentUnknown"),
        "dpv:hasRecipient": [s["company"] or s["name"] for s in services],
        "dpv:hasPersonalData": sorted({c["name"] for s in services for c in s["cookies"]}),
    }
