from __future__ import annotations

import uuid

import pytest

from consent.answers.state import present_state
from consent.ledger.append import append
from tests.consent.ledger.world import answer, make_site

pytestmark = pytest.mark.django_db


def test_a_late_replay_never_resurrects_an_old_grant():
    site = make_site()
    visitor = uuid.uuid4()
    grant = answer(site, visitor=visitor)
    withdrawal = answer(site, visitor=visitor, replaces=grant.record_id, action="withdraw")
    append([withdrawal])
    append([grant])  # it was queued in the browser all the while
    append([withdrawal, grant])
    assert present_state(site.pk, visitor).record_id == withdrawal.record_id


def test_the_longest_chain_wins_then_the_later_arrival():
    site = make_site()
    visitor = uuid.uuid4()
    first = answer(site, visitor=visitor)
    second = answer(site, visitor=visitor, replaces=first.record_id)
    third = answer(site, visitor=visitor, replaces=second.record_id, action="withdraw")
    fork = answer(site, visitor=visitor, replaces=first.record_id)
    append([first, second, third, fork])
    assert present_state(site.pk, visitor).action == "withdraw"
    alone = uuid.uuid4()
    append([answer(site, visitor=alone), answer(site, visitor=alone, action="custom")])
    assert present_state(site.pk, alone).action == "custom"


def test_of_two_ends_of_one_length_a_no_wins_in_whatever_order_they_arrive():
    site = make_site()
    for order in (1, -1):
        visitor = uuid.uuid4()
        first = answer(site, visitor=visitor)
        ends = [
            answer(site, visitor=visitor, replaces=first.record_id),
            answer(
                site,
                visitor=visitor,
                replaces=first.record_id,
                action="withdraw",
                record={"status": "ConsentWithdrawn", "choices": {}},
            ),
        ]
        append([first, *ends[::order]])
        assert present_state(site.pk, visitor).action == "withdraw"


def test_a_stranger_has_no_state():
    site = make_site()
    append([answer(site)])
    assert present_state(site.pk, uuid.uuid4()) is None


def test_a_circle_does_not_hang():
    site = make_site()
    visitor, one, two = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    append(
        [
            answer(site, record_id=one, visitor=visitor, replaces=two),
            answer(site, record_id=two, visitor=visitor, replaces=one, action="withdraw"),
        ]
    )
    assert present_state(site.pk, visitor).record_id == two
