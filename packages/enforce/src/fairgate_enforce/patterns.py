"""Request patterns: what a block rule says, and which service a URL belongs to. Pure.

A pattern is `HOST[/PATH][?PARAM[=VALUE]]`, a first-party path `/PATH[?…]`, or, rarely, `re:REGEX` over the full URL.
HOST matches itself and its subdomains, never a mere ending of a name; PATH is a case-sensitive prefix; PARAM must be in
the query, with VALUE when given. `cookiebanner/banner/src/block/match.js` reads the same table in browsers; both are
held to `tests/vectors/patterns.json`.
"""

from __future__ import annotations

import contextlib
import re
from typing import NamedTuple
from urllib.parse import unquote

Entry = list[str | int]
Table = dict[str, list[Entry]]

FIRST_PARTY = "/"  # table key of paths on the page's own host
REGEX = ""  # table key of regular expressions

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE | re.ASCII)
_IPV6 = re.compile(r"\[[0-9a-f:.]+\]")
# Python would take these, a browser would throw.
_NOT_IN_BROWSERS = re.compile(r"\(\?(?:P|#|>|\(|[aiLmsux]+[-:)])|(?<!\\)\\[AZ]|[*+?}]\+")


class Pattern(NamedTuple):
    """One parsed pattern: `host` is "" for a first-party path; `regex` alone is set for `re:`."""

    host: str = ""
    path: str = ""
    query: str = ""
    regex: str = ""


def parse(text: str) -> Pattern:
    """Reads one pattern. A scheme, a port, a leading `*.`, a trailing `*` and a fragment are dropped.

    Raises ValueError that says in words what is wrong.
    """
    given = text
    text = text.strip()
    if not text:
        raise ValueError("A pattern is empty; write a host such as example.com or example.com/path.")
    if text.startswith("re:"):
        return Pattern(regex=_regex(text[3:]))
    text = text.split("#", 1)[0]
    text = re.sub(r"^(?:(?:https?|wss?):)?//", "", text, flags=re.IGNORECASE)
    before, _, query = text.partition("?")
    host, slash, path = before.partition("/")
    path = (slash + path).removesuffix("*")
    if re.search(r"[\s\\]", text) or "*" in path or "*" in query:
        raise ValueError(f"{given!r}: a pattern holds no blanks, no backslash and no * but *. at its start.")
    if "&" in query:
        raise ValueError(f"{given!r}: name one query parameter, not several.")
    if not host and path in ("", "/"):
        raise ValueError(f"{given!r} would hold the whole of your own site; name a host or a longer path.")
    return Pattern(_host(host, given) if host else "", "" if path == "/" else path, query)


def _host(host: str, given: str) -> str:
    host = re.sub(r":\d*$", "", host.removeprefix("*.")).removesuffix(".").lower()
    if _IPV6.fullmatch(host) or host == "localhost":
        return host
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            raise ValueError(f"{given!r}: {host!r} is not a host name.") from None
    labels = host.split(".")
    if len(host) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ValueError(f"{given!r}: {host!r} is not a host name.")
    if len(labels) == 1:
        raise ValueError(f"{given!r}: {host!r} is a whole top-level domain; name a host under it.")
    return host


def _regex(source: str) -> str:
    if not source:
        raise ValueError("re: needs a regular expression after it.")
    if found := _NOT_IN_BROWSERS.search(source):
        raise ValueError(f"re:{source}: browsers do not know {found.group()!r}.")
    try:
        if re.compile(source).search(""):
            raise ValueError(f"re:{source} matches everything.")
    except re.error as error:
        raise ValueError(f"re:{source}: {error}.") from None
    return source


def compile(services: list[list[str]]) -> Table:  # noqa: A001 - the name every part of the house uses
    """One list of patterns per service → the look-up table, plain JSON.

    `{host: [[path, query, service], …], "/": first-party paths, "": [[regex, service], …]}`; a service is its place in
    `services`. Entries of a host are in the order they are tried: longest path first, with a query before without,
    else as given. When two services claim the same pattern the first one has it. Raises ValueError as `parse` does.
    """
    table: dict[str, dict[tuple[str, str], int]] = {}
    regexes: dict[str, int] = {}
    for index, patterns in enumerate(services):
        for pattern in map(parse, patterns):
            if pattern.regex:
                regexes.setdefault(pattern.regex, index)
            else:
                entries = table.setdefault(pattern.host or FIRST_PARTY, {})
                entries.setdefault((pattern.path, pattern.query), index)
    compiled: Table = {
        host: [
            [path, query, index]
            for (path, query), index in sorted(entries.items(), key=lambda item: (-len(item[0][0]), -len(item[0][1])))
        ]
        for host, entries in sorted(table.items())
    }
    if regexes:
        compiled[REGEX] = [[source, index] for source, index in regexes.items()]
    return compiled


def match(table: Table, url: str, page_host: str = "") -> int:
    """The service that `url` belongs to, or -1. `url` as an attribute holds it: absolute, `//host` or relative.

    Tried in this order: the host's own suffixes from long to short; on the page's own host the first-party paths;
    the regular expressions. Only http, https, ws and wss are requests; `data:`, `blob:` and the like are -1.
    """
    page_host = page_host.lower().removesuffix(".")
    parts = split(url, page_host)
    if parts is None:
        return -1
    scheme, host, path, query = parts
    keys = host_suffixes(host)
    if host == page_host:
        keys.append(FIRST_PARTY)
    segments = query.split("&")
    for key in keys:
        for prefix, wanted, index in table.get(key, ()):
            if path.startswith(str(prefix)) and (not wanted or _asks(segments, str(wanted))):
                return int(index)
    if table.get(REGEX):
        full = f"{scheme}://{host}{path}" + (f"?{query}" if query else "")
        for source, index in table[REGEX]:
            if re.search(str(source), full):
                return int(index)
    return -1


def is_under(host: str, name: str) -> bool:
    """Whether a host is this one or a subdomain of it; both in lower case."""
    return host == name or host.endswith(f".{name}")


def host_suffixes(host: str) -> list[str]:
    """`a.b.c` → `["a.b.c", "b.c", "c"]`; an IPv6 address is one piece; "" → []."""
    if not host or host.startswith("["):
        return [host] if host else []
    labels = host.split(".")
    return [suffix for i in range(len(labels)) if (suffix := ".".join(labels[i:]))]


def _asks(segments: list[str], wanted: str) -> bool:
    """Whether the query holds `param=value`, or `param` with any value or none."""
    return wanted in segments or ("=" not in wanted and any(s.startswith(wanted + "=") for s in segments))


def split(url: str, page_host: str) -> tuple[str, str, str, str] | None:
    """(scheme, host, path, query) of a request as a browser resolves it (WHATWG URL), or None when it is none."""
    url = re.sub(r"[\t\n\r]", "", url.strip("".join(map(chr, range(33)))))
    scheme = "https"
    if found := _SCHEME.match(url):
        scheme = found.group(1).lower()
        if scheme not in ("http", "https", "ws", "wss"):
            return None
        url = "//" + url[found.end() :].lstrip("/\\")
    url, _, _ = url.partition("#")
    rest, _, query = url.partition("?")
    rest = rest.replace("\\", "/")
    host, path = page_host, rest
    if rest.startswith("//"):
        authority, slash, path = rest.lstrip("/").partition("/")
        path = slash + path
        host = _authority(authority)
        if not host:
            return None
    return scheme, host, _dots(path), query


def _authority(authority: str) -> str:
    host = unquote(authority.rpartition("@")[2]).lower()
    host = re.sub(r":\d*$", "", host, flags=re.ASCII)
    if not host.isascii():
        # A name that can't be read may be one in another encoding: its domain still tells whose it is.
        with contextlib.suppress(UnicodeError):
            host = host.encode("idna").decode()
    return host.removesuffix(".")


def _dots(path: str) -> str:
    """Takes `.` and `..` out of a path; a relative one is read from the root, as a page at `/` would."""
    if "/." not in path and path.startswith("/") and "%2" not in path:
        return path
    kept: list[str] = []
    pieces = path.removeprefix("/").split("/")
    for piece in pieces:
        plain = re.sub("%2e", ".", piece, flags=re.IGNORECASE)
        if plain == "..":
            del kept[-1:]
        elif plain != ".":
            kept.append(piece)
    ends_in_dots = re.sub("%2e", ".", pieces[-1], flags=re.IGNORECASE) in (".", "..")
    return "/" + "/".join(kept) + ("/" if ends_in_dots and kept else "")
