"""A fuzzer that knows only the documentation gets no answer that is not in it, and no mistake of ours."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.core.result import Ok
from schemathesis.specs.openapi import checks

from consent.sites import actions
from cookiebanner.wsgi import application
from tests.cookiebanner.admin_api.test_permissions import OPERATIONS

pytestmark = pytest.mark.django_db(transaction=True)
# What schemas can't know is refused all the same; the permission table looks at tokens, for every operation.
LEFT_OUT = [checks.positive_data_acceptance, checks.ignored_auth, checks.use_after_free]
PARTS = 3  # so that two processes share them


@pytest.mark.parametrize("part", range(PARTS))
def test_every_operation_answers_as_it_is_documented(part, program, shop, settings_off):
    mine = program()
    actions.change_settings(shop, "x", webhook_url="https://crm.example/hook")
    api = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    found = [one.ok() for one in api.get_all_operations() if isinstance(one, Ok)]
    operations = {one.definition.raw["operationId"]: one for one in found}
    names = sorted(does.name for *_, does in OPERATIONS)
    assert set(names) <= set(operations)
    seen: Counter[int] = Counter()
    for name in names[part::PARTS]:
        fuzz(operations[name], mine, shop, seen)
    assert {200, 400, 404} <= set(seen) and seen.total() > 75
    assert not [status for status in seen if status >= 500]


def fuzz(operation: Any, mine: Any, shop: Any, seen: Counter[int]) -> None:
    ours = {"site": str(shop.uuid), "key": "counter", "language": "en", "number": 1, "place": "FR"}

    @settings(max_examples=5, database=None, derandomize=True, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(case=operation.as_strategy(), known=st.booleans())
    def one(case: Any, known: bool) -> None:
        wanted = ours if known else {"site": ours["site"]}
        case.path_parameters = {key: wanted.get(key, value) for key, value in (case.path_parameters or {}).items()}
        headers = {"Authorization": f"Bearer {mine.text}", **({"If-Match": "*"} if known else {})}
        response = case.call(headers=headers)
        seen[response.status_code] += 1
        case.validate_response(response, excluded_checks=LEFT_OUT, headers=headers)

    one()


@pytest.fixture
def settings_off(settings):
    """A fuzzer asks often, and publishes much."""
    settings.FAIRGATE_API_LIMIT = 0
    settings.FAIRGATE_BROTLI = 0
