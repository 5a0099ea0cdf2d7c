"""What `plan`, `apply` and `export` of a configuration file share."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from consent.common import InvalidChange
from consent.configuration import file
from consent.configuration.actions import Plan
from consent.configuration.changes import in_words
from consent.configuration.document import Document, checked, plain
from consent.configuration.state import document_of
from consent.sites.models import Site

WEBHOOK = "FAIRGATE_WEBHOOK_URL"  # the variable that an exported file names: an address may hold a secret


def read(name: str) -> Document:
    """The document in a file, `-` = what is piped in. Raises InvalidChange, OSError."""
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise InvalidChange(f"{name} is no text in UTF-8.") from None
    return checked(file.resolved(file.read(text), os.environ))


def text_of(site: Site) -> str:
    """The file of a site. The webhook's address is a reference."""
    made = file.literal(plain(document_of(site)))
    if made["settings"].get("webhook_url"):
        made["settings"]["webhook_url"] = f"${{env:{WEBHOOK}}}"
    return file.written(made)


def shown(plan: Plan) -> Iterator[str]:
    """A plan as a terminal shows it."""
    if plan.made:
        yield f"+ The site {plan.site.name} ({plan.site.uuid})"
    yield from in_words(plan.lines)
    if plan.extra:
        yield "Deleted, since the file has not" if plan.deleted else "Only the site has (kept; --delete deletes it)"
        yield from (f"  {line}" for line in in_words(plan.extra))
    if plan.otherwise:
        yield "Kept otherwise than it is written"
        yield from (f"  {line}" for line in in_words(plan.otherwise))
    if plan.empty:
        yield "Nothing to do: the draft is what the file says."
    blocking = [finding for finding in plan.findings if finding.blocks]
    if blocking:
        yield "This draft could not be published:"
        yield from (f"  {finding}" for finding in blocking)
