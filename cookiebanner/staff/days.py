"""Days in the words of whoever reads them, by the formats of their language (cookiebanner/formats/)."""

from __future__ import annotations

from datetime import date, datetime

from django.utils.formats import date_format


def whole_day(day: date) -> str:
    """3 November 2026"""
    return date_format(day, "DATE_FORMAT")


def short_day(day: date, year: bool = False) -> str:
    """3 Nov, or 3 Nov 2026"""
    return date_format(day, "SHORT_DATE_FORMAT" if year else "MONTH_DAY_FORMAT")


def minute(at: datetime) -> str:
    """3 November 2026, 14:05 UTC; `at` is in UTC."""
    return f"{date_format(at, 'DATETIME_FORMAT')} UTC"
