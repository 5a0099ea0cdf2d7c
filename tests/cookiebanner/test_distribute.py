"""`manage.py distribute` where there is no Citus. What it does on a cluster: tests/citus."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import connection, models

from consent import citus

# Small, and written beside tables of the coordinator.
STAY = {"consent_checkpoint", "consent_issuedcheckpoint", "consent_lastsignature", "consent_trailhead"}


@pytest.mark.one_machine
@pytest.mark.django_db
def test_one_machine_is_told_that_there_is_nothing_to_distribute():
    # Where the extension lies ready, as on a machine that tries tests/citus, it says how to make it.
    said = "SQLite is one file" if connection.vendor == "sqlite" else "plain PostgreSQL|has no extension citus"
    with pytest.raises(CommandError, match=said):
        call_command("distribute")


def test_every_table_that_leads_with_its_site_is_distributed_or_said_to_stay():
    def leads(model: type[models.Model]) -> bool:
        first = model._meta.pk_fields[0]
        return first.attname == citus.COLUMN and (len(model._meta.pk_fields) > 1 or first.remote_field is None)

    found = {model._meta.db_table for model in apps.get_app_config("consent").get_models() if leads(model)}
    assert found == {*citus.DISTRIBUTED, *STAY}
