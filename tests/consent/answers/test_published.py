"""What releases have alike is in memory once."""

from __future__ import annotations

import json

from consent.answers import published, schema, validate
from tests.browser import shop

CHOICES = schema.Choices({f"C000{n}": "granted" if n == 1 else "denied" for n in range(1, 6)}, {}, {})


def release(number: int, **changes):
    """As it is read from the database, each from a text of its own."""
    return published.published(number, f"{number:064x}", json.loads(json.dumps(shop.snapshot() | changes)))


def test_sites_with_the_same_services_share_what_is_known_of_them_and_what_visitors_said():
    one, two = release(1, site={"hosts": ["a.example"]}), release(2, site={"hosts": ["b.example"]})
    assert one.hosts != two.hosts
    for part in ("categories", "purposes", "services", "variants", "regimes", "optional", "vectors"):
        assert getattr(one, part) is getattr(two, part), part
    assert validate.vector(CHOICES, one) is validate.vector(CHOICES, two)


def test_another_service_or_category_is_another_memory():
    plain = release(1)
    services = shop.snapshot()["services"]
    fewer = release(2, services=services[1:])
    moved = release(3, services=[services[0] | {"category": "C0001"}, *services[1:]])
    said = [validate.vector(CHOICES, one) for one in (plain, fewer, moved)]
    assert len({id(one.vectors) for one in (plain, fewer, moved)}) == 3
    key = services[0]["key"]
    assert [one.choices["services"].get(key) for one in said][1:] == [None, "granted"]
    assert plain.variants is fewer.variants
    ruled = release(4, variants={"eu_opt_in": {"model": "opt_in", "regime": "eu_opt_in"}})
    assert (ruled.variants is plain.variants, ruled.services is plain.services) == (False, True)


def test_it_has_a_bound(monkeypatch):
    monkeypatch.setattr(published, "MOST_SHARED", 50)
    monkeypatch.setattr(published, "_shared", {})
    services = shop.snapshot()["services"]
    for number in range(100):
        release(number, services=[services[0] | {"key": f"s{number}"}], variants={})
        assert len(published._shared) <= 51 + 7
