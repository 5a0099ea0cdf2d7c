"""A visitor is asked about categories that have something in them, and about no others."""

import pytest

from consent.answers import validate
from consent.answers.errors import RejectedSubmission
from consent.answers.published import published
from consent.answers.schema import Choices, GrantState
from consent.banners import screen
from consent.catalogue.actions import add_service, set_category, set_purpose
from consent.publishing import queries
from consent.scanner.actions import adopt
from consent.sites.actions import create_site


@pytest.fixture
def site(db):
    return create_site("shop.example", "x", controller="Shop Ltd", languages=["en"])


def offered(site):
    return [category["key"] for category in queries.draft(site)["categories"]]


def test_an_empty_site_offers_nothing(site):
    assert offered(site) == ["C0001"]


def test_what_has_a_service_or_a_purpose_is_offered(site):
    add_service(site, "x", name="Counter", category="C0002", patterns=["c.example"])
    set_purpose(site, "newsletter", "x", category="C0005")
    assert offered(site) == ["C0001", "C0002", "C0005"]
    assert [row[0] for row in screen.data(queries.draft(site), "en")["c"]] == offered(site)


def test_what_is_not_offered_is_neither_named_in_the_banner_nor_recorded(site):
    """`{purposes}` of the first layer names what may be refused; a record holds each category of its release."""
    add_service(site, "x", name="Counter", category="C0002", patterns=["c.example"])
    add_service(site, "x", name="Adverts", category="C0004", patterns=["a.example"])
    draft = queries.draft(site)
    draft["banner"]["texts"]["en"]["body"] = "For: {purposes}."
    texts = {where: row["t"]["body"] for where, row in screen.first(draft, "en").items()}
    assert texts[""] == "For: Statistics and Advertising."
    release = published(1, "0" * 64, draft)
    said: dict[str, GrantState] = {"C0001": "granted", "C0002": "granted", "C0004": "granted"}
    assert validate.completed(Choices(said), release)["categories"] == said
    with pytest.raises(RejectedSubmission, match="no category 'C0003'"):
        validate.completed(Choices({**said, "C0003": "denied"}), release)


def test_what_pages_ask_for_by_its_id_is_offered_with_nothing_in_it(site):
    set_category(site, "C0003", "x", used_by_page=True)
    assert offered(site) == ["C0001", "C0003"]


def test_a_container_of_googles_keeps_what_governs_its_signals(site):
    add_service(site, "x", name="Tags", category="C0002", patterns=["t.example"], adapter="google", container=True)
    assert offered(site) == ["C0001", "C0002", "C0003", "C0004"]


@pytest.mark.parametrize("facts", [{"adapter": "google"}, {"container": True}])
def test_other_services_keep_no_category_but_their_own(site, facts):
    add_service(site, "x", name="Tag", category="C0002", patterns=["t.example"], **facts)
    assert offered(site) == ["C0001", "C0002"]


def test_an_adopted_page_keeps_the_categories_that_it_names(db):
    page = """<script src="https://cdn.cookielaw.org/scripttemplates/otSDKStub.js"
      data-domain-script="de507273-db36-4f1c-9575-6e6ea429f7c6"></script>
      <script type="text/plain" class="optanon-category-C0003" src="https://own.example/x.js"></script>"""
    site = adopt(page, ["own.example"], "x").site
    assert "C0003" in offered(site)
    site.services.all().delete()
    assert offered(site) == ["C0001", "C0003"]
