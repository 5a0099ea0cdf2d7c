"""Tea shop takes requests; mail goes to a real SMTP server on this machine, links are followed from what arrived."""

from __future__ import annotations

import email
import re
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import default
from socket import socket
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.test import Client

from consent.requests.actions import set_form
from consent.sites.models import Site
from tests.cookiebanner.staff.conftest import (  # noqa: F401
    URL,
    alice,
    an_address,
    clerk,
    foreign,
    login,
    people,
    shop,
    work,
)


class Mailbox:
    """What the SMTP server was handed: the envelope's addresses and the mail as a program reads it."""

    def __init__(self) -> None:
        self.mails: list[tuple[list[str], EmailMessage]] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802  # aiosmtpd's name
        """Takes one in."""
        message: Any = email.message_from_bytes(envelope.content, policy=default)
        self.mails.append((envelope.rcpt_tos, message))
        return "250 OK"

    def last(self, to: str) -> tuple[str, str]:
        """Subject and text of the newest mail to an address, once the worker has sent what waits."""
        work()
        found = [message for addresses, message in self.mails if addresses == [to]]
        return str(found[-1]["Subject"]), str(found[-1].get_content())

    def link(self, to: str) -> str:
        """The path of its link to us."""
        _, text = self.last(to)
        [link] = [link for link in re.findall(r"https?://\S+", text) if link.startswith(URL)]
        return link.removeprefix(URL)


@pytest.fixture
def mailbox(settings) -> Iterator[Mailbox]:
    box = Mailbox()
    with socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = Controller(box, hostname="127.0.0.1", port=port)
    server.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
    yield box
    server.stop()


@pytest.fixture
def open_shop(shop, settings) -> Site:  # noqa: F811
    """The shop with its form switched on."""
    settings.FAIRGATE_RATE_LIMIT = 0
    set_form(shop, "alice@example.net", enabled=True, notify="privacy@example.net")
    return shop


@pytest.fixture
def visitor() -> Client:
    return Client()
