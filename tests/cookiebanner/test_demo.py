"""The demo's history tells one story on every page of the dashboard."""

import re
from collections import Counter

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse
from django.utils import timezone

from consent.sites.models import SiteSighting
from consent.stats.models import DailyTotal
from cookiebanner.demo import choices, documents, people, seed, trackers


@pytest.fixture
def shop(db, monkeypatch, settings):
    settings.FAIRGATE_DEMO = True
    monkeypatch.setattr(seed, "DAYS", 3)
    made = seed.site()
    assert seed.history(made, lambda done, total: None) > 0
    return made


def test_a_site_with_answers_has_been_seen(shop, client):
    seed.person("correct horse battery")
    client.force_login(get_user_model().objects.get(username="demo"))
    page = client.get(reverse("dashboard:sites")).content.decode()
    pills = re.findall(r'<span class="pill[^"]*">([^<]*)</span>', page)
    assert pills[-2:] == ["Live", "Release 1"]
    [seen] = SiteSighting.objects.filter(site=shop)
    assert (seen.host, seen.level, seen.release) == ("127.0.0.1", "snippet", 1)
    assert seen.last_seen < timezone.now()
    for name in ("overview", "installation", "guide"):
        page = client.get(reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid})).content.decode()
        doubts = ("not seen", "<dd>never</dd>", "No gate has reported", "No page has reported yet")
        assert (name, [doubt for doubt in doubts if doubt in page]) == (name, [])


def test_its_line_does_not_fall_on_a_day_that_has_only_begun(shop, client):
    days = list(DailyTotal.objects.filter(site_id=shop.pk).values_list("day", flat=True).distinct().order_by("day"))
    assert len(days) == 3 and timezone.now().date() not in days
    seed.person("correct horse battery")
    client.force_login(get_user_model().objects.get(username="demo"))
    [points] = re.findall(r'<polyline points="([^"]*)"', client.get(reverse("dashboard:sites")).content.decode())
    heights = [float(point.split(",")[1]) for point in points.split()]
    assert len(heights) == 29
    assert [height == 38.0 for height in heights] == [*[True] * 26, *[False] * 3]


def test_a_newcomer_sees_the_queue_filled_and_the_shop_links_the_form(shop, client):
    assert people.ask(shop) == 11
    assert people.ask(shop) == 0
    seed.person("correct horse battery")
    client.force_login(get_user_model().objects.get(username="demo"))
    states = Counter(shop.requests.values_list("status", flat=True))
    assert states == {"open": 6, "unconfirmed": 2, "closed": 2, "withdrawn": 1}
    page = client.get(reverse("dashboard:requests", kwargs={"uuid": shop.uuid})).content.decode()
    assert ("There is no form yet" in page, page.count('class="pill bad">late'), "Claire Martin" in page) == (
        False, 1, True,
    )  # fmt: skip
    for row in shop.requests.all():
        at = reverse("dashboard:request", kwargs={"uuid": shop.uuid, "asked": row.number})
        assert client.get(at).status_code == 200
    [link] = re.findall(r'href="http://localhost:\d+(/v1/[^"]+/requests/)"', client.get("/demo/").content.decode())
    assert client.get(link).status_code == 200


def test_a_newcomer_sees_topics_that_people_have_answered(shop, client):
    said = choices.say(shop)
    assert choices.say(shop) == 0
    numbers = list(shop.topics.values_list("key", "yes", "no"))
    assert [key for key, _yes, _no in numbers] == ["newsletter", "calls"]
    assert all(yes > 20 and no > 20 for _key, yes, no in numbers)
    assert sum(yes + no for _key, yes, no in numbers) == said > 400
    seed.person("correct horse battery")
    client.force_login(get_user_model().objects.get(username="demo"))
    page = client.get(reverse("dashboard:choice_people", kwargs={"uuid": shop.uuid}))
    assert len(page.context["rows"]) == 50


def test_a_newcomer_reads_a_policy_in_two_versions_that_the_shop_links(shop, client):
    written = documents.write(shop)
    assert (written is None, documents.write(shop)) == (False, None)
    first, second = shop.documents.get().versions.all()
    assert (sorted(first.texts), sorted(second.texts)) == (["de", "en"], ["de", "en"])
    assert first.effective_at <= timezone.now() < second.effective_at
    assert [first.texts[code]["text"] == second.texts[code]["text"] for code in ("de", "en")] == [False, False]
    [link] = re.findall(r'href="http://localhost:\d+(/v1/[^"]+/read/[^"]+)"', client.get("/demo/").content.decode())
    page = client.get(link)
    assert (page.status_code, "for 30 days" in page.content.decode()) == (200, True)
    changes = client.get(f"{link}2/changes/?lang=de").content.decode()
    assert ("SipChat" in changes, documents.CHANGES["de"][-1] in changes) == (True, True)


def test_the_draft_is_shown_on_the_shop_that_this_server_serves(shop, client):
    seed.person("correct horse battery")
    client.force_login(get_user_model().objects.get(username="demo"))
    page = client.get(reverse("dashboard:banner_drafts", kwargs={"uuid": shop.uuid}), SERVER_PORT="8131")
    assert [link.partition("#")[0] for link in page.context["shown_on"]] == [
        "http://127.0.0.1:8131/demo/", "http://localhost:8131/demo/",
    ]  # fmt: skip


@pytest.mark.parametrize("error", [BrokenPipeError("gone"), ConnectionResetError("gone"), ValueError("ours")])
def test_the_terminal_tells_of_our_faults_and_not_of_browsers_that_hang_up(error, capsys):
    server = trackers.start(0)
    try:
        raise error
    except (OSError, ValueError):
        server.handle_error(None, ("127.0.0.1", 1))
    finally:
        server.shutdown()
        server.server_close()
    said = capsys.readouterr().err.splitlines()
    assert [line for line in said if "Error: " in line] == (
        ["ValueError: ours"] if isinstance(error, ValueError) else []
    )
