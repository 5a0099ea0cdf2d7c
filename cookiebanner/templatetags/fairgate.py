"""Filters of the dashboard's and the auditor's templates."""

from __future__ import annotations

from functools import cache
from typing import Any

from django import template
from django.utils.safestring import SafeString

from consent.banners import texts
from consent.jurisdictions import table
from consent.publishing import differences
from consent.scanner.report import KINDS

register = template.Library()

ACTIONS = {
    "accept_all": "Accepted all",
    "reject_all": "Rejected all",
    "custom": "Chose some",
    "close": "Closed without a choice",
    "withdraw": "Withdrew",
    "opt_out": "Opted out",
    "gpc": "Opted out by browser signal (GPC)",
    "signal": "Opted out by another browser signal",
    "import": "Said elsewhere before",
    "receipt": "A page's own receipt, not proved",
    "test": "Tried out on the testing script, counted nowhere",
}
ENTRIES = {
    "release": "Release", "pictures": "Pictures of a release", "scan": "Scan", "document": "Version of a document",
    "erasure": "Erasure",
    "waiver": "Sign-off of a rule", "key_rotation": "New signing key", "restart": "Restart of the ledger",
    "clock_repair": "Clock put right", "void": "Pictures declared void", "trail": "End of the audit trail",
    "screenshot": "Picture (earlier version)",
}  # fmt: skip
LEVELS = {"drop_in": "Drop-in", "snippet": "Snippet", "strict": "Strict snippet", "server": "Server"}
ROLES = {
    "owner": "Everything, including team, tokens, settings and sign-offs",
    "editor": "Edits the draft, publishes, uses the kill switch",
    "auditor": "Sees the audit pages and exports, nothing else",
    "viewer": "Sees figures and set-up, changes nothing",
}


@register.filter
def percent(value: float | None) -> str:
    """0.314 → `31%`; None → an en dash."""
    return "–" if value is None else f"{value * 100:.0f}%"


@register.filter
def thousands(value: Any) -> str:
    """12345 → `12,345`."""
    return f"{int(value):,}"


@register.filter
def action(value: str) -> str:
    """An action of a consent record, in words."""
    return ACTIONS.get(value, value.replace("_", " ").capitalize())


@register.filter
def entry_kind(value: str) -> str:
    """What an entry of the ledger is, when it is no answer."""
    return ENTRIES.get(value, value.replace("_", " ").capitalize())


@register.filter
def level(value: str) -> str:
    """A blocking level, in words."""
    return LEVELS.get(value, value.replace("_", " "))


@register.filter
def role_words(value: str) -> str:
    """What a role may do."""
    return ROLES.get(value, "")


@register.filter
def place(value: str) -> str:
    """A jurisdiction's id, in words: `US-CA` → California."""
    if value in ("", "*"):
        return "Unknown place"
    row = table.ROWS.get(value)
    return row.name if row else value


@register.filter
def regime(value: str) -> str:
    """A regime's or variant's id, in words."""
    names = regime_names()
    base, _, row = value.partition("-")
    name = names.get(base, base)
    return f"{name}, {place(row)}" if row else name


@register.filter
def language_name(code: str) -> str:
    """A language in English."""
    return differences.language_name(code)


@register.filter
def in_words(text: str, names: dict[str, str] | None = None) -> str:
    """A sentence of ours with names in place of ids; `names` are those of categories."""
    return differences.in_words(text, names or {})


@register.filter
def said(value: Any) -> str:
    """A value in words: yes and no, lists with commas, Google's signals by what they mean."""
    return differences.value(value)


@register.filter
def own_name(row: Any) -> str:
    """What a category or purpose is called: by the site, else by us, else by its id."""
    given: dict[str, str] = next(iter((row.texts or {}).values()), {})
    ours: dict[str, str] = texts.categories(texts.FALLBACK).get(row.key, {})
    return given.get("name") or ours.get("name") or str(row.key)


@cache
def regime_names() -> dict[str, str]:
    return {key: terms["name"] for key, terms in table.REGIMES.items()}


@register.filter
def get(mapping: Any, key: Any) -> Any:
    """`mapping[key]`, or nothing."""
    return mapping.get(key, "") if hasattr(mapping, "get") else ""


@register.filter
def bytes_words(value: int | None) -> str:
    """A file size in words a person reads."""
    size = float(value or 0)
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000 or unit == "GB":
            return f"{size:,.0f} {unit}" if unit == "B" or size >= 100 else f"{size:,.1f} {unit}"
        size /= 1000
    return ""


@register.filter
def stored_kind(value: str) -> str:
    """Where something is stored, in words: `local` → local storage."""
    return KINDS.get(value, value)


@register.filter
def cookie_attributes(detail: Any) -> str:
    """How long a cookie of a scan lives, and what else was set of it; "" for what is no cookie."""
    if not detail:
        return ""
    days = detail.get("days", -1)
    words = ["until the browser closes" if days == 0 else "for a time not known" if days < 0 else _days(days)]
    words += [word for name, word in (("http_only", "HttpOnly"), ("secure", "Secure")) if detail.get(name)]
    words += [f"SameSite={detail['same_site']}"] if detail.get("same_site") else []
    words += [f"path {detail['path']}"] if detail.get("path", "/") != "/" else []
    words += ["partitioned"] if detail.get("partition") else []
    return ", ".join(words)


def _days(days: int) -> str:
    return f"{days} day{'' if days == 1 else 's'}"


@register.simple_tag
def described(field: Any) -> SafeString:
    """A form field that names its help and its errors for screen readers."""
    ids = [f"{field.auto_id}_help"] if field.help_text else []
    if field.errors:
        ids.append(f"{field.auto_id}_error")
    attrs: dict[str, Any] = {"aria-describedby": " ".join(ids)} if ids else {}
    if field.errors:
        attrs["aria-invalid"] = "true"
    return field.as_widget(attrs=attrs)
