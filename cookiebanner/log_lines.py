"""Log lines that a stranger can make neither long nor several: paths, Host and other headers end up in them.

A link that lets somebody in (an invitation, a new password) is in none, and no record's id, which an erasure does not
reach there: what refuses a request logs its path.
"""

from __future__ import annotations

import logging
import re

LONGEST = 500  # characters of a message, and of each line of a traceback
LINES = 100  # lines of a traceback: the first and the last
STRANGERS = "django.security."  # loggers of what a stranger's request had wrong: each could fill pages with tracebacks
REQUESTS = ("django.request", "django.security.csrf")  # loggers that tell the addresses of requests
_ID = re.compile(r"([\w=~%+-]{4})[\w=~%+-]{16,}", re.ASCII)  # an id or a token is told by its first four characters
_LINK = re.compile(r"(/accounts/[^/\s]*/).+", re.DOTALL)  # what follows may be a token that works still


class Bounded(logging.Formatter):
    """One line a message, cut, control characters escaped; each line of a traceback is cut and indented.

    What may be a token or an id in the address of a request is told by its first four characters. What a request alone
    had wrong (its Host) has no traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        line = cut(record.getMessage())
        lines = [_ID.sub(r"\1…", line) if record.name in REQUESTS else line]
        if record.name.startswith(STRANGERS):
            return lines[0]
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        more = "\n".join(filter(None, (record.exc_text, record.stack_info and self.formatStack(record.stack_info))))
        rest = more.split("\n") if more else []
        if len(rest) > LINES:
            left = len(rest) - LINES
            rest = [*rest[: LINES // 2], f"… {left} lines …", *rest[-LINES // 2 :]]
        return "\n".join([*lines, *(f"  {cut(line)}" for line in rest)])


def cut(text: str) -> str:
    """At most `LONGEST` characters and a word on the rest; what does not print is escaped, accounts' links are cut."""
    shown = _LINK.sub(r"\1…", text[:LONGEST])
    if not shown.isprintable():
        shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in shown)
    return shown if len(text) <= LONGEST else f"{shown}… ({len(text)} characters)"
