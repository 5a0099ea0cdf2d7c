"""The consent manager that a site came from: whose stored answers are taken over, under which of our categories. Pure.

`{"manager": "klaro", "names": [["matomo", "C0002"]], "days": 120, "key": "klaro"}`; `{}` = none, or OneTrust, whose
ids are ours. The forms that browsers keep: banner/src/moved/, docs/move.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

MANAGERS = {"cookiebot": "Cookiebot", "usercentrics": "Usercentrics", "klaro": "klaro"}
# Cookiebot's names are the same for everybody.
COOKIEBOT = {"preferences": "C0003", "statistics": "C0002", "marketing": "C0004"}
NAMES, LONGEST = 200, 100  # names at most, and characters of one
LONGEST_LIFE = 400  # days; browsers keep no cookie longer
KEY = re.compile(r"[\w.-]{1,60}")  # of klaro's cookie


def clean(given: Mapping[str, Any]) -> dict[str, Any]:
    """The same with nothing in it that a gate can't read. Raises ValueError, with a sentence."""
    if not given or not given.get("manager"):
        return {}
    manager = given["manager"]
    if manager not in MANAGERS:
        raise ValueError(
            gettext("Answers are taken over from %(managers)s; %(manager)r is none of them.")
            % {"managers": ", ".join(MANAGERS.values()), "manager": manager}
        )
    names = dict(given.get("names") or {})
    if manager == "cookiebot":
        names = {**COOKIEBOT, **names}
        if unknown := set(names) - set(COOKIEBOT):
            raise ValueError(
                gettext("Cookiebot has %(categories)s; it has no %(unknown)r.")
                % {"categories": ", ".join(COOKIEBOT), "unknown": sorted(unknown)[0]}
            )
    if not names:
        raise ValueError(
            gettext("Say which of %(manager)s's services is in which category, such as matomo = C0002.")
            % {"manager": MANAGERS[manager]}
        )
    if len(names) > NAMES or any(len(f"{part}") > LONGEST for pair in names.items() for part in pair):
        raise ValueError(
            gettext("At most %(names)s names, of at most %(longest)s characters.")
            % {"names": NAMES, "longest": LONGEST}
        )
    if not all(isinstance(part, str) and part.strip() for pair in names.items() for part in pair):
        raise ValueError(gettext("Each line is a name, =, and the id of a category."))
    made: dict[str, Any] = {"manager": manager, "names": [[name, names[name]] for name in sorted(names)]}
    if manager == "klaro":
        days, key = given.get("days"), given.get("key") or "klaro"
        if days is not None and (type(days) is not int or not 1 <= days <= LONGEST_LIFE):
            raise ValueError(
                gettext("klaro's cookieExpiresAfterDays is a number from 1 to %(most)s.") % {"most": LONGEST_LIFE}
            )
        if not isinstance(key, str) or not KEY.fullmatch(key):
            raise ValueError(gettext("klaro's storageName is letters, digits, dots and lines."))
        made |= {"key": key} | ({"days": days} if days else {})
    return made
