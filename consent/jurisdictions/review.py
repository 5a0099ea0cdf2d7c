"""The table as a page that a lawyer can review: what a site with one service of each kind does under each variant.

Pure. `manage.py check_jurisdictions --page docs/jurisdictions.md` writes it; a test compares it with what is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from consent.jurisdictions import history, table
from consent.jurisdictions.history import Change, Changes, Start
from consent.jurisdictions.table import ROWS, TEXTS, Jurisdiction, Terms
from fairgate_enforce import signals
from fairgate_enforce.defaults import before_answer

ANSWERS = ("none", "accept", "reject", "gpc")
EVERYWHERE = sorted({row.iso_country for row in ROWS.values() if row.iso_country})
# One service of each kind, each in a category of its own, with the Google signals that category governs.
SAMPLE: dict[str, dict[str, Any]] = {
    "cart": {"necessary": True, "signals": ["security_storage"]},
    "chat": {"signals": ["functionality_storage", "personalization_storage"]},
    "statistics": {"statistics": True, "exempt_in": EVERYWHERE, "signals": []},
    "confirmed statistics": {
        "statistics": True,
        "exempt_in": EVERYWHERE,
        "exemption_confirmed": EVERYWHERE,
        "signals": ["analytics_storage"],
    },
    "advertising": {"targeted_ads": True, "signals": ["ad_storage", "ad_user_data", "ad_personalization"]},
    "data sale": {"sells_or_shares": True, "signals": []},
    "sensitive": {"sensitive": True, "signals": []},
}
TITLES = {
    "none": "no answer",
    "accept": "accept",
    "reject": "reject or opt out",
    "gpc": "GPC signal, no answer",
}
HEAD = """# What Fairgate does in each jurisdiction

**This is research, not legal advice.** Every row names its source, its date and how sure we are; have a lawyer look at
the rows that matter to you, and at all rows of low confidence. Made by `manage.py check_jurisdictions --page` from
`consent/jurisdictions/jurisdictions.csv` and `regimes.json`, reviewed {version}; a test compares this page with them.

## How to read it

A visitor's place decides the **row** (state, else country, else EU for members of the EEA, else `*`), the row names a
**regime**, and where a row asks for something of its own the regime has a **variant**. A row holds from its date on;
before that day the next level answers. An unknown place gets the strictest regime.

Each variant below shows a site with one service of each kind: *cart* is strictly necessary; *chat* is a convenience;
*statistics* measures the audience; *confirmed statistics* does too, and the site's owner has confirmed that it meets
the conditions of the law's exemption; *advertising* is targeted; *data sale* sells or shares personal data;
*sensitive* touches data of a sensitive kind. Held services send no request, run no code and store nothing.

{signals}
- An **objection** never lapses. Days are for consents and for the earliest time to ask again.
- **Minors**: on a site for children, or for a visitor known to be younger than the variant says, advertising and data
  sale stay off whatever is answered; where it says "everything", all that is not necessary does.
- Records: nothing but a daily total is kept of a visitor who has not answered. A signal is recorded once, without a
  visitor id. Google's signals are those of the default mapping (`security_storage` is always granted).
- Links and notices that a law words itself are shown word for word, in English.
"""


def states(terms: Mapping[str, Any], answer: str) -> dict[str, str]:
    """{service: granted|denied} of the sample site for one of ANSWERS."""
    found = {}
    for name, service in SAMPLE.items():
        necessary = bool(service.get("necessary"))
        if answer in ("accept", "reject"):
            found[name] = "granted" if necessary or answer == "accept" else "denied"
        else:
            found[name] = before_answer(service, necessary, terms, gpc=answer == "gpc")
    return found


def signalled(found: Mapping[str, str]) -> list[str]:
    """The Google consent signals that are granted, in the default mapping."""
    return sorted(signal for name, state in found.items() if state == "granted" for signal in SAMPLE[name]["signals"])


def recorded(terms: Mapping[str, Any], answer: str) -> str:
    """What the ledger holds after this answer."""
    if answer == "none":
        return "daily total only"
    if answer == "gpc":
        silent = terms["model"] == "opt_in" and terms["gpc"] != "required"
        return "nothing: it changes nothing" if silent else "`gpc`, once, without a visitor id"
    if answer == "accept":
        return "`accept_all`, granted"
    return "`reject_all`, denied" if terms["model"] == "opt_in" else "`opt_out` or `reject_all`, denied, an objection"


def shown(terms: Mapping[str, Any], answer: str) -> str:
    """What the visitor sees."""
    if answer in ("accept", "reject"):
        return "what was stored, and how to change it"
    parts = [f"{'banner' if terms['banner'] == 'choice' else 'notice'}: {', '.join(terms['buttons'])}"]
    if terms["close_x"]:
        parts.append("a close X that keeps the default")
    if answer == "gpc" and terms["gpc_status"]:
        parts.append(f"“{TEXTS['gpc_honored']}”")
    return "; ".join(parts)


def page(today: date) -> str:
    """docs/jurisdictions.md. `today` only decides what is said to lie in the future."""
    homes: dict[str, list[Jurisdiction]] = {id: [] for id in table.variants()}
    for row in ROWS.values():
        homes[table.variant_for(row.id)].append(row)
    parts = [
        HEAD.format(version=table.VERSION, signals=signals_in_words()),
        _starts(today),
        _what_changed(),
        _low(),
        "## Variants\n",
    ]
    parts += [_variant(id, terms, homes[id]) for id, terms in table.variants().items()]
    parts += ["## Rows\n", *(_row(row, today) for row in ROWS.values())]
    return "\n".join(parts).rstrip() + "\n"


def _low() -> str:
    low = [f"{row.name} ({row.id})" for row in ROWS.values() if row.confidence == "low"]
    return (
        f"## Rows of low confidence\n\n{', '.join(low)}.\n\n"
        "Rows whose notes say “Not reviewed” ask for no less than an unknown place gets. Any place without a row,\n"
        "whatever its law, is treated as an unknown one.\n"
    )


MEANINGS = {
    signals.OPT_OUT: "stops advertising and data sale",
    signals.REFUSE: "refuses",
    signals.CONSENT: "would consent to",
}


def signals_in_words() -> str:
    """What browsers may say by themselves, a line a row of the table of signals."""
    lines = ["- What a browser says by itself never grants anything. Of its signals, these are known:"]
    for signal in signals.TABLE:
        where = "everywhere" if signal.regimes == signals.EVERY else f"under {', '.join(map(_code, signal.regimes))}"
        means = "; ".join(
            f"{MEANINGS[value.means]}{_what(value.categories)}{_sent(signal, value)}" for value in signal.values
        )
        off = "" if signal.on else f" **Off**: {signal.why_off}"
        lines.append(f"  - **{signal.name}** {means}, {where}. Source: {signal.source}.{off}")
    return "\n".join(lines)


def _code(text: str) -> str:
    return f"`{text}`"


def _what(categories: tuple[str, ...] | str) -> str:
    if not categories:
        return ""
    return " everything optional" if categories == signals.EVERY else f" {', '.join(map(_code, categories))}"


def _sent(signal: signals.Signal, value: signals.Meaning) -> str:
    return f" (`{signal.header}: {value.header}`)" if signal.header else ""


def _starts(today: date) -> str:
    soon = history.starting(today)
    later = [start for start in history.starts(today) if start not in soon]
    parts = [
        "## What starts in the next 12 months\n",
        f"Seen from {today}; the dashboard's page sees from the day it is opened.\n",
        *([_start(start) for start in soon] or ["Nothing that we know of."]),
        *(["\nLater:\n", *(_start(start) for start in later)] if later else []),
    ]
    return "\n".join(parts) + "\n"


def _start(start: Start) -> str:
    text = f"- **{start.day}** {start.name} ({start.id}): {start.what}."
    text += (
        f" Until then: {start.until}. From then on: {start.then}."
        if start.then
        else " Nothing changes for visitors by itself."
    )
    return f"{text} Source: {start.source}."


def _what_changed() -> str:
    parts = ["## What changed\n"]
    for version in history.all_changes():
        parts += [f"### {version.version}, after {version.since}: {version.in_short()}\n", *_changes(version)]
    first = history.versions()[0]
    parts.append(f"The first version is that of {first.version}, with {len(first.rows)} rows.\n")
    return "\n".join(parts)


def _changes(version: Changes) -> list[str]:
    lines = []
    for verb, rows in (("Added", version.added), ("Removed", version.removed)):
        if rows:
            lines.append(f"{verb}: {', '.join(f'{name} ({id})' for id, name in rows)}.\n")
    return [*lines, *(_change(change) for change in version.changed)]


def _change(change: Change) -> str:
    lines = [f"- **{change.name} ({change.id})**"]
    lines += [f"  - {what}: {_nothing(before)} → {_nothing(after)}" for what, before, after in change.differences]
    return "\n".join(lines) + "\n"


def _nothing(text: str) -> str:
    return text or "nothing"


def _variant(id: str, terms: Terms, rows: list[Jurisdiction]) -> str:
    links = [f"“{TEXTS[key]}”" for key in (*terms["links"], *terms["notices"])]
    minors = terms["minors"]
    lines = [
        f"### `{id}` {terms['name']}\n",
        f"{terms['law']}. Source: {terms['source']}.",
        *([f"Why it differs from its regime: {table.why(row.id)}" for row in rows if table.why(row.id)]),
        f"Rows: {', '.join(row.id for row in rows) or 'none today'}.\n",
        "| answer | runs | held | shown | Google signals granted | recorded |",
        "|---|---|---|---|---|---|",
    ]
    for answer in ANSWERS:
        found = states(terms, answer)
        runs = ", ".join(name for name, state in found.items() if state == "granted")
        held = ", ".join(name for name, state in found.items() if state == "denied") or "nothing"
        signals = ", ".join(f"`{signal}`" for signal in signalled(found) if signal != "security_storage") or "none"
        cells = (TITLES[answer], runs, held, shown(terms, answer), signals, recorded(terms, answer))
        lines.append(f"| {' | '.join(cells)} |")
    points = [
        f"refusing beside accepting: {terms['reject'].replace('_', ' ')}; equal prominence: {terms['equal']}",
        f"consent {_days(terms['consent_days'])}, refusal {_days(terms['refusal_days'])}, asked again after "
        f"{_days(terms['reask_days'])} at the earliest",
        f"under {minors['ads_off_under']} years: {'everything' if minors['hold'] == 'all' else 'advertising'} off",
        f"GPC {'required by law' if terms['gpc'] == 'required' else 'honoured'}",
    ]
    if links:
        icon = " with the opt-out icon" if terms["optout_icon"] else ""
        points.append(f"links and notices{icon}: {', '.join(links)}")
    if terms["imprint"]:
        points.append("the imprint is linked in the banner")
    if terms["tracker_max_days"]:
        points.append(f"exempt trackers live {terms['tracker_max_days']} days at most")
    if terms["language"]:
        points.append(f"the banner must exist in `{terms['language']}`")
    return "\n".join([*lines, "", *(f"- {point[0].upper()}{point[1:]}." for point in points), ""])


def _row(row: Jurisdiction, today: date) -> str:
    since = f"since {row.effective_date}" if row.effective_date else "always"
    if not row.in_force(today):
        since = f"from {row.effective_date} on"
    lines = [
        f"### {row.id} {row.name}\n",
        f"- Law: {row.law or 'none'}{f' ({row.authority})' if row.authority else ''}; {since}",
        f"- Does: [`{table.variant_for(row.id)}`](#{_anchor(row)}); confidence: **{row.confidence}**",
        f"- Source: {row.source}",
    ]
    if row.minor_rule:
        lines.append(f"- Minors: {row.minor_rule}")
    if row.notes:
        lines.append(f"- Notes: {row.notes}")
    return "\n".join([*lines, ""])


def _anchor(row: Jurisdiction) -> str:
    variant, terms = table.variant_and_terms(row)
    text = f"{variant} {terms['name']}".lower()
    return "".join(c for c in text.replace(" ", "-") if c.isalnum() or c in "-_")


def _days(days: int) -> str:
    return f"{days} days" if days else "without end"
