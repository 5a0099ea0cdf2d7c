"""The shipped catalogue: every entry is complete and readable, and common addresses are told rightly."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from consent.catalogue import known, necessary
from consent.catalogue.models import Cookie, slug_key
from consent.jurisdictions import table
from fairgate_enforce import patterns

FILE = Path(known.__file__).parent / "services.json"
KINDS = set(Cookie.Kind.values)
TEXT = {
    "necessary_reason",
    "key",
    "name",
    "company",
    "policy_url",
    "source",
    "kind",
    "category",
    "description",
    "adapter",
}
FLAGS = {"container", "sells_or_shares", "targeted_ads", "sensitive", "statistics"}
LISTS = {"rules", "companions", "inline", "signs", "calls", "exempt_in", "cookies"}


def test_there_are_four_hundred_and_no_key_twice():
    keys = [service["key"] for service in known.services()]
    assert len(keys) >= 400
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("service", json.loads(FILE.read_text()), ids=lambda s: s["key"])
def test_entry(service):
    assert set(service) <= TEXT | FLAGS | LISTS
    slug_key(service["key"])
    for field in ("name", "company", "description"):
        assert service[field].strip() == service[field] != ""
    URLValidator(schemes=["https"])(service["policy_url"])
    URLValidator(schemes=["https"])(service.get("source", service["policy_url"]))
    assert service["kind"] in known.KINDS
    assert service["category"] in {"C0001", "C0002", "C0003", "C0004", "C0005"}
    assert service["rules"] == list(dict.fromkeys(service["rules"])) != []
    for pattern in service["rules"]:
        patterns.parse(pattern)
    for flag in FLAGS & set(service):
        assert service[flag] is True
    assert set(service.get("exempt_in", ())) <= {row.iso_country for row in table.ROWS.values()}
    for mark in (*service.get("inline", ()), *service.get("signs", ())):
        assert len(mark) >= 5
    for name in service.get("calls", ()):
        assert re.fullmatch(r"[A-Za-z_$][\w$]*", name)
    names = set()
    for cookie in service.get("cookies", ()):
        assert set(cookie) <= {"name", "kind", "lifetime", "lifetime_days", "purpose"}
        assert cookie["name"] and cookie["lifetime"] and cookie["purpose"].endswith(".")
        assert re.fullmatch(r"session|unlimited|\d+ (minute|hour|day|week|month|year)s?", cookie["lifetime"])
        assert (cookie["lifetime"] == "unlimited") == ("lifetime_days" not in cookie)
        assert cookie.get("kind", "cookie") in KINDS
        names.add((cookie.get("kind", "cookie"), cookie["name"]))
    assert len(names) == len(service.get("cookies", ()))


def test_what_is_necessary_says_why_and_nothing_else_does():
    for service in known.services():
        assert (service["key"], necessary.enough(service["necessary_reason"])) == (
            service["key"], service["category"] == "C0001",
        )  # fmt: skip


def test_what_is_necessary_does_not_track():
    assert [s["key"] for s in known.services() if s["category"] == "C0001" and known.tracks(s)] == []


def test_no_two_services_claim_the_same_pattern():
    owners: dict[Any, list[str]] = {}
    for service in known.services():
        for pattern in service["rules"]:
            owners.setdefault(patterns.parse(pattern), []).append(service["key"])
    assert {p: keys for p, keys in owners.items() if len(keys) > 1} == {}


# A host below another service's whole host: whose it is, whose the rest is.
INSIDE = {
    ("tt.omtrdc.net", "adobe-target", "adobe-analytics"),  # Adobe serves both from one domain
    ("v.shopify.com", "shopify-analytics", "shopify"),  # of the shop's own domain, the host that counts
}


def test_no_service_claims_a_host_of_another_without_a_reason():
    whole = {
        rule.host: service["key"]
        for service in known.services()
        for rule in map(patterns.parse, service["rules"])
        if rule.host and not rule.path and not rule.query
    }
    inside = {
        (host, owner, whole[parent])
        for host, owner in whole.items()
        for parent in patterns.host_suffixes(host)[1:]
        if whole.get(parent, owner) != owner
    }
    assert inside == INSIDE


def test_companions_are_of_the_catalogue_and_need_none_themselves():
    for service in known.services():
        for key in service["companions"]:
            companion = known.by_key()[key]
            assert (service["key"], key != service["key"], companion["companions"]) == (service["key"], True, [])


# Hosts of which sites need much that no tracker put there: a rule may name a subdomain or a path of them, never all.
BARE = """
    akamaihd.net akamaized.net amazonaws.com apple.com azureedge.net azurefd.net azurewebsites.net b-cdn.net blob.core.windows.net
    bunnycdn.com cloudflare.com cloudfront.net core.windows.net daumcdn.net digitaloceanspaces.com edgekey.net facebook.com
    fastly.net fastlylb.net firebaseapp.com github.com github.io githubusercontent.com gitlab.io google.com googleapis.com
    googleusercontent.com gstatic.com herokuapp.com kakaocdn.net kxcdn.com linkedin.com live.com mail.ru microsoft.com
    msecnd.net naver.com naver.net netdna-cdn.com netdna-ssl.com netlify.app office.com pages.dev pinimg.com quora.com
    r2.dev reddit.com rackcdn.com s3.amazonaws.com stackpathcdn.com t.co twitter.com vercel.app vk.com web.app windows.net
    wordpress.com workers.dev wp.com x.com yahoo.co.jp yahoo.com yandex.net yandex.ru yimg.com yimg.jp
""".split()


@pytest.mark.parametrize("host", BARE)
def test_no_rule_holds_a_whole_host_that_sites_need(host):
    found = known.of_url(f"https://{host}/")
    assert found is None
    assert known.of_url(f"https://app.{host}/main.js") is None


def test_no_rule_holds_a_whole_public_suffix():
    from publicsuffixlist import PublicSuffixList

    suffixes = PublicSuffixList()
    hosts = {rule.host for service in known.services() for rule in map(patterns.parse, service["rules"]) if rule.host}
    # Under it are shops alone, and Shopify has each of them.
    assert [host for host in sorted(hosts) if suffixes.privatesuffix(host) is None] == ["myshopify.com"]


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("https://www.googletagmanager.com/gtm.js?id=GTM-MNR2TXF", "google-tag-manager"),
        ("https://www.googletagmanager.com/ns.html?id=GTM-MNR2TXF", "google-tag-manager"),
        ("https://www.googletagmanager.com/gtag/js?id=G-ABC", "google-tag"),
        ("https://region1.google-analytics.com/g/collect?v=2", "google-analytics"),
        ("https://stats.g.doubleclick.net/g/collect?v=2", "google-analytics"),
        ("https://googleads.g.doubleclick.net/pagead/viewthroughconversion/1/", "google-ads"),
        ("https://www.google.com/recaptcha/api.js", "google-recaptcha"),
        ("https://www.google.com/maps/embed?pb=x", "google-maps"),
        ("https://fonts.googleapis.com/icon?family=Material+Icons", "google-fonts"),
        ("https://www.youtube.com/embed/x", "youtube"),
        ("https://www.youtube-nocookie.com/embed/x", "youtube-nocookie"),
        ("//js.hs-scripts.com/8302691.js", "hubspot"),
        ("https://js.hsforms.net/forms/v2.js", "hubspot"),
        ("https://js.hs-analytics.net/analytics/1/8302691.js", "hubspot"),
        ("https://js.hs-banner.com/8302691.js", "hubspot"),
        ("https://js.hscollectedforms.net/collectedforms.js", "hubspot"),
        ("https://forms.hubspot.com/embed/v3/form/8302691/x", "hubspot"),
        ("https://track.hubspot.com/__ptq.gif", "hubspot"),
        ("https://js-agent.newrelic.com/nr-1216.min.js", "new-relic"),
        ("https://bam.nr-data.net/1/06a0042e5f", "new-relic"),
        ("https://ribboncommunicationsinc.widget.insent.ai/insent", "insent"),
        ("https://plausible.io/js/plausible.js", "plausible"),
        ("https://unpkg.com/material-components-web@latest/dist/material-components-web.min.js", "unpkg"),
        ("https://cloud.typography.com/6716338/6729232/css/fonts.css", "typography-com"),
        ("https://use.fontawesome.com/releases/v5.11.1/css/all.css", "font-awesome"),
        ("https://connect.facebook.net/en_US/fbevents.js", "meta-pixel"),
        ("https://connect.facebook.net/en_US/sdk.js", "facebook-plugins"),
        ("https://www.facebook.com/tr?id=1", "meta-pixel"),
        ("https://www.facebook.com/plugins/like.php", "facebook-plugins"),
        ("https://www.facebook.com/v18.0/plugins/like.php", "facebook-plugins"),
        ("https://stats.example.org/matomo.js", "matomo"),
        ("/piwik/piwik.php?idsite=1", "matomo"),
        ("https://cdn.shopify.com/s/files/1/x.js", "shopify"),
        ("https://cdn.shopify.com/s/trekkie.storefront.min.js", "shopify-analytics"),
        ("https://company.tt.omtrdc.net/rest", "adobe-target"),
        ("https://company.sc.omtrdc.net/b/ss", "adobe-analytics"),
        ("https://nothubspot.com/x.js", None),
        ("https://example.org/plausible.io/x.js", None),
        ("/js/app.js", None),
    ],
)  # fmt: skip
def test_an_address_belongs_to(url, key):
    found = known.of_url(url, "shop.example")
    assert (found and found["key"]) == key


@pytest.mark.parametrize(
    ("code", "keys"),
    [
        ('(window.NREUM||(NREUM={})).init={ajax:{deny_list:["bam.nr-data.net"]}};', ["new-relic"]),
        ('window.NREUM||(NREUM={});NREUM.info={"beacon":"bam.nr-data.net"}', ["new-relic"]),
        ("if (window.newrelic) newrelic.noticeError(e)", []),
        ("(function(w,d,s,l,i){w[l]=w[l]||[];})(window,document,'script','dataLayer','GTM-1');", []),
        ("!function(f,b,e){}(); fbq('init', '1');", ["meta-pixel"]),
        ("var _paq = window._paq = window._paq || []; _paq.push(['trackPageView']);", ["matomo"]),
    ],
)
def test_code_belongs_to(code, keys):
    assert [service["key"] for service in known.of_code(code)] == keys


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("_ga", ["google-analytics"]),
        ("_ga_ABC123", ["google-analytics"]),
        ("_fbp", ["meta-pixel"]),
        ("uid", []),
        ("session", []),
    ],
)
def test_a_cookie_belongs_to(name, keys):
    assert [service["key"] for service in known.of_cookie(name)] == keys


def test_a_policy_address_without_https_would_be_noticed():
    with pytest.raises(ValidationError):
        URLValidator(schemes=["https"])("http://example.org/privacy")


def test_what_is_said_of_most_cookies_is_said_in_every_language():
    from consent.banners import texts

    spoken = sorted({*texts.shipped()} - {"en"})
    assert {phrase for phrase, words in known.purposes().items() if sorted(words) != spoken} == set()
    assert all(word.strip() == word != "" for words in known.purposes().values() for word in words.values())
    cookies = [cookie for service in known.services() for cookie in service["cookies"]]
    assert {*known.purposes()} - {cookie["purpose"] for cookie in cookies} == set()
    assert sum(bool(cookie["texts"]) for cookie in cookies) / len(cookies) > 0.65
