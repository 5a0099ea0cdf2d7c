"""What was stored as a report's subject before it was looked at."""

from __future__ import annotations

from importlib import import_module
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection
from django.utils import timezone

from consent.models import GateReport, SiteSighting
from tests.cookiebanner.sample_releases import site

migration = import_module("consent.migrations.0012_clean_gate_reports")


@pytest.mark.django_db
def test_only_host_names_and_words_of_ours_stay():
    shop, now = site(), timezone.now()
    kept = [
        ("unknown", "x.example", "www.shop.example"), ("unknown", "2001:db8::1", ""), ("unknown", "localhost", ""),
        ("disarmed", "fetch", "www.shop.example"), ("late", "async", ""),
    ]  # fmt: skip
    gone = [
        ("unknown", "https://x.example/?token=secret", ""), ("unknown", "alice@example.org", ""), ("unknown", "", ""),
        ("unknown", "x.example/path", ""), ("unknown", "<script>", ""), ("unknown", "a..example", ""),
        ("disarmed", "https://x.example/?token=secret", ""), ("late", "a b", ""), ("design", "my-token fg-b: color", ""),
        ("unknown", "y.example", "evil\\.shop.example"),
    ]  # fmt: skip
    for kind, subject, page in kept + gone:
        GateReport.objects.create(site=shop, kind=kind, subject=subject, page_host=page, last_seen=now)
    for host in ("www.shop.example", "evil\\.shop.example", "a" * 64 + ".shop.example"):
        SiteSighting.objects.create(site=shop, host=host, level="snippet", last_seen=now)
    migration.clean(apps, SimpleNamespace(connection=connection))
    assert sorted(GateReport.objects.values_list("kind", "subject", "page_host")) == sorted(kept)
    assert list(SiteSighting.objects.values_list("host", flat=True)) == ["www.shop.example"]
