"""Our catalogue on the dashboard: found, paged, light; cookies from a file; a category with a name."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from consent.catalogue import known
from consent.sites.actions import change_settings
from cookiebanner.dashboard import forms
from cookiebanner.releases.compile import ADAPTERS
from tests.values import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(shop):
    return lambda name, **keys: reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})


def found(client, url: str) -> list[str]:
    return [entry["key"] for entry, _ in client.get(url).context["ours"]]


def test_the_catalogue_is_found_by_text_kind_and_category(alice, at):
    url = at("service_new")
    assert found(alice, url + "?q=hotjar") == ["hotjar"]
    assert found(alice, url + "?q=googletagmanager.com") == ["google-tag", "google-tag-manager"]
    assert found(alice, url + "?kind=payments&q=stri") == ["stripe"]
    assert found(alice, url + "?category=C0004&q=stri") == []
    assert {known.by_key()[key]["kind"] for key in found(alice, url + "?kind=fonts")} == {"fonts"}
    assert found(alice, url + "?kind=nonsense") == []


def test_what_one_has_is_said_and_not_offered_again(alice, at):
    alice.post(at("service_new"), {"catalogue": "hotjar"})
    page = alice.get(at("service_new") + "?q=Hotjar")
    assert ([*page.context["ours"]], page.context["there"]) == ([], ["Hotjar"])


def test_where_nothing_is_found_ones_own_is_a_step_away(alice, at):
    body = alice.get(at("service_new") + "?q=Zebra+%26+Co").content.decode()
    assert 'href="?own=1&amp;name=Zebra%20%26%20Co">Add your own</a>' in body
    form = alice.get(at("service_new") + "?own=1&name=Zebra%20%26%20Co").context["form"]
    assert form["name"].value() == "Zebra & Co"


def test_pages_of_the_catalogue_hold_all_of_it_once_and_keep_the_filter(alice, at):
    first = alice.get(at("service_new") + "?category=C0004")
    pages = range(1, first.context["page"].paginator.num_pages + 1)
    assert 'href="?category=C0004&amp;page=2"' in first.content.decode()
    keys = [key for page in pages for key in found(alice, at("service_new") + f"?category=C0004&page={page}")]
    assert sorted(keys) == sorted(s["key"] for s in known.services() if s["category"] == "C0004")


def test_the_pages_are_light(alice, shop, at):
    for key in ("google-analytics", "meta-pixel", "hubspot", "youtube"):
        alice.post(at("service_new"), {"catalogue": key})
    pages = (at("service_new"), at("service_new") + "?own=1", at("services"), at("service", key="hubspot"), at("inbox"),
             at("categories"), at("cookie_import"), at("installation"), at("overview"))  # fmt: skip
    for url in pages:
        with CaptureQueriesContext(connection) as queries:
            page = alice.get(url)
        assert (url, page.status_code, len(queries) <= 20, len(page.content) <= 120_000) == (url, 200, True, True)


def test_a_service_comes_with_its_companions_when_they_are_ticked(alice, shop, at):
    page = alice.get(at("service_new") + "?q=Google+Analytics")
    assert [[c["key"] for c in one] for entry, one in page.context["ours"] if entry["key"] == "google-analytics"] == [
        ["google-tag"]
    ]
    data = {"catalogue": "google-analytics", "with-google-analytics": ["google-tag"], "with-google-ads": ["hotjar"]}
    page = alice.post(at("service_new"), data, follow=True)
    assert "With it came Google tag (gtag.js)." in page.content.decode()
    assert sorted(s.key for s in shop.services.all()) == ["adverts", "counter", "google-analytics", "google-tag"]


def test_signals_and_countries_are_chosen_from_lists(alice, shop, at):
    form = alice.get(at("service", key="counter")).context["form"]
    assert {value for value, _ in form.fields["adapter"].choices} >= {
        "",
        *ADAPTERS,
        *(s["adapter"] for s in known.services()),
    }
    assert [value for value, _ in form.fields["exempt_in"].choices] == ["ES", "FR", "GB", "IT", "NL"]
    data: dict[str, Any] = {
        "name": "Counter", "category": "C0002", "patterns": "counter.example", "adapter": "uet",
    }  # fmt: skip
    data |= {"exempt_in": ["GB", "FR"], "exemption_confirmed": ["FR"]}
    alice.post(at("service", key="counter"), data)
    row = shop.services.get(key="counter")
    assert (row.adapter, row.exempt_in, row.exemption_confirmed) == ("uet", ["GB", "FR"], ["FR"])
    wrong = alice.post(at("service", key="counter"), data | {"adapter": "smoke", "exempt_in": ["XX"]})
    assert sorted(wrong.context["form"].errors) == ["adapter", "exempt_in"]


def test_what_a_service_had_before_there_were_lists_stays_choosable(shop):
    row = shop.services.get(key="counter")
    row.adapter, row.exempt_in = "own-signal", ["AT"]
    fields: Any = forms.ServiceForm(shop, initial=forms.ServiceForm.initial_of(row)).fields
    assert "own-signal" in dict(fields["adapter"].choices)
    assert "AT" in dict(fields["exempt_in"].choices)


@pytest.mark.parametrize(("key", "made"), [("", "Fur_Karten"), ("MAPS", "MAPS")])
def test_a_new_category_has_a_name(alice, shop, at, key, made):
    data = {"what": "category", "name": "Für Karten", "key": key, "position": 5}
    assert alice.post(at("categories"), data)["Location"] == at("category", key=made)
    language = shop.languages[0]
    assert shop.categories.get(key=made).texts == {language: {"name": "Für Karten"}}


def test_a_new_category_without_a_name_or_with_none_for_an_id_is_refused(alice, shop, at):
    before = shop.categories.count()
    for data, field in (({"name": ""}, "name"), ({"name": "地図"}, "key"), ({"name": "Twice", "key": "C0002"}, "key")):
        page = alice.post(at("categories"), {"what": "category", "position": 5} | data)
        assert list(page.context["category_form"].errors) == [field]
    assert shop.categories.count() == before


# --- cookies from a file --------------------------------------------------------------------------------------------

CSV = "service,name,lifetime,description\nCounter,_c,13 months,Counts.\nCounter,_new,session,\nNobody,_x,,\n"


def test_a_file_is_looked_at_first_and_then_taken(alice, shop, at):
    page = alice.post(at("cookie_import"), {"text": CSV})
    assert (page.context["good"], page.context["bad_count"]) == (2, 1)
    body = page.content.decode()
    assert ("<strong>Line 4:</strong>" in body, "The site has no service &#x27;Nobody&#x27;." in body) == (True, True)
    assert shop.services.get(key="counter").cookies.count() == 1
    page = alice.post(at("cookie_import"), {"text": CSV, "take": 1}, follow=True)
    assert "1 cookies added to the draft, 1 changed." in page.content.decode()
    rows = shop.services.get(key="counter").cookies.values_list("name", "lifetime_days", "purpose")
    assert list(rows) == [("_c", 395, "Counts."), ("_new", 0, "")]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1252", "utf-16"])
def test_a_file_of_a_spreadsheet_is_read(alice, shop, at, encoding):
    file = SimpleUploadedFile("c.csv", "name;description\n_c;Zählt\n".encode(encoding))
    page = alice.post(at("cookie_import"), {"file": file, "service": "counter"})
    [(_, name, values)] = page.context["rows"]
    assert (name, values["purpose"]) == ("Counter", "Zählt")


def test_no_file_too_much_and_nonsense_are_said(alice, shop, at):
    for text, says in (("", "Choose a CSV file"), ("x" * 1_000_001, "more than 1 MB"), ("a,b\n1", "must be name")):
        assert says in alice.post(at("cookie_import"), {"text": text, "take": 1}).content.decode()
    assert present(shop.services.get(key="counter")).cookies.count() == 1


def test_services_of_another_site_are_none_here(alice, shop, foreign, at):
    page = alice.post(at("cookie_import"), {"text": "service,name\nzebracorn,_x\n", "take": 1})
    assert (page.context["good"], page.context["bad_count"]) == (0, 1)
    assert foreign.services.get().cookies.count() == 0


def test_a_release_holds_the_sites_own_services_and_its_own_languages(alice, shop, at):
    from consent.publishing import queries
    from consent.sites.actions import change_settings

    change_settings(shop, "x", languages=["en", "de"])
    alice.post(at("service_new"), {"catalogue": "hotjar"})
    stored = queries.draft(shop)["services"]
    assert [service["key"] for service in stored] == ["adverts", "counter", "hotjar"]
    spoken = {language for cookie in stored[2]["cookies"] for language in cookie.get("texts", ())}
    assert spoken == {"de"}
    assert shop.services.get(key="hotjar").cookies.exclude(texts={}).exists()


def test_what_the_earlier_banner_asked_about_is_said_by_whoever_knows(alice, shop, at):
    """Only where a site moved; whoever moves a service to another category has not said that it was there before."""
    service = shop.services.get(key="counter")
    url = at("service", key="counter")

    def save(**changes: Any) -> str:
        data = {"name": "Counter", "category": service.category.key, "patterns": "counter.example", **changes}
        page = alice.post(url, data)
        assert page.status_code == 302, page.context["form"].errors
        service.refresh_from_db()
        return service.earlier_category

    def marked() -> bool:
        return "Asked again since the move" in alice.get(at("services")).content.decode()

    shop.services.exclude(pk=service.pk).delete()
    assert "asked_before" not in alice.get(url).context["form"].fields
    assert (save(asked_before="on"), marked()) == ("", False)
    change_settings(shop, "x", moved_from={"manager": "cookiebot"})
    assert marked() is True
    key = service.category.key
    assert (save(asked_before="on"), marked()) == (key, False)
    assert alice.get(url).context["form"]["asked_before"].value() is True
    assert save(asked_before="on", category="C0004" if key != "C0004" else "C0002") == key
    assert save(category=key) == key
    assert save(category=key) == ""
