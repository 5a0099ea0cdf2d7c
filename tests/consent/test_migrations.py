"""What an older version left in a database is understood by this one."""

from __future__ import annotations

import gzip
import hashlib
from datetime import timedelta

import brotli
import pytest
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from consent.ledger import guards
from consent.models import Artifact, Content, Session
from consent.sites import actions
from consent.sites.models import Invitation, Site
from cookiebanner.staff.accounts import account_of, add_person
from tests import append_only
from tests.cookiebanner import sample_releases
from tests.values import present


def migrate(name: str | None = None) -> str:
    """To the migration of consent whose name ends like this (None: to the newest); returns the one before it."""
    executor = MigrationExecutor(connection)
    [(_, newest)] = [node for node in executor.loader.graph.leaf_nodes() if node[0] == "consent"]
    every = sorted(n for app, n in executor.loader.graph.nodes if app == "consent")
    wanted = next(n for n in every if n.endswith(name)) if name else newest
    executor.migrate([("consent", wanted)])
    return wanted


@pytest.mark.django_db(transaction=True)
def test_pending_accounts_and_names_of_two_lines_move(django_db_blocker):
    """Through the real migrations, forward, on the database of the run (PostgreSQL checks its constraints late)."""
    site = actions.create_site("shop.example", "x", name="Tea shop")
    pending, owner = add_person("Pending@example.net"), add_person("owner@example.net", "correct horse battery")
    actions.set_role(site, owner, "owner", "x")
    actions.set_role(site, pending, "editor", "x")
    Site.objects.filter(pk=site.pk).update(name="Tea\r\nBcc: shop", controller="A\u2028B")
    append_only.drop(connection)  # on the way back SQLite drops columns that its triggers name
    try:
        migrate("necessary_reason")
    finally:
        migrate()
        guards.install(connection)
    site.refresh_from_db()
    assert (site.name, site.controller) == ("Tea Bcc: shop", "A B")
    assert account_of("pending@example.net") is None
    [row] = Invitation.objects.all()
    assert (row.site, row.email, row.role, row.token_sha256, row.sent_at) == (
        site, "pending@example.net", "editor", "", None,
    )  # fmt: skip
    assert row.expires_at - row.created_at < timedelta(days=8)
    assert list(site.memberships.values_list("user__email", "role")) == [("owner@example.net", "owner")]
    actions.change_settings(site, "x", controller="A Ltd")


@pytest.mark.django_db(transaction=True)
def test_files_move_to_contents_and_back(django_db_blocker, capsys):
    shop, other = sample_releases.site(), sample_releases.site("other.example")
    first, second = sample_releases.release(shop), sample_releases.release(other)
    before = {(row.release_id, row.name): row.content.body for row in Artifact.objects.select_related("content")}
    append_only.drop(connection)
    try:
        migrate("account_language")
        with connection.cursor() as cursor:
            cursor.execute("SELECT name, sha256, body, gzip, brotli FROM consent_artifact")
            for name, digest, body, packed, small in cursor.fetchall():
                assert (name, gzip.decompress(packed), brotli.decompress(small)) == (name, bytes(body), bytes(body))
                assert digest == hashlib.sha256(body).hexdigest()
            cursor.execute("UPDATE consent_artifact SET body = %s WHERE release_id = %s AND name = 'gate.us_ca.js'",
                           [b"steal()", first.pk])  # fmt: skip
            cursor.execute("UPDATE consent_artifact SET brotli = %s WHERE release_id = %s AND name = 'ui.en.js'",
                           [brotli.compress(b"steal()"), first.pk])  # fmt: skip
    finally:
        migrate()
        guards.install(connection)
    after = {(row.release_id, row.name): row.content.body for row in Artifact.objects.select_related("content")}
    assert after == {**before, (first.pk, "gate.us_ca.js"): b"steal()"}  # as it was served: verify_ledger says so
    assert Content.objects.count() == 7  # 2 × 3 gates, one ui.en.js
    assert [line.strip() for line in capsys.readouterr().out.splitlines() if "replaced" in line] == [
        f"Release 1 of shop.example: {name} had been replaced in a compressed form; it is compressed anew."
        for name in ("gate.us_ca.js", "ui.en.js")
    ]
    assert second.artifacts.count() == 4


@pytest.mark.django_db(transaction=True)
def test_who_is_logged_in_stays_so_in_the_table_that_says_whose_a_session_is(django_db_blocker):
    person = add_person("owner@example.net", "correct horse battery")
    append_only.drop(connection)
    try:
        migrate("turns")
        login, visit, over = SessionStore(), SessionStore(), SessionStore()
        login[SESSION_KEY], visit["seen"] = str(person.pk), "x"
        over.set_expiry(-60)
        for one in (login, visit, over):
            one.save()
    finally:
        migrate()
        guards.install(connection)
    assert dict(Session.objects.values_list("session_key", "user")) == {
        login.session_key: person.pk, visit.session_key: None,
    }  # fmt: skip
    assert Session.objects.get(user=person.pk).get_decoded() == {SESSION_KEY: str(person.pk)}
    assert not SessionStore().exists(present(login.session_key))
