"""Requests go where they may go, to the address that was judged, and are over in time whatever answers."""

from __future__ import annotations

import contextlib
import socket
import ssl
import subprocess
import threading
import time
from typing import Any

import pytest

from consent.jobs import outgoing
from tests.consent.jobs.servers import Server, says


@pytest.fixture
def server():
    made: list[Server] = []

    def make(behave, host: str = "127.0.0.1") -> Server:
        made.append(Server(behave, host))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def here(settings):
    settings.FAIRGATE_OUTGOING_NETWORKS = ["127.0.0.1/32"]


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.9.9.9", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "100.127.255.255", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1",
        "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.88.99.1",
        "::", "::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1", "fe80::1", "fe80::1%lo", "fc00::1",
        "fd12:3456::1", "fec0::1", "ff02::1", "2002:7f00:1::", "2002:a00:1::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1", "2001:db8::1", "2001::1", "100::1", "3fff::1", "5f00::1", "4000::1",
    ],
)  # fmt: skip
def test_an_address_that_is_no_public_host_is_none(address):
    assert outgoing.is_public(address) is False
    assert outgoing.may_reach(address) is False


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "100.63.255.255", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101"]
)  # fmt: skip
def test_a_public_one_is(address):
    assert outgoing.is_public(address) is True


@pytest.mark.parametrize("host", ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0"])  # fmt: skip
def test_this_machine_is_not_reached_under_any_name(server, host):
    place = server(says(200))
    with pytest.raises(outgoing.ForbiddenAddress, match="FAIRGATE_OUTGOING_NETWORKS"):
        outgoing.post(f"http://{host}:{place.port}/", b"", {})
    assert place.requests == []


@pytest.mark.parametrize(
    "url",
    ["ftp://a.example/", "file:///etc/passwd", "http:///x", "http://u:p@a.example/", "http://a.example:99999/", "", "//a.example",
     "http://a.example/\r\nx: y", "http://a.example/ x", "http://a.example/é"],
)  # fmt: skip
def test_what_is_no_address_is_refused_in_words(url):
    with pytest.raises(outgoing.ForbiddenAddress):
        outgoing.check(url)


def test_a_listed_network_is_reached_and_nothing_beside_it(server, here):
    place, beside = server(says(204)), server(says(204), "127.0.0.2")
    assert outgoing.post(place.url, b"x", {"A": "b"}).status == 204
    assert b"\r\nHost: 127.0.0.1:%d\r\n" % place.port in place.requests[0]
    with pytest.raises(outgoing.ForbiddenAddress):
        outgoing.post(beside.url, b"x", {})


def test_the_address_that_was_judged_is_the_one_that_is_connected_to(server, here, monkeypatch):
    place = server(says(200))
    hidden = Server(says(200), "127.0.0.2")
    answers = iter(["127.0.0.1", "127.0.0.2", "127.0.0.2"])
    real = socket.getaddrinfo
    asked = []

    def rebinding(host, *rest, **more):
        if host != "rebind.example":
            return real(host, *rest, **more)
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (next(answers), place.port))]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    assert outgoing.post(f"http://rebind.example:{place.port}/", b"", {}).status == 200
    assert (len(asked), len(place.requests), len(hidden.requests)) == (1, 1, 0)
    hidden.close()


def test_a_redirect_is_an_answer(server, here):
    goal = server(says(200))
    place = server(says(302, f"Location: {goal.url}"))
    assert outgoing.post(place.url, b"", {}).status == 302
    assert goal.requests == []


def test_the_proxies_of_the_environment_are_not_asked(server, here, monkeypatch):
    proxy, place = server(says(500)), server(says(200))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy.url)
    assert outgoing.post(place.url, b"", {}).status == 200
    assert proxy.requests == []


def drip(start: bytes, piece: bytes):
    """Sends a piece every 50 ms until the other side goes."""

    def behave(taken: socket.socket) -> None:
        taken.sendall(start)
        while True:
            time.sleep(0.05)
            taken.sendall(piece)

    return behave


@pytest.mark.parametrize(
    "behave",
    [
        lambda taken: threading.Event().wait(30),
        drip(b"", b"H"),
        drip(b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"),
        drip(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
        drip(b"HTTP/1.1 200 OK\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n", b"x"),
        drip(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    ],
    ids=["hangs", "drips", "drips headers", "goes on continuing", "drips a body", "drips a long body", "drips chunks"],
)
def test_it_is_over_at_the_deadline_whatever_answers(server, here, behave):
    place = server(behave)
    begun = time.monotonic()
    with pytest.raises(OSError):  # noqa: PT011 - a hundred lines of headers come before the deadline
        outgoing.post(place.url, b"", {}, deadline=1)
    assert time.monotonic() - begun < 10


def test_a_handshake_that_never_ends_is_over_too(here):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        begun = time.monotonic()
        with pytest.raises(outgoing.Late):
            outgoing.post(f"https://127.0.0.1:{silent.getsockname()[1]}/", b"", {}, deadline=1)
        assert time.monotonic() - begun < 10


def test_a_name_that_is_not_looked_up_in_time_is_given_up(here, monkeypatch):
    hang = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: hang.wait(30) and [])
    begun = time.monotonic()
    with pytest.raises(outgoing.Late):
        outgoing.post("http://slow.example/", b"", {}, deadline=0.5)
    hang.set()
    assert time.monotonic() - begun < 10


def test_of_a_huge_answer_only_so_much_is_read(server, here):
    sent: list[Any] = []

    def huge(taken: socket.socket) -> None:
        taken.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        with contextlib.suppress(OSError):
            while len(sent) < 4000:
                taken.sendall(b"x" * 65536)
                sent.append(1)

    place = server(huge)
    assert len(outgoing.post(place.url, b"", {}, largest=100_000).body) == 100_000
    assert len(sent) < 4000


@pytest.mark.parametrize("answer", [b"", b"what?\r\n\r\n", b"HTTP/1.1 200 OK\r\n" + b"A" * 70_000 + b"\r\n\r\n"])
def test_what_speaks_no_http_is_an_error_of_the_network(server, here, answer):
    place = server(lambda taken: taken.sendall(answer))
    with pytest.raises(OSError):  # noqa: PT011
        outgoing.post(place.url, b"", {})


def test_a_certificate_must_be_good_and_for_the_name(here, tmp_path, monkeypatch):
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "2",
         "-addext", "subjectAltName=DNS:localhost", "-keyout", key, "-out", certificate], check=True, capture_output=True,
    )  # fmt: skip
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    def serve(listening: socket.socket) -> None:
        for _ in range(3):
            taken, _ = listening.accept()
            with contextlib.suppress(OSError), context.wrap_socket(taken, server_side=True) as stream:
                stream.recv(65536)
                stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")

    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        port = listening.getsockname()[1]
        with pytest.raises(ssl.SSLError):
            outgoing.post(f"https://localhost:{port}/", b"", {})
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
        answer = outgoing.post(f"https://localhost:{port}/", b"", {})
        assert (answer.status, answer.body, answer.header("content-length")) == (200, b"hi", "2")
        with pytest.raises(ssl.SSLError):
            outgoing.post(f"https://127.0.0.1:{port}/", b"", {})
