"""Contents drawn in Chromium: ours pass in every layout; what a draft makes bad is found, and its publish refused."""

from __future__ import annotations

from typing import Any

import pytest

from consent.banners import texts
from consent.banners.actions import edit_texts
from consent.catalogue.actions import add_service
from consent.jobs import registry, runner
from consent.models import Job, Site
from consent.publishing import queries
from consent.publishing import rendered as kept
from consent.publishing.actions import Blocked
from consent.sites.actions import change_settings, create_site
from cookiebanner.releases import pictures, rendered
from cookiebanner.releases.publish import publish
from tests.browser.shop import snapshot
from tests.values import RESPONSIBLE

SERVICES = ("hotjar", "google-ads", "youtube")
# Of the languages that we ship the longest, the shortest and one right-to-left; each twice, on other layouts.
LAYOUTS = [
    ("bar", "top", "eu_opt_in", ("ga", "ar")), ("card", "bottom-left", "eu_opt_in-IT", ("ga", "zh-Hant")),
    ("center", "center", "us_ca", ("zh-Hans", "ar")),
]  # fmt: skip


@pytest.fixture
def site(db, settings, tmp_path, monkeypatch) -> Site:
    settings.FAIRGATE_DATA = tmp_path
    settings.FAIRGATE_PICTURES = True
    monkeypatch.setattr(pictures, "LOWEST", 0)  # else the tests beside these would starve them
    monkeypatch.setattr(rendered, "REST", 300)
    monkeypatch.setattr(rendered, "DEADLINE", 90.0)  # a browser that hangs is a failure, not a wait
    registry.discover()
    made = create_site(["shop.test"], "alice", languages=["en"], **RESPONSIBLE)
    add_service(made, "alice", name="Adverts", category="C0004", patterns=["ads.test"], targeted_ads=True,
                cookies=[{"name": "_ads", "lifetime": "1 day"}])  # fmt: skip
    return made


def drawn(site: Site, content: dict[str, Any]) -> dict[str, Any]:
    content["site"]["uuid"] = str(site.uuid)
    return rendered.draw(site, content)


def told(result: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(one["rule"], one["severity"], one["subject"]) for one in result["findings"]}


@pytest.mark.browser
@pytest.mark.parametrize(("layout", "position", "variant", "languages"), LAYOUTS)
def test_our_own_banner_passes_in_every_layout(site, monkeypatch, layout, position, variant, languages):
    monkeypatch.setattr(pictures, "variants", lambda site, content: [variant])
    result = drawn(site, snapshot(services=SERVICES, layout=layout, position=position, languages=languages))
    assert (result["drawn"], result["failed"], result["findings"]) == (2, [], [])


@pytest.mark.browser
def test_labels_that_make_the_banner_too_high_refuse_the_publish_of_that_draft(site, monkeypatch):
    monkeypatch.setattr(pictures, "variants", lambda site, content: ["eu_opt_in"])
    long = "Reject all and go on without any of it " * 12
    edit_texts(site, "alice", "en", {"reject": long})
    kept.ask(site, queries.draft(site))
    runner.work_off(queue=registry.PICTURES)
    job = Job.objects.get(kind="rendered")
    assert job.state == "done", job.message
    found = {(one.rule, one.severity, one.subject): one for one in kept.findings(site, queries.draft(site))}
    reach = found["L02", "block", "banner reject reach"]
    assert (reach.regime, reach.field) == ("eu_opt_in", "text en reject")
    with pytest.raises(Blocked) as refused:
        publish(site, "alice")
    assert reach in refused.value.findings


@pytest.mark.browser
def test_what_gets_past_the_gate_and_what_is_kept_after_a_refusal_are_remarks(site, monkeypatch):
    genuine = pictures.tags
    early = "<script>new Image().src='https://ads.test/p';setInterval(()=>{document.cookie='_ads=1'},50)</script>"
    # What a page begins before the gate is there nobody can hold.
    monkeypatch.setattr(
        pictures, "tags", lambda *given: f"<script>window.native=Document.prototype</script>{early}{genuine(*given)}"
    )
    result = rendered.draw(site, queries.draft(site))
    assert told(result) == {
        ("L26", "warn", "adverts before an answer"),
        ("L26", "warn", "adverts after a refusal"),
    }  # fmt: skip


def test_each_layout_has_its_longest_its_shortest_and_one_right_to_left_language():
    content = snapshot(services=SERVICES, languages=("en", "de", "fr", "ar", "he"))
    variants = ["eu_opt_in", "eu_opt_in-FR", "us_ca"]
    found = rendered.drawings(content, variants)
    lengths = {
        language: rendered._length(content, "eu_opt_in", language) for language in content["languages"]
    }  # fmt: skip
    ordered = sorted(lengths, key=lambda language: -lengths[language])
    backwards = next(language for language in ordered if texts.direction(language) == "rtl")
    own = [one for one in found if one.variant == "eu_opt_in"]
    assert [one.language for one in own] == list(dict.fromkeys([ordered[0], ordered[-1], backwards]))
    assert [one.runs for one in own] == [True, *[False] * (len(own) - 1)]
    assert rendered.drawings(content, []) == []


def test_the_languages_that_are_drawn_here_are_the_longest_and_the_shortest_that_we_ship():
    content = snapshot(services=SERVICES, languages=tuple(texts.shipped()))
    chosen = {variant: [one.language for one in rendered.drawings(content, [variant])] for *_, variant, _ in LAYOUTS}
    for *_, variant, languages in LAYOUTS:
        assert set(languages) <= set(chosen[variant])
    assert {language for *_, languages in LAYOUTS for language in languages} == {*sum(chosen.values(), [])}


def test_a_page_tries_all_that_waits_and_nothing_else():
    content = snapshot(services=("hotjar", "google-ads", "stripe"))
    owners = rendered.owners_of(content)
    tried = rendered.attempts(content, "eu_opt_in", owners)
    hosts = {address.split("/")[2] for address in tried["addresses"]}
    assert any("hotjar" in host for host in hosts) and not any("stripe" in host for host in hosts)
    assert "IDE" not in tried["cookies"], "of another host: no script of the site can write it"
    assert rendered.attempts(content, "notice", owners)["addresses"] == []


def test_a_publish_asks_for_the_drawing_of_what_it_published_once(site, monkeypatch):
    publish(site, "alice")
    job = Job.objects.get(kind="rendered")
    assert job.params == {"content": kept.content(queries.draft(site))}
    Job.objects.filter(pk=job.pk).update(state="done", result=kept.result_of([]))
    publish(site, "alice", force=True)
    assert Job.objects.filter(kind="rendered").count() == 1


@pytest.mark.parametrize(
    "why", ["the draft has changed since", "Chromium is not installed", "FAIRGATE_PICTURES is off"]
)
def test_a_drawing_that_is_not_possible_says_why(site, settings, monkeypatch, why):
    kept.ask(site, queries.draft(site))
    if "draft" in why:
        change_settings(site, "alice", controller="Another Ltd")
    elif "Chromium" in why:
        monkeypatch.setattr(pictures, "BROWSERS", ("no-such-browser",))
    else:
        settings.FAIRGATE_PICTURES = False
    runner.work_off(queue=registry.PICTURES)
    job = Job.objects.get(kind="rendered")
    assert (job.state, job.result) == ("done", {"why": why})
    assert kept.known(site, queries.draft(site)) is False
