"""Alice owns the shop, Bob edits it, Vera views it, Dana audits it; Charlie owns another site, which must not leak."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from consent.catalogue.actions import add_service
from consent.publishing import actions as publishing
from consent.sites import actions
from consent.sites.models import Site
from consent.stats.models import DailyTotal, GateReport
from cookiebanner.staff.accounts import add_person
from tests import kept_rows
from tests.values import RESPONSIBLE

NAMES = ("alice", "bob", "vera", "dana", "charlie")
SECRET = "Zebracorn"
PASSWORD = "correct horse battery"


def no_files(snapshot, number, sha256) -> list:
    """Compressing every variant costs seconds; pages don't need the files."""
    return []


@pytest.fixture
def people(db):
    kept_rows.write("people", add_people)
    addresses = {name: f"{name}@example.net" for name in NAMES} | {"operator": "op@example.net"}
    return {name: user(address) for name, address in addresses.items()}


def add_people() -> None:
    for name in NAMES:
        add_person(f"{name}@example.net", PASSWORD)
    add_person("op@example.net", PASSWORD, operator=True)


@pytest.fixture
def shop(people) -> Site:
    kept_rows.write("shop", lambda: add_shop(people))
    return Site.objects.get(hosts__name="shop.example")


def add_shop(people) -> None:
    site = actions.create_site(
        ["shop.example"], "alice@example.net", name="Tea shop", owners=[people["alice"]], **RESPONSIBLE
    )
    for name, role in (("bob", "editor"), ("vera", "viewer"), ("dana", "auditor")):
        actions.set_role(site, people[name], role, "alice@example.net")
    add_service(
        site,
        "alice@example.net",
        name="Counter",
        category="C0002",
        patterns=["counter.example"],
        cookies=[{"name": "_c", "lifetime": "1 day"}],
    )
    add_service(
        site, "alice@example.net", name="Adverts", category="C0004", patterns=["ads.example/px"], targeted_ads=True
    )
    publishing.publish(site, "alice@example.net", no_files, "First")
    count(site, "accept_all", 6)
    count(site, "reject_all", 4)


@pytest.fixture
def clerk(shop, people) -> None:
    """Carol answers people's requests, and has no other part in the shop."""
    people["carol"] = add_person("carol@example.net", PASSWORD)
    actions.set_role(shop, people["carol"], "clerk", "alice@example.net")


@pytest.fixture
def foreign(people) -> Site:
    """Charlie's site, full of things with a name that no page of the shop may hold."""
    kept_rows.write("foreign", lambda: add_foreign(people))
    return Site.objects.get(hosts__name="zebracorn.example")


def add_foreign(people) -> None:
    site = actions.create_site(
        ["zebracorn.example"],
        "charlie@example.net",
        name=SECRET,
        owners=[people["charlie"]],
        **RESPONSIBLE | {"controller": SECRET},
    )
    add_service(site, "charlie@example.net", name=SECRET, category="C0002", patterns=["zebracorn.example/x"])
    publishing.publish(site, "charlie@example.net", no_files, SECRET)
    actions.create_token(site, SECRET, ["audit"], "charlie@example.net")
    GateReport.objects.create(site=site, kind="unknown", subject="zebracorn.example", count=1, last_seen=timezone.now())
    count(site, "accept_all", 987654)


def count(site: Site, action: str, number: int) -> None:
    DailyTotal.objects.create(
        site_id=site.pk, day=timezone.now().date(), release=1, regime="eu_opt_in", jurisdiction="DE", language="en",
        action=action, count=number,
    )  # fmt: skip


@pytest.fixture
def login(people):
    def as_person(name: str) -> Client:
        client = Client()
        client.force_login(people[name], backend="cookiebanner.staff.accounts.Backend")
        return client

    return as_person


@pytest.fixture
def alice(login) -> Client:
    return login("alice")


def user(email: str):
    return get_user_model().objects.get(email=email)
