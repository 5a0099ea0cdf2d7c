"""JSON-LD per ISO/IEC TS 27560:2023, in W3C DPV 2.3 (Community Group report "guide-27560", 2026-02-15).

Each decision of each record is a node of its own: one visitor's answer says nothing of another's. Statuses, legal
bases, places and rights are IRIs. `shapes.ttl` says what a record must have (SHACL).

What is only switched off by an opt-out is no consent: such a decision says that the visitor opted out or did not, and
has neither a consent status nor a legal basis. What is always on has no basis here either, unless a purpose names one.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from consent.exports import formats
from consent.exports.period import LogRow
from consent.ledger.retention import keep_until
from consent.publishing.models import Release
from consent.sites.models import Site

LINK = {"@type": "@id"}
CONTEXT = {
    "dpv": "https://w3id.org/dpv#",
    "dct": "http://purl.org/dc/terms/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "fairgate": "urn:fairgate:",
    "dct:date": {"@type": "xsd:dateTime"},
    "dct:valid": {"@type": "xsd:duration"},
    **dict.fromkeys(
        (
            "dct:conformsTo", "dct:replaces", "dpv:hasConsentStatus", "dpv:hasJurisdiction", "dpv:hasLegalBasis",
            "dpv:hasLocation", "dpv:hasStatus", "fairgate:country", "fairgate:partOf",
        ),
        LINK,
    ),
}  # fmt: skip
SCHEMA = "https://w3id.org/dpv/schema/dpv-27560#record"
PLACES = "https://w3id.org/dpv/loc#"
GIVEN, REFUSED, WITHDRAWN = (f"dpv:Consent{word}" for word in ("Given", "Refused", "Withdrawn"))
BASES = {
    "consent": "dpv:ExpressedConsent",
    "legitimate_interest": "dpv:LegitimateInterest",
    "contract": "dpv:Contract",
    "legal_obligation": "dpv:LegalObligation",
}
PARTS = {"categories": "category", "purposes": "purpose", "services": "service"}
CONTROL = {
    "opt_in": ("dpv:WithdrawConsent", "The banner's settings, which each page links or shows as a button."),
    "opt_out": ("dpv:OptingOutFromProcess", "The opt-out of each page, and the browser's signal (GPC)."),
}


HEAD = json.dumps({"@context": CONTEXT}, ensure_ascii=False)[:-1].encode() + b',"@graph":[\n'
BETWEEN, FOOT = b",\n", b"\n]}\n"


def nodes(rows: Iterable[LogRow], site_uuid: str, separator: str = "") -> Iterator[bytes]:
    """What stands in the document's `@graph`, between HEAD and FOOT: consent records; erased ones keep their place and
    say so."""
    site = Site.objects.get(uuid=site_uuid)
    releases: dict[str, dict[str, Any]] = {}
    comma = b""
    for row in rows:
        if row.release_hash not in releases:
            found = Release.objects.filter(site=site, sha256=row.release_hash).first()
            releases[row.release_hash] = json.loads(found.snapshot) if found else {}
        record = _Answer(row, str(site.uuid), releases[row.release_hash]).node()
        yield comma + json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        comma = BETWEEN


def place_iri(code: str) -> str:
    """The IRI of a country or a part of one; "*" is a place that is not known."""
    return PLACES + code if code and code != "*" else "fairgate:place:unknown"


def key_iri(kind: str, *names: str) -> str:
    return ":".join([f"fairgate:{kind}", *(quote(name, safe="") for name in names)])


class _Answer:
    """A record on its way to a node."""

    def __init__(self, row: LogRow, site: str, release: dict[str, Any]) -> None:
        self.row, self.site, self.release = row, site, release
        self.record: dict[str, Any] = json.loads(row.payload) if row.payload else {}
        self.terms = terms_of(release, row.regime)
        self.by_consent = self.terms.get("model", "opt_in") == "opt_in"
        self.key = key_iri("release", row.release_hash or "none")
        self.names = {part: {one["key"]: one for one in release.get(part, [])} for part in PARTS}

    def node(self) -> dict[str, Any]:
        """The record, with all that TS 27560 asks of one."""
        row = self.row
        until, _ = keep_until(row.received_at, row.regime, row.action)
        place = self.record.get("place", {}).get("country")
        made: dict[str, Any] = {
            "@type": "dpv:ConsentRecord",
            "@id": f"urn:uuid:{row.record_id}",
            "dct:conformsTo": SCHEMA,
            "dct:identifier": row.record_id,
            "dct:date": row.stamp,
            "dpv:hasJurisdiction": place_iri(row.jurisdiction),
            "dpv:hasDataController": self._controller(),
            "dpv:hasNotice": self._notice(),
            "dpv:hasStorageCondition": self._storage(
                f"P{max(1, (until - row.received_at).days)}D", "dpv:RemoteLocation"
            ),
            "dpv:hasRight": self._rights(),
            "fairgate:index": row.index,
            "fairgate:leaf": formats.leaf_hash(row, self.site).hex(),
            "fairgate:regime": row.regime,
            "fairgate:action": row.action,
            "fairgate:erased": row.erased,
        }
        if place:
            made["fairgate:country"] = place_iri(place)
        return made if row.erased else made | self._answered()

    def _answered(self) -> dict[str, Any]:
        """What an erasure takes away."""
        row, days = self.row, self.terms.get("consent_days")
        subject = row.visitor or row.record_id  # nobody gets an id for saying no; then the record is all there is
        control, words = CONTROL["opt_in" if self.by_consent else "opt_out"]
        made: dict[str, Any] = {
            "dpv:hasDataSubject": {"@id": key_iri("subject", subject), "@type": "dpv:DataSubject"},
            "dpv:hasConsentControl" if self.by_consent else "dpv:hasEntityInvolvement": {
                "@id": f"fairgate:control:{'withdrawal' if self.by_consent else 'opt-out'}",
                "@type": control,
                "dct:description": words,
            },
            "dpv:hasProcess": [
                self._decision(part, key, state)
                for part in PARTS
                for key, state in sorted(self.record.get("choices", {}).get(part, {}).items())
            ],
            "dpv:isImplementedByEntity": self._controller(),
        }
        if self.by_consent:
            made["dpv:hasConsentStatus"] = f"dpv:{self.record.get('status', 'ConsentUnknown')}"
        if days:
            made["dct:valid"] = f"P{days}D"
        if row.replaces:
            made["dct:replaces"] = f"urn:uuid:{row.replaces}"
        if self.record.get("layer"):
            made["fairgate:layer"] = self.record["layer"]
        if self.record.get("arm"):
            made["fairgate:arm"] = self.record["arm"]
        if signals := self.record.get("signals", {}).get("acted_on"):
            made["fairgate:actedOn"] = sorted(signals.values())
        return made

    def _controller(self) -> dict[str, Any]:
        site = self.release.get("site", {})
        return {
            "@id": f"{self.key}:controller",
            "@type": "dpv:DataController",
            "dpv:hasName": site.get("controller") or site.get("name") or "not stated",
            "dpv:hasContact": site.get("controller_contact") or "not stated",
            "dpv:hasAddress": site.get("imprint_url") or site.get("policy_url") or "not stated",
        }

    def _notice(self) -> dict[str, Any]:
        """A notice in each language is one of its own. What was said elsewhere had one that we can't prove."""
        if self.row.action in ("import", "receipt"):
            return {
                "@id": "fairgate:notice:elsewhere",
                "@type": "dpv:ConsentNotice",
                "dct:language": "und",
                "dct:identifier": "not proved",
            }
        language = self.row.language or "und"
        return {
            "@id": key_iri("notice", self.row.release_hash or "none", language),
            "@type": "dpv:ConsentNotice",
            "dct:language": language,
            "dct:identifier": self.row.release_hash or "none",
        }

    def _rights(self) -> dict[str, Any]:
        regime = self.row.regime or "none"
        law = self.terms.get("law") or "The rights that the privacy policy states."
        return {"@id": key_iri("rights", self.key, regime), "@type": "dpv:DataSubjectRight", "dct:description": law}

    @staticmethod
    def _storage(duration: str | None, where: str) -> dict[str, Any]:
        made: dict[str, Any] = {"@type": "dpv:StorageCondition", "dpv:hasLocation": where}
        return made | ({"dpv:hasDuration": {"@type": "dpv:StorageDuration", "dct:valid": duration}} if duration else {})

    def _decision(self, part: str, key: str, state: str) -> dict[str, Any]:
        """What was decided of one category, purpose or service."""
        one = self.names[part].get(key, {})
        services = self._services(part, key)
        cookies = [cookie for service in services for cookie in service.get("cookies", [])]
        days = [cookie["lifetime_days"] for cookie in cookies if cookie.get("lifetime_days")]
        name = PARTS[part]
        made: dict[str, Any] = {
            "@id": key_iri("decision", self.row.record_id, name, key),
            "@type": "dpv:Process",
            "dct:identifier": key,
            "fairgate:part": name,
            "fairgate:state": state,
            "dpv:hasPurpose": {
                "@id": f"{self.key}:{key_iri(name, key)[9:]}",
                "@type": "dpv:Purpose",
                "dct:title": _title(one, key),
            },
            "dpv:hasPersonalData": {
                "@id": f"{self.key}:{key_iri(name, key)[9:]}:data",
                "@type": "dpv:PersonalData",
                "dct:description": ", ".join(sorted({cookie["name"] for cookie in cookies})) or "not stated",
            },
            "dpv:hasStorageCondition": self._storage(f"P{max(days)}D" if days else None, "dpv:WithinDevice"),
            **self._meaning(part, key, state),
        }
        recipients = sorted({service.get("company") or service.get("name", "") for service in services} - {""})
        if recipients:
            made["dpv:hasRecipient"] = [
                {"@id": key_iri("recipient", who), "@type": "dpv:Recipient", "dpv:hasName": who} for who in recipients
            ]
        return made

    def _services(self, part: str, key: str) -> list[dict[str, Any]]:
        services = list(self.names["services"].values())
        if part == "services":
            return [service for service in services if service["key"] == key]
        category = key if part == "categories" else self.names["purposes"].get(key, {}).get("category")
        return [service for service in services if service.get("category") == category]

    def _meaning(self, part: str, key: str, state: str) -> dict[str, Any]:
        """In law: a consent and its basis, an opt-out, or neither."""
        one, categories = self.names[part].get(key, {}), self.names["categories"]
        category = one if part == "categories" else categories.get(one.get("category") or "", {})
        basis = BASES.get(one.get("legal_basis", "")) if part == "purposes" else None
        if state == "not_offered":
            return {"dpv:hasLegalBasis": basis} if basis else {}
        if category.get("necessary") and basis != BASES["consent"]:
            return {"fairgate:alwaysOn": True, **({"dpv:hasLegalBasis": basis} if basis else {})}
        if basis and basis != BASES["consent"]:
            return {"dpv:hasLegalBasis": basis, "fairgate:optedOut": state == "denied"}
        if not self.by_consent and not basis:
            return {"fairgate:optedOut": state == "denied"}
        whole = self.record.get("status")
        refused = WITHDRAWN if whole == "ConsentWithdrawn" else REFUSED
        status = GIVEN if state == "granted" else refused
        # Of a receipt of another system nothing is known; what nobody was asked for was not given either.
        if whole == "ConsentUnknown" or (whole == "ConsentRequestDeferred" and state == "granted"):
            status = "dpv:ConsentUnknown"
        return {"dpv:hasConsentStatus": status, "dpv:hasLegalBasis": BASES["consent"]}


def _title(one: dict[str, Any], key: str) -> str:
    """One name whatever the language: the notice has the others."""
    texts = one.get("texts") or {}
    first: dict[str, Any] = texts.get("en") or next((texts[language] for language in sorted(texts)), {})
    return str(one.get("name") or first.get("name") or key)


def terms_of(release: dict[str, Any], regime: str) -> dict[str, Any]:
    """What a release says of a regime or a variant."""
    variants: dict[str, dict[str, Any]] = release.get("variants", {})
    named = [variants[name] for name in sorted(variants, key=len) if variants[name].get("regime", name) == regime]
    return variants.get(regime) or (named[0] if named else {})
