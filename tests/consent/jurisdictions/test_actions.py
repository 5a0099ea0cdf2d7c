"""Overrides: validated, audited, and back again."""

from __future__ import annotations

from datetime import date

import pytest

from consent.jurisdictions import actions, locate
from consent.jurisdictions.queries import overrides_of
from consent.models import AuditEvent, JurisdictionOverride, Site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    return Site.objects.create(name="Ribbon", languages=["en"])


def test_an_override_is_kept_audited_and_decides(site):
    actions.override(site, "ada@ribbon.example", "JP", {"preset": "eu_opt_in"}, " Our counsel of 2026-10-02. ")
    kept = overrides_of(site)
    assert kept == {"JP": {"fields": {"preset": "eu_opt_in"}, "reason": "Our counsel of 2026-10-02."}}
    event = AuditEvent.objects.get()
    assert (event.actor, event.verb, event.site_id) == ("ada@ribbon.example", "jurisdiction.overridden", site.pk)
    assert event.detail == {"jurisdiction": "JP", **kept["JP"]}
    assert locate.decide(locate.Place("JP", None, "header"), date(2026, 11, 21), kept).regime == "eu_opt_in"


def test_a_second_override_replaces_the_first_and_removing_brings_the_row_back(site):
    actions.override(site, "a", "JP", {"preset": "eu_opt_in"}, "one")
    actions.override(site, "a", "JP", {"default_choice_days": 90}, "two")
    assert overrides_of(site) == {"JP": {"fields": {"default_choice_days": "90"}, "reason": "two"}}
    assert actions.remove_override(site, "a", "JP") is True
    assert actions.remove_override(site, "a", "JP") is False
    assert overrides_of(site) == {}
    verbs = list(AuditEvent.objects.order_by("id").values_list("verb", flat=True))
    assert verbs == ["jurisdiction.overridden", "jurisdiction.overridden", "jurisdiction.override_removed"]


@pytest.mark.parametrize(
    ("jurisdiction", "fields", "reason", "words"),
    [
        ("ZZ", {"preset": "eu_opt_in"}, "r", "There is no jurisdiction 'ZZ' in the table."),
        ("JP", {"preset": "lenient"}, "r", "JP: there is no regime 'lenient'."),
        ("JP", {"id": "KR"}, "r", "These are no columns that can be overridden: id."),
        ("JP", {}, "r", "Name at least one column to replace."),
        ("JP", {"preset": "notice"}, "  ", "Say why the row is overridden; the reason is part of the release."),
        ("JP", {"preset": "notice"}, "x" * 501, "The reason is longer than 500 characters."),
        ("JP", {"effective_date": "soon"}, "r", "JP: effective_date must be a date like 2026-11-21, not 'soon'."),
    ],
)
def test_nonsense_is_refused_in_words_and_leaves_nothing(site, jurisdiction, fields, reason, words):
    with pytest.raises(ValueError) as refusal:
        actions.override(site, "a", jurisdiction, fields, reason)
    assert str(refusal.value) == words
    assert (JurisdictionOverride.objects.count(), AuditEvent.objects.count()) == (0, 0)
