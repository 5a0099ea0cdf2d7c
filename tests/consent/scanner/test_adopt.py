import pytest

from consent.catalogue.actions import add_service, delete_service, set_purpose, update_service
from consent.common import InvalidChange
from consent.models import AuditEvent, Service, Site
from consent.publishing.queries import draft
from consent.scanner.actions import adopt
from consent.sites import snippets
from consent.sites.actions import change_settings, create_site
from tests.cookiebanner import sample_releases

pytestmark = pytest.mark.django_db
UUID = "de507273-db36-4f1c-9575-6e6ea429f7c6"
# A page of our own making with what such pages hold: OneTrust's two tags, an inline agent, a container with its
# noscript frame, protocol-relative and created scripts, fonts and a library.
PAGE = f"""<!DOCTYPE html>
<html lang="de">
<head>
<script src="https://cdn.cookielaw.org/consent/{UUID}/OtAutoBlock.js"></script>
<script src="https://cdn.cookielaw.org/scripttemplates/otSDKStub.js" data-domain-script="{UUID}"></script>
<script>(window.NREUM||(NREUM={{}})).init={{}};</script>
<script type="application/ld+json">{{"@type":"Organization","name":"Shop AG"}}</script>
<script>(function(w,d,s,l,i){{var j=d.createElement(s);j.src='https://www.googletagmanager.com/gtm.js?id='+i;}})(window,document,'script','dataLayer','GTM-1');</script>
<link rel="stylesheet" href="https://fonts.googleapis.com/css?family=Roboto">
<script src="https://unpkg.com/lib@1/lib.js"></script>
<script async src="//js.hs-scripts.com/1.js"></script>
<script type="text/plain" class="optanon-category-C0005" src="https://plausible.io/js/plausible.js"></script>
<script type="text/plain" class="optanon-category-SPD_BG" src="https://t.parked.example/t.js"></script>
<script src="https://stranger.example/s.js"></script>
</head><body>
<noscript><iframe src="https://www.googletagmanager.com/ns.html?id=GTM-1"></iframe></noscript>
<a href="/privacy-policy">Privacy Policy</a> <span class="optanon-show-settings">x</span>
</body></html>"""


def services(site):
    return {s.key: s.category.key for s in Service.objects.filter(site=site).select_related("category")}


FOUND = {
    "google-fonts": "C0001", "unpkg": "C0001", "new-relic": "C0002", "google-tag-manager": "C0002", "hubspot": "C0004",
    "plausible": "C0005", "t-parked-example": "SPD_BG",
}  # fmt: skip


def test_a_page_becomes_a_site():
    adoption = adopt(PAGE, ["shop.example"], "alice", server="https://cmp.example")
    site = adoption.site
    assert (str(site.uuid), site.name, site.controller, site.level) == (UUID, "Shop AG", "Shop AG", "drop_in")
    assert (site.languages[0], site.policy_url) == ("de", "https://shop.example/privacy-policy")
    assert services(site) == FOUND
    assert sorted(adoption.found.strangers) == ["stranger.example", "t.parked.example"]
    relic = site.services.get(key="new-relic")
    assert relic.inline[0] in PAGE
    assert site.services.get(key="google-tag-manager").container is True
    assert site.services.get(key="t-parked-example").rules.get().pattern == "t.parked.example"
    assert AuditEvent.objects.filter(verb="page.adopt").get().detail["strangers"] == [
        "stranger.example",
        "t.parked.example",
    ]


def test_the_advice_names_lines_and_tags():
    advice = adopt(PAGE, ["shop.example"], "x", server="https://cmp.example").advice
    assert "becomes https://cmp.example/scripttemplates/otSDKStub.js" in advice[0]
    assert f"becomes https://cmp.example/consent/{UUID}/OtAutoBlock.js" in advice[0]
    assert advice[0].endswith(":\n" + snippets.snippet("https://cmp.example", UUID))
    assert advice[1].startswith("Line 16: remove the Google Tag Manager noscript iframe.")
    assert advice[2].startswith("In Google Tag Manager: tags that load no address")
    assert advice[3].startswith("These load from a third party before any answer")
    assert advice[4] == "Keep the settings links (line 17): they open the preference center."


def earlier(site):
    return {s.key: s.earlier_category for s in Service.objects.filter(site=site)}


def added_since(site):
    return {s["key"] for s in draft(site)["services"] if s.get("added_since")}


def test_what_the_earlier_banner_had_is_remembered_with_its_category():
    """A yes that was given there covers it as long as it stands in that category."""
    site = adopt(PAGE, ["shop.example"], "x").site
    assert earlier(site) == FOUND
    assert added_since(site) == set()
    new = add_service(site, "x", name="Hotjar", category="C0002", key="hotjar")
    update_service(site.services.get(key="hubspot"), "x", category="C0002")
    assert added_since(site) == {"hotjar", "hubspot"}
    update_service(new, "x", earlier_category="C0002")
    update_service(site.services.get(key="hubspot"), "x", category="C0004")
    assert added_since(site) == set()


def test_a_page_that_is_adopted_after_the_move_says_nothing_of_before():
    site = adopt(PAGE, ["shop.example"], "x").site
    sample_releases.release(site)
    later = PAGE.replace("</head>", '<script src="https://static.hotjar.com/c/hotjar-1.js"></script></head>')
    assert [s.key for s in adopt(later, ["shop.example"], "x").added] == ["hotjar"]
    assert (earlier(site)["hotjar"], added_since(site)) == ("", {"hotjar"})


def test_a_site_that_did_not_move_remembers_nothing_in_its_releases():
    site = create_site("shop.example", "x")
    add_service(site, "x", name="Hotjar", category="C0002", key="hotjar")
    assert added_since(site) == set()
    change_settings(site, "x", moved_from={"manager": "cookiebot"})
    assert added_since(site) == {"hotjar"}
    set_purpose(site, "measuring", "x", category="C0002")
    assert [p.get("added_since") for p in draft(site)["purposes"]] == [True]


def test_adopting_again_changes_nothing():
    site = adopt(PAGE, ["shop.example"], "x").site
    before = list(Service.objects.values_list("pk", "key", "category__key"))
    again = adopt(PAGE, ["shop.example"], "x")
    assert (again.created, again.added, again.updated, again.site) == (False, [], [], site)
    assert sorted(s.key for s in again.known) == sorted(FOUND)
    assert list(Service.objects.values_list("pk", "key", "category__key")) == before
    assert Site.objects.count() == 1


def test_adopting_again_completes_and_keeps_the_owners_decisions():
    site = adopt(PAGE, ["shop.example"], "x").site
    hubspot = site.services.get(key="hubspot")
    update_service(hubspot, "x", category="C0003", patterns=["own.example"], cookies=["mine"], name="Our HubSpot")
    delete_service(site.services.get(key="unpkg"), "x")
    again = adopt(PAGE, ["shop.example", "www.shop.example"], "x")
    assert [s.key for s in again.added] == ["unpkg"]
    assert [s.key for s in again.updated] == ["hubspot"]
    hubspot.refresh_from_db()
    assert (hubspot.name, hubspot.category.key) == ("Our HubSpot", "C0003")
    patterns = set(hubspot.rules.values_list("pattern", flat=True))
    assert {"own.example", "hs-scripts.com"} <= patterns
    assert {"mine", "hubspotutk"} <= set(hubspot.cookies.values_list("name", flat=True))
    assert sorted(site.hosts.values_list("name", flat=True)) == ["shop.example", "www.shop.example"]


def test_a_given_id_wins_over_the_pages():
    other = "11111111-1111-4111-8111-111111111111"
    assert str(adopt(PAGE, ["shop.example"], "x", site_id=other).site.uuid) == other


def test_a_page_without_onetrust_goes_to_the_site_of_its_host():
    site = create_site("shop.example", "x")
    adoption = adopt(
        "<script src=https://plausible.io/js/plausible.js></script>", ["shop.example"], "x", server="https://c.example"
    )
    assert (adoption.created, adoption.site) == (False, site)
    assert adoption.advice[0].startswith("Put this first into <head>")
    assert adoption.advice[-1] == "The page has no settings link; our floating button opens the preference center."


def test_an_empty_page_makes_an_empty_site():
    adoption = adopt("", ["shop.example"], "x")
    assert (adoption.created, adoption.site.level, services(adoption.site)) == (True, "snippet", {})


@pytest.mark.parametrize("hosts", [[], ["no host"]])
def test_a_wrong_host_is_refused(hosts):
    with pytest.raises(InvalidChange):
        adopt(PAGE, hosts, "x")
    assert Site.objects.count() == 0
