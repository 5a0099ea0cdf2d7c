"""A marketer's day: services, words, publish, roll back, kill switch, team."""

from __future__ import annotations

import json
import re

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.banners.actions import edit_banner
from consent.banners.models import Banner
from consent.banners.theme import COLOURS
from consent.catalogue import actions as catalogue
from consent.catalogue import known
from consent.publishing import queries as publishing
from consent.sites import actions, snippets
from consent.sites.models import Membership, Site, Webhook, WebhookDelivery
from consent.stats.models import GateReport
from cookiebanner.dashboard.look_form import Look
from cookiebanner.releases.publish import publish
from tests.values import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(shop):
    return lambda name, **keys: reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})


def verbs(site) -> list[str]:
    return list(site.audit_events.values_list("actor", "verb").order_by("id"))


def test_a_new_site_belongs_to_who_made_it(alice, shop):
    response = alice.post("/dashboard/new/", {"hosts": "https://Second.example/\n", "name": ""})
    site = Site.objects.get(name="second.example")
    assert response["Location"] == reverse("dashboard:guide", kwargs={"uuid": site.uuid})
    assert [(m.user.email, m.role) for m in site.memberships.all()] == [("alice@example.net", "owner")]


def test_a_new_site_keeps_the_id_of_the_page_it_replaces(alice, shop):
    uuid = "de507273-db36-4f1c-9575-6e6ea429f7c6"
    alice.post("/dashboard/new/", {"hosts": "ribbon.example", "uuid": uuid})
    assert str(Site.objects.get(hosts__name="ribbon.example").uuid) == uuid
    body = alice.post("/dashboard/new/", {"hosts": "other.example", "uuid": uuid}).content.decode()
    assert "There is already a site" in body


def test_a_service_comes_from_the_catalogue_with_all_we_know(alice, shop, at):
    entry = known.by_key()["google-analytics"]
    alice.post(at("service_new"), {"catalogue": "google-analytics"})
    service = shop.services.get(key="google-analytics")
    assert sorted(rule.pattern for rule in service.rules.all()) == sorted(entry["rules"])
    assert service.cookies.count() == len(entry["cookies"])
    assert verbs(shop)[-1] == ("alice@example.net", "service.add")


def typed(*rows: dict) -> dict:
    """Rows of cookies as a form sends them."""
    found = {"cookies-TOTAL_FORMS": len(rows), "cookies-INITIAL_FORMS": 0}
    return found | {f"cookies-{n}-{name}": value for n, row in enumerate(rows) for name, value in row.items()}


KEYS = [
    ("_ad", "cookie", "", ""), ("_ad", "local", "", ""), ("ad.*", "local", "unlimited", "Keeps the visit."),
    ("ad_visit", "session", "", ""), ("ads", "indexeddb", "", ""),
]  # fmt: skip
FIELDS = ("name", "kind", "lifetime", "purpose")


def test_a_service_may_name_keys_and_databases(alice, shop, at):
    given = {"name": "Keys", "category": "C0002", "patterns": "keys.example"}
    rows = [dict(zip(FIELDS, key, strict=True)) for key in KEYS]
    assert alice.post(at("service_new"), given | typed(*rows, {"kind": "cookie"})).status_code == 302
    assert sorted(shop.services.get(key="keys").cookies.values_list(*FIELDS)) == KEYS
    shown = alice.get(at("service", key="keys")).context["rows"]
    assert sorted(tuple(row[name].value() or "" for name in FIELDS) for row in shown)[1:] == KEYS


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ({"name": "_ad", "kind": "cache"}, "Select a valid choice. cache is not one of the available choices."),
        ({"name": "", "lifetime": "1 day"}, "Give it a name, or remove it."),
        ({"name": "* ", "kind": "local"}, "A localStorage key called '*' would stand for every key in localStorage; name at least its beginning."),
    ],
)  # fmt: skip
def test_a_key_that_cannot_be_is_refused_in_words(alice, shop, at, row, says):
    given = {"name": "Keys", "category": "C0002", "patterns": "keys.example"}
    page = alice.post(at("service_new"), given | typed(row)).context
    errors = [*page["form"].errors.values(), *(texts for one in page["rows"] for texts in one.errors.values())]
    assert [text for texts in errors for text in texts] == [says]
    assert not shop.services.filter(key="keys").exists()


def test_another_row_keeps_what_was_typed_and_stores_nothing(alice, shop, at):
    given = {"name": "Keys", "category": "", "patterns": "keys.example", "container": "on", "exempt_in": ["FR", "GB"]}
    page = alice.post(at("service_new"), given | typed({"name": "_ad", "text_de": "Zählt"}, {}) | {"add_row": 1})
    form, rows = page.context["form"], list(page.context["rows"])
    assert [form[name].value() for name in given] == ["Keys", "", "keys.example", True, ["FR", "GB"]]
    assert [row["name"].value() or "" for row in rows] == ["_ad", "", ""]
    assert ("Choose a category." in page.content.decode(), rows[0]["text_de"].value()) == (False, "Zählt")
    assert not shop.services.filter(key="keys").exists()


def test_a_row_is_changed_removed_and_described_per_language(alice, shop, at):
    service = shop.services.get(key="counter")
    rows = typed({"name": "_c", "kind": "cookie", "lifetime": "13 months", "purpose": "Counts.", "text_de": " Zählt. "},
                 {"name": "_d", "lifetime": "session"})  # fmt: skip
    data = {"name": "Counter", "category": "C0002", "patterns": "counter.example"}
    alice.post(at("service", key="counter"), data | rows)
    fields = ("name", "lifetime", "lifetime_days", "purpose", "texts")
    assert list(service.cookies.values_list(*fields)) == [
        ("_c", "13 months", 395, "Counts.", {"de": "Zählt."}), ("_d", "session", 0, "", {}),
    ]  # fmt: skip
    alice.post(at("service", key="counter"), data | rows | {"cookies-0-remove": "on"})
    assert list(service.cookies.values_list("name", flat=True)) == ["_d"]
    alice.post(at("service", key="counter"), data)  # without rows they stay
    assert service.cookies.count() == 1


@pytest.mark.parametrize("kind", ["local", "session", "indexeddb"])
def test_saving_a_service_unchanged_changes_nothing(alice, shop, at, kind):
    alice.post(at("service_new"), {"catalogue": "google-analytics"})
    service = shop.services.get(key="google-analytics")
    cookies = [{"name": cookie.name, "lifetime_days": cookie.lifetime_days} for cookie in service.cookies.all()]
    catalogue.update_service(service, "alice", cookies=[*cookies, {"name": "bare", "kind": kind}])
    before = publishing.draft(shop)
    events = shop.audit_events.count()
    page = alice.get(at("service", key="google-analytics"))
    rows = page.context["rows"]
    data = {}
    for field in (*page.context["form"], *rows.management_form, *(field for row in rows for field in row)):
        value = field.value()
        if value is True:
            data[field.html_name] = "on"
        elif value not in (False, None):
            choices = hasattr(field.field, "choices")
            data[field.html_name] = "\n".join(value) if isinstance(value, list) and not choices else value
    assert alice.post(at("service", key="google-analytics"), data).status_code == 302
    assert publishing.draft(shop) == before
    assert shop.audit_events.count() == events


def test_a_wrong_pattern_is_told_in_words_and_nothing_is_saved(alice, shop, at):
    response = alice.post(at("service_new"), {"name": "New", "category": "C0002", "patterns": "re:("})
    assert response.status_code == 200
    assert len(response.context["form"].non_field_errors()) == 1
    assert not shop.services.filter(name="New").exists()


def test_a_deleted_service_comes_back_whole(alice, shop, at):
    alice.post(at("rule", key="adverts"), {"regime": "us_ca", "state": "hold", "reason": "Our lawyer prefers it."})
    before = publishing.draft(shop)
    alice.post(at("service_delete", key="adverts"))
    assert [s.key for s in shop.services.all()] == ["counter"]
    assert "Adverts is out of the draft." in alice.get(at("services")).content.decode()
    alice.post(at("service_undo"))
    assert publishing.draft(shop) == before


def test_undo_is_only_for_the_site_it_came_from(login, shop, foreign, at, people):
    alice = login("alice")
    from consent.sites.actions import set_role

    set_role(foreign, people["alice"], "editor", "charlie@example.net")
    alice.post(at("service_delete", key="adverts"))
    alice.post(reverse("dashboard:service_undo", kwargs={"uuid": foreign.uuid}))
    assert [s.key for s in foreign.services.all()] == ["zebracorn"]


def test_an_override_needs_a_reason(alice, shop, at):
    response = alice.post(at("rule", key="adverts"), {"regime": "us_ca", "state": "hold", "reason": ""})
    assert len(response.context["form"].non_field_errors()) == 1
    assert shop.services.get(key="adverts").overrides.count() == 0


def test_block_lists_stand_side_by_side(alice, shop, at):
    response = alice.get(at("rules") + "?r=eu_opt_in&r=us_ca")
    cells = {service["key"]: [c.granted for c in row] for service, row in response.context["rows"]}
    assert cells == {"adverts": [False, True], "counter": [False, True]}
    response = alice.get(at("rules") + "?r=eu_opt_in&r=us_ca&gpc=1")
    cells = {service["key"]: [c.granted for c in row] for service, row in response.context["rows"]}
    assert cells == {"adverts": [False, False], "counter": [False, True]}


def test_the_words_of_the_banner_are_saved_per_language(alice, shop, at):
    alice.post(at("banner"), {"what": "words", "language": "de", "regime": "", "t-title": "Kekse?"})
    assert shop.banner.__class__.objects.get(site=shop).texts == {"de": {"title": "Kekse?"}}
    response = alice.post(at("banner"), {"what": "words", "language": "de", "t-link_privacy_choices": "x"})
    assert response.status_code == 200  # a statutory text is refused
    assert response.context["errors"] != []


def test_who_may_publish_says_who_read_our_words_and_takes_it_back(alice, shop, at):
    named = {"language": "de", "signed_by": "Dora Leser"}
    page = at("banner") + "?tab=words"
    assert "Machine-made" in alice.get(page).content.decode()
    alice.post(at("banner_review"), named)
    said = alice.get(page).content.decode()
    assert "Dora Leser" in said
    assert shop.text_reviews.get(revoked_at=None).language == "de"
    alice.post(at("banner_review"), {"language": "de", "undo": "1"})
    assert shop.text_reviews.filter(revoked_at=None).count() == 0
    said = alice.post(at("banner_review"), {"language": "xx", "signed_by": "Dora"}, follow=True).content.decode()
    assert "We ship no words in" in said


def test_a_viewer_signs_no_words(login, shop, at):
    assert login("vera").post(at("banner_review"), {"language": "de", "signed_by": "V"}).status_code == 403
    assert shop.text_reviews.count() == 0


def test_the_look_is_saved_and_a_bad_colour_is_not(alice, shop, at):
    good = {"what": "look", "accent": "#aa3355", "place": "bar bottom", "scheme": "dark", "radius": "4"}
    alice.post(at("banner"), good)
    banner = shop.banner.__class__.objects.get(site=shop)
    assert (banner.layout, banner.position, banner.floating_button) == ("bar", "bottom", False)
    assert banner.theme == {"accent": "#aa3355", "scheme": "dark", "radius": 4}
    assert alice.post(at("banner"), good | {"accent": "red;}"}).status_code == 200
    assert shop.banner.__class__.objects.get(site=shop).theme["accent"] == "#aa3355"


def test_what_is_wrong_is_said_beside_its_field_and_nothing_is_lost(alice, shop, at):
    typed = {"what": "look", "place": "bar top", "radius": "40", "link": "red", "dark_text": "#eee"}
    page = alice.post(at("banner"), typed).content.decode()
    for field, says in (("link", "&#x27;red&#x27; is not a colour"), ("radius", "less than or equal to 32")):
        assert f'id="id_{field}_error"' in page
        assert page.partition(f'id="id_{field}_error"')[2].partition("</ul>")[0].count(says) == 1
    assert ('value="red"' in page, 'value="#eee"' in page) == (True, True)
    page = alice.post(at("banner"), {"what": "words", "language": "en", "t-title": "Hi {nobody}", "t-close": "Shut"})
    body = page.content.decode()
    assert body.partition('id="t-title_error"')[2].partition("</ul>")[0].count("has no placeholder {nobody}") == 1
    assert ("Hi {nobody}" in body, 'value="Shut"' in body) == (True, True)
    assert shop.banner.__class__.objects.filter(site=shop).exclude(texts={}).count() == 0


def test_every_token_is_saved_and_shown_again(alice, shop, at):
    chosen = {
        "density": "compact", "backdrop": "dim", "radius": 0, "style": "outline", "order": "reject",
        "buttons": "stacked", "button_radius": 22, "font": "serif", "scheme": "dark",
    }  # fmt: skip
    colours = [*COLOURS, *(f"dark_{name}" for name in COLOURS)]
    chosen |= {name: f"#{number:06x}" for number, name in enumerate(colours, start=17)}
    assert set(chosen) == set(Look([]).fields) - {"place", "floating_button", "logo", "logo_height", "font_file", "css"}
    alice.post(at("banner"), {"what": "look", "place": "center center", **chosen})
    banner = Banner.objects.get(site=shop)
    assert (banner.layout, banner.position, banner.theme) == ("center", "center", chosen)
    shown = alice.get(at("banner")).context["form"]
    assert {name: shown[name].value() for name in chosen} == chosen


def test_drafts_are_copied_compared_used_and_deleted(alice, login, shop, at):
    alice.post(at("banner_drafts"), {"copy": "1", "name": "Spring"})
    refused = alice.post(at("banner_drafts"), {"copy": "1", "name": "Spring"}).content.decode()
    assert "There is a draft &#x27;Spring&#x27; already." in refused
    edit_banner(shop, "x", layout="bar", theme={"accent": "#aa0000"})
    spring = shop.banner_drafts.get()
    page = alice.get(at("banner_compare", named=spring.pk)).content.decode()
    assert ("<del>Bar</del>" in page, "<ins>Card</ins>" in page) == (True, True)
    other = page.partition('title="Preview of Spring" src="')[2].partition('"')[0].replace("&amp;", "&")
    gate = alice.get(other).content.decode().partition('<script src="')[2].partition('"')[0]
    assert b'"card","bottom-left"' in alice.get(gate).content
    for body in ({"use": spring.pk}, {"delete": spring.pk}, {"copy": "1", "name": "Vera's"}):
        assert login("vera").post(at("banner_drafts"), body).status_code == 403
    alice.post(at("banner_drafts"), {"use": spring.pk})
    assert (Banner.objects.get(site=shop).layout, shop.banner_drafts.get().name) == ("card", "Main")
    alice.post(at("banner_drafts"), {"delete": spring.pk})
    assert shop.banner_drafts.count() == 0
    assert alice.post(at("banner_drafts"), {"delete": spring.pk}).status_code == 404


def test_a_category_gets_names_per_language(alice, shop, at):
    alice.post(
        at("category", key="C0002"),
        {"position": 1, "consent_mode": ["analytics_storage"], "name-de": "Zählen", "description-de": ""},
    )
    assert shop.categories.get(key="C0002").texts == {"de": {"name": "Zählen"}}
    body = alice.post(at("category", key="C0002"), {"delete": 1}, follow=True).content.decode()
    assert "Move Counter to another category first." in body


def test_a_purpose_may_stand_alone(alice, shop, at):
    alice.post(
        at("categories"), {"what": "purpose", "purpose-key": "email-marketing", "purpose-legal_basis": "consent"}
    )
    purpose = shop.purposes.get()
    assert (purpose.key, purpose.category) == ("email-marketing", None)


# --- releases -------------------------------------------------------------------------------------------------------


def test_publish_diff_and_roll_back(login, shop, at):
    bob = login("bob")
    alice_before = publishing.snapshot_of(shop)
    bob.post(at("service_new"), {"name": "Chat", "category": "C0003", "patterns": "chat.example"})
    page = bob.get(at("releases"))
    assert [(title, [line.what for line in lines]) for title, lines in page.context["groups"]] == [
        ("Services", ["Chat: new, under Functional; visitors will be asked again"]),
        ("Categories", ["Functional: new; visitors will be asked again"]),
    ]
    bob.post(at("publish"), {"note": "Chat is new"})
    release = publishing.current_release(shop)
    assert (present(release).number, present(release).note, present(release).published_by) == (
        2,
        "Chat is new",
        "bob@example.net",
    )
    assert bob.get(at("releases")).context["changed"] is False
    bob.post(at("rollback", number=1))
    release = publishing.current_release(shop)
    assert (present(release).number, present(release).rolled_back_to) == (3, 1)
    assert publishing.snapshot_of(shop) == alice_before
    assert shop.services.filter(key="chat").exists()  # the draft stays


def test_what_the_law_refuses_is_listed_and_not_published(alice, shop, at):
    alice.post(at("rule", key="adverts"), {"regime": "eu_opt_in", "state": "allow", "reason": "We want to."})
    page = alice.get(at("releases"))
    blocking = page.context["blocking"]
    assert blocking != []
    assert all(finding.law for finding, _ in blocking)
    alice.post(at("publish"), {})
    assert present(publishing.current_release(shop)).number == 1
    for finding, _ in blocking:
        about = {"rule": finding.rule, "regime": finding.regime, "subject": finding.subject, "text": finding.text}
        data = about | {"signed_by": "Ada Advocate", "reason": "Checked."}
        assert alice.post(at("waive"), data).status_code == 302
    alice.post(at("publish"), {})
    assert present(publishing.current_release(shop)).number == 2


def test_a_place_is_corrected_with_a_reason(alice, shop, at):
    url = at("jurisdiction", place="US-TX")
    assert alice.post(url, {"preset": "eu_opt_in", "reason": ""}).status_code == 200
    assert shop.jurisdiction_overrides.count() == 0
    alice.post(url, {"preset": "eu_opt_in", "reason": "We ask everywhere."})
    assert shop.jurisdiction_overrides.get().fields == {"preset": "eu_opt_in"}
    rows = {r["row"].id: r["held"] for r in alice.get(at("jurisdictions")).context["rows"]}
    assert (rows["US-TX"], rows["US-VA"], rows["DE"]) == (2, 0, 2)
    alice.post(url, {"remove": 1})
    assert shop.jurisdiction_overrides.count() == 0


# --- kill switch, settings, reports -----------------------------------------------------------------------------------


def test_the_kill_switch_needs_a_reason_and_is_in_the_trail(login, shop, at):
    bob = login("bob")
    bob.post(at("kill"), {"reason": "  "})
    shop.refresh_from_db()
    assert shop.killed_at is None
    bob.post(at("kill"), {"reason": "The checkout broke."})
    shop.refresh_from_db()
    assert (shop.killed_at is None, shop.kill_reason) == (False, "The checkout broke.")
    assert verbs(shop)[-1] == ("bob@example.net", "site.kill")
    assert "The checkout broke." in bob.get(at("trail")).content.decode()
    bob.post(at("revive"))
    shop.refresh_from_db()
    assert shop.killed_at is None


def test_settings_are_saved_together_or_not_at_all(alice, shop, at):
    data = {
        "name": "Tea shop", "hosts": "shop.example\ntea.example", "languages": ["de", "en"], "first_language": "en",
        "level": "strict", "unknown_third_parties": "hold", "tiles": "off", "controller": "Tea Ltd",
    }  # fmt: skip
    alice.post(at("settings"), data)
    shop.refresh_from_db()
    assert (shop.languages, shop.level, shop.controller) == (["en", "de"], "strict", "Tea Ltd")
    assert sorted(h.name for h in shop.hosts.all()) == ["shop.example", "tea.example"]
    response = alice.post(at("settings"), data | {"hosts": "new.example\nnot a host"})
    assert response.status_code == 200
    assert sorted(h.name for h in shop.hosts.all()) == ["shop.example", "tea.example"]


def test_reports_are_dismissed(alice, shop, at, django_user_model):
    row = GateReport.objects.create(site=shop, kind="unknown", subject="px.example", last_seen=timezone.now())
    alice.post(at("report", report=row.pk), {"dismiss": 1})
    row.refresh_from_db()
    assert row.dismissed_at is not None


def test_a_full_list_of_unknown_hosts_says_so(alice, shop, at, monkeypatch):
    from django.utils import timezone

    monkeypatch.setattr("consent.stats.actions.REPORTS_PER_SITE", 3)
    for n in range(3):
        assert "The list is full" not in alice.get(at("inbox")).content.decode()
        GateReport.objects.create(site=shop, kind="unknown", subject=f"h{n}.example", last_seen=timezone.now())
    assert "The list is full: it holds 3 hosts." in alice.get(at("inbox")).content.decode()


def test_the_installation_page_gives_the_exact_lines(alice, shop, at):
    page = alice.get(at("installation"))
    lines = {level["key"]: level["lines"] for level in page.context["levels"]}
    assert lines == {
        "drop_in": snippets.drop_in("http://testserver", shop.uuid),
        "snippet": snippets.snippet("http://testserver", shop.uuid),
        "strict": snippets.strict("http://testserver", shop.uuid),
        "server": lines["server"],
    }
    assert lines["server"].partition("\n\n")[0] == snippets.gate("http://testserver", shop.uuid)
    assert "upgrade-insecure-requests" not in page.content.decode()


# --- people -----------------------------------------------------------------------------------------------------------


def test_the_last_owner_stays(alice, shop, at, people):
    alice.post(at("member", user=people["alice"].pk), {"remove": 1})
    alice.post(at("member", user=people["alice"].pk), {"role": "viewer"})
    assert Membership.objects.get(site=shop, user=people["alice"]).role == "owner"


def test_tokens_offer_only_what_opens_something(alice, shop, at):
    """Every scope on the page opens a door that is shut without it."""
    form = alice.get(at("tokens")).context["form"]
    assert [scope for scope, _ in form.fields["scopes"].choices] == list(actions.SCOPES)
    assert form.fields["scopes"].initial == ["audit"]
    publish(shop, "alice", force=True)
    door = f"/v1/{shop.uuid}/log/checkpoint"
    assert alice.get(door).status_code == 401
    made = alice.post(at("tokens"), {"name": "Monitor", "scopes": ["audit"], "days": 30}).context["made"]
    assert alice.get(door, headers={"Authorization": f"Bearer {made}"}).status_code == 200
    api = f"/api/admin/v1/sites/{shop.uuid}/services"  # what the others open: tests/cookiebanner/admin_api
    assert alice.get(api, headers={"Authorization": f"Bearer {made}"}).status_code == 403
    made = alice.post(at("tokens"), {"name": "CI", "scopes": ["view"], "days": 30}).context["made"]
    assert alice.get(api, headers={"Authorization": f"Bearer {made}"}).status_code == 200
    assert shop.tokens.get(name="CI").made_by.email == "alice@example.net"
    assert "scopes" in alice.post(at("tokens"), {"name": "CI", "scopes": ["write"]}).context["form"].errors


def test_a_token_is_shown_once(alice, shop, at):
    made = alice.post(at("tokens"), {"name": "CI", "scopes": ["audit"], "days": 30}).context["made"]
    assert re.fullmatch(r"fg_[0-9a-f]{12}_[\w-]+", made)
    assert made not in alice.get(at("tokens")).content.decode()
    token = shop.tokens.get()
    alice.post(at("revoke", token=token.pk))
    token.refresh_from_db()
    assert token.revoked_at is not None
    assert json.loads(json.dumps(verbs(shop)[-2:])) == [
        ["alice@example.net", "token.create"],
        ["alice@example.net", "token.revoke"],
    ]


# --- what is necessary ------------------------------------------------------------------------------------------------


def test_a_host_of_ones_own_is_described_and_files_nothing_by_itself(alice, shop, at):
    """A press on Add and one on Save made a tracker strictly necessary: the category must be chosen."""
    page = alice.get(at("service_new") + "?pattern=px.example&name=px.example")
    form = page.context["form"]
    chosen = form["category"].value() or form.fields["category"].choices[0][0]
    assert (chosen, form.fields["category"].choices[0][1]) == ("", "Choose a category")
    assert form["patterns"].value() == "px.example"
    page = alice.post(at("service_new"), {"name": "px.example", "category": chosen, "patterns": "px.example"})
    assert (page.status_code, "Choose a category." in page.content.decode()) == (200, True)
    assert not shop.services.filter(key="px-example").exists()


def test_a_host_that_the_catalogue_knows_is_not_ones_own(alice, shop, at):
    page = alice.get(at("service_new") + "?pattern=www.googletagmanager.com")
    assert page.context["known"]["key"] == "google-tag"
    assert "Our catalogue knows this as <strong>Google tag (gtag.js)</strong>" in page.content.decode()


def test_what_is_necessary_needs_a_reason_in_the_form(alice, shop, at):
    data = {"name": "Basket", "category": "C0001", "patterns": "basket.example"}
    for reason in ("", "  \n ", "needed"):
        page = alice.post(at("service_new"), data | {"necessary_reason": reason})
        assert list(page.context["form"].errors) == ["necessary_reason"]
    why = "Keeps the basket that the visitor fills"
    alice.post(at("service_new"), data | {"necessary_reason": why})
    assert shop.services.get(key="basket").necessary_reason == why
    assert alice.get(at("service", key="basket")).context["form"]["necessary_reason"].value() == why


def test_a_service_from_the_catalogue_brings_its_reason_or_its_category_waits(alice, shop, at):
    page = alice.post(at("service_new"), {"catalogue": "stripe"}, follow=True)
    why = known.by_key()["stripe"]["necessary_reason"]
    assert (shop.services.get(key="stripe").necessary_reason, why in page.content.decode()) == (why, True)
    alice.post(at("category", key="C0002"), {"position": 1, "necessary": "on"})
    page = alice.post(at("service_new"), {"catalogue": "google-analytics"}, follow=True)
    assert "so it needs a reason" in page.content.decode()
    assert not shop.services.filter(key="google-analytics").exists()


def test_publishing_says_which_services_need_a_reason_and_links_to_the_field(alice, shop, at):
    page = alice.post(at("category", key="C0002"), {"position": 1, "necessary": "on"}, follow=True)
    assert "say of Counter why, before you publish" in page.content.decode()
    page = alice.post(at("publish"), {"note": ""}, follow=True)
    body = page.content.decode()
    assert "Not published. Counter is filed as strictly necessary without a reason." in body
    assert "The category “Statistics” is always active but" in body
    assert "The category C0002" not in body
    link = at("service", key="counter") + "#id_necessary_reason"
    assert f'href="{link}"' in body
    assert 'id="id_necessary_reason"' in alice.get(link).content.decode()
    assert "Needs a reason" in alice.get(at("services")).content.decode()
    assert shop.releases.count() == 1


def test_a_deleted_service_comes_back_with_its_reason_or_without_as_it_was(alice, shop, at):
    alice.post(at("service_new"), {"catalogue": "stripe"})
    alice.post(at("service_delete", key="stripe"))
    alice.post(at("service_undo"))
    assert shop.services.get(key="stripe").necessary_reason == known.by_key()["stripe"]["necessary_reason"]
    shop.services.filter(key="stripe").update(necessary_reason="")  # of an older version
    alice.post(at("service_delete", key="stripe"))
    alice.post(at("service_undo"))
    assert shop.services.get(key="stripe").necessary_reason == ""


def test_the_webhooks_secret_is_shown_once_and_can_be_changed(alice, shop):
    url = reverse("dashboard:webhook", kwargs={"uuid": shop.uuid})
    assert "none" in alice.get(url).content.decode()
    actions.change_settings(shop, "alice", webhook_url="https://hook.example/")
    secret = Webhook.objects.get().secret
    assert secret not in alice.get(url).content.decode()
    shown = alice.post(url, {"what": "show"})
    assert (secret in shown.content.decode(), "no-store" in shown["Cache-Control"]) == (True, True)
    again = alice.post(url, {"what": "show"}).content.decode()
    assert (secret in again, "already" in again) == (False, True)
    changed = alice.post(url, {"what": "change"}).content.decode()
    after = Webhook.objects.get()
    assert (after.secret in changed, after.secret != secret, after.older_secret) == (True, True, secret)
    assert after.secret not in alice.get(url).content.decode()


def test_the_webhook_is_told_what_was_chosen_and_a_delivery_is_sent_again(alice, shop, foreign):
    url = reverse("dashboard:webhook", kwargs={"uuid": shop.uuid})
    actions.change_settings(shop, "alice", webhook_url="https://hook.example/")
    alice.post(url, {"what": "listen", "events": ["answers", "changes"], "batch": 7})
    hook = Webhook.objects.get(site=shop)
    assert (hook.events, hook.batch) == (["answers", "changes"], 7)
    page = alice.post(url, {"what": "listen", "events": ["nothing"], "batch": 900}).content.decode()
    assert ("less than or equal to 100" in page, Webhook.objects.get(site=shop).batch) == (
        True, 7,
    )  # fmt: skip
    for of, places in ((shop, [4, 5]), (foreign, [1])):
        WebhookDelivery.objects.create(site=of, kind="answers", message="answers_x", places=places, error="It broke.")
    page = alice.get(url).content.decode()
    assert ("2 answers" in page, "It broke." in page, "1 answer<" in page) == (True, True, False)
    mine, theirs = (WebhookDelivery.objects.get(site=of).pk for of in (shop, foreign))
    assert alice.post(url, {"what": "again", "delivery": theirs}).status_code == 404
    alice.post(url, {"what": "again", "delivery": mine})
    assert [job.params for job in shop.jobs.filter(kind="webhook_again")] == [{"delivery": mine}]


def test_a_paused_webhook_is_told_on_the_overview_and_on_its_page(alice, shop):
    actions.change_settings(shop, "alice", webhook_url="https://hook.example/")
    now = timezone.now()
    Webhook.objects.update(failures=6, paused_at=now, next_try=now, last_error="The webhook answered 500.", dropped=3, dropped_at=now)  # fmt: skip
    overview = alice.get(reverse("dashboard:overview", kwargs={"uuid": shop.uuid})).content.decode()
    assert "The webhook for opt-outs is paused." in overview
    page = alice.get(reverse("dashboard:webhook", kwargs={"uuid": shop.uuid})).content.decode()
    assert ("Paused" in page, "The webhook answered 500." in page, "3 opt-outs given up" in page) == (True, True, True)


def test_each_finding_links_to_the_field_that_mends_it(alice, shop, at):
    """Of as many kinds as a draft can have at once: the page answers and has a field of that id."""
    from consent.banners.actions import edit_banner, edit_texts
    from consent.catalogue.actions import add_service, set_category, set_override, set_purpose

    actions.change_settings(shop, "x", controller="", policy_url="", imprint_url="", languages=["en", "de"])
    edit_texts(shop, "x", "en", {"save": "Accept all", "body": "By continuing to browse you accept."})
    edit_texts(shop, "x", "en", {"reject": "Later"}, regime="eu_opt_in")
    edit_banner(shop, "x", floating_button=False)
    set_category(shop, "C0003", "x", necessary=True, used_by_page=True)
    set_category(shop, "C0001", "x", consent_mode=["ad_storage"])
    set_purpose(shop, "ads", "x", category="C0004", legal_basis="legitimate_interest")
    why = "Keeps the basket that the visitor fills"
    add_service(shop, "x", name="Odd", category="C0001", necessary_reason=why, statistics=True)
    add_service(shop, "x", name="Old", category="C0004", cookies=["o"], exemption_confirmed=["GB"])
    set_override(shop.services.get(key="adverts"), "eu_opt_in", "allow", "We want to", "x")
    page = alice.get(at("releases"))
    links = {finding.rule: mend for finding, mend in (*page.context["blocking"], *page.context["advice"]) if mend}
    assert sorted(links) == ["L06", "L07", "L08", "L09", "L10", "L11", "L13", "L15", "L18", "L21", "L22", "L26"]
    for finding, mend in (*page.context["blocking"], *page.context["advice"]):
        assert mend or finding.rule == "L26", finding
        address, _, field = mend.partition("#")
        if mend:
            answer = alice.get(address)
            assert answer.status_code == 200, mend
            assert f'id="{field}"' in answer.content.decode() or not field, mend
            assert mend.replace("&", "&amp;") in page.content.decode()
