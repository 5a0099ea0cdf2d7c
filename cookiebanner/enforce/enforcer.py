"""What all three middlewares share: from a request's headers to a rewriter and the headers of the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cookiebanner.enforce import csp
from cookiebanner.enforce.html import Rewriter
from cookiebanner.enforce.policy import Policy, read_answer
from cookiebanner.enforce.source import STRICTEST, Source

# ASCII-compatible encodings; in others (UTF-16) a "<" is not one byte, and the page passes unharmed.
OTHER_CHARSET = re.compile(r"charset\s*=\s*[\"']?\s*(utf-?16|utf-?32|ucs-?[24])", re.I)
LINK = re.compile(r"\s*(<[^>]*>(?:[^,\"]|\"[^\"]*\")*),?")
Headers = list[tuple[str, str]]
LONGEST_ADDRESS = 1024  # characters; a host name has at most 253

# They describe the page before it was rewritten.
DROPPED = frozenset({"content-length", "etag", "last-modified", "content-md5", "accept-ranges"})


@dataclass(frozen=True)
class Change:
    """How one answer is changed: its body goes through `rewriter`, `DROPPED` headers go, what `Link` asks browsers to
    load and must wait goes, `add` come."""

    rewriter: Rewriter
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
        """What waits for this visitor; None when there is no release yet."""
        rules = self.source.rules(self.locate(headers, peer), (hostname(self.fairgate),))
        if rules is None:
            return None
        host = hostname(headers.get("host", ""))
        answer = read_answer(headers.get("cookie", ""), rules.cookie)
        return rules.for_visitor(answer, headers.get("sec-gpc") == "1", host)

    def change(self, policy: Policy, status: int, headers: Headers, url: str) -> Change | None:
        """What to do to this answer; None when it is no HTML that can be rewritten."""
        found = {name.lower(): value for name, value in headers}
        kind = found.get("content-type", "")
        html = kind.split(";")[0].strip().lower() in ("text/html", "application/xhtml+xml")
        encoded = found.get("content-encoding", "identity").lower() not in ("", "identity")
        if not html or encoded or OTHER_CHARSET.search(kind) or status in (204, 206, 304):
            return None
        rewriter = Rewriter(policy.held, policy.held_inline, url, policy.is_granted)

        def links(value: str) -> str:
            parts = [part.strip() for part in LINK.findall(value)]
            return ", ".join(part for part in parts if not rewriter.holds(part[1 : part.index(">")]))

        add = [("Vary", "Cookie, Sec-GPC")]
        if "cache-control" not in found:
            add.append(("Cache-Control", "private, no-cache"))
        if self.set_csp:
            add.append(("Content-Security-Policy", csp.header(policy, self.fairgate)))
        return Change(rewriter, add, links)


def hostname(address: str) -> str:
    """The host of `host`, `host:port` or an address with a scheme, in lower case; "" for what is too long to be one."""
    if len(address) > LONGEST_ADDRESS:
        return ""
    host = re.sub(r"^[a-z]+://|/.*$", "", address.strip().lower()).rpartition("@")[2]
    return re.sub(r":\d*$", "", host).removesuffix(".")
