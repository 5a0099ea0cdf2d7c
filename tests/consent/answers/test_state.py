from __future__ import annotations

import uuid

import pytest

from consent.answers.state import answer_in_force
from consent.ledger.append import append
from tests.consent.ledger.sample_ledger import answer, make_site
from tests.values import present

pytestmark = pytest.mark.django_db


def test_a_late_replay_never_resurrects_an_old_grant():
    site = make_site()
    visitor = uuid.uuid4()
    grant = answer(site, visitor=visitor)
    withdrawal = answer(site, visitor=visitor, replaces=grant.record_id, action="withdraw")
    append([withdrawal])
    append([grant])  # it was queued in the browser all the while
    append([withdrawal, grant])
    assert present(answer_in_force(site.pk, visitor)).record_id == withdrawal.record_id


def test_the_longest_chain_wins_then_the_later_arrival():
    site = make_site()
    visitor = uuid.uuid4()
    first = answer(site, visitor=visitor)
    second = answer(site, visitor=visitor, replaces=first.record_id)
    third = answer(site, visitor=visitor, replaces=second.record_id, action="withdraw")
    fork = answer(site, visitor=visitor, replaces=first.record_id)
    append([first, second, third, fork])
    assert present(answer_in_force(site.pk, visitor)).action == "withdraw"
    alone = uuid.uuid4()
    append([answer(site, visitor=alone), answer(site, visitor=alone, action="custom")])
    assert present(answer_in_force(site.pk, alone)).action == "custom"


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
        assert present(answer_in_force(site.pk, visitor)).action == "withdraw"


def test_a_stranger_has_no_state():
    site = make_site()
    append([answer(site)])
    assert answer_in_force(site.pk, uuid.uuid4()) is None


def test_a_circle_does_not_hang():
    site = make_site()
    visitor, one, two = uuid.uuid4(), uuid.uuid4(), uuid.uuid4()
    append(
        [
            answer(site, record_id=one, visitor=visitor, replaces=two),
            answer(site, record_id=two, visitor=visitor, replaces=one, action="withdraw"),
        ]
    )
    assert present(answer_in_force(site.pk, visitor)).record_id == two


def test_a_forged_replaces_changes_nobody_elses_state():
    site = make_site()
    owner, thief = uuid.uuid4(), uuid.uuid4()
    grant = answer(site, visitor=owner)
    later = answer(site, visitor=owner, replaces=grant.record_id, action="custom")
    append([grant, later])
    append(
        [
            answer(site, visitor=thief, replaces=later.record_id, action="withdraw"),
            answer(site, visitor=None, replaces=later.record_id, action="reject_all"),
            answer(site, visitor=thief, replaces=grant.record_id, action="accept_all"),
        ]
    )
    assert present(answer_in_force(site.pk, owner)).record_id == later.record_id


def test_what_names_a_strangers_record_counts_as_the_beginning_of_ones_own_chain():
    """A long chain of somebody else's gives an answer no weight against the visitor's own."""
    site = make_site()
    owner, thief = uuid.uuid4(), uuid.uuid4()
    chain = [answer(site, visitor=owner)]
    for _ in range(4):
        chain.append(answer(site, visitor=owner, replaces=chain[-1].record_id))
    mine = answer(site, visitor=thief)
    said_no = answer(site, visitor=thief, replaces=mine.record_id, action="withdraw")
    borrowed = answer(site, visitor=thief, replaces=chain[-1].record_id)
    append([*chain, mine, said_no, borrowed])
    assert present(answer_in_force(site.pk, thief)).record_id == said_no.record_id


def test_the_same_id_at_another_site_changes_no_state():
    site, other = make_site(), make_site("Other")
    visitor = uuid.uuid4()
    grant = answer(site, visitor=visitor)
    append([grant, answer(other, visitor=visitor, replaces=grant.record_id, action="withdraw")])
    assert present(answer_in_force(site.pk, visitor)).record_id == grant.record_id
