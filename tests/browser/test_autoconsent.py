"""DuckDuckGo's autoconsent 16.23 meets our banner as it meets OneTrust's: it finds it, refuses, accepts, and checks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser.internet import World, file_answer
from tests.browser.shop import CONSENT, URL, UUID, open_shop

pytestmark = pytest.mark.browser

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "node_modules" / "@duckduckgo" / "autoconsent"
SCRIPT = (PACKAGE / "dist" / "autoconsent.playwright.js").read_text(encoding="utf-8")
TAGS = (
    f'<script src="https://{CONSENT}/consent/{UUID}/OtAutoBlock.js"></script>'
    f'<script src="https://{CONSENT}/scripttemplates/otSDKStub.js" data-domain-script="{UUID}"></script>'
)


@pytest.fixture
def robot(chromium, world):
    """robot(action, …) lets autoconsent visit the shop once; returns its messages by type and the page."""
    contexts = []

    def robot(
        action: str = "optOut", heuristic: str = "", all_rules: bool = False, variant: str = "eu_opt_in", **options: Any
    ) -> tuple[dict[str, list[dict[str, Any]]], Any]:
        open_shop(world, variant, tags=TAGS, **options)
        world.pages[(CONSENT, "/scripttemplates/otSDKStub.js")] = file_answer(ROOT / "static/banner/stub.js")
        contexts.append(chromium.new_context(ignore_https_errors=True, locale="en-US"))
        page = contexts[-1].new_page()
        config = {
            "enabled": True,
            "autoAction": action,
            "disabledCmps": ["Onetrust"] if heuristic else [],
            "enablePrehide": False,
            "enableCosmeticRules": True,
            "detectRetries": 20,
            "enableHeuristicDetection": bool(heuristic),
            "heuristicMode": heuristic or "reject",
        }
        rules: dict[str, Any] = {"autoconsent": []}
        if all_rules:
            rules = json.loads((PACKAGE / "rules" / "rules.json").read_text(encoding="utf-8"))
        said: dict[str, list[dict[str, Any]]] = {}
        todo: list[dict[str, Any]] = []

        def on_message(source: Any, message: dict[str, Any]) -> None:
            said.setdefault(message["type"], []).append(message)
            todo.append(message)

        def send(message: dict[str, Any]) -> None:
            # Not awaited in the page: its own test asks us for evaluations before it ends.
            page.evaluate("(message) => { autoconsentReceiveMessage(message) }", message)

        page.expose_binding("autoconsentSendMessage", on_message)
        page.goto(URL)
        page.evaluate(SCRIPT)
        for _ in range(240):
            while todo:
                message = todo.pop(0)
                if message["type"] == "init":
                    send({"type": "initResp", "rules": rules, "config": config})
                elif message["type"] == "eval":
                    send({"type": "evalResp", "id": message["id"], "result": page.evaluate(message["code"])})
                elif message["type"] == "autoconsentDone":
                    send({"type": "selfTest"})
            if "selfTestResult" in said or "autoconsentError" in said:
                break
            page.wait_for_timeout(50)
        return said, page

    yield robot
    for made in contexts:
        made.close()


def verdict(said: dict[str, list[dict[str, Any]]], result: str) -> list[Any]:
    """[name of the rule, popups found, its result, its own test], or what went wrong."""
    assert "autoconsentError" not in said, said["autoconsentError"]
    [done] = said[result]
    return [done["cmp"], len(said["popupFound"]), done["result"], [test["result"] for test in said["selfTestResult"]]]


def last(world: World, page: Any) -> dict[str, Any]:
    for _ in range(60):
        if world.answers:  # type: ignore[attr-defined]
            return world.answers[-1]  # type: ignore[attr-defined]
        page.wait_for_timeout(50)
    raise AssertionError("no answer arrived")


def groups(page: Any) -> str:
    return page.evaluate("OnetrustActiveGroups")


@pytest.mark.parametrize("all_rules", [False, True], ids=["onetrust's rule", "among 797 rules"])
def test_opt_out_clicks_reject(robot, world, all_rules):
    said, page = robot("optOut", all_rules=all_rules)
    assert verdict(said, "optOutResult") == ["Onetrust", 1, True, [True]]
    assert last(world, page)["action"] == "reject_all"
    assert groups(page) == ",C0001,"
    assert len(said["autoconsentDone"]) == 1


def test_opt_in_clicks_accept(robot, world):
    said, page = robot("optIn")
    [done] = said["optInResult"]
    assert [done["cmp"], done["result"]] == ["Onetrust", True]
    assert last(world, page)["action"] == "accept_all"
    assert [g for g in groups(page).split(",") if g.startswith("C")] == ["C0001", "C0002", "C0003", "C0004", "C0005"]


def test_opt_out_goes_through_the_center_where_the_law_asks_for_no_reject_button(robot, world):
    """Japan: a notice. Everything runs, so the four switches are on and the robot switches each off."""
    said, page = robot("optOut", variant="jp_notice")
    assert verdict(said, "optOutResult") == ["Onetrust", 1, True, [True]]
    assert set(last(world, page)["choices"]["categories"].items()) == {
        ("C0001", "granted"), ("C0002", "denied"), ("C0003", "denied"), ("C0004", "denied"), ("C0005", "denied"),
    }  # fmt: skip
    assert groups(page) == ",C0001,"


@pytest.mark.parametrize("lang", ["en", "de", "fr", "es", "it", "nl"])
def test_its_heuristics_read_our_labels(robot, world, lang):
    said, page = robot("optOut", heuristic="reject", lang=lang)
    assert verdict(said, "optOutResult")[:3] == ["HEURISTIC-REJECT", 1, True]
    assert last(world, page)["action"] == "reject_all"
