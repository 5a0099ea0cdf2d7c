"""What a page runs and keeps, judged from what was heard of it."""

from __future__ import annotations

import pytest

from consent.catalogue import known
from consent.jurisdictions import table
from cookiebanner.releases.running_rules import Moment, Owners, Visit, answered_by_itself, consent_mode, judge

HOTJAR, STRIPE = ({"overrides": {}, "exemption_confirmed": [], **known.by_key()[key]} for key in ("hotjar", "stripe"))
ADS = {"overrides": {}, "exemption_confirmed": [], **known.by_key()["google-ads"]}
OWNERS = Owners([HOTJAR, STRIPE, ADS], frozenset({"C0001"}), ("shop.test", "consent.test"))
BEFORE = Moment("L26", "before an answer", "block", "eu_opt_in")
TERMS = table.variants()


def found(visit: Visit, variant: str | None = "eu_opt_in", owners: Owners = OWNERS) -> list[tuple[str, str, str]]:
    terms = TERMS[variant] if variant else None
    return [(one.severity, one.subject, one.message) for one in judge(visit, owners, terms, BEFORE)]


def test_a_page_of_its_own_things_has_nothing_wrong():
    visit = Visit(
        "www.shop.test",
        ["https://www.shop.test/", "https://cdn.shop.test/app.js", "https://consent.test/v1/x/gate.js", "data:,x",
         "https://js.stripe.com/v3"],
        [("fairgate_0a1b2c3d", "www.shop.test"), ("__stripe_mid", ".shop.test")],
        {"local": ["fairgate_0a1b2c3d.q.1.2"], "session": [], "databases": []},
    )  # fmt: skip
    assert STRIPE["category"] == "C0001"
    assert found(visit) == []


def test_a_service_is_named_once_with_all_that_it_does_and_without_what_tells_of_a_visitor():
    visit = Visit(
        "shop.test", ["https://static.hotjar.com/c/hotjar-1.js?sv=6&email=a@b"], [("_hjSessionUser_1", ".shop.test")],
        {"local": ["_hjid"], "session": ["_hjx"], "databases": []},
    )  # fmt: skip
    [(severity, subject, message), (strange, _, unnamed)] = found(visit)
    assert (severity, subject) == ("block", "hotjar before an answer")
    assert message == (
        "Hotjar runs before an answer: requests https://static.hotjar.com/c/hotjar-1.js; cookies _hjSessionUser_1; "
        "local storage _hjid."
    )
    assert (strange, unnamed.rpartition(": ")[2]) == ("warn", "_hjx.")


def test_what_no_service_names_is_a_remark():
    visit = Visit("shop.test", ["https://unheard.test/a.js"], [("sid", "shop.test")], {"local": ["cart"]})
    assert found(visit) == [
        ("warn", "hosts before an answer", "Hosts that no service names are asked before an answer: unheard.test."),
        ("warn", "names before an answer",
         "Cookies or stored names that no service has are there before an answer: cart, sid."),
    ]  # fmt: skip


def test_a_tracker_that_the_site_does_not_list_is_known_by_the_catalogue():
    visit = Visit("shop.test", ["https://static.hotjar.com/c/hotjar-1.js"])
    [finding] = judge(visit, Owners(hosts=("shop.test",)), TERMS["eu_opt_in"], BEFORE)
    assert (finding.subject, finding.fix) == (
        "hotjar before an answer", "Add it to the site's services, so that it is held."
    )  # fmt: skip


@pytest.mark.parametrize(("variant", "wrong"), [("eu_opt_in", 1), ("us_ca", 0), ("notice", 0), (None, 1)])
def test_what_waits_is_the_laws_matter_and_after_a_refusal_everything_does(variant, wrong):
    assert len(found(Visit("shop.test", ["https://static.hotjar.com/c/hotjar-1.js"]), variant)) == wrong


@pytest.mark.parametrize(("domain", "wrong"), [(".doubleclick.net", 1), (".shop.test", 0)])
def test_a_cookie_of_another_host_is_no_cookie_of_the_site(domain, wrong):
    """The catalogue has "IDE (doubleclick.net)"."""
    names = [
        subject for severity, subject, _ in found(Visit("shop.test", [], [("IDE", domain)])) if severity == "block"
    ]
    assert len(names) == wrong


def test_an_answer_that_nobody_gave_is_found():
    assert list(answered_by_itself(Visit("shop.test", [], [("sid", "shop.test")], {"local": []}), BEFORE)) == []
    for visit in (
        Visit("shop.test", [], [("fairgate_0a1b2c3d", "shop.test")]),
        Visit("shop.test", [], [], {"local": ["fairgate_0a1b2c3d"]}),
    ):
        [finding] = answered_by_itself(visit, BEFORE)
        assert (finding.rule, finding.severity) == ("L07", "block")


DEFAULT, UPDATE, START = ["consent", "default", {}], ["consent", "update", {}], ["js", "2026"]


@pytest.mark.parametrize(
    ("before", "after", "wrong"),
    [
        ([], [], []),  # no tag of Google's
        ([DEFAULT, START], [UPDATE], []),
        ([DEFAULT, {"gtm.start": 1}], [UPDATE, ["event", "x"]], []),
        ([START, DEFAULT], [UPDATE], ["consent default"]),
        ([{"gtm.start": 1}], [UPDATE], ["consent default"]),
        ([DEFAULT, START], [], ["consent update"]),
        ([DEFAULT], [START, UPDATE, UPDATE], ["consent update"]),
        ([None, "text", []], [["config", "G-1"]], ["consent default", "consent update"]),
    ],
)
def test_google_hears_a_default_first_and_then_one_update(before, after, wrong):
    assert [one.subject for one in consent_mode(before, [*before, *after], Moment("L28", "", "block"))] == wrong
