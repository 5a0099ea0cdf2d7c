"""Who may do what on a site: one matrix, read by every face."""

from __future__ import annotations

from enum import StrEnum


class May(StrEnum):
    """Something a person does on a site."""

    VIEW = "view"  # figures, services, releases
    EDIT = "edit"  # the draft
    PUBLISH = "publish"  # publish and roll back
    KILL = "kill"  # make the gate inert, and revive it
    EXPORT = "export"  # records, audit bundles
    ERASE = "erase"  # subject requests
    COLLECT = "collect"  # people's choices beyond cookies, in and out
    WAIVE = "waive"  # sign off a lint rule
    MANAGE = "manage"  # members, tokens, hosts, settings


MATRIX: dict[str, frozenset[May]] = {
    "owner": frozenset(May),
    "editor": frozenset({May.VIEW, May.EDIT, May.PUBLISH, May.KILL, May.COLLECT}),
    "auditor": frozenset({May.VIEW, May.EXPORT}),
    "viewer": frozenset({May.VIEW}),
}


def can(role: str | None, what: May | str) -> bool:
    """Whether a role (None = no membership) may do it. Raises ValueError for something no role knows."""
    return May(what) in MATRIX.get(role or "", frozenset())
