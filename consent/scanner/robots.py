"""What a site's robots.txt says to us (RFC 9309). Pure: text comes in."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

AGENT = "fairgate"
LARGEST = 500_000  # characters that are read; RFC 9309 asks for at least 500 KiB
LONGEST_DELAY = 30  # seconds between two pages that a site may ask for


@dataclass(slots=True)
class Robots:
    """The rules of the group that is for us: (path pattern, allowed). `found`: there is such a file. `closed`: it could
    not be read for a fault of the server, which RFC 9309 takes for "nothing may be read"."""

    found: bool = False
    closed: bool = False
    rules: list[tuple[str, bool]] = field(default_factory=list)
    delay: int = 0
    sitemaps: list[str] = field(default_factory=list)

    def allows(self, url: str) -> bool:
        """Whether the address may be read: the longest pattern that fits decides, of two alike the one that allows."""
        if self.closed:
            return False
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        fitting = [(len(pattern), allowed) for pattern, allowed in self.rules if _fits(pattern, path)]
        return max(fitting, default=(0, True))[1]


def parse(text: str) -> Robots:
    """Reads a robots.txt; what is no rule is passed over."""
    robots = Robots(found=True)
    groups: dict[str, list[tuple[str, str]]] = {}
    agents: list[str] = []
    naming = False  # whether the lines before this one name agents
    for line in text[:LARGEST].splitlines():
        name, _, value = line.partition("#")[0].partition(":")
        name, value = name.strip().lower(), value.strip()
        if name == "user-agent":
            agents = [*agents, value.lower()] if naming else [value.lower()]
            for agent in agents:
                groups.setdefault(agent, [])
            naming = True
        elif name == "sitemap" and value:
            robots.sitemaps.append(value)
        elif name in ("allow", "disallow", "crawl-delay"):
            naming = False
            for agent in agents:
                groups[agent].append((name, value))
    for name, value in groups.get(AGENT, groups.get("*", [])):
        if name == "crawl-delay":
            robots.delay = _seconds(value)
        elif value:  # an empty Disallow forbids nothing
            robots.rules.append((value, name == "allow"))
    return robots


def _fits(pattern: str, path: str) -> bool:
    """`*` is any text, `$` at the end is the end; anything else is a beginning. One look along the path: a regular
    expression with many `*` could take for ever."""
    end = pattern.endswith("$")
    first, *rest = pattern.removesuffix("$").split("*")
    if not path.startswith(first):
        return False
    at = len(first)
    for piece in rest[:-1]:
        found = path.find(piece, at)
        if found < 0:
            return False
        at = found + len(piece)
    if not rest:
        return not end or at == len(path)
    if end:
        return path.endswith(rest[-1]) and len(path) - len(rest[-1]) >= at
    return path.find(rest[-1], at) >= 0


def _seconds(text: str) -> int:
    try:
        return max(0, min(LONGEST_DELAY, round(float(text))))
    except (ValueError, OverflowError):
        return 0
