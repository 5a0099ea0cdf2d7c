import hashlib

import pytest

from consent.banners.actions import edit_texts
from consent.catalogue.actions import add_service, set_override, set_purpose
from consent.publishing import queries
from consent.publishing.differences import differences
from consent.publishing.snapshot import canonical, sha256_of
from consent.sites.actions import change_settings, create_site


@pytest.fixture
def site(db):
    site = create_site(
        ["b.example", "a.example"],
        "x",
        name="Shop",
        languages=["en", "de"],
        uuid="de507273-db36-4f1c-9575-6e6ea429f7c6",
    )
    add_service(
        site, "x", name="Zeta", category="C0004", patterns=["z.example"], cookies=[{"name": "_z", "lifetime_days": 30}]
    )
    alpha = add_service(site, "x", name="Alpha", category="C0002", patterns=["b.test", "a.test"], statistics=True)
    set_override(alpha, "us_ca", "hold", "Asked for", "x")
    set_purpose(site, "email", "x", texts={"en": {"name": "E-mail", "description": ""}})
    return site


def test_the_release_of_a_draft(site):
    snapshot = queries.draft(site)
    assert sorted(snapshot) == [
        "banner", "categories", "format", "jurisdictions", "languages", "own_cookies", "purposes", "services", "site", "variants",
        "waivers",
    ]  # fmt: skip
    assert snapshot["format"] == "fairgate-release/1"
    assert snapshot["site"] == {
        "uuid": "de507273-db36-4f1c-9575-6e6ea429f7c6", "name": "Shop", "hosts": ["a.example", "b.example"],
        "level": "snippet", "unknown": "allow", "reload": False, "record_path": False, "child_directed": False,
        "controller": "", "controller_contact": "", "policy_url": "", "imprint_url": "", "first_party_endpoint": False,
        "advanced": [],
    }  # fmt: skip
    assert snapshot["languages"] == ["en", "de"]
    assert [(c["key"], c["necessary"]) for c in snapshot["categories"]] == [
        ("C0001", True), ("C0002", False), ("C0004", False),
    ]  # fmt: skip
    assert sorted(snapshot["categories"][0]["texts"]) == ["de", "en"]
    assert snapshot["purposes"] == [
        {
            "key": "email",
            "category": None,
            "legal_basis": "consent",
            "texts": {"en": {"name": "E-mail", "description": ""}},
        }
    ]
    assert [s["key"] for s in snapshot["services"]] == ["alpha", "zeta"]
    assert snapshot["services"][0] == {
        "key": "alpha", "name": "Alpha", "company": "", "policy_url": "", "category": "C0002", "description": "",
        "container": False, "sells_or_shares": False, "targeted_ads": False, "sensitive": False, "statistics": True,
        "exempt_in": [], "exemption_confirmed": [], "inline": [], "adapter": "", "rules": ["a.test", "b.test"],
        "cookies": [], "overrides": {"us_ca": {"state": "hold", "reason": "Asked for"}},
    }  # fmt: skip
    assert snapshot["services"][1]["cookies"] == [
        {"name": "_z", "kind": "cookie", "lifetime": "", "lifetime_days": 30, "purpose": ""}
    ]
    assert snapshot["variants"]["eu_opt_in"]["model"] == "opt_in"
    assert set(snapshot["banner"]["texts"]) == {"en", "de"}
    assert snapshot["banner"]["texts"]["de"]["reject"] == "Alle ablehnen"


def test_the_same_content_has_the_same_hash(site):
    first = canonical(queries.draft(site))
    assert canonical(queries.draft(site)) == first
    assert sha256_of(first) == hashlib.sha256(first.encode()).hexdigest()
    edit_texts(site, "x", "de", {"title": "Ihre Wahl — 🍪"})
    assert canonical(queries.draft(site)) != first


def test_canonical_json_is_sorted_compact_utf_8():
    assert canonical({"b": [True, None, 1], "a": {"z": 'ü\u2028\n"\\\x07', "y": {}}}) == (
        '{"a":{"y":{},"z":"ü\u2028\\n\\"\\\\\\u0007"},"b":[true,null,1]}'
    )


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ({"a": 1.5}, "release.a is 1.5"),
        ({"ü": 1}, "not ASCII"),
        ({"a": ["\ud800"]}, r"release.a\[0\] holds half"),
        ({"a": {1}}, "release.a is"),
    ],
)
def test_what_has_no_canonical_form_is_refused(value, says):
    with pytest.raises(ValueError, match=says):
        canonical(value)


def test_changes_are_named(site):
    before = queries.draft(site)
    assert differences(before, queries.draft(site)) == []
    change_settings(site, "x", controller="A Ltd")
    service = site.services.get(key="alpha")
    service.rules.filter(pattern="a.test").delete()
    service.cookies.create(name="_a")
    service.cookies.create(name="_a", kind="local")
    site.services.get(key="zeta").delete()
    found = differences(before, queries.draft(site))
    zeta = site_names(before)
    assert [(title, [(line.kind, line.what) for line in lines]) for title, lines in found] == [
        (
            "Services",
            [
                ("gone", f"{service.name}: no longer holds requests to a.test"),
                ("add", f"{service.name}: cookie _a, new"),
                ("add", f"{service.name}: local storage _a, new"),
                ("gone", f"{zeta}: gone, was under Advertising"),
            ],
        ),
        ("Categories", [("gone", "Advertising: gone")]),
        ("Settings", [("change", "Who is responsible")]),
    ]
    assert found[-1][1][0][2:] == ("nothing", "A Ltd")


def site_names(snapshot):
    """What the service that goes is called."""
    return next(one["name"] for one in snapshot["services"] if one["key"] == "zeta")


def test_a_new_order_of_categories_is_a_change(site):
    site.categories.update(used_by_page=True)
    before = queries.draft(site)
    site.categories.filter(key="C0005").update(position=0)
    [(title, [line])] = differences(before, queries.draft(site))
    assert (title, line.what) == ("Categories", "Order")
    assert line.after == "Strictly necessary, Social media, Statistics, Functional, Advertising"
