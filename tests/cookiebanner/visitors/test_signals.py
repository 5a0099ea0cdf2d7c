"""A browser's signal that was added as a row: what the server keeps of it, and how every reader hears which it was."""

from __future__ import annotations

import csv
import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from consent.answers import optouts
from consent.exports import actions
from consent.models import ConsentRecord
from tests import corpus
from tests.signals import KEY, NAME, add
from tests.values import present

pytestmark = pytest.mark.django_db
REFUSED = {"categories": {"C0001": "granted", "C0002": "denied", "C0004": "granted"}}
GPC = {"gpc": "Global Privacy Control"}


def post(client, headers=None, **changes):
    body = corpus.DATA["body"] | {"id": str(uuid.uuid4()), "choices": REFUSED, "regime": "us_ca"} | changes
    return client.post(
        "/api/v1/consents",
        json.dumps(body),
        "text/plain",
        headers={"Origin": "https://shop.example", **(headers or {})},
    )


def newest() -> ConsentRecord:
    return present(ConsentRecord.objects.order_by("-index").first())


def acted_on(client, headers=None, **changes) -> dict[str, str] | None:
    assert post(client, headers, **changes).status_code == 201
    return json.loads(present(newest().payload))["signals"].get("acted_on")


def test_a_record_says_on_which_signal_it_acted(client, monkeypatch):
    corpus.make_world()
    add(monkeypatch, regimes=["us_ca"])
    said = {"Sec-Unmeasured": "measuring"}
    assert acted_on(client, said, action="signal", layer="signal") == {KEY: NAME}
    record = newest()
    payload = json.loads(present(record.payload))
    assert (record.action, record.visitor, payload["status"], payload["control"], payload["gpc"]) == (
        "signal", None, "ConsentRefused", "OptOutFromProcess", False,
    )  # fmt: skip
    # Its script says so where a proxy took the header away.
    assert acted_on(client, action="signal", signals={KEY: "measuring"}) == {KEY: NAME}
    assert acted_on(client, {"Sec-GPC": "1", **said}, action="gpc") == {**GPC, KEY: NAME}
    # It decides beside an answer where it wins over one.
    assert acted_on(client, said, action="custom") == {KEY: NAME}
    assert acted_on(client, said, action="custom", regime="eu_opt_in") is None
    assert acted_on(client, action="gpc") == GPC
    assert acted_on(client, action="custom") is None


@pytest.mark.parametrize(
    ("headers", "changes"),
    [
        ({}, {}),
        ({"Sec-Unmeasured": "nothing of ours"}, {}),
        ({}, {"signals": {KEY: "nothing of ours"}}),
        ({}, {"signals": {KEY: True}}),
        ({"Sec-Unmeasured": "measuring"}, {"regime": "eu_opt_in"}),
    ],
)
def test_an_answer_of_a_signal_that_nobody_sent_is_refused(client, monkeypatch, headers, changes):
    corpus.make_world()
    add(monkeypatch, regimes=["us_ca"])
    got = post(client, headers, action="signal", **changes)
    assert (got.status_code, got.json()["code"]) == (422, "action_disagrees")


def test_without_its_row_it_is_nothing(client):
    corpus.make_world()
    got = post(client, {"Sec-Unmeasured": "measuring"}, action="signal", signals={KEY: "measuring"})
    assert (got.status_code, got.json()["code"]) == (422, "action_disagrees")
    assert acted_on(client, signals={KEY: "measuring", "gpc": False}, action="custom") is None
    assert json.loads(present(newest().payload))["signals"] == {"gpc": False}


def test_exports_receipts_and_webhooks_say_it_in_words(client, monkeypatch, settings, tmp_path):
    settings.FAIRGATE_DATA = tmp_path / "data"
    site = corpus.make_world()
    add(monkeypatch, regimes=["us_ca"])
    answer = post(client, {"Sec-Unmeasured": "measuring"}, action="signal").json()
    [event] = optouts.events(site.pk, [newest().index])
    assert (event["action"], event["gpc"], event["signals"]) == ("signal", False, [KEY])
    page = client.get(answer["receipt"], headers={"Accept": "text/html"}).content.decode()
    assert f"Your browser sent a signal by itself ({NAME}), and it was honoured." in page
    today = datetime.now(UTC).date()
    for form in ("csv", "jsonl", "jsonld"):
        actions.export(site, today - timedelta(days=1), today, form, tmp_path / form, "alice")
    with (tmp_path / "csv").open(encoding="utf-8-sig") as file:
        [row] = csv.DictReader(file)
    told = json.loads(row["signals"])["acted_on"]
    assert (row["action"], told) == ("signal", {KEY: NAME})
    [line] = (tmp_path / "jsonl").read_text().splitlines()
    assert json.loads(json.loads(line)["record"])["signals"]["acted_on"] == {KEY: NAME}
    [node] = json.loads((tmp_path / "jsonld").read_text())["@graph"]
    assert (node["fairgate:action"], node["fairgate:actedOn"]) == ("signal", [NAME])
