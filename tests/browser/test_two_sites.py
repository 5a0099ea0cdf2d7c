"""Answers know whose they are: two sites on one parent domain, one origin, one number; and what earlier gates stored."""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from typing import Any

import pytest

from consent.publishing.tags import cookie_name
from tests import samples
from tests.browser.stage import CMP, SHOP, SWALLOW
from tests.browser.state import stated
from tests.browser.test_core import ACCEPT, ADS, GA, STATE, context, cookie, fields, page, ran, small, stage, until

__all__ = ["context", "page", "stage"]
pytestmark = pytest.mark.browser

PARENT, SUB = "parent.example", "sub.parent.example"
SITES = {PARENT: "0193c8f2-7a60-7f0c-9a0c-3d2b8d1c0a11", SUB: "0193c8f2-7a60-7f0c-9a0c-3d2b8d1c0a12"}
OLD = json.loads((Path(__file__).parents[1] / "vectors/stored_by_1b79d33.json").read_text(encoding="utf-8"))
GPC = "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})"
BANNER = "#onetrust-banner-sdk"


def serve(stage, variant: str = "eu_opt_in", **site: Any) -> dict[str, str]:
    """Both sites at release 3 with the same services, each with a page on its own host; → their addresses."""
    files: dict[Any, Any] = {}
    urls: dict[str, str] = {}
    for host, uuid in SITES.items():
        stage.release(small(hosts=(host,), uuid=uuid, **site), variant)
        files |= {key: page for key, page in stage.world.pages.items() if key[0] == CMP}
    stage.world.pages.update(files)
    for host in SITES:
        urls[host] = stage.page(GA + ADS, gate=tag(host, stub=site.get("level") == "drop_in"), host=host)
    return urls


def tag(host: str, stub: bool = False) -> str:
    uuid = SITES[host]
    if stub:
        return (
            f'<script src="https://{CMP}/consent/{uuid}/OtAutoBlock.js"></script>'
            f'<script src="https://{CMP}/scripttemplates/otSDKStub.js" data-domain-script="{uuid}"></script>'
        )
    return f'<script src="https://{CMP}/v1/{uuid}/gate.js"></script>{SWALLOW}'


def records(stage, host: str) -> list[str]:
    # What was not acknowledged before the page went is sent again under its id; the server keeps one.
    sent = {body["id"]: body["action"] for body in stage.posts() if body["site"] == SITES[host]}
    return [*sent.values()]


def settled(page) -> None:
    """late.js is there, and has done what it begins with."""
    page.wait_for_function("() => !!window.fairgate?._.decide")


def answered(page) -> bool:
    settled(page)
    return page.evaluate("fairgate.consent().answered")


@pytest.mark.parametrize("level", ["snippet", "drop_in"])
@pytest.mark.parametrize("button", ["accept", "reject"])
def test_an_answer_to_the_parent_s_site_is_none_to_the_subdomain_s(stage, context, page, level, button):
    urls = serve(stage, level=level)
    page.goto(urls[PARENT])
    page.click(ACCEPT if button == "accept" else "#onetrust-reject-all-handler")
    until(lambda: records(stage, PARENT))
    (made,) = [c for c in context.cookies() if c["name"].startswith("fairgate")]
    assert (made["name"], made["domain"]) == (cookie_name(SITES[PARENT]), f".{PARENT}")
    if button == "accept":
        page.wait_for_function("window.__ran && __ran.length == 2")
    asked_before = len(stage.world.requests_to("google-analytics.com"))
    page.goto(urls[SUB])
    page.wait_for_selector(BANNER)
    assert not answered(page)
    assert (ran(page), records(stage, SUB)) == ([], [])
    if level == "snippet":  # the drop-in level leaves markup tags to the preload scanner
        assert len(stage.world.requests_to("google-analytics.com")) == asked_before


@pytest.mark.parametrize("level", ["snippet", "drop_in"])
def test_a_refusal_to_one_site_keeps_the_yes_to_the_other(stage, context, page, level):
    urls = serve(stage, level=level)
    page.goto(urls[SUB])
    page.click(ACCEPT)
    until(lambda: records(stage, SUB))
    page.goto(urls[PARENT])
    page.click("#onetrust-reject-all-handler")
    until(lambda: records(stage, PARENT))
    # OneTrust's mark of the other site may be seconds newer, and is no answer to this one.
    for one in context.cookies():
        if one["name"] == "OptanonAlertBoxClosed" and one["domain"] == f".{PARENT}":
            closed = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() + 60))
            context.add_cookies([{**one, "value": closed}])
    page.goto(urls[SUB])
    page.wait_for_function("window.__ran && __ran.length == 2")
    assert answered(page)
    assert page.locator(BANNER).count() == 0
    assert set(page.evaluate("Object.values(fairgate.consent().categories)")) == {True}
    assert (records(stage, SUB), records(stage, PARENT)) == (["accept_all"], ["reject_all"])
    page.goto(urls[PARENT])
    assert answered(page)
    assert ran(page) == []


def test_one_site_s_queue_waits_for_its_own_gate(stage, context, page):
    """Both gates run on pages of one origin: the subdomain belongs to the parent's site, too."""
    urls = serve(stage)
    first = stage.page(gate=tag(PARENT), host=SUB, path="/first")
    stage.status = 503
    page.goto(first)
    page.wait_for_selector(ACCEPT)
    page.evaluate("void fairgate.accept()")
    until(lambda: records(stage, PARENT))
    page.goto("about:blank")
    stage.status = 201
    stage.world.asked.clear()
    page.goto(urls[SUB])
    page.wait_for_selector(ACCEPT)
    settled(page)
    page.evaluate("fairgate.reject()")
    assert (records(stage, SUB), records(stage, PARENT)) == (["reject_all"], [])
    (kept,) = page.evaluate("Object.keys(localStorage)")
    assert kept.startswith(f"{cookie_name(SITES[PARENT])}.q.")
    page.goto(first)
    until(lambda: records(stage, PARENT) == ["accept_all"])
    until(lambda: page.evaluate("Object.keys(localStorage).filter((key) => key.includes('.q.')).length") == 0)


def test_the_signal_is_told_once_to_each_site_of_an_origin(stage, context, page):
    context.add_init_script(GPC)
    urls = serve(stage, "us_ca")
    first = stage.page(gate=tag(PARENT), host=SUB, path="/first")
    for url in (first, urls[SUB], first, urls[SUB]):
        page.goto(url)
        settled(page)
    until(lambda: len(stage.posts()) >= 2)
    assert (records(stage, PARENT), records(stage, SUB)) == (["gpc"], ["gpc"])
    until(lambda: len(page.evaluate("Object.keys(localStorage)")) == 2)
    assert set(page.evaluate("Object.keys(localStorage)")) == {f"{cookie_name(uuid)}.gpc" for uuid in SITES.values()}


def test_a_release_with_the_same_number_and_other_content_is_not_the_same(stage, context, page):
    """A restored server counts again from an earlier number."""
    first = small()
    stage.release(first)
    url = stage.page(GA)
    page.goto(url)
    page.click(ACCEPT)
    until(lambda: cookie(context))
    more = copy.deepcopy(first)
    more["services"].append(samples.service("hotjar"))
    stage.release(more)
    page.goto(url)
    page.wait_for_selector(BANNER)
    assert page.evaluate("[fairgate.allowed('hotjar'), fairgate.allowed('google-analytics')]") == [False, True]
    # The same content under another number is what was answered.
    stage.release(first, number=7)
    page.goto(url)
    assert answered(page)
    assert page.locator(BANNER).count() == 0


def put(context, value: str, domain: str = f".{SHOP}", name: str = "fairgate", **more: Any) -> None:
    value = value.replace("{now}", str(int(time.time()) - 3600))
    place = {"url": f"https://{domain}"} if not domain.startswith(".") else {"domain": domain, "path": "/"}
    context.add_cookies([{"name": name, "value": value, **place, "secure": True, **more}])


def names(context) -> set[str]:
    return {c["name"] for c in context.cookies() if c["name"].startswith("fairgate")}


@pytest.mark.parametrize("domain", [f".{SHOP}", SHOP])
@pytest.mark.parametrize("case", OLD["answers"], ids=lambda case: case["name"])
def test_what_an_earlier_gate_stored_is_understood(stage, context, page, case, domain):
    stage.release(small(), case["variant"])
    put(context, case["cookie"], domain)
    for _ in range(2):
        page.goto(stage.page(GA))
        assert answered(page)
        said = page.evaluate("fairgate.consent()")
        assert (said["categories"], said["services"]) == (case["categories"], case["services"])
        assert (page.locator(BANNER).count(), stage.posts()) == (0, [])
        assert bool(until(lambda: ran(page))) if case["services"]["google-analytics"] else ran(page) == []
    old, new = fields(case["cookie"]), stated(cookie(context), small())
    assert names(context) == {STATE}
    assert (new["v"], new["id"], new["u"], new["g"]) == ("2", old["id"], old["u"], case["variant"])
    assert (new["x"], new["o"]) == (old["x"] == "1", old["o"] == "1")
    assert {**new["categories"], "C0001": True} == case["categories"]
    assert new["services"] == case["services"]


def test_what_is_new_since_an_earlier_gate_is_asked_and_nothing_else(stage, context, page):
    more = small(services=[*small()["services"], samples.service("hotjar")])
    stage.release(more, number=4)
    put(context, OLD["answers"][1]["cookie"])
    page.goto(stage.page(GA))
    page.wait_for_selector(BANNER)
    assert page.evaluate("[fairgate.allowed('hotjar'), fairgate.allowed('google-analytics')]") == [False, True]


@pytest.mark.parametrize("case", OLD["answers"][:2], ids=lambda case: case["name"])
def test_an_earlier_answer_to_the_parent_s_site_is_none_to_the_subdomain_s(stage, context, page, case):
    urls = serve(stage)
    put(context, case["cookie"], f".{PARENT}")
    page.goto(urls[SUB])
    page.wait_for_selector(BANNER)
    assert not answered(page)
    assert (ran(page), stage.posts(), names(context)) == ([], [], {"fairgate"})
    page.goto(urls[PARENT])
    assert answered(page)
    assert page.evaluate("fairgate.consent().categories") == case["categories"]
    assert names(context) == {cookie_name(SITES[PARENT])}


def test_another_site_s_cookie_makes_no_page_reload_for_ever(stage, context, page):
    urls = serve(stage, "us_optout", reload=True)
    put(context, OLD["answers"][0]["cookie"], f".{PARENT}")
    page.goto(urls[SUB])
    page.wait_for_function("window.__ran && __ran.length == 2")
    settled(page)
    page.wait_for_timeout(500)
    assert [a.path for a in stage.world.asked if a.host == SUB and a.path == "/"] == ["/"]


def test_two_earlier_answers_go_to_their_own_sites(stage, context, page):
    urls = serve(stage)
    no, yes = (case["cookie"] for case in OLD["answers"][:2])
    put(context, no, f".{PARENT}")
    put(context, yes, f".{SUB}")
    page.goto(urls[SUB])
    assert answered(page)
    assert page.evaluate("fairgate.allowed('C0002')") is True
    page.goto(urls[PARENT])
    assert answered(page)
    assert page.evaluate("fairgate.allowed('C0002')") is False
    assert names(context) == {cookie_name(uuid) for uuid in SITES.values()}


@pytest.mark.parametrize("change", [("r=3", "r=9"), ("m=cye0n6s8n", "m=cye0n6xxx")], ids=["later", "other"])
def test_an_earlier_answer_that_cannot_be_this_site_s_is_asked_again_and_stays(stage, context, page, change):
    """Sites may share a host; then they shared the cookie."""
    stage.release(small())
    value = OLD["answers"][1]["cookie"].replace(*change)
    put(context, value)
    page.goto(stage.page(GA))
    page.wait_for_selector(BANNER)
    assert (ran(page), names(context)) == ([], {"fairgate"})


def test_an_answer_in_a_tab_that_was_open_before_counts_when_it_is_newer(stage, context, page):
    stage.release(small())
    url = stage.page(GA)
    page.goto(url)
    page.click(ACCEPT)
    until(lambda: cookie(context))
    put(context, OLD["answers"][0]["cookie"].replace("{now}", str(int(time.time()) + 60)))
    page.goto(url)
    page.wait_for_function("fairgate._.decide && !fairgate.allowed('C0002')")
    assert names(context) == {STATE}


def test_an_earlier_mark_of_the_signal_is_not_told_again(stage, context, page):
    context.add_init_script(GPC)
    stage.release(small(), "us_ca")
    url = stage.page()
    stage.world.pages[(SHOP, "/empty")] = (200, "text/html", b"<!doctype html><title>e</title>")
    page.goto(f"https://{SHOP}/empty")
    page.evaluate("(given) => Object.assign(localStorage, given)", OLD["mark"])
    page.goto(url)
    until(lambda: stage.posts("impressions"))
    settled(page)
    assert stage.posts() == []
    assert page.evaluate("fairgate.consent().services['google-ads']") is False


@pytest.mark.parametrize("case", OLD["queues"], ids=lambda case: case["name"])
def test_an_earlier_queue_is_sent_by_its_own_site_only(stage, context, page, case):
    """What it says of a regime is mended: 1 was "notice"."""
    ((key, body),) = case["storage"].items()
    other = {key.replace(".q.", ".q.0"): body.replace(samples.SITE_UUID, SITES[PARENT]), "fairgate.q.1.x": "no JSON"}
    stage.release(small(), case["regime"])
    stage.world.pages[(SHOP, "/empty")] = (200, "text/html", b"<!doctype html><title>e</title>")
    page.goto(f"https://{SHOP}/empty")
    page.evaluate("(given) => Object.assign(localStorage, given)", {**other, key: body})
    page.goto(stage.page())
    (sent,) = until(stage.posts)
    assert sent == {**json.loads(body), "regime": case["regime"]}
    until(lambda: page.evaluate("(key) => !(key in localStorage)", key))
    assert page.evaluate("() => ({...localStorage})") == other


def test_a_drop_in_visitor_of_an_earlier_gate_is_not_asked_again(stage, context, page):
    stage.release(small(level="drop_in"))
    put(context, OLD["answers"][2]["cookie"])
    groups = "C0001%3A1%2CC0002%3A1%2CC0003%3A0%2CC0004%3A0%2CC0005%3A0%2CSPD_BG%3A1"
    put(context, f"own=kept&version=fairgate-3&consentId=x&interactionCount=2&groups={groups}", name="OptanonConsent")
    closed = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - 3600))
    put(context, closed, name="OptanonAlertBoxClosed")
    gate = (
        f'<script src="https://{CMP}/consent/{samples.SITE_UUID}/OtAutoBlock.js"></script>'
        f'<script src="https://{CMP}/scripttemplates/otSDKStub.js" data-domain-script="{samples.SITE_UUID}"></script>'
    )
    url = stage.page(GA, gate=gate)
    for _ in range(2):
        page.goto(url)
        page.wait_for_function("window.__ran && __ran.length == 1 && window.OneTrust?.IsAlertBoxClosed?.()")
        assert answered(page)
        assert page.evaluate("fairgate.consent().services") == OLD["answers"][2]["services"]
        assert (page.locator(BANNER).count(), stage.posts()) == (0, [])
    kept = cookie(context, "OptanonConsent")
    assert "own=kept" in kept and f"version={STATE}-3" in kept and "SPD_BG%3A1" in kept
