"""Wrong settings, said before they hurt. Ids: fairgate.E… (refuses to start), fairgate.W… (warns)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError, connection

from consent import citus
from cookiebanner.staff import mail
from cookiebanner.staff.accounts import DEMO_EMAIL


def database_check(look: Callable[[], list[CheckMessage]]) -> Callable[..., list[CheckMessage]]:
    """Registers a check that reads our tables: silent where no database is checked, and where they can't be read."""

    @register(Tags.database)
    def check(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
        try:
            return look() if databases else []
        except DatabaseError:  # not migrated yet, or away
            return []

    return check


@register(Tags.security, deploy=True)
def hosts_are_named(**kwargs: Any) -> list[CheckMessage]:
    if "*" in settings.ALLOWED_HOSTS:
        return [Warning("Any Host header is accepted.", hint="Set FAIRGATE_HOSTS.", id="fairgate.W001")]
    return []


@register(Tags.database)
def postgres_keeps_what_it_acknowledges(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """An answer is acknowledged only when it is on disk; these two settings would break that promise."""
    if connection.vendor != "postgresql" or settings.FAIRGATE_UNSAFE:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_UNSAFE)
        off = {"PostgreSQL": cursor.fetchone()[0]}
    if citus.installed(connection):  # of several machines, each of which keeps some
        off |= {str(answer.node): answer.text for answer in citus.ask(connection, _UNSAFE) if answer.well}
    return [
        Error(
            f"{where} runs with {names} off: acknowledged records could be lost.",
            hint="Turn it on, or set FAIRGATE_UNSAFE=1 on a test machine.",
            id="fairgate.E001",
        )
        for where, names in off.items()
        if names
    ]


_UNSAFE = (
    "SELECT coalesce(string_agg(name, ' and ' ORDER BY name), '') FROM pg_catalog.pg_settings "
    "WHERE name IN ('fsync', 'synchronous_commit') AND setting = 'off'"
)


@database_check
def no_demo_account_in_production() -> list[CheckMessage]:
    """Its password is public."""
    from django.contrib.auth import get_user_model

    if settings.FAIRGATE_DEMO or not get_user_model().objects.filter(email=DEMO_EMAIL, is_active=True).exists():
        return []
    return [
        Error(
            "The demo account is in this database.",
            hint="Use another FAIRGATE_DATA or DATABASE_URL, or FAIRGATE_DEMO=1 on a demo.",
            id="fairgate.E002",
        )
    ]


@register(Tags.security, deploy=True)
def people_can_be_mailed(**kwargs: Any) -> list[CheckMessage]:
    """Invitations and forgotten passwords go to a mailbox; without mail they wait for somebody with a shell."""
    if not (missing := mail.missing()):
        return []
    return [
        Warning(
            f"No link can be mailed: {' and '.join(missing)} not set.",
            hint="Until then use manage.py invite and manage.py reset_password, which print links to the terminal.",
            id="fairgate.W003",
        )
    ]


@database_check
def no_log_is_ahead_of_the_clock() -> list[CheckMessage]:
    """The clock had jumped ahead: every record would go on being dated ahead."""
    from consent.ledger import clock

    return [
        Warning(
            f"The log of {site.name} is {clock.words(by)} ahead of the clock, and dates new records so.",
            hint="If the clock is right now: manage.py repair_clock",
            id="fairgate.W011",
        )
        for site, by in clock.ahead()
    ]


@register()
def the_server_of_limits_answers(**kwargs: Any) -> list[CheckMessage]:
    """Without the server of CACHE_URL each machine counts for itself, and nobody logs in."""
    from cookiebanner.visitors import rate_limit

    trouble = rate_limit.shared.trouble() if rate_limit.shared else ""
    return [Warning(trouble, hint="Is it running, and does CACHE_URL name it?", id="fairgate.W012")] if trouble else []


@register()
def country_file_is_readable(**kwargs: Any) -> list[CheckMessage]:
    """Without it every visitor that no header places gets the strictest regime: safe, but worth knowing."""
    from cookiebanner.visitors.place import country_file

    wrong = country_file.problem(settings.MMDB)
    if not wrong:
        return []
    return [
        Warning(
            f"The country file can't be used: {wrong}",
            hint="Give MMDB the path of a MaxMind-format file. Until then unknown visitors get the strictest regime.",
            id="fairgate.W002",
        )
    ]
