from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from consent.common import InvalidChange
from consent.requests import actions, prepared
from consent.requests.deadlines import Kind
from consent.requests.models import PreparedAnswer
from consent.sites.actions import create_site

NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.fixture
def site(db):
    return create_site(["shop.example"], "x", name="Tea shop")


@pytest.fixture
def row(site):
    with time_machine.travel(NOW):
        return actions.file_request(
            site, kind="access", place="DE", language="de", name="Ada", email="a@example.com", actor="x"
        )


def test_ours_are_there_for_each_kind_in_four_languages() -> None:
    by_language: dict[str, dict[str, prepared.Prepared]] = {}
    for one in prepared.shipped().values():
        by_language.setdefault(one.language, {})[one.key.partition(":")[2]] = one
    assert sorted(by_language) == ["de", "en", "es", "fr"]
    english = by_language["en"]
    assert {one.kind for one in english.values()} == {*Kind, ""}
    for language, ours in by_language.items():
        assert list(ours) == list(english)
        for key, one in ours.items():
            assert (language, key, one.kind) == (language, key, english[key].kind)
            assert one.text.count(prepared.GAP) == english[key].text.count(prepared.GAP)
            assert sorted(re.findall(r"{\w+}", one.text)) == sorted(re.findall(r"{\w+}", english[key].text))
            assert set(re.findall(r"{(\w+)}", one.text)) <= set(prepared.PLACEHOLDERS)
            assert (language, key, one.text == english[key].text) == (language, key, language == "en")


def test_what_is_offered_fits_the_kind_and_the_language(site, row) -> None:
    def names() -> list[str]:
        return [one.name for one in prepared.offered(row)]

    assert names() == ["Kopie liegt bereit", "Nichts über diese Person", "Nicht nachgewiesen"]
    for name, kind, language in (("Any", "", "de"), ("Copy", "access", "en"), ("Kopie", "access", "de"), ("No", "erasure", "de")):  # fmt: skip
        prepared.save(site, "x", name=name, kind=kind, language=language, text="…")
    assert names() == ["Kopie", "Any", "Kopie liegt bereit", "Nichts über diese Person", "Nicht nachgewiesen", "Copy"]
    row.language = "pl"
    assert names()[-3:] == ["Copy is ready", "Nothing about this person", "Not verified"]


def test_placeholders_are_filled_and_facts_are_no_placeholders(row) -> None:
    text = "{name} | {number} | {site} | {kind} | {received} | {other}"
    row.name = "{number}"
    said = prepared.fill(text, row)
    assert said == f"{{number}} | {row.number} | Tea shop | Eine Kopie meiner Daten | 30. November 2026 | {{other}}"
    row.name = ""
    assert prepared.fill("{name}", row) == "a@example.com"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": "Dear {naem}"}, "{naem} stands for nothing"), ({"text": "{}"}, "{} stands for nothing"),
        ({"text": "  "}, "blank"), ({"name": ""}, "blank"), ({"name": "a\nb"}, "one line"), ({"kind": "x"}, "Choose a kind"),
        ({"language": "xx"}, "Choose a language"), ({"text": "x" * 5001}, "5000"),
    ],
)  # fmt: skip
def test_what_can_not_be_kept_is_refused(site, change, said) -> None:
    given = {"name": "Hello", "kind": "", "language": "en", "text": "Hello {name}"} | change
    with pytest.raises(InvalidChange, match=re.escape(said)):
        prepared.save(site, "x", **given)
    assert PreparedAnswer.objects.count() == 0


def test_no_answer_goes_out_with_a_gap(row) -> None:
    with pytest.raises(InvalidChange, match="Fill in"):
        actions.close(row, "complied", "We corrected: […].", "x")


def test_what_was_deleted_is_brought_back_or_gone_after_thirty_days(site) -> None:
    kept = prepared.save(site, "x", name="Hello", kind="", language="en", text="Hello")
    gone = prepared.save(site, "x", name="Bye", kind="", language="en", text="Bye")
    with time_machine.travel(NOW):
        prepared.delete(kept, "x")
        prepared.delete(gone, "x")
        assert prepared.own(site) == []
        prepared.restore(kept, "x")
    with time_machine.travel(NOW + timedelta(days=29)):
        assert prepared.forget() == 0
    with time_machine.travel(NOW + timedelta(days=31)):
        assert prepared.forget() == 1
    assert [one.name for one in prepared.own(site)] == ["Hello"]
    verbs = list(site.audit_events.values_list("verb", flat=True)[:5])
    assert verbs == [
        "request.prepare", "request.unprepare", "request.unprepare", "request.prepare", "request.prepare",
    ]  # fmt: skip
