"""What an older version left in a database is understood by this one."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from consent.ledger import guards
from consent.sites import actions
from consent.sites.models import Invitation, Site
from cookiebanner.staff.accounts import account_of, add_person
from tests import append_only


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
