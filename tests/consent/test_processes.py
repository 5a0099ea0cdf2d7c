"""Pieces of work in other processes: the order is kept, errors arrive, nobody is left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest
from django.conf import settings
from django.db import connection

from consent import processes

ROOT = settings.BASE_DIR


def slow_first(number: int) -> tuple[int, int]:
    """The first pieces take longest; says who worked."""
    time.sleep(0.3 if number == 0 else 0)
    return number, os.getpid()


def refuse(number: int) -> int:
    if number == 2:
        raise ValueError("the third piece")
    return number


def sites(number: int) -> str:
    from consent.models import Site

    return Site.objects.get().name


def test_results_come_in_the_order_of_the_pieces_from_other_processes():
    made = list(processes.in_order(slow_first, range(12), 2))
    assert [number for number, _ in made] == list(range(12))
    assert len({pid for _, pid in made}) == 2
    assert os.getpid() not in {pid for _, pid in made}


def test_one_process_is_this_one():
    assert list(processes.in_order(slow_first, range(2), 1)) == [(0, os.getpid()), (1, os.getpid())]


@pytest.mark.parametrize("workers", [1, 2])
def test_what_a_piece_raises_is_raised_here_in_its_turn(workers):
    seen: list[int] = []
    with pytest.raises(ValueError, match="the third piece"):
        seen.extend(processes.in_order(refuse, range(9), workers))
    assert list(processes.in_order(refuse, range(2), workers)) == [0, 1]


def test_no_more_pieces_are_asked_for_than_can_wait():
    asked = 0

    def pieces():
        nonlocal asked
        for number in range(100):
            asked += 1
            yield number

    results = processes.in_order(slow_first, pieces(), 2)
    next(results)
    assert asked == processes.AHEAD * 2 + 1
    del results  # ends them


@pytest.mark.django_db(transaction=True)
def test_other_processes_have_the_same_database():
    from consent.models import Site

    if connection.vendor == "sqlite":
        assert processes.shared() is False  # its tests' database is in memory
        return
    Site.objects.create(name="Shop")
    assert processes.shared() is True
    assert list(processes.in_order(sites, [0], 2)) == ["Shop"]


@pytest.mark.django_db
def test_what_a_transaction_wrote_is_not_looked_for_by_others():
    assert processes.shared() is False


ORPHANS = """
import sys, time
import django; django.setup()
from consent import processes
from tests.consent.test_processes import slow_first
if __name__ == "__main__":
    for number, pid in processes.in_order(slow_first, range(10**9), 2):
        print(pid, flush=True)
"""


def test_they_end_when_the_process_that_asked_is_killed(tmp_path):
    script = tmp_path / "asks.py"
    script.write_text(ORPHANS)
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "FAIRGATE_DATA": str(tmp_path)}
    asking = subprocess.Popen([sys.executable, str(script)], env=environment, stdout=subprocess.PIPE, text=True)
    assert asking.stdout is not None
    found = {int(asking.stdout.readline()) for _ in range(50)}
    asking.kill()
    asking.wait()
    deadline = time.monotonic() + 20
    while any(running(pid) for pid in found) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert (len(found) >= 1, [pid for pid in found if running(pid)]) == (True, [])


def running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
