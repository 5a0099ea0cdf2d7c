"""What the server takes, the verifier takes: answers of each action under two laws, and receipts of another system."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from consent.answers import foreign_receipts, intake, schema
from consent.answers.errors import RejectedSubmission
from consent.answers.published import PublishedSite, published
from consent.jurisdictions.locate import Decision, Place
from consent.ledger.append import Draft, append
from consent.models import Site
from tests.consent.exports.test_bundle import OFFERED, SITE, UNKNOWN, bundle, fill, site, verify  # noqa: F401

YES, NO = {"C0001": "granted", "C0002": "granted"}, {"C0001": "granted", "C0002": "denied"}
LAWS = [
    (Decision("DE", "eu_opt_in", "eu_opt_in-DE", "header"), Place("DE", "BY", "header"), "eu_opt_in"),
    (Decision("US-CA", "us_ca", "us_ca", "mmdb"), Place("US", "CA", "mmdb"), "us_ca"),
    (Decision("*", "eu_opt_in", "eu_opt_in", "fallback"), Place(), "us_ca"),
]
ACTIONS = ("accept_all", "reject_all", "custom", "close", "withdraw", "opt_out", "gpc", "import")
RECEIPT = {
    "identifier": "abc",
    "purposes": [{"Id": "C0002", "TransactionType": "CONFIRMED"}, {"Id": "theirs", "TransactionType": "OPT_OUT"}],
}


def drafts(site: Site) -> list[Draft]:  # noqa: F811
    """All that the server makes a record of, out of each action with each choice."""
    release = published(1, site.releases.get().sha256, OFFERED)
    shop, made = PublishedSite(site.pk, SITE), []
    for decision, place, regime in LAWS:
        where = {"origin_host": "shop.test", "user_agent": "Firefox/1", "place": place}
        for action in ACTIONS:
            for choices in (YES, NO):
                for sent in ((), ("gpc",)):
                    body = {
                        "site": str(SITE), "id": str(uuid4()), "release": 1, "regime": regime, "language": "de",
                        "action": action, "choices": {"categories": choices}, "visitor": str(uuid4()),
                        "signals": {"gpc": bool(sent)}, "layer": "banner", "page": "https://shop.test/?q=1",
                        **({"reference": "order 4711"} if action == "import" else {}),
                    }  # fmt: skip
                    try:
                        answer = schema.decode(json.dumps(body).encode())
                        made.append(intake.draft(answer, shop, release, decision, sent=sent, **where)[0])  # type: ignore[arg-type]
                    except RejectedSubmission:
                        continue
        sent_by_page = json.dumps({**RECEIPT, "law": regime, "place": place.country}).encode()
        receipt = foreign_receipts.decode(sent_by_page)
        made.append(foreign_receipts.draft(receipt, sent_by_page, shop, release, decision, **where))  # type: ignore[arg-type]
    return made


@pytest.mark.django_db
def test_what_the_server_takes_holds(site, tmp_path):  # noqa: F811
    fill(site)
    made = drafts(site)
    assert {draft.action for draft in made} == {*ACTIONS, "receipt"}
    at = datetime(2026, 3, 7, tzinfo=UTC)
    assert {outcome.status for outcome in append(made, at=at)} == {"created"}
    code, said = verify(bundle(site, tmp_path / "b.zip", at.date(), at.date()))
    assert (code, f"{len(made)} entries, 0 of them erased" in said) == (UNKNOWN, True), said
