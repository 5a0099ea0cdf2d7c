"""What runs before an answer, by the facts of the service."""

from __future__ import annotations

import pytest

from consent.jurisdictions import table
from fairgate_enforce.defaults import before_answer

ADS = {"targeted_ads": True}
SALE = {"sells_or_shares": True}
HEALTH = {"sensitive": True}
COUNTED = {"statistics": True, "exempt_in": ["GB", "FR"], "exemption_confirmed": ["GB"]}


def state(service: dict, variant: str, necessary: bool = False, **more) -> str:
    return before_answer(service, necessary, table.terms(variant), **more)


def test_the_necessary_always_runs():
    for variant in table.variants():
        assert state({**ADS, **SALE, **HEALTH}, variant, necessary=True, gpc=True, child=True) == "granted"


@pytest.mark.parametrize(
    ("service", "variant", "expected"),
    [
        ({}, "eu_opt_in", "denied"),
        ({}, "us_ca", "granted"),
        (ADS, "us_ca", "granted"),
        (HEALTH, "us_ca", "granted"),
        (HEALTH, "us_optout", "denied"),
        (HEALTH, "us_optout-US-UT", "granted"),
        (HEALTH, "us_optout-US-IA", "granted"),
        ({**ADS, **HEALTH}, "us_optout", "denied"),
        ({}, "ch", "granted"),
        (ADS, "ch", "denied"),
        (SALE, "ch", "denied"),
        ({}, "jp_notice", "granted"),
        (ADS, "ca_implied", "granted"),
        (HEALTH, "ca_implied", "denied"),
    ],
)
def test_the_strictest_fact_decides(service, variant, expected):
    assert state(service, variant) == expected


def test_gpc_denies_sale_share_and_targeting_everywhere_and_grants_nowhere():
    for variant in table.variants():
        assert state(ADS, variant, gpc=True) == state(SALE, variant, gpc=True) == "denied"
        assert state({}, variant, gpc=True) == state({}, variant)


def test_an_override_cannot_beat_gpc_or_childhood():
    allowed = {**ADS, "overrides": {"us_ca": {"state": "allow", "reason": "contract"}}}
    assert state(allowed, "us_ca", gpc=True) == "denied"
    assert state(allowed, "us_ca", child=True) == "denied"
    assert state(allowed, "us_ca") == "granted"


def test_an_override_holds_or_allows_in_its_regime_only():
    held = {"overrides": {"us_ca": {"state": "hold", "reason": "settlement"}}}
    assert (state(held, "us_ca"), state(held, "us_optout")) == ("denied", "granted")
    allowed = {"overrides": {"eu_opt_in": {"state": "allow", "reason": "fraud check"}}}
    assert (state(allowed, "eu_opt_in-IT"), state(allowed, "ca_qc")) == ("granted", "denied")


def test_children_see_no_advertising_and_in_new_york_nothing_optional():
    for variant in table.variants():
        assert state(ADS, variant, child=True) == state(SALE, variant, child=True) == "denied"
    assert state({}, "us_optout_gpc-US-NY", child=True) == "denied"
    assert state({}, "us_optout_gpc-US-TX", child=True) == "granted"


@pytest.mark.parametrize(
    ("change", "variant", "expected"),
    [
        ({}, "uk_pecr", "granted"),
        ({}, "eu_opt_in-FR", "denied"),  # confirmed for Britain only
        ({}, "eu_opt_in", "denied"),
        ({"exemption_confirmed": []}, "uk_pecr", "denied"),  # Google Analytics by default
        ({"exempt_in": []}, "uk_pecr", "denied"),
        ({"exemption_confirmed": ["FR"]}, "uk_pecr", "denied"),
        ({"exemption_confirmed": ["FR"]}, "eu_opt_in-FR", "granted"),
        ({"targeted_ads": True}, "uk_pecr", "denied"),
        ({"sells_or_shares": True}, "uk_pecr", "denied"),
        ({"sensitive": True}, "uk_pecr", "denied"),
    ],
)
def test_an_exemption_counts_only_where_the_owner_confirmed_it(change, variant, expected):
    assert state({**COUNTED, **change}, variant) == expected
