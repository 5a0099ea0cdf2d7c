"""What a drawing found holds for its content: a publish of that content, and of no other."""

from __future__ import annotations

import pytest
from django.utils import timezone

from consent.jobs.models import Job
from consent.publishing import actions, queries, rendered
from consent.publishing.lint import BLOCK, WARN, Finding
from consent.sites.actions import change_settings, create_site
from consent.sites.models import Site
from tests.values import RESPONSIBLE

pytestmark = pytest.mark.django_db
UNLIKE = Finding("L03", BLOCK, "Accept and reject are not alike.", "CNIL", "Shorten it.", "eu_opt_in", "banner alike")
REMARK = Finding("L26", WARN, "Hotjar runs before an answer.", "ePrivacy", "Look.", "eu_opt_in", "hotjar")


def no_files(snapshot, number, sha256) -> list:
    return []


@pytest.fixture
def site() -> Site:
    return create_site(["shop.test"], "alice", **RESPONSIBLE)


def drawn(site: Site, *found: Finding, snapshot=None, **more) -> Job:
    """A drawing of a content, the draft's by default, that came to its end."""
    job = rendered.ask(site, snapshot or queries.draft(site))
    Job.objects.filter(pk=job.pk).update(
        state="done", finished_at=timezone.now(), result=rendered.result_of(list(found), drawn=1, failed=[], **more)
    )
    return job


def publish(site: Site):
    return actions.publish(site, "alice", no_files)


def test_what_was_found_on_the_draft_refuses_its_publish(site):
    drawn(site, UNLIKE, REMARK)
    with pytest.raises(actions.Blocked, match="Accept and reject are not alike.") as refused:
        publish(site)
    assert [one for one in refused.value.findings if one in (UNLIKE, REMARK)] == [UNLIKE, REMARK]
    assert not site.releases.exists()


def test_a_changed_draft_is_another_content(site):
    drawn(site, UNLIKE)
    change_settings(site, "alice", controller="Another Ltd")
    assert rendered.findings(site, queries.draft(site)) == []
    assert publish(site).number == 1


def test_what_depends_on_the_moment_is_a_remark_and_refuses_nothing(site):
    drawn(site, REMARK)
    assert publish(site).number == 1
    assert REMARK in rendered.check(site, queries.draft(site))


@pytest.mark.parametrize("state", ["waiting", "running", "failed", "cancelled"])
def test_a_drawing_that_has_not_come_to_its_end_refuses_nothing(site, state):
    job = drawn(site, UNLIKE)
    Job.objects.filter(pk=job.pk).update(state=state)
    assert rendered.known(site, queries.draft(site)) is False
    assert publish(site).number == 1


def test_the_newest_drawing_counts_and_one_that_was_not_possible_is_none(site):
    drawn(site, UNLIKE)
    job = rendered.ask(site, queries.draft(site))
    Job.objects.filter(pk=job.pk).update(state="done", result={"why": "Chromium is not installed"})
    assert rendered.findings(site, queries.draft(site)) == [UNLIKE]
    drawn(site)
    assert rendered.findings(site, queries.draft(site)) == []
    assert publish(site).number == 1


def test_a_sign_off_holds_for_what_was_drawn(site):
    drawn(site, UNLIKE)
    actions.waive(site, "L03", "eu_opt_in", "Carol", "Looked at it.", "alice", UNLIKE.subject, UNLIKE.text)
    [signed] = [one for one in rendered.check(site, queries.draft(site)) if one.rule == "L03"]
    assert (signed.severity, signed.signed_by) == (WARN, "Carol")
    assert publish(site).number == 1


def test_a_release_that_was_found_bad_is_not_published_again(site):
    publish(site)
    first = queries.snapshot_of(site)
    change_settings(site, "alice", controller="Another Ltd")
    publish(site)
    drawn(site, UNLIKE, snapshot=first)
    with pytest.raises(actions.Blocked, match="Release 1 may not be published again"):
        actions.rollback(site, 1, "alice", no_files)


def test_a_content_that_waits_or_is_drawn_is_asked_for_once_and_each_site_has_its_own(site):
    first = rendered.ask(site, queries.draft(site))
    assert rendered.ask(site, queries.draft(site)) == first
    Job.objects.filter(pk=first.pk).update(state="running")
    assert rendered.ask(site, queries.draft(site)) == first
    other = create_site(["other.test"], "charlie", **RESPONSIBLE)
    drawn(other, UNLIKE)
    assert rendered.findings(site, queries.draft(other)) == []
