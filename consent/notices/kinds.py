"""The one table of what there is to be told, in words. What is true of it now is found out elsewhere (`consent.watch`,
`consent.scanner.scans`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

Detail = Mapping[str, Any]


class Kind(NamedTuple):
    """`title` in the list of choices; `text` of one notice, from its subject and detail. `grave`: red. `page`: the
    dashboard's page that helps. `by_scan`: a scan tells it with its own mail."""

    title: str
    text: Callable[[str, Detail], str]
    page: str
    grave: bool = False
    by_scan: bool = False


def _said_by_the_scan(subject: str, detail: Detail) -> str:
    return subject


KINDS: dict[str, Kind] = {
    "opt_in_drop": Kind(
        "The share of visitors who accept falls",
        lambda _, d: (
            f"Of the answers of the last 7 days {d['now']:.0%} accepted all, of those of the 28 days before "
            f"{d['before']:.0%}. Look at what changed: a release, the page, a law."
        ),
        "overview",
    ),
    "gate_unseen": Kind(
        "The gate is not seen on your pages any more",
        lambda _, d: (
            f"No page has reported its gate since {d['since']}. Is it still in the pages, and first in the head?"
            if d.get("since")
            else "A week after it was published, no page has reported its gate."
        ),
        "installation",
        grave=True,
    ),
    "new_host": Kind(
        "A page asks a third party that nobody has filed",
        lambda subject, _: f"Pages asked {subject}, which no service covers. File or dismiss it.",
        "inbox",
    ),
    "not_anchored": Kind(
        "The ledger's checkpoint is not kept outside",
        lambda _, d: (
            f"No checkpoint was kept outside since {d.get('since') or 'the beginning'}, though FAIRGATE_ANCHORS names "
            "a place. Until then nobody else could tell if the ledger were rewritten."
        ),
        "trail",
        grave=True,
    ),
    "law_starts": Kind(
        "A law starts next month",
        lambda _, d: f"{d['name']}, on {d['day']}: {d['what']}.",
        "jurisdictions",
    ),
    "list_full": Kind(
        "A list is full",
        lambda subject, d: f"The list of {subject} holds {d['most']:,}, its most: new ones push old ones out.",
        "installation",
    ),
    "webhook_paused": Kind(
        "The webhook for opt-outs is paused",
        lambda _, d: f"It has failed since {d['since']}; opt-outs wait for three days, then they are given up.",
        "webhook",
        grave=True,
    ),
    "new_tracker": Kind("What is new since the scan before", _said_by_the_scan, "scans", by_scan=True),
    "before_answer": Kind("What runs before a visitor has answered", _said_by_the_scan, "scans", by_scan=True),
    "after_refusal": Kind("What still runs after a visitor has refused", _said_by_the_scan, "scans", by_scan=True),
}  # fmt: skip
MAIL, DASHBOARD, WEBHOOK = "mail", "dashboard", "webhook"
CHANNELS = {MAIL: "By mail", DASHBOARD: "On the overview"}  # of a person; the webhook is the site's
