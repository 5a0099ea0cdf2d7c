"""Laws and places: what changed, what starts, and the files to take away."""

from __future__ import annotations

import csv
import io
import re
import zlib

import pytest
import time_machine
from django.urls import reverse

from consent.jurisdictions import actions, history, table
from cookiebanner.dashboard import law_pdf

pytestmark = pytest.mark.django_db


def address(site, name: str) -> str:
    return reverse(f"dashboard:{name}", kwargs={"uuid": site.uuid})


@time_machine.travel("2026-11-30T12:00:00Z", tick=False)
def test_the_page_shows_what_starts_in_twelve_months_and_later(alice, shop):
    context = alice.get(address(shop, "jurisdictions")).context
    assert [start.day for start in context["starts"]] == sorted(start.day for start in context["starts"])
    assert {"CL", "US-OK", "US-LA", "US-AL", "IN"} <= {start.id for start in context["starts"]}
    assert [start.id for start in context["later"]] == ["US-VT"]


@time_machine.travel("2029-06-01T12:00:00Z", tick=False)
def test_a_page_with_nothing_ahead_says_so(login, shop):
    page = login("alice").get(address(shop, "jurisdictions")).content.decode()
    assert "Nothing that we know of." in page


def test_the_page_shows_what_each_version_changed(alice, shop):
    page = alice.get(address(shop, "jurisdictions")).content.decode()
    for version in history.all_changes():
        assert f"{version.version}: {version.in_short()} since" in page
    assert "<del>a notice</del>" in page and "<ins>a banner that asks for a choice</ins>" in page


def test_one_version_alone_has_changed_nothing(alice, shop, monkeypatch):
    monkeypatch.setattr(history, "versions", lambda: (history.present(),))
    page = alice.get(address(shop, "jurisdictions")).content.decode()
    assert "Nothing: this is the first version of the table." in page


@time_machine.travel("2026-11-30T12:00:00Z", tick=False)
@pytest.mark.parametrize("separator", [",", ";"])
def test_the_csv_has_the_site_s_own_corrections(login, shop, separator):
    actions.override(shop, "alice@example.net", "JP", {"preset": "eu_opt_in"}, "Our counsel")
    response = login("vera").get(address(shop, "jurisdictions_csv"), {"separator": separator})
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="laws-and-places-2026-11-30.csv"'
    text = response.content.decode("utf-8-sig")
    lines = {line["Id"]: line for line in csv.DictReader(io.StringIO(text, newline=""), delimiter=separator)}
    assert len(lines) == len(table.ROWS)
    assert (lines["JP"]["Regime"], lines["JP"]["Corrected by this site"]) == ("Opt-in (EU and EEA)", "Our counsel")


@time_machine.travel("2026-11-30T12:00:00Z", tick=False)
def test_the_pdf_is_one_and_is_made_once(login, shop):
    law_pdf.rendered.cache_clear()
    vera = login("vera")
    response = vera.get(address(shop, "jurisdictions_pdf"))
    assert (response.status_code, response["Content-Type"]) == (200, "application/pdf")
    assert response["Content-Disposition"] == 'attachment; filename="laws-and-places-2026-11-30.pdf"'
    assert (response.content[:5], response.content.rstrip()[-5:]) == (b"%PDF-", b"%%EOF")
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", response.content, re.DOTALL)
    objects = b"".join(zlib.decompressobj().decompress(stream) for stream in streams if stream[:1] == b"x")
    assert {b"/StructTreeRoot", b"/Lang (en)"} <= set(
        re.findall(rb"/StructTreeRoot|/Lang \(en\)", objects)
    )  # to be read aloud
    assert vera.get(address(shop, "jurisdictions_pdf")).content == response.content
    assert law_pdf.rendered.cache_info().misses == 1


def test_a_server_that_makes_no_pdf_says_why_and_offers_none(alice, shop, monkeypatch):
    monkeypatch.setattr(law_pdf, "find_spec", lambda name: None)
    law_pdf.missing.cache_clear()
    try:
        page = alice.get(address(shop, "jurisdictions")).content.decode()
        assert "There is no PDF of this page: WeasyPrint is not installed on this server." in page
        assert address(shop, "jurisdictions_pdf") not in page
        page = alice.get(address(shop, "jurisdictions_pdf"), follow=True).content.decode()
        assert "No PDF could be made. WeasyPrint is not installed." in page
    finally:
        law_pdf.missing.cache_clear()


def test_a_pdf_that_fails_is_told_in_words(alice, shop, monkeypatch):
    monkeypatch.setattr(law_pdf, "OPTIONS", ("--no-such-option",))
    law_pdf.rendered.cache_clear()
    page = alice.get(address(shop, "jurisdictions_pdf"), follow=True).content.decode()
    assert "No PDF could be made. " in page and "no-such-option" in page


def test_a_pdf_that_takes_too_long_is_given_up(monkeypatch):
    monkeypatch.setattr(law_pdf, "PATIENCE", 0.05)
    law_pdf.rendered.cache_clear()
    with pytest.raises(law_pdf.NotMade) as failure:
        law_pdf.made_of("<p>slow</p>")
    assert str(failure.value) == "It was not done after 0.05 seconds."
