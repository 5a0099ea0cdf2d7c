"""A visitor's answer, script and counts follow releases: what is edited in a draft changes none of them."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest

from consent.models import ConsentRecord, ImpressionTotal, Site
from consent.sites.actions import change_settings, create_site, kill_site, set_hosts
from cookiebanner.lane.app import Lane
from cookiebanner.releases.publish import publish, rollback
from cookiebanner.visitors.counts import counters
from cookiebanner.visitors.published import published
from cookiebanner.wsgi import application as django
from tests.cookiebanner.lane.asgi import Got, Running, ask
from tests.values import RESPONSIBLE, present

pytestmark = pytest.mark.django_db(transaction=True)


class Door:
    """Asks as a browser on `host` does, which got the gate of a release."""

    def __init__(self, site: Site, send: Any) -> None:
        self.site, self.send = site, send

    def answer(self, host: str, release: int = 1, **changes: Any) -> Got:
        snapshot = json.loads(self.site.releases.get(number=1).snapshot)
        categories = {category["key"]: "granted" for category in snapshot["categories"]}
        body = {
            "site": str(self.site.uuid), "id": str(uuid.uuid4()), "release": release, "regime": "eu_opt_in",
            "language": "en", "action": "accept_all", "choices": {"categories": categories}, "visitor": str(uuid.uuid4()),
            "page": f"https://{host}/basket?a=b", **changes,
        }  # fmt: skip
        return self.send("POST", "/api/v1/consents", {"Origin": f"https://{host}", "Content-Type": "text/plain"}, body)

    def impression(self, host: str, release: int = 1) -> Got:
        body = {"site": str(self.site.uuid), "kind": "banner", "release": release, "regime": "eu_opt_in"}
        return self.send("POST", "/api/v1/impressions", {"Origin": f"https://{host}"}, body)

    def report(self, host: str, release: int = 1) -> Got:
        body = {"site": str(self.site.uuid), "release": release, "items": []}
        return self.send("POST", "/api/v1/reports", {"Origin": f"https://{host}"}, body)

    def gate(self) -> Got:
        return self.send("GET", f"/v1/{self.site.uuid}/gate.js", {}, None)

    def preflight(self, host: str) -> bool:
        """Whether a page on this host may call the API."""
        asked = {"Origin": f"https://{host}", "Access-Control-Request-Method": "POST"}
        allowed = self.send("OPTIONS", "/api/v1/consents", asked, None).headers.get("access-control-allow-origin")
        return allowed == f"https://{host}"


@pytest.fixture
def site() -> Site:
    made = create_site(["shop.example", "old.example"], "alice", name="Shop", **RESPONSIBLE)
    publish(made, "alice")
    return made


@pytest.fixture(params=["lane", "django"])
def door(request, site, client, monkeypatch):
    """Both doors. The lane runs as it does: a query in its loop is an error, as outside of tests."""

    def by_django(method: str, path: str, headers: dict[str, str], body: Any) -> Got:
        kind = headers.pop("Content-Type", "text/plain")
        data = json.dumps(body) if body else b""
        got = client.generic(method, path, data, kind, headers=headers)
        return Got(got.status_code, {name.lower(): value for name, value in got.headers.items()}, got.content)

    if request.param == "django":
        yield Door(site, by_django)
        counters.flush()
        return
    monkeypatch.delenv("DJANGO_ALLOW_ASYNC_UNSAFE")
    with asyncio.Runner() as runner:
        running = Running(Lane(django))

        def by_lane(method: str, path: str, headers: dict[str, str], body: Any) -> Got:
            data = json.dumps(body).encode() if body else b""
            return runner.run(ask(running.lane, method, path, headers.items(), data))

        runner.run(running.__aenter__())
        yield Door(site, by_lane)
        runner.run(running.__aexit__())


EDITS = {
    "a host is removed": lambda site: set_hosts(site, ["old.example"], "alice"),
    "the host is renamed": lambda site: set_hosts(site, ["boutique.example", "old.example"], "alice"),
    "a subdomain takes its place": lambda site: set_hosts(site, ["www.shop.example"], "alice"),
    "other settings": lambda site: change_settings(
        site, "alice", languages=["de"], level="strict", record_path=True, name="Other", policy_url="https://x.example/"
    ),
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edited_draft_changes_nothing_for_visitors(door, edit):
    site = door.site
    assert door.answer("shop.example").status == 201
    gate = door.gate()
    assert (gate.status, len(gate.body) > 1000) == (200, True)
    edit(site)
    for forget in (lambda: None, published.refresh, published.clear):  # at once, a moment later, after a restart
        forget()
        assert [door.answer("shop.example").status, door.answer("www.shop.example").status] == [201, 201]
        assert door.impression("shop.example").status == 204
        assert door.report("shop.example").status == 204
        assert door.gate().body == gate.body
        assert door.preflight("shop.example")
        assert door.answer("boutique.example").status == 403
        assert door.impression("boutique.example").status == 403
        assert not door.preflight("boutique.example")
    counters.flush()
    assert ImpressionTotal.objects.get(site_id=site.pk).count == 3
    pages = {json.loads(present(record.payload))["page"] for record in ConsentRecord.objects.filter(type="consent")}
    assert pages == {"shop.example", "www.shop.example"}  # no path before it is published


def test_record_path_is_the_releases(door):
    assert door.answer("shop.example").status == 201
    change_settings(door.site, "alice", record_path=True)
    published.refresh()
    assert door.answer("shop.example").status == 201
    publish(door.site, "alice")
    published.refresh()
    change_settings(door.site, "alice", record_path=False)
    published.refresh()
    assert [door.answer("shop.example", 2).status, door.answer("shop.example", 1).status] == [201, 201]
    records = ConsentRecord.objects.filter(type="consent").order_by("index")
    assert [json.loads(present(record.payload))["page"] for record in records] == [
        "shop.example", "shop.example", "shop.example/basket", "shop.example",
    ]  # fmt: skip


def test_hosts_of_an_older_release_stay_good_for_answers_to_it(door):
    site = door.site
    assert door.answer("old.example", 1).status == 201
    set_hosts(site, ["shop.example", "new.example"], "alice")
    publish(site, "alice")
    for forget in (lambda: None, published.refresh, published.clear):
        forget()
        assert door.answer("new.example", 2).status == 201
        told = door.answer("old.example", 1)
        assert (told.status, told.headers["access-control-allow-origin"]) == (201, "https://old.example")
        assert (door.answer("old.example", 2).status, door.answer("shop.example", 1).status) == (403, 201)
        assert (door.impression("old.example", 1).status, door.impression("old.example", 2).status) == (204, 403)
        assert (door.report("old.example", 1).status, door.report("old.example", 2).status) == (204, 403)
        assert (door.preflight("old.example"), door.preflight("new.example")) == (True, True)
        assert door.answer("evil.example", 1).status == 403
    rollback(site, 1, "alice")
    published.refresh()
    assert (door.answer("old.example", 3).status, door.answer("new.example", 3).status) == (201, 403)
    assert door.answer("new.example", 2).status == 201


def test_a_release_of_another_process_is_known_as_soon_as_somebody_answers_to_it(door):
    assert door.answer("shop.example").status == 201
    set_hosts(door.site, ["new.example"], "alice")
    publish(door.site, "alice")
    assert door.answer("new.example", 2).status == 201
    assert door.answer("new.example", 3).status == 422


def test_the_switch_is_live_and_answers_are_taken_all_the_same(door):
    kill_site(door.site, "alice", "it broke")
    published.refresh()
    assert (door.gate().body, door.impression("shop.example").status) == (b"", 204)
    assert door.answer("shop.example").status == 201
    counters.flush()
    assert not ImpressionTotal.objects.exists()


def test_a_site_without_a_release_takes_nothing(door):
    made = create_site("young.example", "alice", **RESPONSIBLE)
    body = {"site": str(made.uuid), "kind": "banner"}
    assert door.answer("young.example", 1, site=str(made.uuid)).status == 422
    assert door.send("POST", "/api/v1/impressions", {"Origin": "https://young.example"}, body).status == 404
    assert door.send("GET", f"/v1/{made.uuid}/gate.js", {}, None).body == b""
    assert not door.preflight("young.example")
    publish(made, "alice")
    assert door.answer("young.example", 1, site=str(made.uuid)).status == 201
    assert door.preflight("young.example")


def test_an_id_that_pages_carried_before_there_was_a_site_is_known_at_once(door):
    early = str(uuid.uuid4())
    assert door.answer("early.example", site=early).status == 404
    assert door.send("GET", f"/v1/{early}/gate.js", {}, None).body == b""
    publish(create_site("early.example", "alice", uuid=early, **RESPONSIBLE), "alice")
    assert door.answer("early.example", site=early).status == 201


def test_the_cookie_of_the_site_s_own_origin_is_set_for_released_hosts_too(site, client):
    state = "v=1&r=1&id=&u=&t=1795294000&g=eu_opt_in&c=C0002:0&s=&p=&x=0"
    set_hosts(site, ["new.example"], "alice")

    def keep(host: str) -> str:
        headers = {"Host": host, "Origin": f"https://{host}"}
        answer = client.post("/.well-known/fairgate/", state, content_type="text/plain", headers=headers)
        return answer.headers.get("Set-Cookie", "").partition("Domain=")[2].partition(";")[0]

    assert [keep("www.shop.example"), keep("old.example")] == ["shop.example", "old.example"]
    publish(site, "alice")
    published.refresh()
    assert [keep("shop.example"), keep("a.new.example"), keep("evil.example")] == ["shop.example", "new.example", ""]


def test_the_page_of_a_privacy_request_is_the_releases(site, client):
    path = f"/dsarwebform/{uuid.uuid4()}/{uuid.uuid4()}.html"
    change_settings(site, "alice", policy_url="https://shop.example/our-privacy")
    publish(site, "alice")
    change_settings(site, "alice", policy_url="https://draft.example/")
    set_hosts(site, ["draft.example"], "alice")
    answer = client.get(path, headers={"Referer": "https://www.shop.example/about"})
    assert (answer.status_code, answer["Location"]) == (302, "https://shop.example/our-privacy")
    assert client.get(path, headers={"Referer": "https://draft.example/about"}).status_code == 200


def test_a_flood_of_unknown_sites_takes_no_known_one_away(door):
    assert door.answer("shop.example").status == 201
    statuses = {door.answer("shop.example", site=str(uuid.uuid4())).status for _ in range(150)}
    assert statuses in ({404}, {404, 503})  # what could not be looked up is never called unknown
    assert door.answer("shop.example").status == 201
    assert door.gate().status == 200
