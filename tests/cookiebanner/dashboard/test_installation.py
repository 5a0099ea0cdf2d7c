"""A gate that runs too late is red on the installation page, with words that say what to do."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from consent.stats.models import GateReport
from consent.stats.subjects import LATE
from cookiebanner.dashboard.too_late import trouble


@pytest.fixture
def page(alice, shop):
    def open_page() -> str:
        return alice.get(reverse("dashboard:installation", kwargs={"uuid": shop.uuid})).content.decode()

    return open_page


def reported(shop, kind: str, subject: str) -> GateReport:
    return GateReport.objects.create(
        site=shop, kind=kind, subject=subject, page_host="www.shop.example", count=1200, last_seen=timezone.now()
    )


def red(text: str) -> list[str]:
    """The sentences of the red card, without markup."""
    found = re.findall(r'<section class="card bad" id="late">(.*?)</section>', text, re.DOTALL)
    return [
        " ".join(re.sub(r"<[^>]+>", " ", item).split())
        for item in re.findall(r"<li>(.*?)</li>", "".join(found), re.DOTALL)
    ]


def test_a_gate_in_time_is_not_red(page, shop):
    reported(shop, "design", "banner: color")
    assert (red(page()), "The gate comes too late" in page()) == ([], False)


@pytest.mark.parametrize(
    ("kind", "subject", "what", "do"),
    [
        ("late", "async", "The gate's tag has the attribute async", "Take async away. If your HTML does not have it, an optimiser adds it"),
        ("late", "defer", "The gate's tag has the attribute defer", "Take defer away. If your HTML does not have it, an optimiser adds it"),
        ("late", "inserted", "Another script puts the gate into the page, such as Google Tag Manager.", "Write the lines below into the HTML itself"),
        ("before", "t.example", "t.example stands before the gate", "Move the gate's lines above it. React 19 and Next.js move <script async>"),
        ("disarmed", "late", "The gate ran when the page had already begun", "Put the lines below first in <head>"),
    ],
)  # fmt: skip
def test_each_way_of_being_late_says_what_to_do(page, shop, kind, subject, what, do):
    reported(shop, kind, subject)
    [said] = red(page().replace("&#x27;", "'").replace("&lt;", "‹").replace("&gt;", "›"))
    do = do.replace("<", "‹").replace(">", "›")
    assert said.startswith(what) and said.count(do) == 1
    assert re.search(r"On www\.shop\.example, 1,200 times, last 0.minutes ago Dismiss$", said)
    assert "Trouble that gates reported" not in page()


def test_why_it_was_late_takes_the_place_of_that_it_was(page, shop):
    reported(shop, "disarmed", "late")
    reported(shop, "late", "inserted")
    assert [said.split(" puts")[0] for said in red(page())] == ["Another script"]


def test_dismissed_it_is_gone(page, shop, alice):
    row = reported(shop, "before", "t.example")
    assert len(red(page())) == 1
    alice.post(reverse("dashboard:report", kwargs={"uuid": shop.uuid, "report": row.pk}), {"dismiss": 1})
    assert red(page()) == []


def test_every_way_that_a_gate_may_report_has_words():
    assert [subject for subject in sorted(LATE) if trouble("late", subject) is None] == []
    assert (trouble("unknown", "t.example"), trouble("disarmed", "src"), trouble("broken", "ui.en")) == (
        None,
        None,
        None,
    )


@pytest.mark.parametrize(
    ("kind", "subject", "what", "do"),
    [
        ("broken", "trusted-types", "has a list of Trusted Types policies without fairgate", "Add fairgate to the list"),
        ("missing", "hbspt", "A script of the page called hbspt while the library", "inline script right behind"),
        ("disarmed", "worker-src", "allows no workers from blob: addresses", "Add blob: to worker-src"),
        ("unkept", "answer", "A browser kept an answer neither in a cookie nor in its storage", "what deletes or refuses cookies"),
    ],
)  # fmt: skip
def test_what_else_has_words_says_them_among_the_trouble(page, shop, kind, subject, what, do):
    reported(shop, kind, subject)
    reported(shop, "broken", "late")
    text = " ".join(page().split())
    assert [what in text, do in text, "late.js" not in text and f"</span> {subject} <" not in text] == [True] * 3
    assert "A file of ours did not do its work</span> late <" in text
