from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.db import connection

from consent.ledger.append import append
from tests.consent.ledger.sample_ledger import answer, make_site


@pytest.mark.django_db
def test_readyz_warns_when_the_default_partition_fills(client):
    site = make_site()
    assert client.get("/readyz").json() == {"status": "ok", "database": "up", "warnings": []}
    append([answer(site)], at=datetime(2040, 1, 1, tzinfo=UTC))
    warnings = client.get("/readyz").json()["warnings"]
    told = [warning for warning in warnings if "default partition" in warning]
    assert len(told) == (1 if connection.vendor == "postgresql" else 0)
