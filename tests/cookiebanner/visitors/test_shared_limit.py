"""One limit for all server processes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from cookiebanner.visitors import shared_limit
from cookiebanner.visitors.shared_limit import SETS, WAYS, SharedRateLimit

ASK = (
    "import sys; from cookiebanner.visitors.shared_limit import of_all_processes; limit, _ = of_all_processes(); "
    "print(sum(limit.wait(f'198.51.100.{n % 7}', 50, 1000.0) == 0 for n in range(2000)))"
)


@pytest.fixture
def limit():
    fd = shared_limit.make()
    yield SharedRateLimit(fd)
    os.close(fd)


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


def test_processes_count_together(limit):
    env = {**os.environ, shared_limit.FD: f"{limit._fd},{limit._fd}"}
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
    whole = bytes(limit._table)
    assert b"198." not in whole
    assert SharedRateLimit(limit._fd).wait("198.1.255.255", 1, 102.0) > 0
