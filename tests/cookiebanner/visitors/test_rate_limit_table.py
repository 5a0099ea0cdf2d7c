"""One table for a process of its own and for all processes of a server: the bound is exact in both."""

from __future__ import annotations

import os
import random
import subprocess
import sys

import pytest

from cookiebanner.visitors import rate_limit_table
from cookiebanner.visitors.rate_limit_table import SETS, WAYS, RateLimitTable

ASK = (
    "import sys; from cookiebanner.visitors.rate_limit_table import of_this_process; limit, _ = of_this_process(); "
    "print(sum(limit.wait(f'198.51.100.{n % 7}', 50, 1000.0) == 0 for n in range(2000)))"
)


@pytest.fixture
def shared():
    fd = rate_limit_table.make()
    yield RateLimitTable(fd)
    os.close(fd)


@pytest.fixture(params=["its own", "shared"])
def limit(request):
    return RateLimitTable() if request.param == "its own" else request.getfixturevalue("shared")


def expected(times, limit):
    """What an exact limit over 61 whole seconds lets through, counted in the simplest way."""
    passed: list[float] = []
    for at in times:
        if sum(int(at) - int(earlier) <= 60 for earlier in passed) < limit:
            passed.append(at)
    return passed


@pytest.mark.parametrize("seed", range(5))
def test_it_lets_through_exactly_what_the_limit_says(limit, seed):
    chance = random.Random(seed)
    times, at = [], 500.0
    for _ in range(3000):
        at += chance.choice(
            [0.0, 0.01, 0.3, 1.0, 7.0, 59.9, 61.0, 200.0] if chance.random() < 0.05 else [0.0, 0.05, 0.4]
        )
        times.append(at)
    passed = [at for at in times if limit.wait("a", 30, at) == 0]
    assert passed == expected(times, 30)
    assert max(sum(start <= at < start + 60 for at in passed) for start in passed) == 30


def test_the_window_slides(limit):
    assert [limit.wait("a", 3, at) for at in (100.0, 110.5, 120.9, 121.0)] == [0, 0, 0, 40]
    assert limit.wait("a", 3, 160.0) == 1
    assert [limit.wait("a", 3, at) for at in (161.0, 161.5)] == [0, 10]
    assert limit.wait("b", 3, 161.5) == 0
    assert limit.wait("a", 0, 161.5) == 0
    assert limit.wait("a", 3, 1000.0) == 0


def test_the_wait_it_tells_is_enough(limit):
    at, passed = 50.0, 0
    for _ in range(300):
        wait = limit.wait("a", 7, at)
        passed += wait == 0
        at += wait or 0.3
    assert passed >= 60
    assert 7 * (at - 50) / 61 - 7 <= passed <= 7 * ((at - 50) / 60 + 1)


def test_a_process_that_was_given_no_table_counts_for_itself(monkeypatch):
    monkeypatch.delenv(rate_limit_table.FD, raising=False)
    minutes, hours = rate_limit_table.of_this_process()
    assert [limit.wait("a", 1, 100.0) for limit in (minutes, minutes, hours, hours)] == [0, 61, 0, 3660]
    assert [limit.wait("a", 1, 100.0) for limit in rate_limit_table.of_this_process()] == [0, 0]


def test_processes_count_together(shared):
    limit = shared
    env = {**os.environ, rate_limit_table.FD: f"{limit._fd},{limit._fd}"}
    running = [
        subprocess.Popen([sys.executable, "-c", ASK], env=env, pass_fds=[limit._fd], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    passed = [int(process.communicate(timeout=60)[0]) for process in running]
    assert sum(passed) == 7 * 50


def test_it_forgets_who_was_silent_longest_and_holds_no_address(limit):
    for number in range(SETS * WAYS * 2):
        limit.wait(f"198.{number >> 16}.{number >> 8 & 255}.{number & 255}", 1, 100.0 + number / 1e5)
    assert limit.wait("198.1.255.255", 1, 102.0) > 0
    assert b"198." not in bytes(limit._table)


def test_who_opens_the_same_table_reads_the_same_counts(shared):
    assert shared.wait("a", 1, 100.0) == 0
    assert RateLimitTable(shared._fd).wait("a", 1, 102.0) > 0
