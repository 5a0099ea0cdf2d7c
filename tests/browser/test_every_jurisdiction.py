"""Every row of the table: its compiled gate runs in Chromium, refuses and accepts, and the server stores both.

Rows of one variant have one gate, byte for byte: the first of them is walked, and what it sent is sent from the others.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from ipaddress import ip_network
from urllib.request import Request, urlopen
from uuid import uuid4

import pytest
from playwright.sync_api import Response

from consent.catalogue.actions import add_service, set_category
from consent.jurisdictions import table
from consent.ledger.models import ConsentRecord
from consent.publishing.tags import cookie_name
from cookiebanner.enforce.edge import data
from cookiebanner.releases import compile as compiler
from cookiebanner.releases.publish import publish
from cookiebanner.visitors.first_party import parse
from fairgate_enforce.policy import Rules
from fairgate_enforce.state_cookie import read_state_cookie
from tests.browser.regimes import OURS, SHOP, open_shop
from tests.values import present

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<script src="https://{ours}/v1/{uuid}/regime/{variant}/gate.js"></script></head><body><h1>Shop</h1></body></html>"""
# Presses what the first layer offers, else what the preference center does; each answer until the server has said.
ANSWER = """async () => {
  const next = (what) => new Promise((done) => {
    const look = () => (what() ? done(what()) : setTimeout(look, 10));
    look();
  });
  const said = [];
  fairgate.on('stored', (receipt) => said.push('stored'));
  fairgate.on('refused', (problem) => said.push(JSON.stringify(problem)));
  const shown = (id) => [...document.querySelectorAll(id)].find((button) => button.checkVisibility());
  const press = async (first, centre, count) => {
    const button = shown(`#onetrust-banner-sdk ${first}`);
    if (button) button.click();
    else {
      fairgate.open();
      (await next(() => shown(`#onetrust-pc-sdk ${centre}`))).click();
    }
    await next(() => said.length === count);
  };
  await next(() => document.querySelector('#onetrust-banner-sdk'));
  await press('#onetrust-reject-all-handler', '.ot-pc-refuse-all-handler', 1);
  const refused = fairgate.consent();
  await press('#onetrust-accept-btn-handler', '#accept-recommended-btn-handler', 2);
  return [said, refused.categories, fairgate.consent().categories, fairgate._.terms];
}"""


def read_by_browsers(terms: dict) -> Iterator[tuple[str, object]]:
    """A variant's terms as the gate's code calls them."""
    for name, short in compiler.TERMS.items():
        yield short, terms["minors"][compiler.MINORS[name]] if name in compiler.MINORS else terms[name]


def from_there(row: str) -> dict[str, str]:
    """The headers by which a proxy says that a visitor is at a row's place."""
    country, _, state = row.partition("-")
    known = len(country) == 2 and row != table.EU
    return {"cf-ipcountry": country if known else "XX"} | ({"cf-region-code": state} if state else {})


@pytest.mark.long
def test_every_place_refuses_and_accepts_and_both_are_stored(world, chromium, live_server, settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("127.0.0.1/32")]
    settings.FAIRGATE_COUNTRY_HEADERS = []
    settings.FAIRGATE_RATE_LIMIT = 0
    settings.MMDB = ""
    site = open_shop(world, live_server.url)
    rows: dict[str, list[str]] = {}
    for row in table.ROWS:
        rows.setdefault(table.variant_for(row), []).append(row)
    assert len(table.ROWS) >= 131

    def page_of(asked):
        variant = asked.path.partition("?")[2]
        return 200, "text/html; charset=utf-8", PAGE.format(ours=OURS, uuid=site.uuid, variant=variant).encode()

    world.pages[(SHOP, "/")] = page_of
    context = chromium.new_context(ignore_https_errors=True, locale="en-US")
    page = context.new_page()
    errors: list[str] = []
    answers: list[Response] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("response", lambda got: answers.append(got) if got.url.endswith("/consents") else None)
    no = {"C0001": True} | dict.fromkeys(("C0002", "C0003", "C0004", "C0005"), False)
    seen, terms = {}, {}
    for variant, (first, *others) in rows.items():
        world.extra_headers[OURS] = from_there(first)
        context.clear_cookies()
        page.goto(f"https://{SHOP}/?{variant}", wait_until="commit")
        page.wait_for_function("window.fairgate")
        *seen[variant], terms[variant] = page.evaluate(ANSWER)
        sent = [json.loads(present(answer.request.post_data)) for answer in answers[-2:]]
        for row in others:
            for body in sent:
                headers = {**from_there(row), "Origin": f"https://{SHOP}", "Content-Type": "application/json"}
                again = json.dumps({**body, "id": str(uuid4())}).encode()
                with urlopen(Request(f"{live_server.url}/api/v1/consents", again, headers)) as stored:
                    assert stored.status == 201
    context.close()
    assert {
        variant: said for variant, said in seen.items() if said != [["stored"] * 2, no, dict.fromkeys(no, True)]
    } == {}
    assert terms == {variant: dict(read_by_browsers(table.terms(variant))) for variant in rows}
    statuses = [(answer.request.method, answer.status) for answer in answers]
    assert (errors, statuses) == ([], [("POST", 201)] * 2 * len(rows))
    stored = ConsentRecord.objects.filter(site_id=site.pk, type="consent").order_by("index")
    in_turn = [row for alike in rows.values() for row in alike]
    said = [(record.regime, record.action) for record in stored]
    assert said == [(table.ROWS[row].preset, action) for row in in_turn for action in ("reject_all", "accept_all")]
    assert {json.loads(present(record.payload))["layer"] for record in stored} == {"banner", "preferences"}


ODD = ("__proto__", "constructor", "notice", "opt_in", "toString", "true", "1", "0", "null")


@pytest.mark.parametrize("variant", ["eu_opt_in", "notice"])
def test_a_key_is_a_key_whatever_else_it_means(world, chromium, live_server, variant):
    """Categories and services are called as customers like; code words and names of JavaScript's own are none to us."""
    site = open_shop(world, live_server.url, first_party_endpoint=True)
    for number, key in enumerate(ODD):
        set_category(site, key, "test")
        slug = key.strip("_").lower()
        add_service(site, "test", name=key, key=slug, category=key, patterns=[f"odd{number}.test"])
    publish(site, "test")
    html = PAGE.format(ours=OURS, uuid=site.uuid, variant=variant)
    world.pages[(SHOP, "/")] = (200, "text/html; charset=utf-8", html.encode())
    context = chromium.new_context(ignore_https_errors=True, locale="en-US")
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"https://{SHOP}/")
    page.wait_for_selector("#onetrust-banner-sdk")
    before = variant == "notice"

    def said(kind: str = "categories") -> dict[str, bool]:
        return dict(page.evaluate(f"Object.entries(fairgate.consent().{kind})"))

    def answer(script: str) -> None:
        page.evaluate(f"() => new Promise(done => {{ fairgate.on('stored', () => done(0)); {script} }})")

    def again() -> None:
        page.goto(f"https://{SHOP}/")
        page.wait_for_function("() => !!window.fairgate?._.decide")

    assert {key: said()[key] for key in ODD} == dict.fromkeys(ODD, before)
    answer("void fairgate.set({categories: {C0002: true}})")
    assert {key: said()[key] for key in ODD} == dict.fromkeys(ODD, before)
    answer("void fairgate.accept()")
    again()
    assert {key: said()[key] for key in ODD} == dict.fromkeys(ODD, True)
    answer("void fairgate.reject()")
    again()
    assert ({key: said()[key] for key in ODD}, set(said("services").values())) == (dict.fromkeys(ODD, False), {False})
    for key in ("__proto__", "constructor"):
        page.evaluate("fairgate.open()")
        page.locator(f"[data-optanongroupid='{key}'] input.category-switch-handler").check(force=True)
        answer("document.querySelector('#onetrust-pc-sdk .save-preference-btn-handler').click()")
        again()
        assert said()[key] is True
    expected = {key: key in ("__proto__", "constructor") for key in ODD}
    assert {key: said()[key] for key in ODD} == expected
    name = cookie_name(str(site.uuid))
    (state,) = [c["value"] for c in context.cookies() if c["name"] == name]
    context.close()
    assert errors == []
    payloads = [
        json.loads(present(r.payload))["choices"]
        for r in ConsentRecord.objects.filter(type="consent").order_by("index")
    ]
    assert [len(choices["categories"]) for choices in payloads] == [5 + len(ODD)] * 5
    assert {key: payloads[-1]["categories"][key] == "granted" for key in ODD} == expected
    # What the site's own server makes of the same cookie, in both languages.
    assert parse(state) is not None
    with urlopen(f"{live_server.url}/v1/{site.uuid}/enforce.json") as answer_of_server:
        release = json.load(answer_of_server)
    policy = Rules(release, variant).for_visitor(read_state_cookie(f"{name}={state}", name), False, SHOP)
    assert {key: policy.categories[key] for key in ODD} == expected
    held = [s["key"] for s, granted in zip(release["services"], policy.granted, strict=True) if not granted]
    assert held == [s["key"] for s in release["services"] if s["category"] not in ("__proto__", "constructor")]
    asked = [data(release, OURS, {}), variant, f"{name}={state}"]
    script = (compiler.BUILT.parents[1] / "deploy/edge/rewrite.js").read_text() + (
        f"; console.log(JSON.stringify(policyFor(...{json.dumps(asked)}, () => null, '{SHOP}', "
        "Date.now() / 1000).waiting));"
    )
    node = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    assert json.loads(node.stdout) == held
