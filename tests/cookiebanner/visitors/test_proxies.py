"""Who the client is: for limits, for logins, for the place, whatever comes in between."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from ipaddress import ip_network
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.cache import cache
from django.test import Client

from cookiebanner.health import readiness
from cookiebanner.staff import accounts
from cookiebanner.visitors import place, proxies, rate_limit
from cookiebanner.visitors.proxies import UNIX, UNKNOWN, client_key, limit_key, login_key, peer_of, trusted
from cookiebanner.visitors.rate_limit_table import RateLimitTable
from tests import corpus

pytestmark = pytest.mark.any_database

INSIDE = "10.1.2.3"


@pytest.fixture(autouse=True)
def nobody_seen(settings):
    settings.FAIRGATE_TRUSTED_PROXIES = []
    proxies.unnamed.forget()
    readiness.forget()
    cache.clear()
    yield
    proxies.unnamed.forget()
    readiness.forget()
    cache.clear()


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff:ffff:ffff:ffff", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("2001:db8:1:2::1%eth0", "[2001:db8:1:2::9]:443", True),
        ("198.51.100.1", "::ffff:198.51.100.1", True),
        ("198.51.100.1", "198.51.100.2", False),
        ("2002:c633:6401:1::1", "2002:c633:6401:ffff::2", True),  # 6to4: 65,536 networks of one address
        ("2002:c633:6401::1", "198.51.100.1", True),
        ("64:ff9b::198.51.100.1", "198.51.100.1", True),  # NAT64: all of the world is in one /64
        ("64:ff9b::198.51.100.1", "64:ff9b::198.51.100.2", False),
        ("2001:0:c633:6401:0:0:39cc:9bfe", "198.51.100.1", True),  # Teredo: the client
        ("2001:0:c633:6401:0:0:39cc:9bfe", "2001:0:c633:6401:0:0:39cc:9bfd", False),  # and not its server
        ("", "no-address", True),
        ("junk", "1.2.3.4.5", True),
    ],
)
def test_what_counts_as_one_client(one, other, same):
    assert (limit_key(one) == limit_key(other)) is same


def test_two_hundred_addresses_of_one_network_are_one_client():
    assert len({client_key({}, f"2001:db8:1:2::{n:x}") for n in range(200)}) == 1
    limit = RateLimitTable()
    assert [limit.wait(client_key({}, f"2001:db8:1:2::{n:x}"), 60) == 0 for n in range(200)].count(True) == 60


def test_a_unix_socket_s_peer_is_trusted_and_one_without_an_address_is_not(settings, tmp_path):
    there = {"x-forwarded-for": "198.51.100.1", "cf-ipcountry": "FR"}
    assert (trusted(UNIX), trusted(UNKNOWN)) == (True, False)
    assert client_key(there, UNIX) == login_key(there, UNIX) == "198.51.100.1"
    assert client_key({"x-forwarded-for": "198.51.100.2"}, UNIX) != client_key(there, UNIX)
    assert place.place_of(there, UNIX).country == "FR"
    assert place.place_of(there, UNKNOWN).country is None
    assert client_key(there, UNKNOWN) == "no-address"
    assert peer_of({"client": ("198.51.100.1", 5), "server": ("x", 80)}) == "198.51.100.1"
    assert peer_of({"client": None, "server": ("/run/fairgate.sock", None)}) == UNIX
    assert peer_of({"client": None, "server": ("x", 80)}) == peer_of({"client": None, "server": None}) == UNKNOWN


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
@pytest.mark.parametrize("peer", [INSIDE, "127.0.0.1", "::1", "fd00::5", "172.17.0.1", "100.64.3.2"])
@pytest.mark.django_db
def test_a_proxy_that_is_not_named_is_told_once_in_the_log_on_readyz_and_on_the_dashboard(caplog, client, name, peer):
    user = accounts.add_person("ada@example.net", "correct horse battery", operator=True)
    client.force_login(user)
    assert "FAIRGATE_TRUSTED_PROXIES" not in client.get("/dashboard/", REMOTE_ADDR=peer).content.decode()
    with caplog.at_level(logging.WARNING, "fairgate"):
        for _ in range(3):
            page = client.get("/dashboard/", REMOTE_ADDR=peer, headers={name: "198.51.100.1"}).content.decode()
    told = [record.getMessage() for record in caplog.records if "TRUSTED_PROXIES" in record.getMessage()]
    assert (len(told), f"FAIRGATE_TRUSTED_PROXIES={peer}" in told[0]) == (1, True)
    read = " ".join(page.split())  # as a browser shows it
    assert (f"A proxy at {peer} " in read, "FAIRGATE_TRUSTED_PROXIES" in read) == (True, True)
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert [word for word in ready.json()["warnings"] if "TRUSTED_PROXIES" in word] != []
    assert "198.51.100.1" not in page + ready.content.decode() + " ".join(told)


@pytest.mark.django_db
def test_a_named_proxy_and_a_stranger_are_not_told_of(client, settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    for peer in (INSIDE, "198.51.100.9", "203.0.113.9", "2a00::1", ""):
        client.get("/accounts/login/", REMOTE_ADDR=peer, headers={"X-Forwarded-For": "198.51.100.1"})
    client.get("/accounts/login/", REMOTE_ADDR="127.0.0.1")
    assert proxies.unnamed.addresses() == []


def log_in(address: str, peer: str, password: str = "wrong", email: str = "nobody@example.net"):  # noqa: S107
    return Client().post(
        "/accounts/login/", {"login": email, "password": password}, REMOTE_ADDR=peer,
        headers={"X-Forwarded-For": address} if address else {},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("stranger", "colleague"),
    [
        (("198.51.100.66", INSIDE), ("198.51.100.1", INSIDE)),  # behind a proxy that is not named
        (("6.6.6.6, 198.51.100.66", "127.0.0.1"), ("2001:db8::1", "127.0.0.1")),
        (("198.51.100.66", ""), ("198.51.100.1", "")),  # behind a unix socket
        (("", "2001:db8:6:6::1"), ("", "2001:db8:1:1::1")),
    ],
)
@pytest.mark.django_db
def test_wrong_logins_of_one_visitor_lock_out_nobody_else(stranger, colleague):
    accounts.add_person("ada@example.net", "correct horse battery")
    address, peer = stranger
    for number in range(32):
        last = log_in(address, peer, email=f"nobody{number}@example.net")
    assert last.status_code == 429 or b"Too many" in last.content
    address, peer = colleague
    got = log_in(address, peer, password="correct horse battery", email="ada@example.net")  # noqa: S106
    assert (got.status_code, got["Location"]) == (302, "/dashboard/")


@pytest.mark.django_db
def test_a_stranger_cannot_make_up_addresses(settings):
    """What is claimed from outside, or before the last proxy, makes no new client."""
    rate_limit.rate_limit.__init__()  # type: ignore[misc]  # nobody counted yet
    settings.FAIRGATE_RATE_LIMIT = 3
    corpus.make_world()
    _, request, _ = corpus.cases()[0]

    def answers(peer, claims):
        told = []
        for claim in claims:
            told.append(
                Client().generic(
                    "POST", request.path, request.body, request.headers["content-type"], REMOTE_ADDR=peer,
                    headers={"Origin": request.headers["origin"], "X-Forwarded-For": claim},
                ).status_code
            )  # fmt: skip
        return told.count(429)

    five = [f"198.51.100.{n}" for n in range(5)]
    assert answers("203.0.113.9", five) == 2
    assert answers(INSIDE, five) == 2  # not named: not believed
    assert answers("", [f"{one}, 203.0.113.77" for one in five]) == 2
    assert answers("", five) == 0
    assert get_user_model().objects.count() == 0


def test_the_work_is_bounded_whatever_a_header_holds(settings):
    settings.FAIRGATE_TRUSTED_PROXIES = [ip_network("10.0.0.0/8")]
    started = time.process_time()
    for text in ("," * 64_000, "10.0.0.1," * 8_000, "1" * 64_000, ("[" * 60 + ",") * 1_000, "10.0.0.1, " * 6_000):
        for _ in range(100):
            client_key({"x-forwarded-for": text}, INSIDE)
            login_key({"x-forwarded-for": text}, INSIDE)
    assert time.process_time() - started < 2.0  # a thousand; each took more when all entries were looked at


def test_a_socket_file_is_a_unix_peer(tmp_path):
    from cookiebanner.lane.protocol import _peer_without_address

    class Transport(asyncio.BaseTransport):
        def __init__(self, one):
            self.one = one

        def get_extra_info(self, name, default=None):
            return self.one

    with socket.socket(socket.AF_UNIX) as unix, socket.socket() as tcp:
        assert [_peer_without_address(Transport(one)) for one in (unix, tcp, None)] == [UNIX, UNKNOWN, UNKNOWN]
    assert Path(tmp_path).exists()
