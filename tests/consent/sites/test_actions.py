from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.utils import timezone

from consent.common import InvalidChange
from consent.models import AuditEvent, Banner, Membership, Site
from consent.sites import actions, queries
from consent.sites.roles import MATRIX, May, can
from tests.values import present

pytestmark = pytest.mark.django_db
UUID = "de507273-db36-4f1c-9575-6e6ea429f7c6"


@pytest.fixture
def alice():
    return get_user_model().objects.create_user("alice", "alice@example.com", "x")


@pytest.fixture
def bob():
    return get_user_model().objects.create_user("bob", "bob@example.com", "x")


def trail(site):
    return list(AuditEvent.objects.filter(site=site).order_by("id").values_list("actor", "verb"))


def test_a_new_site_has_five_categories_a_banner_and_its_owner(alice):
    site = actions.create_site(
        ["https://Shop.Example:8443/x", "shop.example"], "alice@example.com", uuid=UUID, owners=[alice]
    )
    assert str(site.uuid) == UUID
    assert site.name == "shop.example"
    assert list(site.hosts.values_list("name", flat=True)) == ["shop.example"]
    assert list(site.categories.values_list("key", "necessary")) == [
        ("C0001", True), ("C0002", False), ("C0003", False), ("C0004", False), ("C0005", False),
    ]  # fmt: skip
    assert site.categories.get(key="C0004").consent_mode == ["ad_storage", "ad_user_data", "ad_personalization"]
    assert Banner.objects.get(site=site).floating_button is True
    assert queries.role_of(alice, site) == "owner"
    assert trail(site) == [("alice@example.com", "site.create")]


def test_a_second_site_with_the_same_id_is_refused():
    actions.create_site("a.example", "x", uuid=UUID)
    with pytest.raises(InvalidChange, match="already a site de507273"):
        actions.create_site("b.example", "x", uuid=UUID.upper())
    assert Site.objects.count() == 1


def test_a_host_of_another_site_is_refused_unless_shared():
    actions.create_site("a.example", "x")
    with pytest.raises(InvalidChange, match="already has the host a.example"):
        actions.create_site("A.example", "x")
    assert actions.create_site("a.example", "x", share_host=True).name == "a.example"


@pytest.mark.parametrize(
    ("hosts", "more", "says"),
    [
        ([], {}, "at least one host"),
        (["a b"], {}, "not a host name"),
        (["http://"], {}, "not a host name"),
        (["a.example"], {"uuid": "123"}, "not a site id"),
        (["a.example"], {"languages": []}, "at least one language"),
        (["a.example"], {"languages": ["en", "../x"]}, "not a language code"),
        (["a.example"], {"languages": ["en", "en"]}, "named twice"),
        (["a.example"], {"policy_url": "javascript:alert(1)"}, "policy_url"),
        (["a.example"], {"colour": "red"}, "no setting colour"),
    ],
)
def test_a_wrong_site_is_refused_and_leaves_nothing(hosts, more, says):
    with pytest.raises(InvalidChange, match=says):
        actions.create_site(hosts, "x", **more)
    assert (Site.objects.count(), AuditEvent.objects.count()) == (0, 0)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "xn--bcher-kva.example", "a_b.example", "::1"])
def test_unusual_hosts_are_hosts(host):
    text = f"[{host}]" if ":" in host else host
    assert queries.clean_host(text) == host


def test_an_international_host_is_kept_as_browsers_send_it():
    assert queries.clean_host("https://Bücher.example/") == "xn--bcher-kva.example"


def test_settings_are_changed_and_audited():
    site = actions.create_site("a.example", "x")
    site = actions.change_settings(site, "alice", controller="A Ltd", level="strict")
    assert (site.controller, site.level) == ("A Ltd", "strict")
    assert present(AuditEvent.objects.first()).detail == {
        "changed": {"controller": ["", "A Ltd"], "level": ["snippet", "strict"]}
    }
    actions.change_settings(site, "alice", controller="A Ltd")
    assert trail(site) == [("x", "site.create"), ("alice", "site.settings")]
    with pytest.raises(InvalidChange, match="level"):
        actions.change_settings(site, "alice", level="perfect")


def test_hosts_are_replaced():
    site = actions.create_site(["a.example", "b.example"], "x")
    assert actions.set_hosts(site, ["b.example", "C.example"], "x") == ["b.example", "c.example"]
    assert sorted(site.hosts.values_list("name", flat=True)) == ["b.example", "c.example"]
    with pytest.raises(InvalidChange):
        actions.set_hosts(site, [], "x")


def test_the_kill_switch_needs_a_reason_and_can_be_taken_back():
    site = actions.create_site("a.example", "x")
    with pytest.raises(InvalidChange, match="Say why"):
        actions.kill_site(site, "alice", "  ")
    assert actions.kill_site(site, "alice", "It breaks the till").killed_at is not None
    with pytest.raises(InvalidChange, match="switched off since"):
        actions.kill_site(site, "alice", "again")
    assert present(AuditEvent.objects.first()).detail == {"reason": "It breaks the till"}
    assert actions.revive_site(site, "alice").killed_at is None
    with pytest.raises(InvalidChange, match="not switched off"):
        actions.revive_site(site, "alice")


def test_the_last_owner_stays(alice, bob):
    site = actions.create_site("a.example", "x", owners=[alice])
    with pytest.raises(InvalidChange, match="at least one owner"):
        actions.set_role(site, alice, "viewer", "x")
    with pytest.raises(InvalidChange, match="at least one owner"):
        actions.remove_member(site, alice, "x")
    actions.set_role(site, bob, "owner", "x")
    actions.remove_member(site, alice, "x")
    assert [(m.user, m.role) for m in Membership.objects.filter(site=site)] == [(bob, "owner")]
    with pytest.raises(InvalidChange, match="no role 'god'"):
        actions.set_role(site, bob, "god", "x")


def test_a_token_opens_until_it_is_revoked_or_expires():
    site = actions.create_site("a.example", "x")
    token, text = actions.create_token(site, "CI", ["audit"], "alice")
    assert queries.token_of(text) == token
    assert token.secret_sha256 not in text
    assert queries.token_of(text[:-1] + ("A" if text[-1] != "A" else "B")) is None
    assert [queries.token_of(wrong) for wrong in ("", "fg_", "fg__", f"fg_{token.prefix}_", "xx" + text[2:])] == [
        None
    ] * 5
    actions.revoke_token(token, "alice")
    assert queries.token_of(text) is None
    _, old = actions.create_token(site, "old", ["audit"], "alice", expires_at=timezone.now() - timedelta(seconds=1))
    assert queries.token_of(old) is None
    with pytest.raises(InvalidChange, match="scopes out of"):
        actions.create_token(site, "all", ["write"], "alice")
    assert trail(site)[1:] == [("alice", "token.create"), ("alice", "token.revoke"), ("alice", "token.create")]


def test_people_see_their_sites_only(alice, bob):
    mine = actions.create_site("a.example", "x", owners=[alice])
    actions.create_site("b.example", "x", owners=[bob])
    assert list(queries.sites_of(alice)) == [mine]
    assert queries.role_of(bob, mine) is None
    root = get_user_model().objects.create_superuser("root", "root@example.com", "x")
    assert (queries.role_of(root, mine), queries.sites_of(root).count()) == ("owner", 2)
    root.is_active = False
    assert (queries.role_of(root, mine), queries.sites_of(root).count()) == (None, 0)


def test_an_id_that_is_none_finds_no_site():
    assert [queries.site_by_uuid(text) for text in ("x", "", None, UUID)] == [None] * 4


def test_the_matrix_of_roles():
    assert {role: sorted(may) for role, may in MATRIX.items()} == {
        "owner": ["collect", "edit", "erase", "export", "kill", "manage", "publish", "requests", "view", "waive"],
        "editor": ["collect", "edit", "kill", "publish", "view"],
        "auditor": ["export", "view"],
        "viewer": ["view"],
        "clerk": ["requests"],
    }
    assert (can("viewer", "publish"), can(None, May.VIEW), can("editor", May.PUBLISH)) == (False, False, True)
    with pytest.raises(ValueError):
        can("owner", "fly")


def test_a_pasted_www_address_covers_the_apex_too(db):
    def hosts(*given: str) -> list[str]:
        made = actions.create_site(list(given), "alice", cover_apex=True)
        return list(made.hosts.order_by("pk").values_list("name", flat=True))

    assert hosts("https://www.shop.example/de") == ["www.shop.example", "shop.example"]
    assert hosts("www.tea.example", "tea.example") == ["www.tea.example", "tea.example"]
    # Not what strangers share, and not what another site has.
    assert hosts("www.github.io") == ["www.github.io"]
    actions.create_site(["taken.example"], "bob")
    assert hosts("www.taken.example") == ["www.taken.example"]
    assert list(actions.create_site(["www.plain.example"], "alice").hosts.values_list("name", flat=True)) == [
        "www.plain.example"
    ]
