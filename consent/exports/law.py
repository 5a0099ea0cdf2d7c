"""The table of law as a spreadsheet: one line a place, in words, seen from one day, with a site's corrections."""

from __future__ import annotations

from datetime import date

from django.utils import translation

from consent.exports.formats import BOM
from consent.exports.verify import verify as verifier
from consent.jurisdictions import history, table
from consent.jurisdictions.table import Overrides
from consent.jurisdictions.words import terms_in_words

FIRST = ("Place", "Id", "Law", "Authority", "In force since")
LAST = ("Minors", "Notes", "Source", "Confidence", "Corrected by this site", "Last changed", "Table of")


def to_csv(today: date, overrides: Overrides | None = None, separator: str = ",") -> bytes:
    """RFC 4180 with a header line, UTF-8 with a byte order mark; no cell is taken for a formula. What a place asks
    stands there in words, one column for each thing that is asked anywhere."""
    rows = [table.row(id, overrides) for id in table.ROWS]
    with translation.override("en"):  # a file is the same for everybody
        asked = {row.id: dict(terms_in_words(table.variant_and_terms(row)[1], table.TEXTS)) for row in rows}
    things = list(dict.fromkeys(thing for words in asked.values() for thing in words))
    changed = history.last_changes()
    lines = [(*FIRST, f"In force on {today}", "Regime", *things, *LAST)]
    for row in rows:
        override = (overrides or {}).get(row.id)
        lines.append(
            (
                row.name, row.id, row.law, row.authority, row.effective_date, "yes" if row.in_force(today) else "no",
                table.REGIMES[row.preset]["name"], *(asked[row.id].get(thing, "") for thing in things), row.minor_rule,
                row.notes, row.source, row.confidence, override["reason"] if override else "", changed[row.id],
                table.VERSION,
            )
        )  # fmt: skip
    return BOM + "".join(verifier.csv_line(line, separator) for line in lines).encode()
