"""Checks that read our tables: they speak up, and are silent where there is no table to read."""

from __future__ import annotations

import pytest
from django.core.checks import run_checks
from django.db import OperationalError, connection

from cookiebanner.staff.accounts import DEMO_EMAIL


def ids(databases):
    return {found.id for found in run_checks(tags=["database"], databases=databases)} & {
        "fairgate.E002",
        "fairgate.W011",
    }


@pytest.mark.django_db
def test_a_check_of_our_tables_runs_where_a_database_is_checked_and_can_be_read(settings, django_user_model):
    settings.FAIRGATE_DEMO = False
    assert ids(["default"]) == set()
    django_user_model.objects.create_user("demo", DEMO_EMAIL)
    assert ids(["default"]) == {"fairgate.E002"}
    assert ids(None) == set()

    def away(*args):
        raise OperationalError("no such table")

    with connection.execute_wrapper(away):
        assert ids(["default"]) == set()
    settings.FAIRGATE_DEMO = True
    assert ids(["default"]) == set()
