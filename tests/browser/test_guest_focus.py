"""After an answer the focus goes back to where it was before a layer of ours had it."""

from __future__ import annotations

import pytest

pytestmark = pytest.mark.browser

BANNER, CENTER = "#onetrust-banner-sdk", "#onetrust-pc-sdk"
REJECT, MANAGE, SAVE = "#onetrust-reject-all-handler", "#onetrust-pc-btn-handler", ".save-preference-btn-handler"
BODY = (
    "<input id=a><button id=b data-fairgate-open>b</button><div id=host><template shadowrootmode=open><input id=in></template></div>"
    "<p style='height:3000px'>x"
)
AT = "[fairgate._.focused().id || fairgate._.focused().localName, scrollY]"


def into(page, which: str) -> None:
    page.evaluate("(w) => (document.getElementById(w) || host.shadowRoot.getElementById(w)).focus()", which)


def answer_by_keyboard(page, selector: str) -> None:
    page.focus(selector)
    page.keyboard.press("Enter")
    page.wait_for_function("fairgate.consent().answered")


@pytest.mark.parametrize("where", ["a", "in"])
@pytest.mark.parametrize("by", ["mouse", "keyboard", "preferences"])
def test_after_an_answer_on_the_banner(visit, where, by):
    page = visit(body=BODY)
    into(page, where)
    if by == "keyboard":
        answer_by_keyboard(page, REJECT)
    else:
        page.click(MANAGE if by == "preferences" else REJECT)
    if by == "preferences":
        page.click(SAVE)
    page.wait_for_selector(BANNER, state="detached")
    assert page.evaluate(AT) == [where, 0]


def test_closing_the_preferences_alone_goes_back_to_the_banners_button(visit):
    page = visit(body=BODY)
    into(page, "a")
    page.click(MANAGE)
    page.wait_for_selector(CENTER, state="visible")
    page.keyboard.press("Escape")
    page.wait_for_selector(CENTER, state="hidden")
    assert page.evaluate(AT) == [MANAGE[1:], 0]


@pytest.mark.parametrize("end", [SAVE, "#close-pc-btn-handler"])
def test_after_the_preferences_that_a_link_opened(visit, end):
    page = visit(body=BODY)
    page.click(REJECT)
    page.click("#b")
    page.click(end)
    page.wait_for_selector(CENTER, state="hidden")
    assert page.evaluate(AT) == ["b", 0]


def test_what_is_gone_takes_no_focus_and_nothing_scrolls(visit):
    page = visit(body=BODY)
    into(page, "a")
    page.focus(REJECT)
    page.evaluate("a.remove()")
    answer_by_keyboard(page, REJECT)
    assert page.evaluate(AT) == ["body", 0]


def test_who_moved_on_before_the_banner_is_not_sent_back(visit):
    page = visit(body=BODY)
    into(page, "a")
    into(page, "b")
    page.evaluate("document.activeElement.blur()")
    page.click(REJECT)
    page.wait_for_selector(BANNER, state="detached")
    assert page.evaluate(AT) == ["body", 0]


def test_a_page_that_takes_the_focus_at_an_answer_keeps_it(visit):
    page = visit(body=BODY)
    into(page, "a")
    page.evaluate("() => { fairgate.on('change', () => b.focus()) }")
    page.click(REJECT)
    page.wait_for_selector(BANNER, state="detached")
    assert page.evaluate(AT) == ["b", 0]


@pytest.mark.parametrize("end", [SAVE, "#close-pc-btn-handler"])
def test_after_the_preferences_that_our_own_button_opened(visit, end):
    page = visit(body="<input id=a>")
    page.click(REJECT)
    page.click(".fg-done button")
    page.focus("#ot-sdk-btn-floating button")
    page.keyboard.press("Enter")
    page.click(end)
    page.wait_for_selector(CENTER, state="hidden")
    if end == SAVE:
        assert page.evaluate("document.activeElement.closest('.fg-done') !== null")
        page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.closest('#ot-sdk-btn-floating') !== null")
