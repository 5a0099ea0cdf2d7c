"""What tests stand on: a database emptied as Django's own flush does, and rows that are written again as the verbs did."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from consent.ledger import guards
from consent.sites.actions import create_site
from cookiebanner.staff.accounts import add_person
from tests import append_only, corpus, kept_rows


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("many", [append_only.MANY, 0], ids=["row by row", "whole tables"])
def test_nothing_is_left_and_the_guards_stand(monkeypatch, many):
    corpus.make_world()
    assert append_only.rows(connection)
    monkeypatch.setattr(append_only, "MANY", many)
    append_only.empty(connection)
    assert (append_only.rows(connection), guards.missing(connection)) == ({}, [])


@pytest.mark.django_db(transaction=True)
def test_rows_are_written_as_the_verbs_wrote_them(monkeypatch):
    asked = []

    def make() -> None:
        asked.append(timezone.now())
        owner = add_person("ada@example.net", "correct horse battery")
        create_site(["shop.example"], "ada@example.net", owners=[owner])

    def written() -> kept_rows.Rows:
        kept_rows.write("a test's", make)
        found = kept_rows._read()
        append_only.empty(connection)
        return found

    first, again = written(), written()
    assert (first == again, len(asked)) == (True, 1)
    now = timezone.now
    monkeypatch.setattr(timezone, "now", lambda: now() + timedelta(hours=1))
    assert written() != first
    assert len(asked) == 2
