"""What a release changes is told in words, whatever it changes."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from consent.banners import texts
from consent.publishing.differences import AGAIN, TEXT_NAMES, Line, differences, law, text_name
from tests import samples

# What only a program reads: ids of categories, of laws, names with low lines, JSON and Python.
RAW = re.compile(r"\bC000\d\b|\b[a-z]+_[a-z_]+\b|\{['\"]|\[['\"]|\b(None|True|False|null)\b")


def snapshot() -> dict[str, Any]:
    services = [samples.service(key) for key in ("google-analytics", "stripe", "hotjar")]
    purposes = [
        {"key": "email_marketing", "category": None, "legal_basis": "consent",
         "texts": {"en": {"name": "E-mails", "description": "Mails."}, "de": {"name": "Mails", "description": "…"}}},
    ]  # fmt: skip
    made = samples.snapshot(services=services, languages=("en", "de"), purposes=purposes)
    made["banner"]["theme"] = {"accent": "#235a8c", "radius": 12, "scheme": "auto"}
    made["banner"]["regime_texts"] = {"de@us_ca": {"body": "Old"}}
    return made


def said(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[str]]:
    """{heading: [what the page says of each line]}."""
    return {
        title: [" → ".join(filter(None, (f"{line.what}{': ' if line.after else ''}{line.before}", line.after))) for line in lines]
        for title, lines in differences(before, after)
    }  # fmt: skip


def test_nothing_is_told_of_the_same():
    assert differences(snapshot(), snapshot()) == []


@pytest.mark.parametrize(("category", "again"), [("C0004", f"; {AGAIN}"), ("C0001", "")])
def test_a_new_service_is_told_with_its_category_and_whether_visitors_are_asked(category, again):
    after = snapshot()
    after["services"].append(samples.service("x", name="px.unknownads.example", category=category))
    name = {"C0004": "Targeting", "C0001": "Strictly necessary"}[category]
    assert differences(snapshot(), after) == [
        ("Services", [Line("add", f"px.unknownads.example: new, under {name}{again}")])
    ]
    assert differences(after, snapshot()) == [
        ("Services", [Line("gone", f"px.unknownads.example: gone, was under {name}")])
    ]


def test_what_a_service_does_otherwise():
    before, after = snapshot(), snapshot()
    one = after["services"][1]
    one.update(category="C0004", rules=[*one["rules"][1:], "hot.example/x"], sells_or_shares=True)
    one["cookies"] = [{"name": "_new", "kind": "local", "lifetime": "2 days", "lifetime_days": 2, "purpose": "Counts."}]
    one["overrides"] = {"us_ca": {"state": "allow", "reason": "Asked counsel."}}
    lines = said(before, after)["Services"]
    assert lines[:3] == [
        f"Hotjar: moves from Performance to Targeting; {AGAIN}",
        "Hotjar: holds requests to hot.example/x",
        f"Hotjar: no longer holds requests to {before['services'][1]['rules'][0]}",
    ]
    assert [line for line in lines if "_new" in line] == ["Hotjar: local storage _new, new:  → 2 days, Counts."]
    assert f"Hotjar: let run in {law('us_ca')}:  → Asked counsel." in lines
    assert "Hotjar: Sells or shares personal data: no → yes" in lines


def test_texts_hosts_languages_and_laws_by_their_names():
    after = snapshot()
    after["banner"]["texts"]["de"]["title"] = "Neu"
    after["banner"]["regime_texts"]["de@us_ca"]["body"] = "New"
    after["site"].update(hosts=["shop.example", "www.example"], level="strict")
    after["variants"]["eu_opt_in"]["consent_days"] = 90
    after["jurisdictions"]["overrides"] = {"DE": {"fields": {"consent_days": "90"}, "reason": "Our promise."}}
    found = said(snapshot(), after)
    assert found["Words"] == [
        "German: Title: Ihre Entscheidung über Cookies → Neu",
        f"German, {law('us_ca')}: Body: Old → New",
    ]
    assert found["Settings"] == ["www.example: new host", "Blocking level: Snippet → Strict snippet"]
    assert found["Laws"] == [
        "Opt-in (EU and EEA): A consent lasts: 180 days → 90 days",
        "Germany: corrected:  → Our promise.",
    ]


def changed(value: Any) -> Any:
    """Another value of the same kind."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    if isinstance(value, str):
        return f"{value}9"
    return value


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where every value of a snapshot is."""
    if isinstance(value, dict):
        return [place for key in value for place in places(value[key], (*path, key))]
    if isinstance(value, list) and value:
        return [place for number in range(len(value)) for place in places(value[number], (*path, number))]
    return [path]


def test_every_value_of_a_release_is_told_in_words():
    """One after the other is changed: each change is told, and none by a name of ours."""
    before = snapshot()
    for variant in list(before["variants"])[2:]:
        del before["variants"][variant]
    silent, raw = [], []
    for path in places(before):
        if path[0] == "format" or path[:2] == ("site", "uuid") or path[-1] == "key":
            continue
        after = copy.deepcopy(before)
        holder = after
        for step in path[:-1]:
            holder = holder[step]
        new = changed(holder[path[-1]])
        if new == holder[path[-1]] or new is None:
            continue
        holder[path[-1]] = new
        try:
            lines = [line for _, found in differences(before, after) for line in found]
        except KeyError:
            assert path[0] in ("variants", "categories")  # a word that no release can hold
            continue
        silent += [] if lines else [path]
        raw += [(path, line) for line in lines if RAW.search(" ".join(line))]
    own = [path for path in silent if path[0] not in ("own_cookies", "variants")]
    assert own == []
    assert raw == []


def test_every_text_that_may_be_edited_has_a_name():
    assert set(TEXT_NAMES) == texts.keys() - set(texts.LOCKED)
    assert text_name("pc_title") == "Preferences title"
