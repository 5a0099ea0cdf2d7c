"""The page for lawyers says what the code does; tests/browser/test_regimes.py shows that browsers do it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from consent.jurisdictions import review, table

ROOT = Path(__file__).parents[3]


def test_the_page_is_up_to_date():
    written = (ROOT / "docs" / "jurisdictions.md").read_text(encoding="utf-8")
    assert written == review.page(date.fromisoformat(table.VERSION)), (
        "run manage.py check_jurisdictions --page docs/jurisdictions.md"
    )


def test_the_page_holds_every_row_with_source_date_and_confidence():
    page = review.page(date.fromisoformat(table.VERSION))
    assert "not legal advice" in page
    for row in table.ROWS.values():
        part = page.partition(f"\n### {row.id} {row.name}\n")[2].partition("\n### ")[0]
        assert f"- Source: {row.source}\n" in part, row.id
        assert f"confidence: **{row.confidence}**" in part
        assert row.effective_date in part
        assert f"`{table.variant_for(row.id)}`" in part
