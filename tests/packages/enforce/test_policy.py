"""Who waits for what: the visitor's cookie, the regime, the signal."""

from __future__ import annotations

import pytest

from fairgate_enforce.csp import header
from fairgate_enforce.policy import Rules
from fairgate_enforce.state_cookie import read_state_cookie
from tests.packages.enforce.vectors import DATA, RELEASE, cookie
from tests.values import present


def held(rules: Rules, jar: str, gpc: bool) -> list[str]:
    policy = rules.for_visitor(read_state_cookie(cookie(jar), rules.cookie), gpc, "shop.test")
    return [service["key"] for service, granted in zip(rules.services, policy.granted, strict=True) if not granted]


@pytest.mark.parametrize("case", DATA["answers"], ids=lambda case: case["name"])
def test_the_vectors(case: dict):
    assert held(Rules(RELEASE, case["variant"]), case["cookie"], case["gpc"]) == case["held"]


def test_a_childrens_site_sells_nothing_even_after_a_yes():
    release = {**RELEASE, "site": {**RELEASE["site"], "child_directed": True}}
    yes = next(case["cookie"] for case in DATA["answers"] if case["name"] == "a yes")
    assert "tracker" in held(Rules(release, "us_optout_gpc"), yes, False)


def test_unknown_third_parties_wait_for_any_yes_but_never_the_site_nor_the_consent_server():
    release = {**RELEASE, "site": {**RELEASE["site"], "unknown": "hold"}}
    rules = Rules(release, "eu_opt_in", ("consent.test",))
    before = rules.for_visitor(None, False, "shop.test")
    assert [before.held(url) for url in ("//new.test/a", "https://www.shop.test/", "//consent.test/v1/x/gate.js", "/a")] == [
        "unknown", "", "", "",
    ]  # fmt: skip
    yes = rules.for_visitor(read_state_cookie(cookie(DATA["answers"][2]["cookie"]), rules.cookie), False, "shop.test")
    assert yes.held("//new.test/a") == ""


def test_the_header_names_only_hosts_where_nothing_waits():
    services = [{**service} for service in RELEASE["services"]]
    services[3]["rules"] = ["granted.test", "t.test/necessary/"]
    policy = Rules({**RELEASE, "services": services}, "eu_opt_in").for_visitor(None, False, "shop.test")
    assert header(policy, "https://consent.test:8443/") == (
        "default-src 'self' shop.test *.shop.test granted.test *.granted.test consent.test:8443 "
        "'unsafe-inline' 'unsafe-eval' data: blob:"
    )


def test_a_cookie_header_full_of_answers_or_an_absurd_host_is_read_in_bounded_work():
    from fairgate_enforce.enforcer import hostname

    one = "v=1&r=1&t=1795294000&g=eu_opt_in&c=C0002:1"
    flood = "; ".join(["fairgate=" + one.replace("r=1", f"r={n}") for n in range(2_000)])
    assert present(read_state_cookie(flood)).release < 16
    assert read_state_cookie(f"fairgate={one}.{'C0002:1.' * 10_000}C0002:1") is None
    assert present(read_state_cookie(f"a=b; fairgate={one}")).categories == {"C0002": True}
    assert hostname("a." * 30_000 + "shop.example") == ""
    assert hostname("https://Shop.example:8443/x") == "shop.example"
