import json

import pytest

from consent.banners import screen
from tests.browser.shop import snapshot


def test_a_service_is_packed_without_its_empty_end():
    data = screen.data(snapshot(services=["google-fonts", "matomo"], languages=("en",)), "en")
    assert [service[0] for service in data["s"]] == ["google-fonts", "matomo", "fairgate"]
    assert all(service[-1] not in ("", 0, []) for service in data["s"])


@pytest.mark.parametrize(
    ("lifetime", "days", "packed"),
    [
        ("2 years", 730, "2y"), ("13 months", 395, "13m"), ("4 hours", 1, "4h"), ("1 minute", 1, "1n"), ("session", 0, 0),
        ("Session", None, 0), ("", 0, 0), ("", 395, "13m"), ("", 730, "2y"), ("", 30, "30d"), ("", None, ""),
        ("until you log out", 9, "until you log out"),
    ],
)  # fmt: skip
def test_lifetimes_can_be_said_in_every_language(lifetime, days, packed):
    cookie = {"name": "_x", "kind": "cookie", "lifetime": lifetime, "lifetime_days": days, "purpose": ""}
    service, _ = screen.data(snapshot(services=["matomo"], changes={"matomo": {"cookies": [cookie]}}), "en")["s"]
    assert service[7] == [["_x", packed, ""]]


@pytest.mark.parametrize("url", ["javascript:alert(1)", "data:text/html,x", " javascript:x", "vbscript:x", "//x"])
def test_only_addresses_become_links(url):
    data = screen.data(snapshot(services=["matomo"], changes={"matomo": {"policy_url": url}}, policy_url=url), "en")
    assert data["policy"] == ("//x" if url == "//x" else "")
    assert [service[3] for service in data["s"]] == [data["policy"]] * 2


def test_only_statutory_texts_that_some_variant_shows_are_sent():
    words = screen.data(snapshot(), "de")["t"]
    links = {"link_privacy_choices", "link_limit_sensitive", "link_opt_out", "link_opt_out_rights", "gpc_honored"}
    assert {key for key in words if key.startswith(screen.STATUTORY)} == links
    sold = screen.data(snapshot(changes={"hubspot": {"sensitive": True}}), "de")["t"]
    notices = {"notice_sells_sensitive", "notice_site_sells_sensitive"}
    assert {key for key in sold if key.startswith(screen.STATUTORY)} == links | notices


def test_texts_of_what_a_release_does_not_have_are_not_sent():
    exempt, imprint = {"exempt", "exempt_note", "object"}, {"imprint"}
    assert not screen.data(snapshot(), "en")["t"].keys() & (exempt | imprint)
    changes = {"plausible": {"exemption_confirmed": ["GB"]}}
    assert screen.data(snapshot(changes=changes), "en")["t"].keys() >= exempt
    assert screen.data(snapshot(imprint_url="/imprint"), "en")["t"].keys() >= imprint


def test_regimes_with_the_same_words_share_them():
    given = {"en": {"title": "Hello"}, "en@us_ca": {"title": "California"}, "de@us_ca": {"title": "Kalifornien"}}
    groups = screen.data(snapshot(banner_texts=given), "en")["r"]
    regimes = [regime for names, _ in groups for regime in names]
    assert sorted(regimes) == sorted(set(regimes))
    assert [texts["title"] for names, texts in groups if "us_ca" in names] == ["California"]
    assert any(len(names) > 1 for names, _ in groups)
    assert "Kalifornien" not in json.dumps(groups)


def test_the_banner_itself_is_a_service_of_the_first_necessary_category():
    release = snapshot(services=["matomo"], controller="Tea Ltd", policy_url="/privacy")
    release["categories"] = release["categories"][::-1]
    _, own = screen.data(release, "de")["s"]
    assert own[:7] == ["fairgate", "Fairgate", "Tea Ltd", "/privacy", 4, "", 0]
    assert [row[:2] for row in own[7]] == [
        ["fairgate_232f5126", "400d"], ["fairgate_232f5126.q.*", "Bis zum Senden"],
        ["fairgate_232f5126.gpc", "Bis zum Löschen"], ["fairgate_232f5126.r", 0],
    ]  # fmt: skip


@pytest.mark.parametrize("missing", ["own_cookies", "necessary"])
def test_it_is_not_said_by_an_older_release_nor_where_nothing_is_necessary(missing):
    release = snapshot(services=["matomo"])
    release.pop(missing, None)
    if missing == "necessary":
        release["categories"] = [{**category, "necessary": False} for category in release["categories"]]
    assert [service[0] for service in screen.data(release, "en")["s"]] == ["matomo"]


def test_it_comes_after_the_services_that_gates_call_by_their_place():
    release = snapshot()
    keys = [service[0] for service in screen.data(release, "en")["s"]]
    assert keys == [*(service["key"] for service in release["services"]), "fairgate"]


def test_it_is_not_counted_where_a_text_says_how_many_services_there_are():
    given = {"en": {"body": "With {count} partners.", "pc_body": "{count}"}, "en@us_ca": {"body": "{count} sell."}}
    data = screen.data(snapshot(services=["matomo"], banner_texts=given), "en")
    assert (data["t"]["body"], data["t"]["pc_body"]) == ("With 1 partners.", "1")
    assert data["t"]["services"] == "Services and cookies ({count})"  # of one category, counted in the browser
    assert [texts["body"] for regimes, texts in data["r"] if "us_ca" in regimes] == ["1 sell."]


def test_the_name_of_the_site_stands_in_for_a_controller():
    assert screen.data(snapshot(controller=""), "en")["who"] == "A shop"
