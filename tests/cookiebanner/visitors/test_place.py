"""Where a visitor is: trusted headers, the operator's file, and everything that tries to fool us."""

from __future__ import annotations

import base64
import json
import logging
import os
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import pytest
from mmdb_writer import MMDBWriter
from netaddr import IPSet

from consent.jurisdictions.locate import Place, decide
from cookiebanner.visitors import place
from cookiebanner.visitors.place import header, own_pairs, place_of
from cookiebanner.visitors.proxies import UNKNOWN, client_address, trusted

pytestmark = pytest.mark.any_database

PROXY = "203.0.113.7"
NO_PLACE = Place(None, None, "fallback")


@pytest.fixture(autouse=True)
def proxies(settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network(n) for n in (f"{PROXY}/32", "10.0.0.0/8", "2001:db8:aaaa::/48")]
    settings.FAIRGATE_COUNTRY_HEADERS = []
    settings.MMDB = ""


def from_header(country: str, region: str | None = None) -> Place:
    return Place(country, region, "header")


def netlify(data: object) -> str:
    return base64.b64encode(json.dumps(data).encode()).decode()


VENDORS = [
    ({"cf-ipcountry": "US", "cf-region-code": "TX"}, from_header("US", "TX")),
    ({"cloudfront-viewer-country": "US", "cloudfront-viewer-country-region": "TX"}, from_header("US", "TX")),
    ({"x-vercel-ip-country": "US", "x-vercel-ip-country-region": "TX"}, from_header("US", "TX")),
    ({"fastly-geo-country": "US", "fastly-geo-region": "TX"}, from_header("US", "TX")),
    ({"x-geo-country": "US", "x-geo-region": "TX"}, from_header("US", "TX")),
    ({"x-country": "us"}, from_header("US")),
    ({"x-client-region": "US", "x-client-region-subdivision": "USTX"}, from_header("US", "TX")),
    ({"x-appengine-country": "US", "x-appengine-region": "tx"}, from_header("US", "TX")),
    ({"x-akamai-edgescape": "georegion=289,country_code=US,region_code=TX,city=AUSTIN"}, from_header("US", "TX")),
    ({"x-nf-geo": netlify({"country": {"code": "US"}, "subdivision": {"code": "TX"}})}, from_header("US", "TX")),
    ({"x-nf-geo": json.dumps({"country": {"code": "DE"}})}, from_header("DE")),
]


@pytest.mark.parametrize(("headers", "expected"), VENDORS, ids=lambda value: str(value)[:40])
def test_every_vendor_s_headers_are_read_from_a_trusted_proxy(headers, expected):
    assert place_of(headers, PROXY) == expected


@pytest.mark.parametrize(("headers", "expected"), VENDORS, ids=lambda value: str(value)[:40])
def test_the_same_headers_from_anybody_else_are_ignored(headers, expected):
    assert place_of(headers, "198.51.100.9") == NO_PLACE
    assert place_of(headers, UNKNOWN) == NO_PLACE
    # What a client claims about its own path makes nobody trusted.
    assert place_of(headers | {"x-forwarded-for": PROXY}, "198.51.100.9") == NO_PLACE


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"cf-ipcountry": "US", "cf-region-code": "US-CA"}, from_header("US", "CA")),
        ({"cf-ipcountry": "de"}, from_header("DE")),
        ({"cf-ipcountry": "DEU"}, from_header("DE")),
        ({"cf-ipcountry": "UK"}, from_header("GB")),
        ({"cf-ipcountry": "EU"}, from_header("EU")),
        ({"cf-ipcountry": "AP"}, NO_PLACE),
        ({"cf-ipcountry": "T1"}, NO_PLACE),
        ({"cf-ipcountry": "XX"}, NO_PLACE),
        ({"cf-ipcountry": ""}, NO_PLACE),
        ({"cf-ipcountry": "  "}, NO_PLACE),
        ({"cf-region-code": "CA"}, NO_PLACE),
        ({"cf-ipcountry": "Germany"}, NO_PLACE),
        ({"cf-ipcountry": "U S"}, NO_PLACE),
        ({"cf-ipcountry": "US, DE"}, NO_PLACE),
        ({"cf-ipcountry": "\x00\xff" * 5000}, NO_PLACE),
        ({"cf-ipcountry": "US", "cf-region-code": "<script>"}, from_header("US")),
        ({"x-nf-geo": "%%%"}, NO_PLACE),
        ({"x-nf-geo": netlify([])}, NO_PLACE),
        ({"x-nf-geo": netlify({"country": "US", "subdivision": None})}, from_header("US")),
        ({"x-nf-geo": netlify({"country": {"code": 7}})}, NO_PLACE),
        ({"x-nf-geo": base64.b64encode(b"[" * 100_000).decode()}, NO_PLACE),
        ({"x-nf-geo": "ÿ"}, NO_PLACE),
        ({"x-akamai-edgescape": ",,=,=="}, NO_PLACE),
    ],
    ids=lambda value: str(value)[:40],
)
def test_odd_values(headers, expected):
    assert place_of(headers, PROXY) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"cf-ipcountry": "US", "x-vercel-ip-country": "DE"}, NO_PLACE),
        ({"cf-ipcountry": "US", "cf-region-code": "CA", "x-vercel-ip-country": "US",
          "x-vercel-ip-country-region": "TX"}, NO_PLACE),
        ({"cf-ipcountry": "US", "cf-region-code": "CA", "x-vercel-ip-country": "US"}, from_header("US", "CA")),
        ({"cf-ipcountry": "de", "cloudfront-viewer-country": "DEU"}, from_header("DE")),
        ({"cf-ipcountry": "T1", "x-vercel-ip-country": "US"}, NO_PLACE),
        ({"cf-ipcountry": "XX", "x-vercel-ip-country": "US"}, from_header("US")),
        ({"cf-ipcountry": "US", "x-akamai-edgescape": "country_code=FR"}, NO_PLACE),
    ],
    ids=lambda value: str(value)[:60],
)  # fmt: skip
def test_sets_that_contradict_each_other_are_worse_than_none(headers, expected, settings, country_file):
    settings.MMDB = country_file  # not asked: somebody is wrong or lying
    assert place_of(headers | {"x-forwarded-for": "198.51.100.1"}, PROXY) == expected


def test_the_strictest_regime_follows_from_a_contradiction():
    found = decide(place_of({"cf-ipcountry": "US", "x-country": "DE"}, PROXY), datetime.now(UTC).date())
    assert header(found) == "eu_opt_in; jurisdiction=*; by=fallback"


@pytest.mark.parametrize(
    ("names", "headers", "expected"),
    [
        (["X-Land"], {"x-land": "US-CA"}, from_header("US", "CA")),
        (["X-Land"], {"x-land": "US,CA"}, from_header("US", "CA")),
        (["X-Land", "X-Staat"], {"x-land": "US", "x-staat": "CA"}, from_header("US", "CA")),
        (["X-My-Country", "X-Other-Country"], {"x-other-country": "DE"}, from_header("DE")),
        (["X-Land"], {"x-land": "US", "cf-ipcountry": "DE"}, NO_PLACE),
    ],
)
def test_own_header_names(settings, names, headers, expected):
    settings.FAIRGATE_COUNTRY_HEADERS = names
    assert place_of(headers, PROXY) == expected


def test_own_names_are_paired():
    assert own_pairs(["A", "B", "C"]) == [("a", "b"), ("c", "")]
    assert own_pairs(["a-country", "b-country", "b-region"]) == [("a-country", ""), ("b-country", "b-region")]


@pytest.mark.parametrize(
    ("forwarded", "peer", "client"),
    [
        ("", PROXY, PROXY),
        ("198.51.100.1", PROXY, "198.51.100.1"),
        ("198.51.100.1", "198.51.100.9", "198.51.100.9"),
        ("6.6.6.6, 198.51.100.1", PROXY, "198.51.100.1"),
        ("6.6.6.6, 198.51.100.1, 10.1.2.3", PROXY, "198.51.100.1"),
        ("10.9.9.9, 10.1.2.3", PROXY, "10.9.9.9"),
        ("198.51.100.1:4711", PROXY, "198.51.100.1"),
        ("[2001:db8::1]:443", PROXY, "2001:db8::1"),
        ("2001:db8::1", "2001:db8:aaaa::5", "2001:db8::1"),
        ("::ffff:198.51.100.1", f"::ffff:{PROXY}", "198.51.100.1"),
        ("198.51.100.1, unknown", PROXY, PROXY),
        ("198.51.100.1, ", PROXY, PROXY),
        ("fe80::1%eth0", PROXY, "fe80::1"),
        ("198.51.100.1", "", "198.51.100.1"),  # a unix socket
        ("6.6.6.6, 198.51.100.1, 10.1.2.3", "", "198.51.100.1"),
        ("", "", ""),
        ("198.51.100.1", UNKNOWN, ""),
        ("198.51.100.1, " + "10.1.2.3, " * 30 + "10.1.2.4", PROXY, "10.1.2.3"),  # nobody has thirty
    ],
)
def test_the_client_s_address(forwarded, peer, client):
    assert client_address({"x-forwarded-for": forwarded}, peer) == client


def test_networks_written_as_mapped_ipv6_match_ipv4(settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("::ffff:192.0.2.0/120"), ip_network("2001:db8::/32")]
    assert [trusted(a) for a in ("192.0.2.9", "192.0.3.9", "2001:db8:1::", "2001:db9::", "x")] == [
        True, False, True, False, False,
    ]  # fmt: skip


# --- the operator's file --------------------------------------------------------------------------------------------
def write(path: Path, records: dict[str, Any]) -> str:
    writer = MMDBWriter(ip_version=6, ipv4_compatible=True, database_type="Test")
    for network, record in records.items():
        writer.insert_network(IPSet([network]), record)
    writer.to_db_file(str(path))
    return str(path)


PLACES = {
    "198.51.100.0/25": {"country": {"iso_code": "US"}, "subdivisions": [{"iso_code": "TX"}]},
    "198.51.100.128/25": {"country": {"iso_code": "DE"}},
    "192.0.2.0/24": {"country_code": "US", "state1": "California"},
    "192.0.3.0/24": {"country": "CA", "region": "Quebec"},
    "192.0.4.0/24": {"registered_country": {"iso_code": "US"}},
    "192.0.5.0/24": "text",
    "192.0.6.0/24": {"country": {"iso_code": "US"}, "subdivisions": []},
    "2001:db8:1::/48": {"country": {"iso_code": "FR"}},
}


@pytest.fixture
def country_file(tmp_path: Path) -> str:
    return write(tmp_path / "places.mmdb", PLACES)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("198.51.100.1", Place("US", "TX", "mmdb")),
        ("::ffff:198.51.100.1", Place("US", "TX", "mmdb")),
        ("198.51.100.200", Place("DE", None, "mmdb")),
        ("192.0.2.1", Place("US", "CA", "mmdb")),
        ("192.0.3.1", Place("CA", "QC", "mmdb")),
        ("192.0.4.1", NO_PLACE),
        ("192.0.5.1", NO_PLACE),
        ("192.0.6.1", Place("US", None, "mmdb")),
        ("2001:db8:1::9", Place("FR", None, "mmdb")),
        ("2001:db8:2::9", NO_PLACE),
        ("8.8.8.8", NO_PLACE),
        ("", NO_PLACE),
    ],
)
def test_the_file_places_addresses_of_both_kinds(settings, country_file, address, expected):
    settings.MMDB = country_file
    assert place_of({}, address) == expected


def test_a_header_goes_before_the_file_and_the_file_before_nothing(settings, country_file):
    settings.MMDB = country_file
    there = {"x-forwarded-for": "198.51.100.1"}
    assert place_of({"cf-ipcountry": "FR", **there}, PROXY) == from_header("FR")
    assert place_of({"cf-ipcountry": "XX", **there}, PROXY) == Place("US", "TX", "mmdb")
    assert place_of({"cf-ipcountry": "T1", **there}, PROXY) == NO_PLACE  # an exit node is not a visitor
    assert place_of(there, "198.51.100.200") == Place("DE", None, "mmdb")


def test_a_changed_file_is_read_again(settings, tmp_path):
    path = tmp_path / "places.mmdb"
    settings.MMDB = write(path, {"198.51.100.0/24": {"country": {"iso_code": "US"}}})
    assert place_of({}, "198.51.100.1").country == "US"
    write(path, {"198.51.100.0/24": {"country": {"iso_code": "DE"}}})  # in place
    os.utime(path, ns=(1, 1))
    assert place_of({}, "198.51.100.1").country == "DE"
    other = tmp_path / "new.mmdb"
    write(other, {"198.51.100.0/24": {"country": {"iso_code": "FR"}}})
    other.replace(path)
    assert place_of({}, "198.51.100.1").country == "FR"


@pytest.mark.parametrize("content", [b"", b"\x00" * 4096, b"\xab\xcd\xefMaxMind.com", None])
def test_a_broken_or_missing_file_is_told_and_never_raises(settings, tmp_path, content):
    from cookiebanner.checks import country_file_is_readable

    path = tmp_path / "places.mmdb"
    if content is not None:
        path.write_bytes(content)
    settings.MMDB = str(path)
    assert place_of({}, "198.51.100.1") == NO_PLACE
    assert [message.id for message in country_file_is_readable()] == ["fairgate.W002"]
    write(path, PLACES)  # repaired while running
    assert place_of({}, "198.51.100.1") == Place("US", "TX", "mmdb")
    assert country_file_is_readable() == []


def test_a_damaged_file_answers_or_is_silent_but_never_raises(settings, country_file):
    whole = Path(country_file).read_bytes()
    settings.MMDB = country_file
    for cut in range(0, len(whole), 97):
        Path(country_file).write_bytes(whole[:cut] + b"\xff" * 40 + whole[cut + 40 :])
        os.utime(country_file, ns=(cut + 1, cut + 1))
        assert place_of({}, "198.51.100.1").by in ("mmdb", "fallback")
    for cut in range(0, len(whole), 97):
        Path(country_file).write_bytes(whole[:cut])
        os.utime(country_file, ns=(cut + 2, cut + 2))
        assert place_of({}, "198.51.100.1").by in ("mmdb", "fallback")


def test_a_folder_or_an_unset_path_is_no_file(settings, tmp_path):
    settings.MMDB = str(tmp_path)
    assert place_of({}, "198.51.100.1") == NO_PLACE
    settings.MMDB = ""
    assert place_of({}, "198.51.100.1") == NO_PLACE


def test_the_address_is_neither_logged_nor_kept(settings, country_file, caplog):
    caplog.set_level(logging.DEBUG)
    settings.MMDB = country_file
    Path(country_file).write_bytes(b"broken")
    place_of({"cf-ipcountry": "??", "x-forwarded-for": "198.51.100.77"}, PROXY)
    place_of({}, "198.51.100.77")
    assert "198.51.100.77" not in caplog.text
    assert "198.51.100.77" not in repr(vars(place.country_file))


# --- the answer -----------------------------------------------------------------------------------------------------
def test_the_header_says_how_it_was_made():
    today = datetime(2026, 11, 21, tzinfo=UTC).date()
    said = [
        header(decide(place_of(headers, PROXY), today))
        for headers in ({"cf-ipcountry": "US", "cf-region-code": "CA"}, {"cf-ipcountry": "US"}, {"cf-ipcountry": "DZ"}, {})
    ]  # fmt: skip
    assert said == [
        "us_ca; jurisdiction=US-CA; by=header",
        "us_optout_gpc; jurisdiction=US; by=header",
        "eu_opt_in; jurisdiction=*; by=header",
        "eu_opt_in; jurisdiction=*; by=fallback",
    ]


@pytest.mark.django_db
def test_choosing_the_regime_asks_no_database(django_assert_num_queries):
    with django_assert_num_queries(0):
        found = decide(place_of({"cf-ipcountry": "US", "cf-region-code": "TX"}, PROXY), datetime.now(UTC).date())
    assert header(found) == "us_optout_gpc; jurisdiction=US-TX; by=header"


def test_trust_ends_with_the_setting(settings):
    assert trusted(PROXY)
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    assert not trusted(PROXY)
    assert place_of({"cf-ipcountry": "US"}, PROXY) == NO_PLACE
