from __future__ import annotations

import ast

import pytest
from django.conf import settings

from consent.trail.actions import audit
from consent.trail.verbs import Verb, words_of


def texts_of_code() -> set[str]:
    """Every text of the two packages that could be a verb, but for those of the list itself."""
    found = set()
    for package in ("consent", "cookiebanner"):
        for path in (settings.BASE_DIR / package).rglob("*.py"):
            if path.name != "verbs.py" and "migrations" not in path.parts:
                nodes = ast.walk(ast.parse(path.read_text()))
                found |= {
                    node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)
                }
    return found


def verbs_of_calls() -> set[str]:
    """The texts that calls of audit() give as its verb."""
    found = set()
    for package in ("consent", "cookiebanner"):
        for path in (settings.BASE_DIR / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "audit" and len(node.args) > 2:
                    given = ast.walk(node.args[2])
                    found |= {
                        one.value for one in given if isinstance(one, ast.Constant) and isinstance(one.value, str)
                    }
    return found


def test_every_verb_that_is_written_has_words_and_every_word_is_written():
    assert len(verbs_of_calls()) > 30
    assert verbs_of_calls() - set(Verb.values) == set()
    # Those made of two parts ("service" and ".add") stand in the code as such.
    parts = texts_of_code()
    made = {f"{kind}.{what}" for kind in ("category", "purpose") for what in ("add", "update")}
    assert set(Verb.values) - parts - made == set()


@pytest.mark.django_db
def test_a_verb_without_words_is_not_written():
    with pytest.raises(ValueError, match="site.paint"):
        audit(None, "alice", "site.paint")


def test_no_stored_verb_is_shown_raw():
    assert words_of("site.hosts") == "changed the hosts"
    assert words_of("old_thing.done") == "old thing: done"
