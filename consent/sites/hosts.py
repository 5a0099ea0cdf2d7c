"""Host names as people give them, and which of them a site may have. Pure; the public suffix list is a file.

A host of a site covers its subdomains too. So it must not be a name under which strangers have theirs: a public suffix
(`com`, `co.uk`, `github.io`), or an ending that networks share (`local`, `internal`).
"""

from __future__ import annotations

import re
from functools import cache
from ipaddress import IPv4Address, IPv6Address
from urllib.parse import urlsplit

import idna
from django.utils.translation import gettext
from publicsuffixlist import PublicSuffixList

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")  # a last label like this makes browsers read the host as an IPv4 address
_SPACE_OR_CONTROL = re.compile(r"[\s\x00-\x1f\x7f]")
_LONGEST = 1000  # characters that are looked at; a host name has at most 253
# Not in the list, since nobody registers under them: RFC 6761, 6762, 7686, 8375, 9476, ICANN's `internal`, and habit.
SHARED_ENDINGS = frozenset(
    {
        "alt", "arpa", "corp", "domain", "example", "home", "internal", "intranet", "invalid", "lan", "local",
        "localdomain", "onion", "private", "test",
    }
)  # fmt: skip


def clean_host(text: str) -> str:
    """A host as people paste it (`https://Example.com:8000/`) → `example.com`, as a browser sends it in `Origin`.

    International names become Punycode (`Bücher.example` and `xn--bcher-kva.example` are the same), IPv6 addresses lose
    their brackets, a trailing dot and a leading `*.` go. Raises ValueError in words.
    """
    if host := _host(text):
        return host
    raise ValueError(gettext("%(text)r is not a host name, such as example.com.") % {"text": text[:100]})


def site_host(text: str) -> str:
    """`clean_host` for a host that a site is to have. Raises ValueError, in words, for one that strangers share."""
    host = clean_host(text)
    if _suffixes().is_public(host):
        raise ValueError(
            gettext(
                "%(host)s is a public suffix: strangers have their sites under it. Give the name of your "
                "own, such as shop.%(host)s."
            )
            % {"host": host}
        )
    if host in SHARED_ENDINGS:
        raise ValueError(
            gettext("%(host)s is an ending that many hosts share. Give the whole name, such as shop.%(host)s.")
            % {"host": host}
        )
    return host


@cache
def _suffixes() -> PublicSuffixList:
    # Both sections of the list: github.io is a private domain. Names without a rule (localhost, intranets) may be had.
    return PublicSuffixList(accept_unknown=False)


def _host(text: str) -> str:
    text = text.strip()
    if len(text) > _LONGEST or _SPACE_OR_CONTROL.search(text):
        return ""
    try:
        parts = urlsplit(text if "//" in text else "//" + text)
        host, _ = parts.hostname or "", parts.port  # a port that is none is a typing error
    except ValueError:
        return ""
    if "@" in parts.netloc:
        return ""
    if parts.netloc.startswith("["):
        try:
            return IPv6Address(host).compressed if "%" not in host else ""
        except ValueError:
            return ""
    host = host.removeprefix("*.")
    if not host.isascii() or "xn--" in host:
        try:
            host = ".".join(map(_ascii, idna.uts46_remap(host, std3_rules=False, transitional=False).split(".")))
        except (idna.IDNAError, ValueError):
            return ""
    host = host.removesuffix(".")
    labels = host.split(".")
    if len(host) > 253 or not all(map(_LABEL.fullmatch, labels)):
        return ""
    if _NUMBER.fullmatch(labels[-1]):
        try:
            return str(IPv4Address(host))
        except ValueError:
            return ""
    return host


def _ascii(label: str) -> str:
    """A label as browsers write it (UTS 46, without the checks of IDNA 2008: hosts with emoji exist). Raises
    ValueError for Punycode that stands for something else than it says."""
    if label.startswith("xn--"):
        plain = label[4:].encode().decode("punycode")
        if plain.isascii() or idna.uts46_remap(plain, std3_rules=False, transitional=False) != plain:
            raise ValueError(label)
        return label
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()
