"""What happened to a log, in words: a page at a time, and without holding what was erased."""

from __future__ import annotations

from uuid import uuid4

import pytest

from consent.ledger import checkpoint, erasure, events, stretch
from consent.ledger import verify as module
from consent.ledger.append import append, draft_of
from consent.ledger.models import LogEntry, LogHead
from consent.ledger.verify import verify
from consent.publishing.verify import verify as beside
from consent.sites.models import Site
from tests.consent.ledger.sample_ledger import answer, make_site

pytestmark = pytest.mark.django_db
ACTOR = "alice@example.org"


def waive(site: Site, rule: str) -> int:
    record = {"rule": rule, "for_regime": "", "signed_by": "Dr. Rau", "reason": "Agreed.", "actor": ACTOR}
    [outcome] = append([draft_of(site.pk, site.uuid, "waiver", record, uuid4())])
    assert outcome.index is not None
    return outcome.index


def age(site: Site, *indexes: int) -> None:
    """Erases these by age."""
    erasure.erase_batch(site, indexes, "retention", "Their time was over.", "worker", erasure.Erased())


@pytest.fixture
def site() -> Site:
    """Twenty answers of which four are erased by age and two on request, and six sign-offs between."""
    site = make_site()
    append([answer(site) for _ in range(20)])  # 1 … 20
    waive(site, "L01")
    age(site, 1, 2)
    waive(site, "L02")
    erasure.erase_indexes(site, [5, 6], actor=ACTOR, reason="asked")
    age(site, 3, 4)
    for rule in ("L03", "L04", "L05", "L06"):
        waive(site, rule)
    return site


def pages(site: Site) -> list[list[int]]:
    """The indexes of the events of each page, by the links from one to the next."""
    found, before = [], None
    while True:
        page = events.page(site.pk, before)
        found.append([event.index for event in page.events])
        before = page.older
        if before is None:
            return found


def test_the_newest_come_first_and_a_link_leads_to_each_older_page(site, monkeypatch):
    assert pages(site) == [[29, 28, 27, 26, 25, 24, 23, 21]]
    monkeypatch.setattr(events, "PAGE", 4)
    assert pages(site) == [[29, 28, 27, 26], [25, 24, 23, 21]]
    monkeypatch.setattr(events, "PAGE", 3)
    monkeypatch.setattr(checkpoint, "TOGETHER", 2)
    assert pages(site) == [[29, 28, 27], [26, 25, 24, 23], [22, 21]]
    monkeypatch.setattr(events, "WINDOW", 2)  # entries, whatever they are
    assert pages(site) == [[29, 28], [27, 26], [25, 24], [23, 22], [21]]


def test_erasures_by_age_are_one_event_of_their_page(site):
    [aged] = [event.words for event in events.page(site.pk).events if event.words.startswith("4 records")]
    assert aged == "4 records erased by age (retention), by 2 entries, 22 to 25."
    [aged] = [event.words for event in events.page(site.pk, 25).events if event.words.startswith("2 records erased by")]
    assert aged == "2 records erased by age (retention), by entry 22."


def test_a_log_to_which_nothing_happened_has_an_empty_page():
    assert events.page(make_site().pk) == events.Page([], None)


def test_of_an_erasure_the_number_of_records_is_kept_and_not_which(site):
    [record] = checkpoint.payloads(site.pk, LogEntry.objects.filter(site_id=site.pk, index=24)).values()
    assert record["indexes"] == [5, 6]
    told = events.few(record)
    assert told["indexes"] == range(2)
    [event] = events.in_order([(24, "erasure", None, told)])
    assert event.words == "2 records erased at 24 on request (GDPR art. 17). Reason given: asked"


def test_the_check_of_a_log_holds_no_places_of_what_was_erased(site, monkeypatch):
    held: list[dict] = []
    own_entry = module._Check.own_entry

    def watched(self, entry):
        own_entry(self, entry)
        held[:] = [record for *_, record in self.happened]

    monkeypatch.setattr(module._Check, "own_entry", watched)
    report = verify(site)
    assert report.wrong == []
    assert [record["indexes"] for record in held if "indexes" in record] == [range(2)] * 3
    assert "4 records erased by age (retention), by 2 entries, 22 to 25." in report.events


def test_a_stretch_hands_over_places_packed(site):
    size = LogHead.objects.get(site_id=site.pk).size
    walked = stretch.walk(stretch.Stretch(site.pk, str(site.uuid), 0, size - 1, True))
    own = [step for step in walked.steps if isinstance(step, stretch.OwnEntry) and step.type == "erasure"]
    assert [(type(step.stated["indexes"]).__name__, list(step.stated["indexes"])) for step in own] == [
        ("array", [1, 2]), ("array", [5, 6]), ("array", [3, 4]),
    ]  # fmt: skip


@pytest.mark.parametrize("nonsense", [["a"], [2**70], [1.5], "text", None])
def test_places_that_are_none_stay_as_they_are(nonsense):
    assert stretch._packed({"indexes": nonsense}) == {"indexes": nonsense}


def test_what_lies_beside_the_log_is_checked_without_its_erasures(site, monkeypatch):
    read = []
    each = checkpoint.each_payload

    def watched(site_id, entries):
        for index, type, record in each(site_id, entries):
            read.append(type)
            yield index, type, record

    monkeypatch.setattr(checkpoint, "each_payload", watched)
    beside(site)
    assert {"release", "waiver"} <= set(read)
    assert "erasure" not in read


def test_the_last_chains_are_known_and_no_more(monkeypatch):
    monkeypatch.setattr(module, "RECENT", 3)
    recent = module._Recent()
    for number in range(5):
        recent.add(bytes([number]))
        assert f"{number:02x}" in recent
    assert [f"{number:02x}" in recent for number in range(5)] == [False, False, True, True, True]
