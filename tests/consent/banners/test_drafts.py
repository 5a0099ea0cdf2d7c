"""Several drafts of a banner under names, one of which is in use: nothing of any is ever lost."""

from __future__ import annotations

import pytest

from consent.banners import actions
from consent.banners.models import Banner, BannerDraft
from consent.common import InvalidChange
from consent.publishing import queries
from consent.sites.actions import create_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    site = create_site(["shop.example"], "alice", name="Tea shop")
    actions.edit_banner(site, "alice", layout="bar", position="top", theme={"accent": "#aa0000"})
    actions.edit_texts(site, "alice", "en", {"title": "Biscuits?"})
    return site


def of(row) -> tuple:
    return row.name, row.layout, row.position, row.theme, row.texts


def test_a_draft_is_copied_changed_and_taken_into_use_and_back(site):
    spring = actions.copy_draft(site, "alice", " Spring ")
    actions.edit_banner(site, "alice", layout="center", theme={"accent": "#00aa00"})
    main = ("Main", "center", "center", {"accent": "#00aa00"}, {"en": {"title": "Biscuits?"}})
    kept = ("Spring", "bar", "top", {"accent": "#aa0000"}, {"en": {"title": "Biscuits?"}})
    assert (of(Banner.objects.get(site=site)), of(BannerDraft.objects.get())) == (main, kept)
    assert queries.draft(site, spring)["banner"]["layout"] == "bar"
    actions.use_draft(site, "alice", spring)
    assert (of(Banner.objects.get(site=site)), of(BannerDraft.objects.get())) == (kept, main)
    assert queries.draft(site)["banner"]["layout"] == "bar"
    actions.use_draft(site, "alice", BannerDraft.objects.get())
    assert (of(Banner.objects.get(site=site)), of(BannerDraft.objects.get())) == (main, kept)
    assert [event.verb for event in site.audit_events.order_by("pk")][-4:] == [
        "banner.copy", "edit_banner", "banner.use", "banner.use",
    ]  # fmt: skip


def test_the_name_of_a_draft_is_not_in_the_release(site):
    before = queries.draft(site)
    actions.use_draft(site, "alice", actions.copy_draft(site, "alice", "Spring"))
    assert queries.draft(site) == before


@pytest.mark.parametrize("name", ["", "  ", "Main", "Spring"])
def test_a_name_is_given_and_no_others(site, name):
    actions.copy_draft(site, "alice", "Spring")
    with pytest.raises(InvalidChange, match="Give the copy a name|There is a draft"):
        actions.copy_draft(site, "alice", name)
    assert BannerDraft.objects.count() == 1


def test_a_name_of_two_lines_is_refused(site):
    with pytest.raises(InvalidChange):
        actions.copy_draft(site, "alice", "Spring\nX")


def test_there_are_not_more_than_twenty(site):
    for number in range(actions.MOST_DRAFTS):
        actions.copy_draft(site, "alice", f"Draft {number}")
    with pytest.raises(InvalidChange, match="There are 20 drafts"):
        actions.copy_draft(site, "alice", "One more")


def test_deleting_twice_is_told_once(site):
    draft = actions.copy_draft(site, "alice", "Spring")
    for _ in range(2):
        actions.delete_draft(site, "alice", BannerDraft(pk=draft.pk, name="Spring"))
    assert BannerDraft.objects.count() == 0
    assert site.audit_events.filter(verb="banner.delete").count() == 1
