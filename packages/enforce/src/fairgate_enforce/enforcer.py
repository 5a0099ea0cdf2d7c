"""What all three middlewares share: from a request's headers to a rewriter and the headers of the answer."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fairgate_enforce import csp, signals
from fairgate_enforce.html import CHARSET, OTHER_CHARSETS, Rewriter
from fairgate_enforce.policy import Policy
from fairgate_enforce.source import STRICTEST, Source
from fairgate_enforce.state_cookie import read_state_cookie
from fairgate_enforce.tables import TABLES

log = logging.getLogger("fairgate.enforce")

LINK = re.compile(r"\s*(<[^>]*>(?:[^,\"]|\"[^\"]*\")*),?")
Headers = list[tuple[str, str]]
LONGEST_ADDRESS = 1024  # characters; a host name has at most 253

# What each of these is: tables.py.
DROPPED = frozenset(TABLES["dropped"])
UNTOUCHED = frozenset(TABLES["untouched"])


class FailSafeRewriter:
    """A rewriter that can't cost the page anything: after an error the rest goes out as it came."""

    def __init__(self, rewriter: Rewriter) -> None:
        self.rewriter = rewriter
        self.broken = False

    def feed(self, chunk: bytes) -> bytes:
        """What of the page may go out by now."""
        return self._call(self.rewriter.feed, chunk)

    def close(self) -> bytes:
        """What is left of the page."""
        return self._call(lambda _: self.rewriter.close(), b"")

    def _call(self, step: Callable[[bytes], bytes], chunk: bytes) -> bytes:
        if self.broken:
            return chunk
        before = self.rewriter.received
        try:
            return step(chunk)
        except Exception:
            self.broken = True
            log.exception("The rest of %s goes out as it came: the rewriter failed.", self.rewriter.base or "a page")
            taken = self.rewriter.received > before
            return self.rewriter.rest() + (b"" if taken else chunk)


@dataclass(frozen=True)
class PageChange:
    """How one answer is changed: its body goes through `rewriter`, `DROPPED` headers go, what `Link` asks browsers to
    load and must wait goes, `add` come."""

    rewriter: FailSafeRewriter
    add: Headers
    links: Callable[[str], str]

    def headers(self, given: Headers) -> Headers:
        kept = [(name, value) for name, value in given if name.lower() not in DROPPED]
        fewer = [(name, self.links(value) if name.lower() == "link" else value) for name, value in kept]
        return [(name, value) for name, value in fewer if value or name.lower() != "link"] + self.add


@dataclass
class Enforcer:
    """`fairgate`: host of the consent server. `locate(headers, peer)` names the regime's variant; the default is the
    strictest regime for everybody. `set_csp`: also send the allow-list as a header (the strictest level: after a
    change of the answer the page must be reloaded)."""

    source: Source
    fairgate: str
    set_csp: bool = False
    locate: Callable[[Mapping[str, str], str], str] = lambda headers, peer: STRICTEST

    def policy(self, headers: Mapping[str, str], peer: str) -> Policy | None:
        """What waits for this visitor; None when there is no release yet, and after an error, which is logged."""
        try:
            return self._policy(headers, peer)
        except Exception:  # the page is worth more
            log.exception("A page goes out as it came: what must wait for its visitor can't be told.")
            return None

    def _policy(self, headers: Mapping[str, str], peer: str) -> Policy | None:
        rules = self.source.rules(self.locate(headers, peer), (hostname(self.fairgate),))
        if rules is None:
            return None
        host = hostname(headers.get("host", ""))
        answer = read_state_cookie(headers.get("cookie", ""), rules.cookie)
        return rules.for_visitor(answer, rules.denied_by_signals(headers), host)

    def change(self, policy: Policy, status: int, headers: Headers, url: str) -> PageChange | None:
        """What to do to this answer; None when it is no HTML that can be rewritten, and after an error, which is
        logged."""
        try:
            return self._change(policy, status, headers, url)
        except Exception:  # the page is worth more
            log.exception("%s goes out as it came: its headers can't be read.", url)
            return None

    def _change(self, policy: Policy, status: int, headers: Headers, url: str) -> PageChange | None:
        found = {name.lower(): value for name, value in headers}
        kind = found.get("content-type", "")
        html = kind.split(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")
        label = CHARSET.search(kind)
        charset = label[1].lower() if label else ""
        encoded = found.get("content-encoding", "identity").lower() not in ("", "identity")
        if not html or encoded or charset in OTHER_CHARSETS or status in UNTOUCHED:
            return None
        rewriter = Rewriter(policy.held, policy.held_inline, url, policy.is_granted, charset=charset)

        def links(value: str) -> str:
            parts = [part.strip() for part in LINK.findall(value)]
            return ", ".join(part for part in parts if not rewriter.holds(part[1 : part.index(">")]))

        for name, value in headers:
            if name.lower() == "link":
                links(value)  # what can't be read is found out before anything has been changed
        add = [("Vary", signals.vary())]
        if "cache-control" not in found:
            add.append(("Cache-Control", "private, no-cache"))
        if self.set_csp:
            add.append(("Content-Security-Policy", csp.header(policy, self.fairgate)))
        return PageChange(FailSafeRewriter(rewriter), add, links)


def hostname(address: str) -> str:
    """The host of `host`, `host:port` or an address with a scheme, in lower case; "" for what is too long to be one."""
    if len(address) > LONGEST_ADDRESS:
        return ""
    host = re.sub(r"^[a-z]+://|/.*$", "", address.strip().lower()).rpartition("@")[2]
    return re.sub(r":\d*$", "", host).removesuffix(".")
