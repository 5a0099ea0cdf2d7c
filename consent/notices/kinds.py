"""The one table of what there is to be told, in words. What is true of it now is found out elsewhere (`consent.watch`,
`consent.scanner.scans`)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.utils.translation import gettext, gettext_noop

from consent.common import thousands

Detail = Mapping[str, Any]


class Kind(NamedTuple):
    """`title` in the list of choices, in English; `text` of one notice, from its subject and detail, in the language
    of whoever is told. `grave`: red. `page`: the dashboard's page that helps. `by_scan`: a scan tells it with its own
    mail."""

    title: str
    text: Callable[[str, Detail], str]
    page: str
    grave: bool = False
    by_scan: bool = False


# Why a material change does not begin by itself, by `consent.publishing.material_changes`.
HINDRANCES = {
    "approval": gettext_noop(
        "Releases of this site need a second person's approval: ask for one, the draft holds the change."
    ),
    "request": gettext_noop(
        "A release waits that was asked for: publish it, or withdraw it. The change begins by itself then."
    ),
    "rules": gettext_noop(
        "What is live may not be published again by the rules of today: put the draft right, and publish it."
    ),
}


def _said_by_the_scan(subject: str, detail: Detail) -> str:
    return subject


KINDS: dict[str, Kind] = {
    "opt_in_drop": Kind(
        gettext_noop("The share of visitors who accept falls"),
        lambda _, d: (
            gettext(
                "Of the answers of the last 7 days %(now)s accepted all, of those of the 28 days before %(before)s. "
                "Look at what changed: a release, the page, a law."
            )
            % {"now": f"{d['now']:.0%}", "before": f"{d['before']:.0%}"}
        ),
        "overview",
    ),
    "gate_unseen": Kind(
        gettext_noop("The gate is not seen on your pages any more"),
        lambda _, d: (
            gettext("No page has reported its gate since %(day)s. Is it still in the pages, and first in the head?")
            % {"day": d["since"]}
            if d.get("since")
            else gettext("A week after it was published, no page has reported its gate.")
        ),
        "installation",
        grave=True,
    ),
    "new_host": Kind(
        gettext_noop("A page asks a third party that nobody has filed"),
        lambda subject, _: (
            gettext("Pages asked %(host)s, which no service covers. File or dismiss it.") % {"host": subject}
        ),
        "inbox",
    ),
    "not_anchored": Kind(
        gettext_noop("The ledger's checkpoint is not kept outside"),
        lambda _, d: (
            gettext(
                "No checkpoint was kept outside since %(day)s, though FAIRGATE_ANCHORS names a place. Until then "
                "nobody else could tell if the ledger were rewritten."
            )
            % {"day": d.get("since") or gettext("the beginning")}
        ),
        "trail",
        grave=True,
    ),
    "law_starts": Kind(
        gettext_noop("A law starts next month"),
        lambda _, d: (
            gettext("%(place)s, on %(day)s: %(what)s.") % {"place": d["name"], "day": d["day"], "what": d["what"]}
        ),
        "jurisdictions",
    ),
    "list_full": Kind(
        gettext_noop("A list is full"),
        lambda subject, d: (
            gettext("The list of %(things)s holds %(most)s, its most: new ones push old ones out.")
            % {"things": gettext(subject), "most": thousands(d["most"])}
        ),
        "installation",
    ),
    "webhook_paused": Kind(
        gettext_noop("The webhook for opt-outs is paused"),
        lambda _, d: (
            gettext("It has failed since %(day)s; opt-outs wait for three days, then they are given up.")
            % {"day": d["since"]}
        ),
        "webhook",
        grave=True,
    ),
    "cpni_notice": Kind(
        gettext_noop("The notice of CPNI must be sent again"),
        lambda _, d: (
            (
                gettext("%(topic)s: of %(count)s people the notice is two years old on %(day)s, or before.")
                if d["due"]
                else gettext("%(topic)s: of %(count)s people the notice will be two years old by %(day)s.")
            )
            % {"topic": d["topic"], "count": f"{d['count']:,}", "day": d["day"]}
        ),
        "choices",
    ),
    "material_change": Kind(
        gettext_noop("A material change of a document waits"),
        lambda _, d: (
            gettext("%(title)s, version %(number)s, is in force, and nobody is asked again yet. %(why)s")
            % {"title": d["title"], "number": d["number"], "why": gettext(HINDRANCES[d["why"]])}
        ),
        "releases",
        grave=True,
    ),
    "new_tracker": Kind(gettext_noop("What is new since the scan before"), _said_by_the_scan, "scans", by_scan=True),
    "before_answer": Kind(
        gettext_noop("What runs before a visitor has answered"), _said_by_the_scan, "scans", by_scan=True
    ),
    "after_refusal": Kind(
        gettext_noop("What still runs after a visitor has refused"), _said_by_the_scan, "scans", by_scan=True
    ),
}
MAIL, DASHBOARD, WEBHOOK = "mail", "dashboard", "webhook"
CHANNELS = {
    MAIL: gettext_noop("By mail"),
    DASHBOARD: gettext_noop("On the overview"),
}  # of a person; the webhook is the site's
