"""Who the client is: one answer for the rate limit, the login throttle, the place and the lane.

The client is the direct peer, or what a proxy that the operator trusts (FAIRGATE_TRUSTED_PROXIES) says in
X-Forwarded-For. A peer is the address of the other end of the connection; "" is a unix socket, to which only this
machine connects, so that it is trusted; a connection whose peer is not known is `UNKNOWN` and is not.

Addresses are neither stored nor logged nor kept in a cache. Two exceptions: proxies' own, and `unnamed`, which is for
the operator to see.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

from django.conf import settings

Address = IPv4Address | IPv6Address
UNIX, UNKNOWN = "", "unknown"  # peers without an address
HOPS = 20  # proxies in a row that are looked at; what is before them may be as long as a header may be
LONGEST = 60  # characters of an address as text, with brackets, zone and port
REMEMBERED = 3600.0  # seconds that an unnamed proxy is told of after it was last seen
FORWARDING = ("x-forwarded-for", "forwarded", "x-real-ip")  # what proxies add
log = logging.getLogger("fairgate")


def trusted(peer: str) -> bool:
    """True for a unix socket, and for addresses of FAIRGATE_TRUSTED_PROXIES (IPv4-mapped IPv6 too)."""
    if not peer:
        return True
    if not settings.FAIRGATE_TRUSTED_PROXIES:
        return False
    if peer in _proxies and _networks[0] is settings.FAIRGATE_TRUSTED_PROXIES:
        return True
    address = parsed(peer)
    if address is None or not _is_trusted(address):
        return False
    if len(_proxies) < 64:
        _proxies.add(peer)
    return True


def client_address(headers: Mapping[str, str], peer: str) -> str:
    """The client's address: X-Forwarded-For read from the right, past every trusted proxy.

    `headers` by lower-case name. An untrusted peer is the client, whatever it claims. "" when there is no address: the
    proxy behind a unix socket said none, or the peer is not known.
    """
    return str(_client(headers, peer) or "")


def limit_key(address: str) -> str:
    """What counts as one client where requests are counted: an IPv4 address, or the /64 that one IPv6 client has.

    6to4, Teredo and NAT64 count by the IPv4 address inside: it has 65,536 networks, or shares one with strangers.
    All without an address are one client.
    """
    return _key(parsed(address))


def client_key(headers: Mapping[str, str], peer: str) -> str:
    """`limit_key` of the client of a request."""
    return _key(_client(headers, peer))


def _client(headers: Mapping[str, str], peer: str) -> Address | None:
    address = parsed(peer)
    if address is None and peer:
        return None
    if address is None or _is_trusted(address):
        for entry in reversed(headers.get("x-forwarded-for", "").rsplit(",", HOPS)[-HOPS:]):
            before = parsed(entry)
            if before is None:
                break
            address = before
            if not _is_trusted(address):
                break
    elif "x-forwarded-for" in headers or "forwarded" in headers or "x-real-ip" in headers:
        unnamed.record(address)
    return address


def _key(found: Address | None) -> str:
    if found is None:
        return "no-address"
    number = int(found)
    if found.version == 6:
        if number >> 112 == 0x2002 or number >> 96 == 0x20010000 or number >> 32 == 0x64FF9B << 64:
            inner = found.sixtofour or (found.teredo and found.teredo[1]) or IPv4Address(number & 0xFFFFFFFF)
            return str(inner)
        return f"{number >> 64:x}/64"
    return str(found)


def login_key(headers: Mapping[str, str], peer: str) -> str:
    """What counts as one client of the login.

    Behind a proxy that is not named all would be one, and thirty wrong passwords of one stranger would lock everybody
    out. So its last X-Forwarded-For counts as well. Who can make that up tries more often, until the account's own
    limit stops it; it is believed for nothing else.
    """
    key = client_key(headers, peer)
    address = parsed(peer)
    if address is not None and _is_inside(address) and not _is_trusted(address):
        claimed = parsed(headers.get("x-forwarded-for", "").rpartition(",")[2])
        if claimed is not None:
            return f"{key}/{limit_key(str(claimed))}"
    return key


def peer_of(scope: Mapping[str, Any]) -> str:
    """The peer of an ASGI scope."""
    client = scope.get("client")
    if client:
        return str(client[0])
    server = scope.get("server")
    return UNIX if server and server[1] is None else UNKNOWN  # ASGI: a unix socket's server is [path, None]


class Unnamed:
    """Proxies that were seen and are not in FAIRGATE_TRUSTED_PROXIES. Without their names every visitor has theirs.

    Only private addresses count: anybody on the internet may send a proxy's headers.
    """

    MOST = 8

    def __init__(self) -> None:
        self._seen: dict[str, float] = {}  # address → when last, monotonic

    def record(self, address: Address) -> None:
        """A request with a proxy's headers came from there."""
        if not _is_inside(address):
            return
        name = str(address)
        if name not in self._seen:
            if len(self._seen) >= self.MOST:
                return
            log.warning(
                "A proxy at %s passes requests on, but is not in FAIRGATE_TRUSTED_PROXIES: all its visitors count as "
                "one in every limit, and its headers are not believed. Name it: FAIRGATE_TRUSTED_PROXIES=%s",
                name,
                name,
            )
        self._seen[name] = time.monotonic()

    def addresses(self) -> list[str]:
        """Those seen by this process within the last hour."""
        now = time.monotonic()
        return sorted(name for name, at in list(self._seen.items()) if now - at < REMEMBERED)

    def forget(self) -> None:
        self._seen.clear()


unnamed = Unnamed()


def parsed(text: str) -> Address | None:
    """An address from `1.2.3.4`, `1.2.3.4:5`, `[2001:db8::1]:5`, `fe80::1%eth0`, `::ffff:1.2.3.4`; None for junk."""
    if not text or len(text) > LONGEST:
        return None
    text = text.strip().strip('"')
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(address, "ipv4_mapped", None) or address


INSIDE = (
    "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
    "100.64.0.0/10",  # RFC 6598: between a provider's or a cloud's own machines
    "::1/128", "fc00::/7", "fe80::/10",
)  # fmt: skip
_INSIDE = tuple(
    tuple((int(n.network_address), int(n.netmask)) for n in map(ip_network, INSIDE) if n.version == version)
    for version in (4, 6)
)


def _is_inside(address: Address) -> bool:
    """On this machine or in a network of one's own; `is_private` would count the networks of documentation, too."""
    return _contains(_INSIDE[0 if address.version == 4 else 1], int(address))


_networks: tuple[Any, tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]] = (None, (), ())
_proxies: set[str] = set()  # proxies seen, as written; never a visitor: those are not trusted


def _is_trusted(address: Address) -> bool:
    global _networks
    given = settings.FAIRGATE_TRUSTED_PROXIES
    if _networks[0] is not given:
        # Integers: 25 networks of a CDN are compared in about two microseconds.
        v4 = tuple((int(n.network_address), int(n.netmask)) for n in given if n.version == 4)
        v6 = tuple((int(n.network_address), int(n.netmask)) for n in given if n.version == 6)
        mapped = (_unmapped(n) for n in given if n.version == 6 and n.prefixlen >= 96)
        _proxies.clear()
        _networks = (given, v4 + tuple(n for n in mapped if n), v6)
    return _contains(_networks[1 if address.version == 4 else 2], int(address))


def _contains(networks: tuple[tuple[int, int], ...], number: int) -> bool:
    return any(number & mask == start for start, mask in networks)


def _unmapped(network: IPv6Network) -> tuple[int, int] | None:
    inner = network.network_address.ipv4_mapped
    return (int(inner), int(network.netmask) & 0xFFFFFFFF) if inner else None
