"""Append-only, enforced by the database: triggers, and the check that they are there."""

from __future__ import annotations

from django.apps import AppConfig


def connect(app: AppConfig) -> None:
    """Reinstalls the triggers after each migrate (an AlterField on SQLite drops them silently)."""
