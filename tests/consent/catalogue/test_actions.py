from typing import Any

import pytest

from consent.catalogue import actions
from consent.common import InvalidChange
from consent.models import AuditEvent, Category, Service
from consent.sites.actions import create_site
from tests.values import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return create_site("shop.example", "x")


def test_a_service_is_added_with_rules_and_cookies(site):
    service = actions.add_service(
        site, "alice", name="Ad Network", category="C0004", patterns=["ads.example", "ads.example", "px.example/p"],
        cookies=["_ad", {"name": "_ad*", "kind": "local", "lifetime": "1 year", "lifetime_days": 365}], targeted_ads=True,
    )  # fmt: skip
    assert (service.key, service.category.key, service.targeted_ads) == ("ad-network", "C0004", True)
    assert list(service.rules.values_list("pattern", flat=True)) == ["ads.example", "px.example/p"]
    assert list(service.cookies.values_list("name", "kind", "lifetime_days")) == [
        ("_ad", "cookie", None),
        ("_ad*", "local", 365),
    ]
    event = AuditEvent.objects.first()
    assert (present(event).actor, present(event).verb) == ("alice", "service.add")


@pytest.mark.parametrize(
    ("more", "says"),
    [
        ({"name": "Ads"}, "already has a service ads"),
        ({"category": "C0099"}, "no category 'C0099'; it has C0001, C0002"),
        ({"patterns": ["com"]}, "whole top-level domain"),
        ({"patterns": ["x" * 600 + ".example"]}, "not a host name"),
        ({"name": "***"}, "no letter or digit"),
        ({"name": ""}, "no letter or digit"),
        ({"cookies": [{"name": "a", "colour": "red"}]}, "no colour"),
        ({"cookies": [{"name": "a", "kind": "stone"}]}, "kind"),
        ({"policy_url": "nowhere"}, "policy_url"),
        ({"speed": 3}, "no speed"),
        ({"inline": [""]}, "too short"),
        ({"cookies": ["*"]}, "every cookie"),
    ],
)
def test_a_wrong_service_is_refused_and_leaves_nothing(site, more, says):
    actions.add_service(site, "x", name="ads", category="C0004")
    with pytest.raises(InvalidChange, match=says):
        actions.add_service(site, "x", **{"name": "New", "category": "C0004", **more})
    assert list(site.services.values_list("key", flat=True)) == ["ads"]


def test_an_update_changes_what_is_given_and_says_so(site):
    service = actions.add_service(site, "x", name="Ads", category="C0004", patterns=["a.example"], cookies=["one"])
    service = actions.update_service(
        service, "bob", category="C0002", patterns=["a.example", "b.example"], company="A Ltd"
    )
    assert (service.category.key, service.company) == ("C0002", "A Ltd")
    assert list(service.cookies.values_list("name", flat=True)) == ["one"]
    event = AuditEvent.objects.first()
    assert present(event).detail == {
        "key": "ads",
        "changed": {
            "company": ["", "A Ltd"],
            "category": ["C0004", "C0002"],
            "patterns": [["a.example"], ["a.example", "b.example"]],
        },
    }
    actions.update_service(service, "bob", company="A Ltd", patterns=["b.example", "a.example"], cookies=["one"])
    assert AuditEvent.objects.first() == event


def test_a_refused_update_changes_nothing(site):
    service = actions.add_service(site, "x", name="Ads", category="C0004", patterns=["a.example"])
    with pytest.raises(InvalidChange):
        actions.update_service(service, "x", company="B Ltd", patterns=["b.example", "com"])
    service = Service.objects.get()
    assert (service.company, [r.pattern for r in service.rules.all()]) == ("", ["a.example"])


def test_overrides_need_a_reason_and_can_be_taken_back(site):
    service = actions.add_service(site, "x", name="Ads", category="C0004")
    with pytest.raises(InvalidChange, match="reason"):
        actions.set_override(service, "us_ca", "hold", " ", "x")
    with pytest.raises(InvalidChange, match="state"):
        actions.set_override(service, "us_ca", "maybe", "why", "x")
    actions.set_override(service, "us_ca", "hold", "Counsel asks", "x")
    actions.set_override(service, "us_ca", "allow", "Counsel changed its mind", "x")
    assert [(o.regime, o.state) for o in service.overrides.all()] == [("us_ca", "allow")]
    actions.set_override(service, "us_ca", None, "", "x")
    assert service.overrides.count() == 0


def test_a_category_with_services_is_not_deleted(site):
    actions.add_service(site, "x", name="Ads", category="C0004")
    with pytest.raises(InvalidChange, match="Move Ads to another category first"):
        actions.delete_category(site.categories.get(key="C0004"), "x")
    actions.delete_service(site.services.get(), "x")
    actions.delete_category(site.categories.get(key="C0004"), "x")
    assert not Category.objects.filter(key="C0004").exists()


def test_categories_and_purposes_are_set(site):
    category = actions.set_category(site, "SPD_BG", "x", texts={"en": {"name": "Sale", "description": "…"}})
    assert (category.position, category.necessary) == (5, False)
    assert actions.set_category(site, "SPD_BG", "x", necessary=True).pk == category.pk
    with pytest.raises(InvalidChange, match="letters, digits"):
        actions.set_category(site, "a b", "x")
    purpose = actions.set_purpose(site, "email", "x", texts={"en": {"name": "E-mail"}})
    assert (purpose.category, purpose.legal_basis) == (None, "consent")
    assert present(actions.set_purpose(site, "email", "x", category="C0004").category).key == "C0004"
    actions.delete_purpose(purpose, "x")
    assert site.purposes.count() == 0


def test_a_cookie_is_described_per_language_in_draft_release_and_banner(site):
    from consent.banners import screen
    from consent.publishing import queries
    from consent.sites.actions import change_settings

    change_settings(site, "x", languages=["en", "de", "fr"])
    cookies: list[Any] = [
        {"name": "_c", "purpose": "Counts.", "texts": {"de": " Zählt\n oft. ", "fr": "  "}},
        {"name": "_d", "purpose": "Counts too."},
    ]
    actions.add_service(site, "x", name="Counter", category="C0002", patterns=["c.example"], cookies=cookies)
    draft = queries.draft(site)
    [service] = draft["services"]
    assert [cookie.get("texts") for cookie in service["cookies"]] == [{"de": "Zählt oft."}, None]
    told = {}
    for language in ("en", "de", "fr"):
        [rows] = [row[7] for row in screen.data(draft, language)["s"] if row[0] == "counter"]
        told[language] = [row[2] for row in rows]
    assert told == {
        "en": ["Counts.", "Counts too."], "de": ["Zählt oft.", "Counts too."], "fr": ["Counts.", "Counts too."],
    }  # fmt: skip
