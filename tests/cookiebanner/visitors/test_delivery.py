from __future__ import annotations

import gzip
from datetime import UTC, datetime
from uuid import uuid4

import brotli
import pytest

from consent.models import Artifact
from cookiebanner.artifacts.respond import respond as artifacts_respond
from cookiebanner.lane.app import Lane
from cookiebanner.visitors.delivery import negotiate
from cookiebanner.visitors.published import published
from tests.cookiebanner.sample_releases import FIRST_DE, FIRST_EN, release, site, with_first
from tests.values import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def shop():
    made = site()
    release(made)
    return made


def body_of(release, name):
    return Artifact.objects.get(release=release, name=name).content.body


def test_a_gate_from_an_unknown_place_is_the_strictest_and_stays_private(client, shop):
    answer = client.get(f"/v1/{shop.uuid}/gate.js")
    assert answer.status_code == 200
    assert answer.content == body_of(shop.releases.get(), "gate.eu_opt_in.js")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["CDN-Cache-Control"] == "no-store"
    assert answer["Fairgate-Regime"] == "eu_opt_in; jurisdiction=*; by=fallback"
    assert answer["Vary"] == "Accept-Encoding"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert answer["Timing-Allow-Origin"] == "*"
    assert "Content-Security-Policy" not in answer
    assert "Set-Cookie" not in answer


def test_a_trusted_proxys_country_decides_the_gate(client, shop, settings):
    from ipaddress import ip_network

    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1")]
    answer = client.get(f"/v1/{shop.uuid}/gate.js", headers={"CF-IPCountry": "US", "CF-Region-Code": "CA"})
    assert answer["Fairgate-Regime"] == "us_ca; jurisdiction=US-CA; by=header"
    assert answer.content == body_of(shop.releases.get(), "gate.us_ca.js")
    settings.FAIRGATE_TRUSTED_PROXIES = []
    answer = client.get(f"/v1/{shop.uuid}/gate.js", headers={"CF-IPCountry": "US", "CF-Region-Code": "CA"})
    assert answer["Fairgate-Regime"] == "eu_opt_in; jurisdiction=*; by=fallback"


@pytest.mark.parametrize("prefix", ["", "/privacy", "/a/b"])
@pytest.mark.parametrize("path", ["/v1/{}/gate.js", "/consent/{}/OtAutoBlock.js"])
def test_the_gate_is_the_same_at_each_of_its_addresses(client, shop, prefix, path):
    answer = client.get(prefix + path.format(shop.uuid))
    assert answer.content == body_of(shop.releases.get(), "gate.eu_opt_in.js")
    assert client.get(prefix + path.format(str(shop.uuid).upper())).content == answer.content


def test_the_test_id_is_the_same_gate_and_never_cached(client, shop):
    answer = client.get(f"/consent/{shop.uuid}-test/OtAutoBlock.js")
    assert answer.content == body_of(shop.releases.get(), "gate.eu_opt_in.js")
    assert answer["Cache-Control"] == "no-store"


def test_a_named_regime_is_public_and_briefly_immutable(client, shop):
    answer = client.get(f"/v1/{shop.uuid}/regime/us_ca/gate.js")
    assert answer.content == body_of(shop.releases.get(), "gate.us_ca.js")
    assert answer["Cache-Control"] == "public, max-age=30, immutable"
    assert "CDN-Cache-Control" not in answer
    assert answer["Fairgate-Regime"] == "us_ca; jurisdiction=*; by=url"


def test_an_unknown_regime_gets_the_strictest_gate(client, shop):
    answer = client.get(f"/v1/{shop.uuid}/regime/atlantis/gate.js")
    assert answer.content == body_of(shop.releases.get(), "gate.eu_opt_in.js")
    assert answer["Cache-Control"] == "private, no-cache"


def test_a_release_can_be_pinned_and_is_immutable_for_a_year(client, shop):
    release(shop, 2)
    for number in (1, 2):
        answer = client.get(f"/v1/{shop.uuid}/r/{number}/regime/us_ca/gate.js")
        assert answer.content == body_of(shop.releases.get(number=number), "gate.us_ca.js")
        assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(f"/v1/{shop.uuid}/r/3/regime/us_ca/gate.js").content == b""


def test_a_hashed_address_answers_for_its_own_site_only_and_outlives_a_release(client, shop):
    first = Artifact.objects.get(release=shop.releases.get(), name="gate.us_ca.js")
    release(shop, 2)
    answer = client.get(f"/v1/{shop.uuid}/a/{first.sha256}/gate.us_ca.js")
    assert answer.content == first.content.body
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(f"/v1/{shop.uuid}/a/{first.sha256[:16]}/gate.us_ca.js").content == first.content.body
    assert client.get(f"/v1/{shop.uuid}/a/{first.sha256[:15]}/gate.us_ca.js").status_code == 404
    other = site("other.example")
    release(other)
    assert client.get(f"/v1/{other.uuid}/a/{first.sha256[:16]}/gate.us_ca.js").status_code == 404
    assert client.get(f"/v1/{shop.uuid}/a/{first.sha256}/ui.en.js").status_code == 404
    assert client.get(f"/v1/{uuid4()}/a/{first.sha256}/gate.us_ca.js").status_code == 404


@pytest.mark.parametrize(
    ("accept", "encoding", "decode"),
    [("gzip, deflate, br, zstd", "br", brotli.decompress), ("gzip", "gzip", gzip.decompress), ("", None, bytes)],
)
def test_it_is_sent_compressed_as_asked(client, shop, accept, encoding, decode):
    plain = body_of(shop.releases.get(), "gate.eu_opt_in.js")
    answer = client.get(f"/v1/{shop.uuid}/gate.js", headers={"Accept-Encoding": accept})
    assert answer.headers.get("Content-Encoding") == encoding
    assert decode(answer.content) == plain
    assert answer["Content-Length"] == str(len(answer.content))


@pytest.mark.parametrize(
    ("accept", "encoding"),
    [
        ("", "identity"), ("*", "br"), ("br;q=0", "identity"), ("br;q=0, gzip", "gzip"), ("gzip;q=1, br;q=0.5", "gzip"),
        ("identity", "identity"), ("identity;q=1, br;q=0.1", "identity"), ("GZIP", "gzip"), ("br; q=1.0", "br"),
        ("br;q=x", "identity"), ("deflate", "identity"), (";;,,", "identity"),
    ],
)  # fmt: skip
def test_negotiation(accept, encoding):
    assert negotiate(accept) == encoding


def test_an_unchanged_gate_is_304_with_its_headers(client, shop):
    first = client.get(f"/v1/{shop.uuid}/gate.js", headers={"Accept-Encoding": "br"})
    for tag in (first["ETag"], f"W/{first['ETag']}", f'"x", {first["ETag"]}', "*"):
        again = client.get(f"/v1/{shop.uuid}/gate.js", headers={"Accept-Encoding": "br", "If-None-Match": tag})
        assert again.status_code == 304
        assert again.content == b""
        for name in ("ETag", "Cache-Control", "CDN-Cache-Control", "Vary", "Fairgate-Regime"):
            assert again[name] == first[name]
    assert client.get(f"/v1/{shop.uuid}/gate.js", headers={"If-None-Match": first["ETag"]}).status_code == 200
    release(shop, 2)
    again = client.get(f"/v1/{shop.uuid}/gate.js", headers={"Accept-Encoding": "br", "If-None-Match": first["ETag"]})
    assert again.status_code == 200


def test_head_is_get_without_a_body(client, shop):
    get, head = client.get(f"/v1/{shop.uuid}/gate.js"), client.head(f"/v1/{shop.uuid}/gate.js")
    assert head.content == b""
    assert dict(head.headers) == dict(get.headers)


def test_other_methods_are_refused(client, shop):
    assert client.post(f"/v1/{shop.uuid}/gate.js").status_code == 405


@pytest.mark.parametrize("path", ["/v1/{}/gate.js", "/v1/{}/regime/us_ca/gate.js", "/consent/{}/OtAutoBlock.js"])
@pytest.mark.parametrize("which", ["unknown", "no uuid", "unpublished", "killed"])
def test_what_can_not_be_served_is_an_empty_script_that_nobody_keeps(client, shop, path, which):
    if which == "killed":
        shop.killed_at = datetime.now(UTC)
        shop.save()
    named = {"unknown": uuid4(), "no uuid": "hello", "unpublished": site("new.example").uuid, "killed": shop.uuid}
    answer = client.get(path.format(named[which]))
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["CDN-Cache-Control"] == "no-store"


def test_a_publish_and_the_kill_switch_show_at_once(client, shop):
    def got():
        return client.get(f"/v1/{shop.uuid}/gate.js").content

    before = got()
    second = release(shop, 2)
    assert got() == body_of(second, "gate.eu_opt_in.js") != before
    shop.killed_at = datetime.now(UTC)
    shop.save()
    assert got() == b""
    shop.killed_at = None
    shop.save()
    assert got() == body_of(second, "gate.eu_opt_in.js")


# --- the first layer behind a gate -----------------------------------------------------------------------------------

DECODE = {"br": brotli.decompress, "gzip": gzip.decompress, "identity": bytes}


@pytest.mark.parametrize("encoding", DECODE)
def test_a_gate_and_its_first_layer_are_one_file_in_each_encoding(client, encoding):
    shop = with_first()
    gate = body_of(shop.releases.get(), "gate.eu_opt_in.js")
    tags = set()
    for language, part in (("en", FIRST_EN), ("de", FIRST_DE)):
        address, headers = f"/v1/{shop.uuid}/gate.js?l={language}", {"Accept-Encoding": encoding}
        answer = client.get(address, headers=headers)
        assert DECODE[encoding](answer.content) == gate + part
        assert (answer["Content-Language"], answer["Vary"]) == (language, "Accept-Encoding")
        assert answer["Cache-Control"] == "private, no-cache"
        assert answer["Content-Length"] == str(len(answer.content))
        head = client.head(address, headers=headers)
        assert (head.content, {**head.headers}) == (b"", {**answer.headers})
        again = client.get(address, headers={**headers, "If-None-Match": answer["ETag"]})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", answer["ETag"])
        tags.add(answer["ETag"])
    assert len(tags) == 2


def test_its_etag_names_both_artifacts(client):
    shop = with_first()
    hashes = [
        Artifact.objects.get(name=name, release__site=shop).sha256[:16]
        for name in ("gate.eu_opt_in.js", "first.de.js")
    ]  # fmt: skip
    answer = client.get(f"/v1/{shop.uuid}/gate.js?l=de", headers={"Accept-Encoding": "br"})
    assert answer["ETag"] == f'"{"".join(hashes)}-br"'
    parts = [
        client.get(f"/v1/{shop.uuid}/a/{sha256}/{name}").content
        for sha256, name in zip(hashes, ("gate.eu_opt_in.js", "first.de.js"), strict=True)
    ]
    assert b"".join(parts) == brotli.decompress(answer.content)


@pytest.mark.parametrize(
    ("accept", "language"),
    [
        ("de", "de"), ("de-AT, en;q=0.9", "de"), ("en;q=0.3, de;q=0.5", "de"), ("fr, de;q=0.1", "de"), ("fr", "en"), ("", "en"),
        ("de;q=0, en", "en"), ("de;q=x, en", "en"), ("d" * 300, "en"), ("*", "en"), (",;q=,de_DE", "de"),
    ],
)  # fmt: skip
def test_without_a_language_in_its_address_the_browser_s_counts(client, accept, language):
    shop = with_first()
    answer = client.get(f"/v1/{shop.uuid}/gate.js", headers={"Accept-Language": accept})
    assert answer["Content-Language"] == language
    assert (answer["Vary"], answer["Cache-Control"]) == ("Accept-Encoding, Accept-Language", "private, no-cache")


def test_a_site_s_only_language_needs_no_question(client):
    shop = with_first(languages=("de",))
    answer = client.get(f"/v1/{shop.uuid}/gate.js", headers={"Accept-Language": "en"})
    assert (answer["Content-Language"], answer["Vary"]) == ("de", "Accept-Encoding")


def test_what_is_public_never_depends_on_a_header(client):
    shop = with_first()
    for query, language in (("", "en"), ("?l=de", "de"), ("?l=fr", "en")):
        answer = client.get(f"/v1/{shop.uuid}/regime/eu_opt_in/gate.js{query}", headers={"Accept-Language": "de"})
        assert (answer["Content-Language"], answer["Vary"]) == (language, "Accept-Encoding")
        assert answer["Cache-Control"] == "public, max-age=30, immutable"


def test_a_place_with_words_of_its_own_gets_them(client):
    shop = with_first()
    for language, part in (("en", FIRST_EN + b";window.ca=1"), ("de", FIRST_DE)):
        answer = client.get(f"/v1/{shop.uuid}/regime/us_ca/gate.js?l={language}")
        assert answer.content == body_of(shop.releases.get(), "gate.us_ca.js") + part


def test_a_pinned_release_and_the_drop_in_have_the_gate_alone(client):
    shop = with_first()
    for path in (f"/v1/{shop.uuid}/r/1/regime/eu_opt_in/gate.js?l=de", f"/consent/{shop.uuid}/OtAutoBlock.js?l=de"):
        answer = client.get(path)
        assert answer.content == body_of(shop.releases.get(), "gate.eu_opt_in.js")
        assert "Content-Language" not in answer


def test_the_kill_switch_takes_it_away(client):
    shop = with_first()
    assert client.get(f"/v1/{shop.uuid}/gate.js?l=de").content != b""
    shop.killed_at = datetime.now(UTC)
    shop.save()
    assert client.get(f"/v1/{shop.uuid}/gate.js?l=de").content == b""


def test_the_lane_sends_each_visitor_the_language_of_the_address_or_of_the_browser():
    shop = with_first()
    published.refresh()
    lane = Lane(django=None)

    def language(target: str, accept: str) -> str:
        headers = [(b"accept-language", accept.encode())]
        lane.script(target.encode(), headers, "203.0.113.9", False)
        ready = lane.script(target.encode(), headers, "203.0.113.9", False)
        if ready is None:  # not in memory
            artifacts_respond(
                "GET",
                target.partition("?")[0],
                {"accept-language": accept},
                "203.0.113.9",
                query=target.partition("?")[2],
            )
            ready = lane.script(target.encode(), headers, "203.0.113.9", False)
        return dict(present(ready).response.headers)[b"content-language"].decode()

    address = f"/v1/{shop.uuid}/gate.js"
    assert [language(address, accept) for accept in ("de", "en", "de-CH,de;q=0.9", "fr")] == ["de", "en", "de", "en"]
    assert [language(f"{address}?l={code}", "en") for code in ("de", "en", "fr")] == ["de", "en", "en"]
