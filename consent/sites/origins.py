"""Host names as requests say them: bounded before anything is done with them. Pure.

A host name is at most 253 bytes and 127 labels, else it is none. No cache here has a key longer than `LONGEST_ORIGIN`
or `LONGEST_URL`, so that what strangers send can't fill the memory.
"""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import AddressValueError, IPv6Address
from urllib.parse import urlsplit

LONGEST_HOST = 253  # bytes, without the dot at the end
LONGEST_ORIGIN = LONGEST_HOST + len("https://.:65535")
LONGEST_URL = 1024  # characters of a URL that are looked at for its host
MOST_LABELS = 127
_LABEL = r"[a-z0-9_-]{1,63}"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL}){{0,{MOST_LABELS - 1}}}")
# RFC 6454 §6.2: scheme, host and port, nothing else. Browsers write Punycode, and never the port 0.
_ORIGIN = re.compile(r"https?://(?P<host>\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,254})(?::(?P<port>[1-9][0-9]{0,4}))?")


def host_name(text: str) -> str:
    """The host name in lower case, without a dot at its end and without an IPv6 address's brackets; "" when it is none.

    International names come in Punycode; a zone (`fe80::1%eth0`) makes no name.
    """
    if len(text) > LONGEST_HOST + 1 or not text.isascii():
        return ""
    name = text.lower()
    if ":" in name:
        bracketed = name[:1] == "[" and name[-1:] == "]"
        try:
            return IPv6Address(name[1:-1] if bracketed else name).compressed if "%" not in name else ""
        except AddressValueError:
            return ""
    name = name.removesuffix(".")
    return name if len(name) <= LONGEST_HOST and _NAME.fullmatch(name) else ""


def origin_host(origin: str) -> str:
    """The host of an Origin header that is exactly `http(s)://host[:port]`; "" for everything else, `null` too.

    Capitals, a dot at the end and a default port are read as what they mean, although browsers do not send them.
    """
    return _origin_host(origin) if len(origin) <= LONGEST_ORIGIN else ""


@lru_cache(4096)  # asked twice of every answer, and Origins are few
def _origin_host(origin: str) -> str:
    # Some letters beyond ASCII (the Kelvin sign) become ASCII in lower case.
    found = _ORIGIN.fullmatch(origin.lower()) if origin.isascii() else None
    if found is None or int(found["port"] or 0) > 65535:
        return ""
    return host_name(found["host"])


def host_of(url: str) -> str:
    """The host name of a URL, of which only the beginning is looked at; "" when there is none."""
    return _host_of(url[:LONGEST_URL])


@lru_cache(1024)
def _host_of(url: str) -> str:
    try:
        return host_name(urlsplit(url).hostname or "")
    except ValueError:
        return ""


def suffixes(host: str) -> list[str]:
    """`a.b.c` → `["a.b.c", "b.c", "c"]`; none of what is too long for a host name."""
    if len(host) > LONGEST_HOST:
        return []
    parts = host.split(".", MOST_LABELS)
    return [".".join(parts[i:]) for i in range(len(parts))] if len(parts) <= MOST_LABELS else []
