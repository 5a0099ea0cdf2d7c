"""The table of browsers' signals: what a row must hold, what a request says, what the middleware makes of it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from consent.jurisdictions.table import REGIMES
from cookiebanner.enforce import edge
from fairgate_enforce import signals
from fairgate_enforce.enforcer import Enforcer
from fairgate_enforce.policy import Rules
from fairgate_enforce.source import from_file
from tests.packages.enforce.test_middleware import ADS, BOX, STATS, cookie, release, through_wsgi
from tests.packages.enforce.vectors import RELEASE
from tests.signals import KEY, ROW, add

__all__ = ["release"]
ROOT = Path(__file__).resolve().parents[3]
YES = "C0001:1.C0002:1.C0004:1"


def test_the_table_names_regimes_that_there_are_and_says_why_a_signal_is_off():
    assert [(signal.key, signal.on) for signal in signals.TABLE] == [("gpc", True), ("art88b", False)]
    named = {regime for signal in signals.TABLE for regime in signal.regimes if signal.regimes != signals.EVERY}
    assert named - REGIMES.keys() == set()
    terms = {signal.required_by for signal in signals.TABLE if signal.required_by}
    assert [term for term in terms if any(term not in regime for regime in REGIMES.values())] == []


def test_a_yes_of_the_browser_is_known_and_can_not_be_on():
    [row] = [signal for signal in signals.TABLE if signal.key == "art88b"]
    assert {value.means for value in row.values} == {"refuse", "consent"}
    with pytest.raises(ValueError) as refused:
        signals.read([{**ROW, "values": [{"header": "1", "property": True, "means": "consent"}]}])
    assert str(refused.value) == "Signal unmeasured: a yes of a browser can't be on."


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"name": ""}, "name is missing"),
        ({"source": ""}, "source is missing"),
        ({"header": ""}, "header is missing"),
        ({"property": ""}, "property is missing"),
        ({"on": False}, "why_off is missing"),
        ({"values": [{"header": "1", "property": True, "means": "obey"}]}, "no such meaning: obey"),
        ({"values": [{"header": "1", "property": True, "means": "refuse"}]}, "a refusal names no categories"),
        ({"values": [{"header": "1", "means": "opt_out"}]}, "a value is missing"),
        ({"key": "gpc"}, "there are two of this key"),
    ],
)
def test_a_row_that_can_not_hold_is_refused(changes, why):
    standing = {**ROW, "key": "gpc"}
    with pytest.raises(ValueError) as refused:
        signals.read([standing, {**ROW, **changes}])
    assert str(refused.value) == f"Signal {changes.get('key', KEY)}: {why}."


@pytest.mark.parametrize(
    ("text", "found"),
    [("1", ["gpc"]), ("1, 1", ["gpc"]), (" 1", ["gpc"]), ("0,1", ["gpc"]), ("0", []), ("11", []), ("", []), ("x" * 64 + ",1", [])],
)  # fmt: skip
def test_what_a_request_says(text, found):
    assert signals.sent({"sec-gpc": text}) == found
    assert signals.denied({"sec-gpc": text}, "us_ca", ["C0001"]) == len(found)


def test_a_refusal_of_a_category_that_a_site_does_not_have_is_one_of_everything():
    [one] = signals.read([ROW])
    measuring, everything, ads = one.values
    keys = ["C0001", "C0002"]
    assert [value.denies(keys) for value in (measuring, everything, ads)] == [4 << 1, 2, 1]
    assert [measuring.denies(names) for names in (["stats"], [*map(str, range(28)), "C0002"])] == [2, 2]


@pytest.mark.parametrize(
    ("said", "regime", "answer", "held"),
    [
        ("", "us_optout_gpc", "", (False, False, False)),
        ("measuring", "us_optout_gpc", "", (True, False, False)),
        ("ads", "us_optout_gpc", "", (False, True, False)),
        ("all", "us_optout_gpc", "", (True, True, True)),
        ("something else", "us_optout_gpc", "", (False, False, False)),
        ("measuring", "us_optout_gpc", YES, (True, False, False)),  # it wins over a yes that nobody had to ask for
        ("measuring", "eu_opt_in", YES, (False, False, False)),  # a yes said to the site is more specific
        ("measuring", "us_ca", "", (False, False, False)),  # which does not honour it
    ],
)
def test_a_signal_is_a_row(release, monkeypatch, said, regime, answer, held):
    add(monkeypatch)
    enforcer = Enforcer(from_file(release), "consent.test", locate=lambda headers, peer: regime)
    jar = {"HTTP_COOKIE": cookie(answer)} if answer else {}
    body, seen = through_wsgi(enforcer, HTTP_SEC_UNMEASURED=said, **jar)
    assert (STATS in body, ADS in body, BOX in body) == held
    assert seen["headers"]["Vary"] == "Cookie, Sec-GPC, Sec-Unmeasured"


def test_workers_and_nginx_hold_the_same(monkeypatch):
    add(monkeypatch)
    data = edge.data(RELEASE, "consent.test", {"US-TX": "us_optout_gpc"})
    assert data["vary"] == "Cookie, Sec-GPC, Sec-Unmeasured"
    script = (ROOT / "deploy/edge/rewrite.js").read_text() + (
        f"; const data = {json.dumps(data)};"
        "const waiting = (said) => policyFor(data, 'us_optout_gpc', '', (name) => said[name], 'shop.test', 0).waiting;"
        "const told = [{}, {'Sec-Unmeasured': 'measuring'}, {'Sec-Unmeasured': 'x, all'}, {'Sec-GPC': '1'}];"
        "console.log(JSON.stringify(told.map(waiting)));"
    )
    run = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    rules = Rules(RELEASE, "us_optout_gpc")
    told = [{}, {"sec-unmeasured": "measuring"}, {"sec-unmeasured": "x, all"}, {"sec-gpc": "1"}]
    policies = [rules.for_visitor(None, rules.denied_by_signals(headers), "shop.test", 0) for headers in told]
    ours = [
        [s["key"] for s, granted in zip(rules.services, policy.granted, strict=True) if not granted]
        for policy in policies
    ]
    assert json.loads(run.stdout) == ours
    assert ours[0] == [] and ours[3] == ["tracker"] and len(ours[2]) > len(ours[1]) > 0
