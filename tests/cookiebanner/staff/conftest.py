"""The dashboard's people; this server has an address, and mail goes to `django.core.mail.outbox`."""

from __future__ import annotations

import re

import pytest
from django.core import mail

from consent.jobs import registry, runner
from tests.cookiebanner.dashboard.conftest import (  # noqa: F401
    alice,
    clerk,
    foreign,
    login,
    people,
    shop,
)

URL = "https://consent.example.net"


@pytest.fixture(autouse=True)
def an_address(settings):
    settings.FAIRGATE_URL = URL


def work() -> None:
    """What the worker does beside the server."""
    registry.discover()
    runner.work_off(periodic=False)


def mailed_link(to: str, number: int = -1) -> str:
    """The path of the link in the last mail to an address."""
    work()
    mine = [message for message in mail.outbox if message.to == [to]]
    [link] = re.findall(r"https?://\S+", str(mine[number].body))
    assert link.startswith(URL + "/")
    return link.removeprefix(URL)
