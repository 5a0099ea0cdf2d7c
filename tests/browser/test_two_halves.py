"""A page that carries the gate as two scripts: in whatever order and company they come, trackers wait or the console says that nothing does."""

from __future__ import annotations

import pytest

from cookiebanner.releases.compile import halves
from tests.values import present

from .guest import T, chromium, guest, pages, server
from .vectors import blockers
from .vectors.server import CMP, SITE

__all__ = ["chromium", "guest", "pages", "server"]
pytestmark = pytest.mark.browser
BODY = f"""<script src='{T}/a.js'></script><script>'__AGENT__'; log('inline')</script><script>
{{ const s = document.createElement('script'); s.src = '{T}/b.js'; document.head.append(s) }}</script>"""
NONE = "fairgate: nothing waits: "


@pytest.fixture
def carried(guest, server):
    """carried(order, more, attributes) → a page whose head begins with these halves, and what its console said."""
    gate = server.files[CMP, f"/v1/{blockers.UUID}/gate.js"][1]
    texts = [half.decode() for half in present(halves(gate))]

    def carried(order: str, more: str = "", attributes: str = ""):
        said: list[str] = []
        guest.context.on("console", lambda message: said.append(message.text))
        tags = [f"<script data-base=https://{CMP} {attributes}>{text}</script>" for text in texts]
        page = guest.open(BODY, gate="".join(more if one == "-" else tags[int(one) - 1] for one in order))
        page.wait_for_timeout(300)
        return page, [text for text in said if "fairgate" in text]

    return carried


@pytest.mark.parametrize("order", ["12", "1212", "1122", "122", "121", "1-2"])
def test_trackers_wait_behind_both_halves(guest, carried, order) -> None:
    page, said = carried(order, "<p>between<script>1</script><img src=/own/png>")
    # What the preload scanner asks for is no matter of halves.
    assert (page.evaluate("ran"), {*guest.asked} - {f"{T}/a.js"}, said) == ([], set(), [])
    assert page.evaluate("Object.getOwnPropertyNames(window).filter(name => /__fg/.test(name))") == []
    page.evaluate("fairgate.accept()")
    page.wait_for_function("['A:', 'B:', 'inline'].every(one => ran.includes(one))")


def test_the_second_half_waits_for_the_first(guest, carried) -> None:
    page, said = carried("21")
    assert (page.evaluate("ran"), said[0].startswith(NONE)) == ([], True)
    page.locator("#onetrust-banner-sdk").wait_for()


@pytest.mark.parametrize("half", ["1", "2"])
def test_one_half_says_that_nothing_waits(carried, half) -> None:
    page, said = carried(half)
    assert "A:" in page.evaluate("ran")
    assert len(said) == 1
    assert said[0].startswith(NONE)


def test_halves_that_an_optimiser_made_modules_say_that_they_are_late(guest, carried, server) -> None:
    page, _ = carried("12", attributes="type=module")
    page.wait_for_function("window.fairgate")
    with page.expect_request(lambda asked: asked.url.endswith("/reports"), timeout=9000) as report:
        pass
    assert {"kind": "late", "subject": "defer"} in report.value.post_data_json["items"]


@pytest.mark.parametrize(
    "policy",
    [
        f"script-src 'nonce-n1' 'self' https://{CMP}",
        "require-trusted-types-for 'script'; trusted-types fairgate page",
    ],
)
def test_halves_work_under_a_policy(guest, carried, server, policy) -> None:
    server.headers[SITE, "*"] = {"Content-Security-Policy": policy}
    try:
        page, said = carried("12", attributes="nonce=n1")
    finally:
        del server.headers[SITE, "*"]
    page.locator("#onetrust-banner-sdk").wait_for()
    assert [text for text in said if text.startswith(NONE)] == []
    assert page.evaluate("fairgate.allowed('tracker')") is False
    assert [asked for asked in guest.asked if asked.endswith("b.js")] == []
