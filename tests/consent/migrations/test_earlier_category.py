"""What `adopt` filed before a service said where the earlier banner had it."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from consent.catalogue.actions import add_service
from consent.models import Service
from consent.scanner.actions import adopt
from consent.sites.actions import create_site
from tests.consent.scanner.test_adopt import FOUND, PAGE

migration = import_module("consent.migrations.0029_service_earlier_category")


@pytest.mark.django_db
def test_the_trail_says_which_services_were_adopted():
    site = adopt(PAGE, ["shop.example"], "x").site
    add_service(site, "x", name="Hotjar", category="C0002", key="hotjar")
    new = create_site("new.example", "x")
    add_service(new, "x", name="Hotjar", category="C0002", key="hotjar")
    Service.objects.update(earlier_category="")
    migration.take_from_trail(apps, None)
    assert {s.key: s.earlier_category for s in site.services.all()} == {**FOUND, "hotjar": ""}
    assert new.services.get().earlier_category == ""
