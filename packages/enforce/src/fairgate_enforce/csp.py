"""The Content-Security-Policy of the server level: an allow-list of what may load for this visitor."""

from __future__ import annotations

import re

from fairgate_enforce.policy import Policy

HOST = re.compile(r"[\w.-]+", re.ASCII)


def header(policy: Policy, fairgate: str) -> str:
    """The policy's text. `fairgate`: host (and port) of the consent server.

    It allows the site's own hosts, the consent server, and the hosts of granted services; inline code stays allowed,
    since the rewriter judges it, and forms stay open, since people press those buttons. A page's own policy is kept
    beside it: browsers apply both.
    """
    named = [*policy.rules.hosts, *policy.hosts()]
    hosts = [name for host in named if HOST.fullmatch(host) for name in (host, f"*.{host}")]
    sources = dict.fromkeys(["'self'", *hosts, re.sub(r"^https?://|/.*$", "", fairgate)])
    return f"default-src {' '.join(sources)} 'unsafe-inline' 'unsafe-eval' data: blob:"
