"""report.html of the audit bundle: what a lawyer reads. One file, no script, prints well."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from html import escape
from typing import Any

from consent.exports.period import Period
from consent.jurisdictions import table
from consent.ledger.models import Checkpoint
from consent.publishing.models import Release

ACTIONS = {
    "accept_all": "Accepted everything",
    "reject_all": "Refused everything",
    "custom": "Chose in detail",
    "close": "Closed the banner",
    "withdraw": "Withdrew",
    "opt_out": "Objected (opted out)",
    "gpc": "Browser's opt-out signal (GPC)",
    "import": "Imported",
}
STYLE = """
body{font:16px/1.55 Georgia,serif;max-width:820px;margin:40px auto;padding:0 20px;color:#1c2430;background:#fff}
h1{font-size:30px;line-height:1.2}h2{font-size:21px;margin-top:40px}
table{border-collapse:collapse;width:100%;font:15px/1.45 system-ui,sans-serif}
th,td{text-align:start;padding:7px 10px;border-bottom:1px solid #dcdcd6;vertical-align:top}
td.n,th.n{text-align:end;font-variant-numeric:tabular-nums}
code{font:13px ui-monospace,monospace;overflow-wrap:anywhere}
.note{border-inline-start:4px solid #1f5fbf;padding:4px 16px;background:#f3f6fb}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#46505c}
@media print{body{margin:0}}
"""


@dataclass(frozen=True)
class Repair:
    """Where the log's clock was set back: entry, from which time to which (RFC 3339), why."""

    index: int
    before: str
    after: str
    reason: str


@dataclass
class ReportContent:
    """What the report tells; `totals` maps "day action jurisdiction" to answers."""

    span: Period
    last: int
    records: int
    erased: int
    totals: Counter[str]
    releases: list[Release]
    head: Checkpoint
    anchors: list[dict[str, Any]]
    keys: list[str]
    actor: str
    made_at: datetime
    repairs: list[Repair] = field(default_factory=list)
    blank_pictures: bool = False


def html(content: ReportContent) -> str:
    """The page, in English."""
    site, span = content.span.site, content.span
    by_action: Counter[str] = Counter()
    by_place: Counter[str] = Counter()
    by_day: Counter[str] = Counter()
    for key, count in content.totals.items():
        day, action, place = key.split(" ")
        by_action[action] += count
        by_place[place] += count
        by_day[day] += count
    answers = sum(by_action.values())
    parts = [
        f"<h1>Consent records of {escape(site.name)}</h1>",
        f"<p>{span.start} to {span.end} (UTC), made on {content.made_at:%Y-%m-%d %H:%M} UTC by {escape(content.actor)}.</p>",
        "<h2>Who asked</h2>",
        _pairs(
            [
                ("Controller", site.controller or "not stated"),
                ("Contact", site.controller_contact or "not stated"),
                ("Site", f"{site.name}, id {site.uuid}"),
                ("Hosts", ", ".join(site.hosts.values_list("name", flat=True))),
                ("Privacy policy", site.policy_url or "not stated"),
            ]
        ),
        "<h2>What was answered</h2>",
        f"<p>{answers:,} answers in {content.records:,} entries of the log; {content.erased:,} entries were erased later "
        "(their place in the log stays, their content is gone).</p>",
        _chart(by_day, span.start, span.end) if answers else "<p>There was no answer in the period.</p>",
        _counts("Answer", [(ACTIONS.get(a, a), n) for a, n in by_action.most_common()], answers),
        _counts("Jurisdiction", [(_place(p), n) for p, n in by_place.most_common()], answers),
        "<h2>What visitors were asked</h2>",
        "<p>Each release holds every text, category, service and setting word by word; its file is named by its SHA-256."
        "</p>",
        _releases(content.releases),
        "<p>The files in <code>screenshots/</code> were logged by an earlier version as pictures of the banner. They are "
        "blank and show nothing.</p>"
        if content.blank_pictures
        else "",
        "<h2>How this is proved</h2>",
        _proof(content),
        _clock(content.repairs),
        "<h2>How to check it yourself</h2>",
        "<p>Offline, on your own computer: open <code>verify.html</code> and give it the zip, or run "
        "<code>python3 verify.py bundle.zip --key KEY --checkpoint FILE</code>. Get the key from the operator by another "
        "way than this bundle, and use a checkpoint that was kept outside the operator's hands if there is one.</p>",
        "<h2>What this does not claim</h2>",
        "<ul><li>That every click was logged: a visitor's own receipt shows that.</li><li>That the texts are lawful: "
        "read them in <code>releases/</code>.</li><li>Who a visitor is: records hold a random id at most, never an IP "
        "address.</li></ul>",
        f"<p>Jurisdictions table of {table.VERSION}; not legal advice.</p>",
    ]
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    )
    title = f"<title>Consent records of {escape(site.name)}</title><style>{STYLE}</style></head><body>"
    return head + title + "\n".join(parts) + "</body></html>\n"


def _pairs(rows: list[tuple[str, str]]) -> str:
    cells = "".join(f'<tr><th scope="row">{escape(name)}</th><td>{escape(value)}</td></tr>' for name, value in rows)
    return f"<table>{cells}</table>"


def _counts(title: str, rows: list[tuple[str, int]], total: int) -> str:
    cells = "".join(
        f'<tr><td>{escape(name)}</td><td class="n">{count:,}</td><td class="n">{100 * count / total:.1f} %</td></tr>'
        for name, count in rows
    )
    head = f'<tr><th scope="col">{title}</th><th scope="col" class="n">Answers</th><th scope="col" class="n">Share</th></tr>'
    return f"<table>{head}{cells}</table>" if rows else ""


def _place(jurisdiction: str) -> str:
    if jurisdiction == "*":
        return "Unknown (treated as the strictest)"
    return f"{table.ROWS[jurisdiction].name} ({jurisdiction})" if jurisdiction in table.ROWS else jurisdiction


def _chart(by_day: Counter[str], start: date, end: date) -> str:
    """Bars a day; at most the last 366 days that have answers around them."""
    days = sorted(by_day)  # all within the period
    first, last = max(start, date.fromisoformat(days[0])), min(end, date.fromisoformat(days[-1]))
    first = max(first, last - timedelta(days=365))
    length = (last - first).days + 1
    top = max(by_day.values())
    width = 800 / length
    bars = "".join(
        f'<rect x="{i * width:.1f}" y="{160 - 140 * n / top:.1f}" width="{max(width - 1, 0.6):.1f}" height="{140 * n / top:.1f}"/>'
        for i in range(length)
        if (n := by_day[(first + timedelta(days=i)).isoformat()])
    )
    return (
        f'<svg viewBox="0 0 800 185" role="img" aria-label="Answers a day from {first} to {last}, at most {top}">'
        f'<g fill="#1f5fbf">{bars}</g><text x="0" y="12">{top:,} a day</text><text x="0" y="178">{first}</text>'
        f'<text x="800" y="178" text-anchor="end">{last}</text></svg>'
    )


def _releases(releases: list[Release]) -> str:
    rows = "".join(
        f"<tr><td>{r.number}</td><td>{r.published_at:%Y-%m-%d %H:%M}</td><td>{escape(r.published_by)}</td>"
        f"<td>{escape(r.note) or '&ndash;'}</td><td><code>releases/{r.sha256}.json</code></td></tr>"
        for r in releases
    )
    names = "".join(f'<th scope="col">{name}</th>' for name in ("Release", "Published (UTC)", "By", "Note", "File"))
    return f"<table><tr>{names}</tr>{rows}</table>"


def _clock(repairs: list[Repair]) -> str:
    if not repairs:
        return ""
    rows = "".join(
        f'<tr><td class="n">{one.index}</td><td>{escape(one.before)}</td><td>{escape(one.after)}</td>'
        f"<td>{escape(one.reason)}</td></tr>"
        for one in repairs
    )
    names = "".join(f'<th scope="col">{name}</th>' for name in ("Entry", "From", "To", "Why"))
    return (
        "<h2>Where the clock was put right</h2><p>The server&rsquo;s clock had jumped ahead: entries just before these "
        f"carry times that lie ahead of when they were received.</p><table><tr>{names}</tr>{rows}</table>"
    )


def _proof(content: ReportContent) -> str:
    rows = [
        ("Log", f"RFC 9162 Merkle tree of {content.head.size:,} entries when this was made"),
        ("Signed tree head", content.head.note.strip()),
        ("Verifier key", content.keys[0]),
    ]
    if content.anchors:
        kept = f"{len(content.anchors)} checkpoints were kept outside the operator's hands; see anchors.json."
    else:
        kept = "No checkpoint was kept outside the operator's hands: the operator could have rewritten this."
    return _pairs(rows) + f'<p class="note">{escape(kept)}</p>'
