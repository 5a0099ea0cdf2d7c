"""The one way out: every request that Fairgate sends to an address that somebody typed in (webhooks, anchors, scans).

It goes to public addresses only, or to the networks of `FAIRGATE_OUTGOING_NETWORKS`. The name is looked up once, and
the address that was judged is the one that is connected to. Redirects are answers, never followed; the environment's
proxies are not used; everything, the look-up and slow bytes included, is over at one deadline.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from django.conf import settings
from django.utils.translation import gettext

DEADLINE = 15.0  # seconds, for all of it
LARGEST = 1 << 20  # bytes of an answer's body that are read
LOOPBACK = "127.0.0.1"
LOOK_UPS = 16  # that may hang at a time; resolvers can't be interrupted

# IANA's registries of special addresses: what is not reachable from everywhere, or is not one host.
_SPECIAL_4 = [
    IPv4Network(text)
    for text in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
        "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
    )
]  # fmt: skip
_GLOBAL_6 = IPv6Network("2000::/3")
_SPECIAL_6 = [IPv6Network(text) for text in ("2001::/23", "2001:db8::/32", "2620:4f:8000::/48", "3fff::/20")]
_NAT64 = IPv6Network("64:ff9b::/96")

_looking_up = threading.BoundedSemaphore(LOOK_UPS)


class ForbiddenAddress(ValueError):
    """This request is not sent; the text says why and what to do."""


class _Private(ForbiddenAddress):
    def __init__(self, host: str, addresses: list[str]) -> None:
        super().__init__(
            gettext(
                "%(host)s is at %(addresses)s, which is no public address. If that is meant, list its "
                "network in FAIRGATE_OUTGOING_NETWORKS."
            )
            % {"host": host, "addresses": ", ".join(addresses)}
        )


class Late(TimeoutError):
    """It was not over at the deadline."""


@dataclass(frozen=True, slots=True)
class RemoteResponse:
    """What came back: the status, the body as far as it was read, and the headers."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()

    def header(self, name: str) -> str:
        """The first header of a name, in any case; "" without one."""
        return next((value for given, value in self.headers if given.lower() == name.lower()), "")


def _embedded_ipv4(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped:
            return address.ipv4_mapped
        if address.sixtofour:
            return address.sixtofour
        if address in _NAT64:
            return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def is_public(text: str) -> bool:
    """Whether an address, as text, is one host that is reachable from everywhere. Raises ValueError for no address."""
    address = _embedded_ipv4(ip_address(text.partition("%")[0]))
    if isinstance(address, IPv4Address):
        return not any(address in network for network in _SPECIAL_4)
    return address in _GLOBAL_6 and not any(address in network for network in _SPECIAL_6)


def may_reach(text: str) -> bool:
    """Whether requests may go to an address: it is public, or the operator has listed its network."""
    listed = [ip_network(str(one), strict=False) for one in settings.FAIRGATE_OUTGOING_NETWORKS]
    plain, given = _embedded_ipv4(ip_address(text.partition("%")[0])), ip_address(text.partition("%")[0])
    return is_public(text) or any(one in network for network in listed for one in (plain, given))


def check(url: str) -> None:
    """Raises ForbiddenAddress for what is no address to send to, as far as can be told without looking its name up."""
    _, host, _, _ = _split(url)
    try:
        private = not may_reach(host)
    except ValueError:  # a name
        return
    if private:
        raise _Private(host, [host])


def place(url: str) -> tuple[str, int]:
    """(host, port) of an address that somebody typed in. Raises ForbiddenAddress for what is none."""
    return _split(url)[1:3]


def _split(url: str) -> tuple[str, str, int, str]:
    """(scheme, host, port, path with query)."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ForbiddenAddress(
            gettext("%(url)r is no web address: %(error)s.") % {"url": url, "error": error}
        ) from None
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ForbiddenAddress(gettext("%(url)r is no web address; give one that begins with https://.") % {"url": url})
    if parts.username is not None or parts.password is not None:
        raise ForbiddenAddress(
            gettext("A web address with a user or a password in it is not used; put a token into its path.")
        )
    if any(ord(letter) < 33 or ord(letter) == 127 for letter in url):
        raise ForbiddenAddress(gettext("%(url)r holds blanks or control characters.") % {"url": url})
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        path.encode("ascii")
    except UnicodeEncodeError:
        raise ForbiddenAddress(f"{url!r}: write what is not ASCII in the path as %….") from None
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "https" else 80), path


def _addresses(host: str, port: int, until: float) -> list[str]:
    """What a name stands for, as the system's resolver says. Raises OSError, Late."""
    if not _looking_up.acquire(timeout=max(0.0, until - time.monotonic())):
        raise Late(f"{host} was not looked up in time: too many other names hang.")
    found: list[str] = []
    failed: list[BaseException] = []

    def look_up() -> None:
        try:
            rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(str(row[4][0]) for row in rows))
        except (OSError, UnicodeError) as error:
            failed.append(error)
        finally:
            _looking_up.release()

    thread = threading.Thread(target=look_up, daemon=True, name="look-up")
    thread.start()
    thread.join(max(0.0, until - time.monotonic()))
    if thread.is_alive():
        raise Late(f"{host} was not looked up in time.")
    if failed:
        raise OSError(f"{host} can't be found: {failed[0]}")
    return found


def connect(host: str, port: int, until: float) -> socket.socket:
    """A connection to a host that somebody typed in, or that a page names; `until` on the monotonic clock. Names under
    `localhost` are this machine (RFC 6761), whatever the resolver says. Raises ForbiddenAddress, Late, other
    OSErrors."""
    local = host == "localhost" or host.endswith(".localhost")
    addresses = [LOOPBACK] if local else _addresses(host, port, until)
    allowed = [address for address in addresses if may_reach(address)]
    if not allowed:
        raise _Private(host, addresses)
    problem: OSError = OSError(f"{host} has no address.")
    for address in allowed:
        left = until - time.monotonic()
        if left <= 0:
            break
        try:
            # An address, never the name: a second look-up might say something else.
            return socket.create_connection((address, port), timeout=left)
        except OSError as error:
            problem = error
    raise Late(f"{host} did not take the connection in time.") if time.monotonic() >= until else problem


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    deadline: float = DEADLINE,
    largest: int = LARGEST,
) -> RemoteResponse:
    """POSTs to an address that somebody typed in; an answer of any status is an answer.

    At most `largest` bytes of its body are read. Raises ForbiddenAddress when the address may not be reached, Late
    after `deadline` seconds, other OSErrors when the network fails or what answers speaks no HTTP.
    """
    return _exchange("POST", url, body, headers, deadline, largest)


def get(url: str, headers: Mapping[str, str], *, deadline: float = DEADLINE, largest: int = LARGEST) -> RemoteResponse:
    """GETs an address that somebody typed in, or that a page names; as `post`. A body that is longer than `largest` is
    cut, and one that is slower than the deadline is Late."""
    return _exchange("GET", url, None, headers, deadline, largest)


def _exchange(
    method: str, url: str, body: bytes | None, headers: Mapping[str, str], deadline: float, largest: int
) -> RemoteResponse:
    scheme, host, port, path = _split(url)
    until = time.monotonic() + deadline
    raw = connect(host, port, until)
    over = threading.Event()

    def end() -> None:
        # Timeouts of a socket begin anew with each byte; this one does not.
        if not over.wait(max(0.0, until - time.monotonic())):
            with contextlib.suppress(OSError):
                raw.shutdown(socket.SHUT_RDWR)

    watch = threading.Thread(target=end, daemon=True, name="deadline")
    watch.start()
    stream = raw
    try:
        if scheme == "https":
            # What fails in the handshake leaves the socket open, so that the finally below closes it.
            stream = ssl.create_default_context().wrap_socket(raw.dup(), server_hostname=host)
        connection = http.client.HTTPConnection(host, port)
        connection.default_port = 443 if scheme == "https" else 80  # for the Host header
        connection.sock = stream
        connection.request(method, path, body, {"User-Agent": "Fairgate", "Connection": "close", **headers})
        answer = connection.getresponse()
        made = RemoteResponse(answer.status, _read(answer, largest), tuple(answer.getheaders()))
        # A body that has no length just ends when the watch ends it.
        if largest and time.monotonic() >= until:
            raise TimeoutError
        return made
    except (OSError, http.client.HTTPException, ValueError) as error:
        if time.monotonic() >= until:
            raise Late(f"{host} had not answered in full after {deadline:.0f} seconds.") from error
        if isinstance(error, OSError):
            raise
        raise OSError(f"{host} does not speak HTTP: {error!r}"[:300]) from error
    finally:
        over.set()
        stream.close()
        raw.close()


def _read(answer: http.client.HTTPResponse, largest: int) -> bytes:
    pieces: list[bytes] = []
    left = largest
    while left > 0 and (piece := answer.read(min(left, 65536))):
        pieces.append(piece)
        left -= len(piece)
    return b"".join(pieces)
