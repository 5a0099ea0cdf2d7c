"""Nothing is filed as strictly necessary by itself, or without a reason; the reason stays in the release."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from consent.catalogue import actions, known, necessary
from consent.common import InvalidChange
from consent.models import AuditEvent, Service
from consent.publishing import lint, queries
from consent.publishing.actions import Blocked, publish, rollback
from consent.publishing.differences import differences
from consent.scanner.actions import adopt
from consent.sites.actions import create_site
from tests.values import RESPONSIBLE, present

pytestmark = pytest.mark.django_db
WHY = "Keeps the basket that the visitor fills"
POOR = ("", " ", "\n\t ", "necessary", "needed for it", "x" * 40, "because  of\u00a0 it")


@pytest.fixture
def site():
    return create_site("shop.example", "x", **RESPONSIBLE)


def no_files(snapshot, number, sha256) -> list:
    return []


def test_a_service_has_no_category_before_somebody_chooses_one(site):
    with pytest.raises(TypeError, match="category"):
        actions.add_service(site, "x", name="Counter")  # type: ignore[call-arg]  # what is tested
    nothing: Any = None
    for category in ("", nothing):
        with pytest.raises(InvalidChange, match="no category"):
            actions.add_service(site, "x", name="Counter", category=category)
    with pytest.raises(CommandError, match="--category"):
        call_command("service", "--site", str(site.uuid), "--name", "Counter", stdout=StringIO())
    assert Service.objects.count() == 0


@pytest.mark.parametrize("reason", POOR)
def test_a_reason_that_says_nothing_is_none(site, reason):
    optional = actions.add_service(site, "x", name="Counter", category="C0002")
    with pytest.raises(actions.ReasonMissing, match="so it needs a reason"):
        actions.add_service(site, "x", name="Basket", category="C0001", necessary_reason=reason)
    with pytest.raises(actions.ReasonMissing, match="so it needs a reason"):
        actions.update_service(optional, "x", category="C0001", necessary_reason=reason)
    assert list(Service.objects.values_list("category__key", flat=True)) == ["C0002"]


def test_the_reason_stays_in_the_draft_the_release_and_the_trail(site):
    service = actions.add_service(site, "x", name="Basket", category="C0001", necessary_reason=f"  {WHY}\n")
    assert present(AuditEvent.objects.first()).detail["necessary_reason"] == WHY
    release = publish(site, "x", no_files)
    [stored] = json.loads(release.snapshot)["services"]
    assert (stored["category"], stored["necessary_reason"]) == ("C0001", WHY)
    with pytest.raises(actions.ReasonMissing):
        actions.update_service(service, "x", necessary_reason="")
    actions.update_service(service, "x", company="Shop Ltd")  # decides nothing about the category
    actions.update_service(service, "x", category="C0003")
    [stored] = queries.draft(site)["services"]
    assert "necessary_reason" not in stored
    with pytest.raises(actions.ReasonMissing):  # the old reason is not kept for another day
        actions.update_service(service, "x", category="C0001")


def test_a_draft_of_an_older_version_waits_for_its_reasons(site):
    actions.add_service(site, "x", name="Counter", category="C0002", patterns=["counter.example"])
    bare = actions.add_service(site, "x", name="Basket", category="C0001", necessary_reason=WHY)
    Service.objects.filter(pk=bare.pk).update(necessary_reason="")
    with pytest.raises(Blocked) as blocked:
        publish(site, "x", no_files)
    assert [(f.rule, f.subject) for f in blocked.value.findings if f.blocks] == [("F07", "basket")]
    assert not lint.can_waive("F07")
    actions.update_service(bare, "x", necessary_reason=WHY)
    assert publish(site, "x", no_files).number == 1


def test_a_category_made_always_active_asks_for_the_reasons_of_its_services(site):
    actions.add_service(site, "x", name="Counter", category="C0002", patterns=["counter.example"])
    actions.set_category(site, "C0002", "x", necessary=True)
    assert [f.subject for f in lint.check(queries.draft(site)) if f.rule == "F07"] == ["counter"]


def test_releases_of_older_versions_still_load(site):
    """They know of no reason: one that is current is shown and compared, one that was is rolled back to."""
    from consent.models import Release

    actions.add_service(site, "x", name="Basket", category="C0001", necessary_reason=WHY)
    actions.add_service(site, "x", name="Counter", category="C0002", patterns=["counter.example"])
    first = publish(site, "x", no_files)
    old = json.loads(first.snapshot)
    assert old["services"][0].pop("necessary_reason") == WHY
    Release.objects.create(
        site=site,
        number=2,
        sha256="0" * 64,
        snapshot=json.dumps(old),
        published_by="x",
        published_at=first.published_at,
    )
    [(_, [line])] = differences(present(queries.snapshot_of(site)), queries.draft(site))
    assert line.what == "Basket: Why it is strictly necessary"
    lint.check(present(queries.snapshot_of(site)))
    assert publish(site, "x", no_files).number == 3
    assert rollback(site, 2, "x", no_files).number == 4


# --- adopting a page --------------------------------------------------------------------------------------------------


def test_adopting_says_where_a_reason_comes_from():
    page = (
        "<script type=text/plain class=optanon-category-C0001 src=https://cart.example/c.js></script>"
        "<script type=text/plain class=optanon-category-C0001-C0004 src=https://both.example/c.js></script>"
        "<script type=text/plain class=optanon-category-C0001 src=https://twice.example/a.js></script>"
        "<script type=text/plain class=optanon-category-C0003 src=https://twice.example/b.js></script>"
        "<script type=text/plain data-cookieconsent=necessary src=https://other.example/c.js></script>"
        "<script src=https://js.stripe.com/v3/></script>"
    )
    adoption = adopt(page, ["shop.example"], "x")
    reasons = dict(adoption.site.services.values_list("key", "necessary_reason"))
    assert reasons == {
        "cart-example": "Necessary in the adopted OneTrust configuration, which has it as C0001. Not checked yet.",
        "both-example": "",
        "twice-example": "",
        "stripe": known.by_key()["stripe"]["necessary_reason"],
    }
    assert dict(adoption.site.services.values_list("key", "category__key")) == {
        "cart-example": "C0001", "both-example": "C0004", "twice-example": "C0003", "stripe": "C0001",
    }  # fmt: skip
    assert sorted(adoption.found.strangers) == ["both.example", "cart.example", "other.example", "twice.example"]


def test_a_tracker_that_onetrust_had_as_necessary_is_not_published_as_such():
    page = "<script type=text/plain class=optanon-category-C0001 src=https://www.google-analytics.com/analytics.js></script>"
    adoption = adopt(page, ["shop.example"], "x")
    with pytest.raises(Blocked, match="L08 Google Analytics is filed as strictly necessary"):
        publish(adoption.site, "x", no_files)


@pytest.mark.parametrize("owner", ["deleted it", "made it always active"])
def test_adopting_guesses_no_category(tmp_path, owner):
    site = create_site("shop.example", "x")
    if owner == "deleted it":
        actions.delete_category(site.categories.get(key="C0002"), "x")
    else:
        actions.set_category(site, "C0002", "x", necessary=True)
    page = tmp_path / "page.html"
    page.write_text("<script src=https://www.google-analytics.com/analytics.js></script>")
    out = StringIO()
    call_command("adopt", str(page), "--host", "shop.example", stdout=out)
    assert Service.objects.count() == 0
    assert "Not filed" in out.getvalue()
    advice = next(line.strip() for line in out.getvalue().splitlines() if "'Google Analytics'" in line)
    from shlex import split

    words = split(advice.removeprefix("manage.py "))
    with pytest.raises(CommandError, match="no category 'CATEGORY'"):
        call_command(*words, stdout=StringIO())
    words[words.index("CATEGORY")] = "C0003"
    call_command(*words, stdout=StringIO())
    assert Service.objects.get().category.key == "C0003"


def test_every_hint_is_a_reason_itself():
    example = necessary.HINT.split("'")[1]
    assert necessary.enough(example)
