"""What a person is shown is in their language; what is kept, handed out or compared stays as it is."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation
from django.utils.translation import trans_real

from consent.common import thousands
from consent.exports import law
from consent.jurisdictions import table
from consent.jurisdictions.history import starts
from consent.jurisdictions.words import OTHER_ROWS, REGIME_NAMES, name_of_place, named_regimes, terms_in_words
from consent.notices.kinds import KINDS
from consent.publishing import lint
from consent.publishing.differences import Line, differences, label, value
from consent.sites import roles
from consent.sites.models import Membership
from consent.trail.verbs import Verb, words_of
from cookiebanner.dashboard import faults, forms, too_late
from cookiebanner.dashboard.look_form import places
from cookiebanner.templatetags.fairgate import regime
from tests import samples


@pytest.fixture
def marked(monkeypatch):
    """A language in which every sentence is as in English, in brackets. English itself is left alone."""
    kept = trans_real.gettext
    monkeypatch.setattr(
        "django.utils.translation._trans.gettext",
        lambda text: f"[{text}]" if text and translation.get_language() != "en" else kept(text),
    )
    with translation.override("de"):
        yield


def test_what_is_shown_is_translated_when_it_is_shown(marked):
    assert str(forms.Kill.base_fields["reason"].label) == "[Reason]"
    assert value(True) == "[yes]"
    assert label("accent") == "[Accent colour]"
    assert places()[0][1] == "[Card], [bottom left]"
    assert named_regimes()["eu_opt_in"]["name"] == "[Opt-in (EU and EEA)]"
    assert too_late.trouble("disarmed", "late") == (
        "[The gate ran when the page had already begun; trackers that stand before it were not held.]",
        "[Put the lines below first in <head>, before everything else, without async, defer, or a tag manager.]",
    )
    fault = faults.words("disarmed", "worker-src")
    assert fault and fault.do == "[Add blob: to worker-src.]"
    assert KINDS["new_host"].text("x.example", {}) == (
        "[Pages asked x.example, which no service covers. File or dismiss it.]"
    )
    terms = table.variant_and_terms(table.row("DE"))[1]
    assert terms_in_words(terms, table.TEXTS)[0] == ("[Shows]", "[a banner that asks for a choice]")


def test_what_is_kept_or_handed_out_is_not(marked):
    assert words_of("site.kill") == Verb.SITE_KILL.label == "switched the gate off"
    today = date(2026, 12, 1)
    with translation.override("en"):
        file = law.to_csv(today)
    assert law.to_csv(today) == file
    snapshot = samples.snapshot()
    bare = {(one.rule, one.severity, one.regime, one.subject, one.text) for one in lint.check(snapshot)}
    with translation.override("en"):
        english = {(one.rule, one.severity, one.regime, one.subject, one.text) for one in lint.check(snapshot)}
    assert bare == english


def test_a_difference_is_told_in_the_language_of_who_looks(marked):
    before, after = samples.snapshot(), samples.snapshot()
    before["site"]["record_path"], after["site"]["record_path"] = False, True
    said = Line("change", "[Keep the page's path in records]", "[no]", "[yes]")
    assert differences(before, after) == [("[Settings]", [said])]


def test_each_regime_is_there_to_be_translated_under_its_own_name():
    assert {id: terms["name"] for id, terms in table.REGIMES.items()} == REGIME_NAMES
    assert set(roles.NAMES) == set(roles.MATRIX) == set(Membership.Role.values)
    assert {id: table.ROWS[id].name for id in ("*", "EU")} == OTHER_ROWS


def test_a_place_is_named_in_the_language_of_who_looks():
    with translation.override("de"):
        assert [name_of_place(id) for id in ("DE", "US-CA", "nowhere")] == ["Deutschland", "Kalifornien", "nowhere"]
    assert [name_of_place(id) for id in table.ROWS] == [row.name for row in table.ROWS.values()]


def test_a_regime_is_named_in_the_language_of_who_looks(marked):
    assert [regime("eu_opt_in"), regime("gone")] == ["[Opt-in (EU and EEA)]", "gone"]


@pytest.mark.parametrize(("language", "written"), [("en", "12,345"), ("de", "12.345")])
def test_a_number_in_a_sentence_is_written_as_the_language_does(language, written):
    with translation.override(language):
        assert thousands(12345) == written
        assert written in KINDS["list_full"].text("hosts", {"most": 12345})


def test_what_starts_names_both_laws_in_the_language_of_who_looks(marked):
    chile = next(start for start in starts(date(2026, 11, 1)) if start.id == "CL")
    assert (chile.until, chile.then) == ("[Opt-in (EU and EEA)][, as in an unknown place]", "[Opt-in]")
