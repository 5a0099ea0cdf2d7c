"""After a material change of a document, who has answered is asked once more about what it touches, and told why."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from consent.ledger.models import ConsentRecord
from cookiebanner.releases.publish import publish
from tests.browser.regimes import open_shop, ran, visit, visitor
from tests.consent.policies.sample_documents import published, written

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
BANNER, BODY = "#onetrust-banner-sdk", "#onetrust-policy-text"
ACCEPT, REJECT = "#onetrust-accept-btn-handler", "#onetrust-reject-all-handler"
WHY = "We now also predict what you might buy."


@pytest.fixture
def world(world, settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    settings.FAIRGATE_COUNTRY_HEADERS = []
    settings.MMDB = ""
    return world


def asked(page) -> bool:
    return page.locator(BANNER).is_visible()


def answer(page, button: str) -> None:
    page.locator(button).wait_for()
    page.wait_for_timeout(450)  # a press within 400 ms is no answer
    page.locator(button).click()
    page.wait_for_function("() => !fairgate._.ask && !!document.cookie")


def test_who_answered_is_asked_once_more_about_what_changed_and_about_nothing_else(world, chromium, live_server):
    site = open_shop(world, live_server.url)
    document = written(site)
    published(document)
    with visitor(chromium, world, "DE") as page, visitor(chromium, world, "DE") as other:
        answer(page, ACCEPT)
        answer(other, REJECT)
        visit(page)
        assert (asked(page), {"ads", "stats", "chat"} <= ran(page)) == (False, True)
        published(document, "We predict.", "Predictions.", WHY, material=("category C0004",))
        publish(site, "test")
        for one, granted in ((page, {"stats", "counted", "chat", "health"}), (other, set())):
            visit(one)
            one.locator(BANNER).wait_for()
            assert one.locator(BODY).inner_text().startswith(WHY)
            link = one.locator(f"{BODY} a", has_text="How we use data")
            assert link.get_attribute("href") == (f"https://consent.test/v1/{site.uuid}/read/data/#s-recent-changes")
            assert ran(one) == granted  # the rest of the answer stands, what changed waits
            answer(one, ACCEPT)
            visit(one)
            assert (asked(one), {"ads", "sale"} <= ran(one)) == (False, True)
    with visitor(chromium, world, "DE") as page:
        page.locator(BANNER).wait_for()
        assert WHY not in page.locator(BODY).inner_text()  # nobody asked them before
    rows = ConsentRecord.objects.filter(site_id=site.pk, type="consent").order_by("index")
    assert [(row.action, row.release) for row in rows] == [
        ("accept_all", 1), ("reject_all", 1), ("accept_all", 2), ("accept_all", 2),
    ]  # fmt: skip
