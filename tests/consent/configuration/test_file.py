"""YAML without its traps, and references to what is secret."""

from __future__ import annotations

import pytest

from consent.common import InvalidChange
from consent.configuration import document, file


def test_words_that_yaml_takes_for_something_else_are_texts():
    assert file.read("a: no\nb: 12:30\nc: 2026-11-30\nd: 012\ne: 1.5\nf: on\ng: 7\nh: true\ni: ~\nno: x\n1: y") == {
        "a": "no", "b": "12:30", "c": "2026-11-30", "d": "012", "e": "1.5", "f": "on", "g": 7, "h": True, "i": None,
        "no": "x", "1": "y",
    }  # fmt: skip


@pytest.mark.parametrize(("text", "why"), [
    ("a: 1\na: 2", "line 2: a stands twice."),
    ("a: &x 1\nb: *x", "line 2: anchors are not used here; write it out."),
    ("? [a]\n: b", "line 1: a key is a plain text."),
    ("- a", "A configuration is a mapping that begins with format: fairgate-site/1"),
    ("a: !!python/object/apply:os.system [ls]", "This is no YAML"),
    ("a: [", "This is no YAML"),
    ("[" * 5000, "nested too deeply"),
    ("x" * (4 * 2**20 + 1), "The file has more than 4,194,304 characters."),
])  # fmt: skip
def test_what_is_no_configuration_is_refused(text, why):
    with pytest.raises(InvalidChange, match=why.replace("(", r"\(")):
        file.read(text)


def test_references_stand_for_variables_and_may_be_written_literally():
    plain = {"a": "x ${env:ONE} y", "b": ["$${env:ONE}"], "c": 1}
    assert file.resolved(plain, {"ONE": "1"}) == {"a": "x 1 y", "b": ["${env:ONE}"], "c": 1}
    for text in ("${env:ONE}", "$${env:ONE}", "$$${env:}"):
        assert file.resolved(file.literal(text), {}) == text
    with pytest.raises(InvalidChange, match=r"settings.webhook_url asks for the variable HOOK, which is not set"):
        file.resolved({"settings": {"webhook_url": "${env:HOOK}"}}, {})
    with pytest.raises(InvalidChange, match="U\\+0000"):
        file.resolved({"a": "\0"}, {})


def test_a_mistyped_field_is_told_with_its_place():
    with pytest.raises(InvalidChange, match=r"`categroy` - at `\$.services\[\.\.\.\]`"):
        document.checked({"format": "fairgate-site/1", "services": {"a": {"name": "A", "categroy": "C0002"}}})
    with pytest.raises(InvalidChange, match="format"):
        document.checked({"hosts": []})
