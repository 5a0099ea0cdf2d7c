"""Days in the words of whoever reads them. The formats are translated like words: a German day has a full stop."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import dateformat
from django.utils.translation import pgettext


def whole_day(day: date) -> str:
    """3 November 2026"""
    return dateformat.format(day, pgettext("format of a day", "j F Y"))


def short_day(day: date, year: bool = False) -> str:
    """3 Nov, or 3 Nov 2026"""
    return dateformat.format(day, pgettext("format of a day", "j M Y") if year else pgettext("format of a day", "j M"))


def minute(at: datetime) -> str:
    """3 November 2026, 14:05 UTC; `at` is in UTC."""
    return f"{dateformat.format(at, pgettext('format of a moment', 'j F Y, H:i'))} UTC"
