"""One site as the template of others: differences first, one act, one line of each trail, and who refuses is named."""

from __future__ import annotations

import pytest
from django.urls import reverse

from consent.banners.actions import edit_banner, edit_texts
from consent.catalogue.actions import add_service, delete_category, set_override
from consent.publishing import queries, template
from consent.sites import actions
from tests.values import RESPONSIBLE

pytestmark = pytest.mark.django_db
ALL = list(template.PARTS)


@pytest.fixture
def others(shop, people):
    """Two more shops of Alice's, one group; Bob edits the first."""
    made = [
        actions.create_site([f"{name}.example"], "x", name=name, owners=[people["alice"]], **RESPONSIBLE)
        for name in ("north", "south")
    ]
    for site in made:
        actions.change_settings(site, "x", group="Shops")
    actions.set_role(made[0], people["bob"], "editor", "x")
    edit_banner(shop, "x", layout="bar", position="top", theme={"accent": "#115533"})
    edit_texts(shop, "x", "de", {"title": "Tee und Kekse"})
    set_override(shop.services.get(key="counter"), "eu_opt_in", "hold", "Counsel says so.", "x")
    return made


def page(shop) -> str:
    return reverse("dashboard:template", kwargs={"uuid": shop.uuid})


def digests(response) -> dict[str, str]:
    return {f"digest-{one.site.uuid}": one.digest for one in response.context["changed"]}


def test_differences_come_first_and_nothing_moves(alice, shop, others):
    before = [queries.draft(site) for site in others]
    response = alice.post(page(shop), {"parts": ALL, "groups": ["Shops"]})
    assert [one.site.name for one in response.context["changed"]] == ["north", "south"]
    said = " ".join(response.content.decode().split())
    for words in ("Tee und Kekse", "Counter", "#115533"):
        assert (words, words in said) == (words, True)
    assert [queries.draft(site) for site in others] == before
    assert [site.audit_events.filter(verb="template.apply").count() for site in others] == [0, 0]


def test_what_was_shown_is_done_with_one_line_in_each_trail(alice, shop, others):
    shown = alice.post(page(shop), {"parts": ALL, "groups": ["Shops"]})
    lines = [site.audit_events.count() for site in others]
    done = alice.post(page(shop), {"parts": ALL, "groups": ["Shops"], "apply": 1, **digests(shown)})
    assert [one.groups for one in done.context["changed"]] == [one.groups for one in shown.context["changed"]]
    assert [site.audit_events.count() for site in others] == [count + 1 for count in lines]
    event = others[0].audit_events.first()
    assert (event.actor, event.verb, event.detail["template"]) == (
        "alice@example.net", "template.apply", str(shop.uuid),
    )  # fmt: skip
    assert [verb for verb, _ in event.detail["done"]] == [
        "edit_banner", "edit_texts", "service.add", "service.add", "service.override",
    ]  # fmt: skip
    for site in others:
        draft, source = queries.draft(site), queries.draft(shop)
        assert draft["services"] == source["services"]
        assert (draft["banner"]["layout"], draft["banner"]["theme"]) == ("bar", source["banner"]["theme"])
        assert draft["site"]["name"] == site.name
        assert list(site.hosts.values_list("name", flat=True)) == [f"{site.name}.example"]
    trail = " ".join(alice.get(f"/dashboard/{others[0].uuid}/trail/").content.decode().split())
    assert "took over what another site has" in trail
    again = alice.post(page(shop), {"parts": ALL, "groups": ["Shops"]})
    assert [one.site.name for one in again.context["same"]] == ["north", "south"]


def test_a_site_that_refuses_is_named_and_left_alone_and_the_rest_changes(alice, shop, others):
    add_service(shop, "x", name="Extra", category="C0005", patterns=["extra.example"])
    delete_category(others[0].categories.get(key="C0005"), "x")
    before = queries.draft(others[0])
    shown = alice.post(page(shop), {"parts": ["look", "services"], "groups": ["Shops"]})
    sites = [str(site.uuid) for site in others]
    done = alice.post(page(shop), {"parts": ["look", "services"], "sites": sites, "apply": 1, **digests(shown)})
    assert [(one.site.name, "C0005" in one.problem) for one in done.context["refusing"]] == [("north", True)]
    assert [one.site.name for one in done.context["changed"]] == ["south"]
    assert queries.draft(others[0]) == before
    assert not others[0].audit_events.filter(verb="template.apply").exists()


def test_what_was_changed_meanwhile_is_shown_again(alice, shop, others):
    shown = alice.post(page(shop), {"parts": ["look"], "groups": ["Shops"]})
    edit_banner(shop, "x", position="bottom")
    done = alice.post(page(shop), {"parts": ["look"], "groups": ["Shops"], "apply": 1, **digests(shown)})
    assert {one.problem for one in done.context["refusing"]} == {template.CHANGED}
    assert {site.banner.layout for site in others} == {"card"}


def test_own_words_and_services_that_the_template_has_not_stay(alice, shop, others):
    edit_texts(others[0], "x", "de", {"body": "Eigener Text"})
    add_service(others[0], "x", name="Own", category="C0002", patterns=["own.example"])
    shown = alice.post(page(shop), {"parts": ALL, "sites": [str(others[0].uuid)]})
    alice.post(page(shop), {"parts": ALL, "sites": [str(others[0].uuid)], "apply": 1, **digests(shown)})
    others[0].banner.refresh_from_db()
    assert others[0].banner.texts["de"] == {"body": "Eigener Text", "title": "Tee und Kekse"}
    assert others[0].services.filter(key="own").exists()


def test_each_site_keeps_who_may(login, shop, foreign, others):
    bob = login("bob")
    offered = [value for value, _ in bob.get(page(shop)).context["form"].fields["sites"].choices]
    assert offered == [str(others[0].uuid)]
    for stranger in (foreign, others[1]):
        refused = bob.post(page(shop), {"parts": ["look"], "sites": [str(stranger.uuid)]})
        assert "Select a valid choice" in refused.content.decode()
    settings = bob.post(page(shop), {"parts": ["settings", "look"], "sites": offered})
    assert [one.problem for one in settings.context["refusing"]] == ["Only an owner changes its settings."]


@pytest.mark.parametrize(
    ("asked", "told"),
    [({"parts": ["look"]}, "Tick at least one site or group."), ({"groups": ["Shops"]}, "This field is required.")],
)
def test_a_choice_of_nothing_is_told(alice, shop, others, asked, told):
    assert told in alice.post(page(shop), asked).content.decode()


def test_a_trial_that_breaks_off_leaves_the_trail_alone(shop, others):
    template.trial(shop, others[0], ALL, "x")
    actions.change_settings(others[0], "x", name="North")
    assert others[0].audit_events.first().verb == "site.settings"
