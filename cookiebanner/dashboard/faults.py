"""What else gates reported, as sentences, and what to do about it. Pure. Gates that come too late: `too_late.py`."""

from __future__ import annotations

from django.utils.translation import gettext, gettext_noop

from cookiebanner.dashboard.too_late import Trouble

_FAULTS = {
    ("disarmed", "worker-src"): Trouble(
        gettext_noop(
            "The page's Content-Security-Policy allows no workers from blob: addresses: its own workers "
            "run as they are, and what they ask for is not held."
        ),
        gettext_noop("Add blob: to worker-src."),
    ),
    ("broken", "trusted-types"): Trouble(
        gettext_noop(
            "The page's Content-Security-Policy has a list of Trusted Types policies without fairgate, "
            "and the page has no default policy: nobody can be asked, and what waits goes on waiting."
        ),
        gettext_noop(
            "Add fairgate to the list: trusted-types fairgate …; where otSDKStub.js is used, fairgate-stub too."
        ),
    ),
    ("unkept", "answer"): Trouble(
        gettext_noop(
            "A browser kept an answer neither in a cookie nor in its storage: whoever uses it is asked on every page."
        ),
        gettext_noop(
            "Some browsers do so. When it is many, look for what deletes or refuses cookies: a sandboxed "
            "frame, a proxy that takes Set-Cookie away, a script of your own that clears cookies and "
            "storage."
        ),
    ),
}


def words(kind: str, subject: str) -> Trouble | None:
    """Of a gate's report (`consent/stats/subjects.py`); None when kind and subject say enough."""
    if kind == "missing":
        return Trouble(
            gettext(
                "A script of the page called %(subject)s while the library that defines it was held, and "
                "stopped there; nothing calls it again after a yes."
            )
            % {"subject": subject},
            gettext(
                "Put that code into an inline script right behind the library's tag, where it waits with it, "
                "or give its script data-consent with the category of the service."
            ),
        )
    found = _FAULTS.get((kind, subject))
    return found and found.said()
