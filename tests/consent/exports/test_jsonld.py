"""The JSON-LD export as foreign programs read it: rdflib makes triples of it, pyshacl holds them to the shapes, and what
they say is what the CSV says."""

from __future__ import annotations

import csv
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyshacl
import pytest
from rdflib import DCTERMS, RDF, Graph, Literal, Namespace, URIRef

import consent.exports
from consent.exports import actions
from consent.ledger import erasure
from consent.ledger.append import append, draft_of
from consent.models import Release
from consent.publishing.snapshot import canonical, sha256_of
from consent.sites.actions import create_site
from tests.consent.exports.test_bundle import SITE, uuid5

pytestmark = pytest.mark.django_db
DPV, OWN = Namespace("https://w3id.org/dpv#"), Namespace("urn:fairgate:")
SHAPES = Path(consent.exports.__file__).parent / "shapes.ttl"
PARTS = {"category": "categories", "purpose": "purposes", "service": "services"}
OFFERED = {
    "format": "fairgate-release/1",
    "site": {"name": "Shop", "controller": "Shop Ltd", "controller_contact": "privacy@shop.test", "policy_url": "https://shop.test/p"},
    "languages": ["de", "en"],
    "categories": [
        {"key": "C0001", "necessary": True, "texts": {"en": {"name": "Necessary"}, "de": {"name": "Notwendig"}}},
        {"key": "C0002", "necessary": False, "texts": {"en": {"name": "Statistics"}}},
    ],
    "purposes": [
        {"key": "letter", "category": None, "legal_basis": "consent", "texts": {}},
        {"key": "fraud", "category": "C0001", "legal_basis": "legitimate_interest", "texts": {}},
    ],
    "services": [
        {"key": "meter", "category": "C0002", "name": "Meter", "company": "Meter Inc",
         "cookies": [{"name": "_m", "lifetime_days": 400}]},
        {"key": "basket", "category": "C0001", "name": "Basket", "company": "", "cookies": []},
    ],
    "variants": {
        "eu_opt_in": {"model": "opt_in", "consent_days": 180, "law": "GDPR"}, "us_ca": {"model": "opt_out", "consent_days": 365},
    },
}  # fmt: skip


def choices(state: str, letter: str = "not_offered") -> dict[str, dict[str, str]]:
    return {
        "categories": {"C0001": "granted", "C0002": state},
        "purposes": {"letter": letter, "fraud": "granted"},
        "services": {"meter": state, "basket": "granted"},
    }


@pytest.fixture
def graph(settings, tmp_path) -> tuple[Graph, list[dict[str, str]]]:
    """Eight answers under two laws, one of them erased, two said elsewhere: as triples, and as the rows of the CSV."""
    settings.FAIRGATE_DATA = tmp_path / "data"
    site = create_site(["shop.test"], "alice", uuid=SITE, name="Shop")
    text, at = canonical(OFFERED), datetime(2026, 3, 2, tzinfo=UTC)
    release = {"release": 1, "release_hash": sha256_of(text)}
    Release.objects.create(
        site=site, number=1, sha256=sha256_of(text), snapshot=text, published_by="a", published_at=at
    )
    append([draft_of(site.pk, site.uuid, "release", {"number": 1}, uuid5(SITE, "r"), **release)], at=at)
    given = [
        ("eu_opt_in", "DE", "accept_all", "granted", "ConsentGiven", "de"),
        ("eu_opt_in", "*", "reject_all", "denied", "ConsentRefused", "en"),
        ("eu_opt_in", "DE", "withdraw", "denied", "ConsentWithdrawn", "de"),
        ("us_ca", "US-CA", "gpc", "denied", "ConsentRefused", "en"),
        ("us_ca", "US-CA", "accept_all", "granted", "ConsentGiven", "en"),
        ("eu_opt_in", "FR", "accept_all", "granted", "ConsentGiven", "de"),
        ("eu_opt_in", "DE", "import", "granted", "ConsentGiven", "de"),
        ("eu_opt_in", "DE", "receipt", "granted", "ConsentUnknown", ""),
    ]
    drafts = []
    for number, (regime, place, action, state, status, language) in enumerate(given):
        record = {
            "choices": choices(state, "denied" if number else "granted"),
            "status": status,
            "place": {"country": "KE"},
        }
        columns = {"regime": regime, "jurisdiction": place, "language": language, "action": action, **release}
        drafts.append(draft_of(site.pk, site.uuid, "consent", record, uuid5(SITE, f"{number}"), **columns))
    append(drafts, at=at)
    erasure.erase(site, record_id=uuid5(SITE, "5"), actor="alice", reason="asked")
    for form in ("jsonld", "csv"):
        actions.export(site, date(2026, 3, 2), date(2026, 3, 2), form, tmp_path / form, "alice")
    with (tmp_path / "csv").open(encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    return Graph().parse(tmp_path / "jsonld", format="json-ld"), rows


def decisions(graph: Graph, record: URIRef) -> dict[str, str]:
    """{column of the CSV: its cell} out of a record's nodes."""
    found: dict[str, list[str]] = {column: [] for column in PARTS.values()}
    for node in graph.objects(record, DPV.hasProcess):
        part, key, state = (str(graph.value(node, name)) for name in (OWN.part, DCTERMS.identifier, OWN.state))
        found[PARTS[part]].append(f"{key}:{state}")
    return {column: " ".join(sorted(cells)) for column, cells in found.items()}


def test_it_says_what_the_csv_says(graph):
    triples, rows = graph
    records = sorted(
        triples.subjects(RDF.type, DPV.ConsentRecord), key=lambda one: int(triples.value(one, OWN["index"]))
    )
    read = []
    for record in records:
        erased = triples.value(record, OWN.erased) == Literal(True)
        place = str(triples.value(record, DPV.hasJurisdiction)).removeprefix("https://w3id.org/dpv/loc#")
        notice = triples.value(record, DPV.hasNotice)
        read.append(
            {
                "index": str(triples.value(record, OWN["index"])), "id": str(triples.value(record, DCTERMS.identifier)),
                "received_at": triples.value(record, DCTERMS.date).toPython().strftime("%Y-%m-%dT%H:%M:%S.%fZ"), "action": str(triples.value(record, OWN.action)),
                "jurisdiction": "*" if place == "urn:fairgate:place:unknown" else place,
                "country": str(triples.value(record, OWN.country) or "").removeprefix("https://w3id.org/dpv/loc#"),
                "regime": str(triples.value(record, OWN.regime)), "language": str(triples.value(notice, DCTERMS.language)),
                "leaf_hash": str(triples.value(record, OWN.leaf)), "erased": "yes" if erased else "no",
                "release_hash": str(triples.value(notice, DCTERMS.identifier)), **decisions(triples, record),
            }
        )  # fmt: skip
    # Of what was said elsewhere no notice of ours is told: nobody proved its words.
    for elsewhere in (-2, -1):
        read[elsewhere] |= {name: rows[elsewhere][name] for name in ("language", "release_hash")}
    assert len(read) == 8
    assert read == [{name: row[name] for name in read[0]} for row in rows]
    notices = [triples.value(record, DPV.hasNotice) for record in records]
    assert [str(notice) for notice in notices if "elsewhere" in str(notice)] == ["urn:fairgate:notice:elsewhere"] * 2
    assert str(triples.value(notices[-1], DCTERMS.identifier)) == "not proved"


def test_no_decision_is_both_given_and_refused(graph):
    triples, _rows = graph
    nodes = list(triples.subjects(RDF.type, DPV.Process))
    assert len(nodes) == 7 * 6
    assert {len(list(triples.objects(node, OWN.state))) for node in nodes} == {1}
    assert {len(list(triples.subjects(DPV.hasProcess, node))) for node in nodes} == {1}


def meanings(triples: Graph, number: int) -> dict[str, tuple[str, ...]]:
    """{key: what a decision means in law}"""
    found = {}
    for node in triples.objects(URIRef(f"urn:uuid:{uuid5(SITE, str(number))}"), DPV.hasProcess):
        said = [
            f"{name}={str(value).rpartition('#')[2] or value}"
            for name, iri in (
                ("status", DPV.hasConsentStatus), ("basis", DPV.hasLegalBasis), ("out", OWN.optedOut), ("on", OWN.alwaysOn)
            )
            for value in triples.objects(node, iri)
        ]  # fmt: skip
        found[str(triples.value(node, DCTERMS.identifier))] = tuple(said)
    return found


def test_consents_are_consents_opt_outs_are_opt_outs_and_the_necessary_claims_nothing(graph):
    triples, _rows = graph
    fraud, on = ("basis=LegitimateInterest", "on=true"), ("on=true",)
    given, refused = (
        ("status=ConsentGiven", "basis=ExpressedConsent"),
        ("status=ConsentRefused", "basis=ExpressedConsent"),
    )
    withdrawn = ("status=ConsentWithdrawn", "basis=ExpressedConsent")
    always = {"C0001": on, "basket": on, "fraud": fraud}
    assert meanings(triples, 0) == {"C0002": given, "meter": given, "letter": given, **always}
    assert meanings(triples, 1) == {"C0002": refused, "meter": refused, "letter": refused, **always}
    assert meanings(triples, 2) == {"C0002": withdrawn, "meter": withdrawn, "letter": withdrawn, **always}
    assert meanings(triples, 3) == {"C0002": ("out=true",), "meter": ("out=true",), "letter": refused, **always}
    assert meanings(triples, 4) == {"C0002": ("out=false",), "meter": ("out=false",), "letter": refused, **always}
    assert meanings(triples, 5) == {}
    statuses = [
        triples.value(URIRef(f"urn:uuid:{uuid5(SITE, str(number))}"), DPV.hasConsentStatus) for number in range(6)
    ]
    assert statuses == [DPV.ConsentGiven, DPV.ConsentRefused, DPV.ConsentWithdrawn, None, None, None]


def conforms(triples: Graph) -> tuple[bool, str]:
    good, _report, words = pyshacl.validate(triples, shacl_graph=Graph().parse(SHAPES), inference="none")
    return good, words


def test_it_has_what_ts_27560_asks_for(graph):
    good, words = conforms(graph[0])
    assert good, words


@pytest.mark.parametrize(
    "name",
    [
        "hasDataController",
        "hasNotice",
        "hasStorageCondition",
        "hasRight",
        "hasJurisdiction",
        "hasProcess",
        "hasPurpose",
    ],
)
def test_the_shapes_miss_what_is_not_there(graph, name):
    triples, _rows = graph
    triples.remove((None, DPV[name], None))
    assert conforms(triples)[0] is False


def test_the_shapes_refuse_a_decision_that_two_records_share(graph):
    triples, _rows = graph
    node = next(iter(triples.objects(URIRef(f"urn:uuid:{uuid5(SITE, '0')}"), DPV.hasProcess)))
    triples.add((URIRef(f"urn:uuid:{uuid5(SITE, '1')}"), DPV.hasProcess, node))
    assert conforms(triples)[0] is False


def test_the_shapes_refuse_an_opt_out_that_is_called_a_consent(graph):
    triples, _rows = graph
    node = next(iter(triples.subjects(OWN.optedOut, Literal(True))))
    triples.add((node, DPV.hasConsentStatus, DPV.ConsentRefused))
    assert conforms(triples)[0] is False


def given(triples: Graph) -> Any:
    """A decision that gives a consent."""
    return next(
        one for one in triples.subjects(DPV.hasConsentStatus, DPV.ConsentGiven) if (one, OWN.state, None) in triples
    )


def decided(triples: Graph, mark: URIRef) -> Any:
    """A decision that is always on, or an opt-out."""
    return next(iter(triples.subjects(mark, Literal(True))))


MEANT_OTHERWISE: dict[str, Callable[[Graph], object]] = {
    "a status that is none": lambda triples: triples.set((given(triples), DPV.hasConsentStatus, DPV.ConsentPresumed)),
    "given, though it was denied": lambda triples: triples.set((given(triples), OWN.state, Literal("denied"))),
    "a consent without its basis": lambda triples: triples.remove((given(triples), DPV.hasLegalBasis, None)),
    "an opt-out on the basis of consent": lambda triples: triples.set(
        (decided(triples, OWN.optedOut), DPV.hasLegalBasis, DPV.ExpressedConsent)
    ),
    "opted out, though it was granted": lambda triples: triples.set(
        (decided(triples, OWN.optedOut), OWN.state, Literal("granted"))
    ),
    "always on by consent": lambda triples: triples.set(
        (decided(triples, OWN.alwaysOn), DPV.hasLegalBasis, DPV.ExpressedConsent)
    ),
    "a consent under a law of opt-outs": lambda triples: triples.add(
        (next(iter(triples.subjects(DPV.hasEntityInvolvement))), DPV.hasConsentStatus, DPV.ConsentGiven)
    ),
    "erased, and still there": lambda triples: triples.set(
        (next(iter(triples.subjects(OWN.erased, Literal(False)))), OWN.erased, Literal(True))
    ),
    "a leaf that is no hash": lambda triples: triples.set(
        (next(iter(triples.subjects(OWN.leaf))), OWN.leaf, Literal("x"))
    ),
}  # fmt: skip


@pytest.mark.parametrize("change", MEANT_OTHERWISE.values(), ids=MEANT_OTHERWISE.keys())
def test_the_shapes_refuse_what_means_something_else(graph, change):
    triples, _rows = graph
    change(triples)
    assert conforms(triples)[0] is False


def test_a_receipt_of_another_system_gives_no_consent(graph):
    triples, _rows = graph
    nodes = list(triples.objects(URIRef(f"urn:uuid:{uuid5(SITE, '7')}"), DPV.hasProcess))
    found = {status for node in nodes for status in triples.objects(node, DPV.hasConsentStatus)}
    assert (found, conforms(triples)[0]) == ({DPV.ConsentUnknown}, True)


def test_keys_that_are_no_names_make_whole_iris():
    from consent.exports.jsonld import key_iri, place_iri

    assert key_iri("category", "a b:c/é") == "fairgate:category:a%20b%3Ac%2F%C3%A9"
    assert (place_iri("US-CA"), place_iri("*")) == ("https://w3id.org/dpv/loc#US-CA", "fairgate:place:unknown")
