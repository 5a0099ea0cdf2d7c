"""People who look after a site are told that its ledger is ahead of the clock, until it is repaired."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from consent.ledger import clock
from consent.ledger.append import append
from tests.consent.ledger.sample_ledger import answer, make_site


@pytest.mark.django_db
def test_the_dashboard_and_the_ledger_page_say_so(client, django_user_model):
    client.force_login(django_user_model.objects.create_superuser("root@example.org", "root@example.org", "x" * 20))
    site, other = make_site(), make_site("Other")
    with time_machine.travel(datetime.now(UTC) + timedelta(days=400), tick=False):
        append([answer(site)])

    def told(of) -> list[bool]:
        pages = (f"/dashboard/{of.uuid}/", f"/audit/{of.uuid}/ledger/")
        return ["manage.py repair_clock" in client.get(page).content.decode() for page in pages]

    assert (told(site), told(other)) == ([True, True], [False, False])
    assert "399 days ahead of the clock" in client.get(f"/dashboard/{site.uuid}/").content.decode()
    clock.repair(site, "alice@example.org", "A wrong time server.")
    assert told(site) == [False, False]
    assert "put the ledger&#x27;s clock right" in client.get(f"/dashboard/{site.uuid}/trail/").content.decode()
