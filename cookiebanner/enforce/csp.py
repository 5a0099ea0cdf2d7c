"""The Content-Security-Policy of the server level: an allow-list of what may load for this visitor."""

from __future__ import annotations

from cookiebanner.enforce.policy import Policy


def header(policy: Policy, fairgate: str) -> str:
    """The policy's text. `fairgate`: host (and port) of the consent server.

    It allows the site's own hosts, the consent server, and the hosts of granted services; inline code stays allowed,
    since the rewriter judges it. A page's own policy is kept beside it: browsers apply both.
    """
    own = [name for host in policy.rules.hosts for name in (host, f"*.{host}")]
    services = [name for host in policy.hosts() for name in (host, f"*.{host}")]
    hosts = " ".join(dict.fromkeys(["'self'", *own, fairgate, *services]))
    return f"default-src {hosts} 'unsafe-inline' 'unsafe-eval' data: blob:; form-action {hosts}; base-uri {hosts}"
