"""From what was seen to a report, and what differs between two."""

from __future__ import annotations

from consent.jurisdictions import table
from consent.ledger import canonical
from consent.scanner import report as reports
from consent.scanner import seen as seen_module
from consent.scanner.classify import Classifier, Stored
from consent.scanner.seen import ACCEPTED, BEFORE, REFUSED, Asked, Seen
from tests.consent.scanner.sample_scans import CHAT, HOSTS, HOTJAR, META, PAGE, made


def test_only_what_must_wait_runs_too_early_or_survives():
    found = made((HOTJAR, BEFORE), (META, ACCEPTED), (CHAT, BEFORE), (CHAT, REFUSED), (META, REFUSED))
    assert reports.flagged(found, "before") == {"hotjar": "Hotjar"}
    assert reports.flagged(found, "after_refusal") == {"meta-pixel": "Meta Pixel"}
    assert [(one["key"], one["filed"], one["necessary"]) for one in found["services"]] == [
        ("chat", True, True), ("hotjar", False, False), ("meta-pixel", False, False),
    ]  # fmt: skip


def test_where_the_law_lets_it_run_it_is_not_too_early():
    notice = next(name for name, terms in table.variants().items() if terms["before"]["default"] == "granted")
    found = made((HOTJAR, BEFORE), regime=notice)
    assert (reports.flagged(found, "before"), found["services"][0]["moments"]) == ({}, ["before"])


def test_a_report_has_a_canonical_form_and_holds_no_value_and_no_query():
    found = made(("https://far.example/p.gif?visitor=4711#x", BEFORE))
    body = canonical.encode(found).decode()
    assert ("4711" in body, "https://far.example/p.gif" in body) == (False, True)


def test_what_differs_is_told_by_name():
    old = made((HOTJAR, BEFORE), ("https://gone.example/", ACCEPTED))
    new = made((HOTJAR, BEFORE), (META, REFUSED), ("https://new.example/", BEFORE))
    found = reports.differences(old, new)
    assert (found.services, found.services_gone, found.hosts, found.hosts_gone) == (
        ["Meta Pixel"], [], ["new.example"], ["gone.example"],
    )  # fmt: skip
    assert (found.before, found.after_refusal) == ([], ["Meta Pixel"])
    assert bool(reports.differences(new, new)) is False


def test_nothing_is_new_after_a_refusal_when_nobody_could_refuse_before():
    old, new = made(moments=[BEFORE]), made((META, REFUSED))
    assert reports.differences(old, new).after_refusal == []


def test_a_scan_that_was_stopped_or_saw_nothing_is_compared_with_nothing():
    assert [reports.whole(one) for one in (made(), made(ended="pages"), made(ended="stopped"), {})] == [
        True,
        True,
        False,
        False,
    ]
    empty = made()
    empty["pages"][0]["why"] = "does not answer"
    assert reports.whole(empty) is False


def test_a_site_cannot_make_a_report_grow(monkeypatch):
    monkeypatch.setattr(seen_module, "MOST", 10)
    found = Seen(Classifier([], HOSTS))
    for number in range(100):
        found.request(Asked(f"https://h{number}.example/"), f"{PAGE}{number}", BEFORE)
        found.stored(Stored("local", f"name{number}", "shop.example"), PAGE, BEFORE, "a script", {})
        found.request(Asked("https://h1.example/" + "x" * 9000), f"{PAGE}{number}", BEFORE)
    assert (len(found.things), found.dropped) == (20, 180)
    host = next(one for one in found.of_kind("request") if one.host == "h1.example")
    assert (len(host.pages), max(map(len, host.examples))) == (5, 200)


def test_what_is_in_the_draft_by_now_is_not_offered_again():
    # Nor is what was the site's own, and was deleted since: our catalogue does not know it.
    found = made((HOTJAR, BEFORE), (META, BEFORE), (CHAT, BEFORE))
    assert [one["key"] for one in reports.unfiled(found, ["hotjar"])] == ["meta-pixel"]
