"""Each rule with a draft that breaks it; the clean draft breaks none."""

import copy
from typing import Any

import pytest
from django.conf import settings as django_settings

from consent.banners.actions import edit_banner, edit_texts
from consent.catalogue.actions import add_service, set_category, set_override
from consent.jurisdictions.actions import override
from consent.models import BlockRule
from consent.publishing import lint, queries
from consent.publishing.actions import waive
from consent.publishing.lint import informing
from consent.sites.actions import change_settings, create_site

pytestmark = [pytest.mark.django_db, pytest.mark.any_database]
WHY = "Keeps the basket that the visitor fills"


@pytest.fixture
def site():
    site = create_site(
        "shop.example", "x", languages=["en", "de", "fr"], controller="Shop Ltd", policy_url="https://shop.example/privacy",
        imprint_url="https://shop.example/imprint", first_party_endpoint=True,
    )  # fmt: skip
    cookie = {"name": "_ad", "lifetime": "90 days", "lifetime_days": 90}
    add_service(
        site, "x", name="Ad Net", category="C0004", patterns=["ads.example"], cookies=[cookie], targeted_ads=True
    )
    return site


def found(site):
    return [(f.rule, f.severity, f.regime, f.subject) for f in lint.check(queries.draft(site))]


def test_a_clean_draft_has_no_finding(site):
    assert found(site) == []


def test_a_fresh_site_says_who_it_is_first():
    assert found(create_site("new.example", "x")) == [
        ("L11", "block", "", "controller"),
        ("L11", "block", "", "policy"),
        ("F09", "warn", "", ""),
        ("L21", "warn", "eu_opt_in-DE", ""),
        ("L22", "warn", "", ""),
    ]


def test_the_page_that_tells_of_the_proxy_s_rule_holds_it(site):
    change_settings(site, "x", first_party_endpoint=False)
    [finding] = lint.check(queries.draft(site))
    page = finding.fix.removeprefix("Set up the reverse proxy rule of ").removesuffix(".")
    assert "location /.well-known/fairgate/ {" in (django_settings.BASE_DIR / page).read_text()


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"controller": ""}, ("L11", "block", "", "controller")),
        ({"policy_url": ""}, ("L11", "block", "", "policy")),
        ({"imprint_url": ""}, ("L21", "warn", "eu_opt_in-DE", "")),
        ({"languages": ["en", "de"]}, ("L15", "warn", "ca_qc", "")),
        ({"first_party_endpoint": False}, ("L22", "warn", "", "")),
        ({"ads_advanced_consent_mode": ["eu_opt_in"]}, ("L26", "warn", "eu_opt_in", "")),
    ],
)
def test_a_setting(site, settings, rule):
    change_settings(site, "x", **settings)
    assert found(site) == [rule]


def test_good_labels_pass(site):
    edit_texts(site, "x", "en", {"accept": "I agree", "reject": "Only  Necessary", "manage": "Cookie settings"})
    assert found(site) == []


def test_a_language_without_translation_blocks(site):
    change_settings(site, "x", languages=["en", "fr", "eo"])
    assert [(f.rule, f.severity, f.subject) for f in lint.check(queries.draft(site)) if f.rule == "L15"] == [
        ("L15", "block", "eo")
    ]
    message = next(f.message for f in lint.check(queries.draft(site)) if f.rule == "L15")
    assert message.endswith(" texts are not translated into eo: accept, always, body, change, close …")


def test_a_nameless_category_is_named(site):
    set_category(site, "SPD_BG", "x", used_by_page=True)
    assert found(site) == [("L15", "warn", "", f"SPD_BG {language}") for language in ("de", "en", "fr")]


def test_without_the_floating_button_the_page_must_have_a_link(site):
    edit_banner(site, "x", floating_button=False)
    assert found(site) == [("L10", "block", "", "")]


def test_any_accent_stays_readable(site):
    for accent in ("#ffff00", "#ffffff", "#000000", "#777777", "#ff8800"):
        edit_banner(site, "x", theme={"accent": accent, "background": "#888888", "text": "#999999"})
        assert [r for r in found(site) if r[0] == "L04"] == []


def test_unreadable_colours_would_block(site, monkeypatch):
    palette = {"bg": "#ffffff", "fg": "#bbbbbb", "mut": "#000000", "line": "#000000", "ac": "#000000", "on": "#ffffff"}
    monkeypatch.setattr(informing.theme, "palettes", lambda theme: (palette, {**palette, "fg": "#000000"}))
    assert found(site) == [("L04", "block", "", "light text")]


@pytest.mark.parametrize(
    ("regime", "state", "blocked"),
    [
        ("eu_opt_in", "allow", True),
        ("uk_pecr", "allow", True),
        ("ch", "allow", True),
        ("us_ca", "allow", False),
        ("eu_opt_in", "hold", False),
        ("us_ca", "hold", False),
    ],
)
def test_an_override_may_be_stricter_but_not_laxer(site, regime, state, blocked):
    set_override(site.services.get(), regime, state, "The boss wants it", "x")
    assert found(site) == [("L06", "block", regime, "ad-net") if blocked else ("F06", "warn", regime, "ad-net")]


def test_an_override_of_no_regime_is_noticed(site):
    set_override(site.services.get(), "mars", "allow", "why", "x")
    assert found(site) == [("F03", "warn", "mars", "ad-net")]


@pytest.mark.parametrize(
    ("service", "severity"),
    [
        ({"name": "Stats", "patterns": ["www.google-analytics.com/analytics.js"]}, "block"),
        ({"name": "Tag Manager", "patterns": ["googletagmanager.com/gtm.js"]}, "block"),
        (
            {"name": "Shop stats", "patterns": ["stats.shop.example"], "cookies": [{"name": "_ga", "lifetime": "x"}]},
            "block",
        ),
        ({"name": "Own ads", "patterns": ["own.example"], "targeted_ads": True}, "block"),
        ({"name": "Own counter", "patterns": ["own.example"], "statistics": True}, "block"),
        ({"name": "hotjar", "patterns": ["own.example"]}, "block"),
        ({"name": "Errors", "patterns": ["sentry.io"]}, "warn"),
        ({"name": "Fonts", "patterns": ["fonts.googleapis.com"]}, None),
        ({"name": "Basket", "cookies": ["session"]}, None),
    ],
)
def test_trackers_are_not_necessary(site, service, severity):
    made = add_service(site, "x", category="C0001", necessary_reason=WHY, **service)
    assert found(site) == ([("L08", severity, "", made.key)] if severity else [])


def test_advertising_to_children_is_never_necessary(site):
    change_settings(site, "x", child_directed=True)
    add_service(site, "x", name="Own ads", category="C0001", necessary_reason=WHY, targeted_ads=True)
    assert found(site) == [("L08", "block", "", "own-ads"), ("L25", "block", "", "own-ads")]


def test_an_exemption_is_for_pure_statistics(site):
    add_service(
        site,
        "x",
        name="Counter",
        category="C0002",
        patterns=["c.example"],
        exempt_in=["GB"],
        exemption_confirmed=["GB"],
    )
    assert found(site) == []
    add_service(
        site,
        "x",
        name="Mixed",
        category="C0002",
        patterns=["m.example"],
        sells_or_shares=True,
        exemption_confirmed=["GB"],
    )
    assert found(site) == [("L08", "warn", "", "mixed"), ("L08", "warn", "", "mixed")]


@pytest.mark.parametrize(
    ("place", "fields", "rules"),
    [
        ("FR", {"preset": "us_optout_gpc"}, {"L06"}),
        ("IT", {"close_x": ""}, {"L07"}),
        ("IT", {"reprompt_after_refusal_min_days": "30"}, {"L16"}),
        ("DE", {"effective_date": "2099-01-01"}, {"L06"}),
        ("US-CA", {"preset": "notice"}, {"L06", "L23"}),
        ("US-TX", {"preset": "eu_opt_in"}, set()),
        ("BR", {"close_x": "must"}, set()),
    ],
)
def test_a_correction_of_the_table_may_be_stricter_but_not_laxer(site, place, fields, rules):
    override(site, "x", place, fields, "Our counsel reads it so")
    blocking = {f.rule for f in lint.check(queries.draft(site)) if f.blocks}
    assert rules <= blocking
    assert bool(rules) == bool(blocking)


def test_lifetimes_are_said_and_short(site):
    cookies: list[str | dict[str, Any]] = [
        "_no_word",
        {"name": "_for_ever", "lifetime": "10 years", "lifetime_days": 3650},
    ]
    add_service(site, "x", name="Old", category="C0002", patterns=["old.example"], cookies=cookies)
    messages = [f.message for f in lint.check(queries.draft(site))]
    assert messages == [
        "Old has cookies without a lifetime: _no_word.",
        "Old has cookies that live longer than 395 days: _for_ever.",
    ]


def test_more_than_fifty_services_are_too_many(site):
    snapshot = queries.draft(site)
    one = snapshot["services"][0]
    snapshot["services"] = [{**one, "key": f"s{n}", "name": f"S{n}", "rules": [f"s{n}.example"]} for n in range(50)]
    assert lint.check(snapshot) == []
    snapshot["services"].append({**one, "key": "s50", "rules": ["s50.example"]})
    assert [f.rule for f in lint.check(snapshot)] == ["L20"]


def test_a_banner_without_reject_blocks(site):
    snapshot = copy.deepcopy(queries.draft(site))
    snapshot["variants"]["eu_opt_in"]["buttons"] = ["accept", "manage"]
    assert [(f.rule, f.regime) for f in lint.check(snapshot)] == [("L01", "eu_opt_in")]


def test_statutory_texts_are_word_for_word(site):
    snapshot = copy.deepcopy(queries.draft(site))
    snapshot["banner"]["texts"]["de"]["link_privacy_choices"] = "Ihre Wahl"
    assert {(f.rule, f.severity, f.subject) for f in lint.check(snapshot)} == {
        ("L23", "block", "link_privacy_choices de")
    }


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [
        ("shop.example", ("F02", "block")),
        ("example.com", None),
        ("stats.shop.example", None),
        ("shop.example/stats.js", None),
        ("ads.example", ("F05", "warn")),
        ("not a pattern", ("F01", "block")),
    ],
)
def test_a_pattern_that_breaks_the_site(site, pattern, rule):
    service = add_service(site, "x", name="Zoo", category="C0002", patterns=["zoo.example"])
    BlockRule.objects.create(service=service, pattern=pattern)
    assert [(r, s) for r, s, *_ in found(site)] == ([rule] if rule else [])


def test_a_service_that_cannot_be_held_is_noticed(site):
    add_service(site, "x", name="Ghost", category="C0002")
    assert found(site) == [("L26", "warn", "", "ghost")]


def test_advertising_that_ignores_the_signal_is_noticed(site):
    add_service(site, "x", name="Kind ads", category="C0004", patterns=["kind.example"])
    assert found(site) == [("L22", "block", "", "kind-ads")]


def test_google_needs_its_signals(site):
    add_service(site, "x", name="Tag", category="C0004", patterns=["t.example"], adapter="google", sells_or_shares=True)
    assert found(site) == []
    set_category(site, "C0002", "x", consent_mode=[])
    assert found(site) == []
    set_category(site, "C0004", "x", consent_mode=[])
    [finding] = lint.check(queries.draft(site))
    assert (finding.rule, finding.message) == ("L28", "Tag is in C0004, which governs none of Google's signals.")


def test_googles_containers_need_all_of_its_signals(site):
    add_service(site, "x", name="Tags", category="C0003", patterns=["t.example"], adapter="google", container=True)
    assert found(site) == []
    set_category(site, "C0002", "x", consent_mode=[])
    [finding] = lint.check(queries.draft(site))
    assert (finding.rule, finding.message) == ("L28", "No category governs Google's analytics_storage.")


def test_a_sign_off_counts_for_its_rule_and_regime(site):
    set_override(site.services.get(), "eu_opt_in", "allow", "Opinion of 2026-11-02", "x")
    waive(site, "L06", "uk_pecr", "Dr. Law", "other place", "x")
    assert found(site) == [("L06", "block", "eu_opt_in", "ad-net")]
    waive(site, "L06", "eu_opt_in", "Dr. Law", "Opinion of 2026-11-02", "x")
    [finding] = lint.check(queries.draft(site))
    assert (finding.severity, finding.signed_by) == ("warn", "Dr. Law")
    assert str(finding).endswith("Signed off by Dr. Law.")
