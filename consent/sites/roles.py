"""Who may do what on a site: one matrix, read by every face."""

from __future__ import annotations

from enum import StrEnum

from django.utils.translation import gettext, gettext_noop


class May(StrEnum):
    """Something a person does on a site."""

    VIEW = "view"  # figures, services, releases
    EDIT = "edit"  # the draft
    PUBLISH = "publish"  # publish and roll back
    KILL = "kill"  # make the gate inert, and revive it
    EXPORT = "export"  # records, audit bundles
    ERASE = "erase"  # consent records
    REQUESTS = "requests"  # file, work on and answer what people ask about their data
    COLLECT = "collect"  # people's choices beyond cookies, in and out
    WAIVE = "waive"  # sign off a lint rule
    MANAGE = "manage"  # members, tokens, hosts, settings


MATRIX: dict[str, frozenset[May]] = {
    "owner": frozenset(May),
    "editor": frozenset({May.VIEW, May.EDIT, May.PUBLISH, May.KILL, May.COLLECT}),
    "auditor": frozenset({May.VIEW, May.EXPORT}),
    "viewer": frozenset({May.VIEW}),
    "clerk": frozenset({May.REQUESTS}),
}


# A role in the middle of a sentence; the choices of `Membership.Role` say it alone.
NAMES = {
    "owner": gettext_noop("owner"),
    "editor": gettext_noop("editor"),
    "auditor": gettext_noop("auditor"),
    "viewer": gettext_noop("viewer"),
    "clerk": gettext_noop("clerk"),
}


def name_of(role: str) -> str:
    """A role in the middle of a sentence, in the language of whoever reads it."""
    return gettext(NAMES[role]) if role in NAMES else role


def can(role: str | None, what: May | str) -> bool:
    """Whether a role (None = no membership) may do it. Raises ValueError for something no role knows."""
    return May(what) in MATRIX.get(role or "", frozenset())
