"""Filters of the dashboard's and the auditor's templates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django import template
from django.utils import formats, timesince, translation
from django.utils.safestring import SafeString
from django.utils.translation import gettext, gettext_noop, ngettext, npgettext_lazy

from consent import common
from consent.banners import texts
from consent.jurisdictions import table
from consent.jurisdictions.words import name_of_place
from consent.publishing import differences
from consent.sites.models import Membership

register = template.Library()

ACTIONS = {
    "accept_all": gettext_noop("Accepted all"),
    "reject_all": gettext_noop("Rejected all"),
    "custom": gettext_noop("Chose some"),
    "close": gettext_noop("Closed without a choice"),
    "withdraw": gettext_noop("Withdrew"),
    "opt_out": gettext_noop("Opted out"),
    "gpc": gettext_noop("Opted out by browser signal (GPC)"),
    "signal": gettext_noop("Opted out by another browser signal"),
    "import": gettext_noop("Said elsewhere before"),
    "receipt": gettext_noop("A page's own receipt, not proved"),
    "test": gettext_noop("Tried out on the testing script, counted nowhere"),
}
ENTRIES = {
    "release": gettext_noop("Release"),
    "pictures": gettext_noop("Pictures of a release"),
    "scan": gettext_noop("Scan"),
    "document": gettext_noop("Version of a document"),
    "erasure": gettext_noop("Erasure"),
    "request": gettext_noop("A person's request"),
    "waiver": gettext_noop("Sign-off of a rule"),
    "key_rotation": gettext_noop("New signing key"),
    "restart": gettext_noop("Restart of the ledger"),
    "clock_repair": gettext_noop("Clock put right"),
    "void": gettext_noop("Pictures declared void"),
    "trail": gettext_noop("End of the audit trail"),
    "screenshot": gettext_noop("Picture (earlier version)"),
    "choice": gettext_noop("Choice beyond cookies"),
    "wording": gettext_noop("Wording of a choice"),
}
LEVELS = {
    "drop_in": gettext_noop("Drop-in"),
    "snippet": gettext_noop("Snippet"),
    "strict": gettext_noop("Strict snippet"),
    "server": gettext_noop("Server"),
}
ROLES = {
    "owner": gettext_noop("Everything, including team, tokens, settings and sign-offs"),
    "editor": gettext_noop("Edits the draft, publishes, uses the kill switch"),
    "auditor": gettext_noop("Sees the audit pages and exports, nothing else"),
    "viewer": gettext_noop("Sees figures and set-up, changes nothing"),
    "clerk": gettext_noop("Files and answers people's requests, sees nothing else"),
}
SCREENS = {
    "phone": gettext_noop("phone"),
    "tablet": gettext_noop("tablet"),
    "desktop": gettext_noop("desktop"),
    "light": gettext_noop("light"),
    "dark": gettext_noop("dark"),
}
CHOICES = {"granted": gettext_noop("granted"), "denied": gettext_noop("denied")}
# Whether somebody's choice lets the operator do what a topic is about, and why (consent.preferences.standing).
STANDINGS = {"granted": gettext_noop("yes"), "denied": gettext_noop("no"), "waiting": gettext_noop("not yet")}
BECAUSE = {
    "said": gettext_noop("the person said so"),
    "silence": gettext_noop("the person has not objected"),
    "not_asked": gettext_noop("the person has said nothing yet"),
    "reworded": gettext_noop("the person agreed to earlier words, which asked for something else"),
    "no_notice": gettext_noop("no notice was sent yet"),
    "waiting_period": gettext_noop("the time to object runs still"),
    "suppressed": gettext_noop("the person was erased"),
    "ended": gettext_noop("the topic has ended"),
}
SAID = {"yes": gettext_noop("Yes"), "no": gettext_noop("No"), "notice": gettext_noop("A notice was sent")}
METHODS = {
    "app": gettext_noop("in an app"),
    "web": gettext_noop("on a website"),
    "form": gettext_noop("on a form"),
    "phone": gettext_noop("by telephone"),
    "letter": gettext_noop("by letter"),
    "mail": gettext_noop("by e-mail"),
    "in_person": gettext_noop("in person"),
    "sms": gettext_noop("by text message"),
    "other": gettext_noop("in another way"),
    "page": gettext_noop("on their own page"),
    "one_click": gettext_noop("by one click in a mail"),
    "signed_in": gettext_noop("signed in on the site"),
    "mailed_link": gettext_noop("by a mailed link"),
    "signed_form": gettext_noop("on a form that a parent signed"),
    "payment": gettext_noop("by a payment of a parent"),
    "call": gettext_noop("in a parent’s call to trained staff"),
    "video_call": gettext_noop("in a parent’s video call with trained staff"),
    "government_id": gettext_noop("by a parent’s identity document"),
    "questions": gettext_noop("by questions that a parent answered"),
    "face_match": gettext_noop("by a parent’s photo document and face"),
    "email_plus": gettext_noop("by a parent’s e-mail and a further step"),
    "text_plus": gettext_noop("by a parent’s text message and a further step"),
    "safe_harbor": gettext_noop("by a parent, as a safe harbor program allows"),
}
STORED = {
    "local": gettext_noop("local storage"),
    "session": gettext_noop("session storage"),
    "databases": gettext_noop("database"),
    "cookie": gettext_noop("cookie"),
}
# Languages that write nouns with a capital letter inside a sentence, too.
CAPITAL_NOUNS = ("de",)
# Django's own lengths of time stand alone ("3 Tage"); behind "before" some languages want another form ("3 Tagen").
PAST = {
    "year": npgettext_lazy("time that passed", "%(num)d year", "%(num)d years", "num"),
    "month": npgettext_lazy("time that passed", "%(num)d month", "%(num)d months", "num"),
    "week": npgettext_lazy("time that passed", "%(num)d week", "%(num)d weeks", "num"),
    "day": npgettext_lazy("time that passed", "%(num)d day", "%(num)d days", "num"),
    "hour": npgettext_lazy("time that passed", "%(num)d hour", "%(num)d hours", "num"),
    "minute": npgettext_lazy("time that passed", "%(num)d minute", "%(num)d minutes", "num"),
}


@register.filter
def percent(value: float | None) -> str:
    """0.314 → `31%`; None → an en dash."""
    return "–" if value is None else gettext("{number}%").format(number=f"{value * 100:.0f}")


@register.filter
def thousands(value: Any) -> str:
    """12345 → `12,345`, as the language writes it."""
    return common.thousands(int(value))


@register.filter
def ago(value: datetime) -> str:
    """How long it is since: `3 hours ago`."""
    passed = timesince.timesince(value, time_strings=PAST)  # type: ignore[arg-type]
    return gettext("{time} ago").format(time=passed)


@register.filter
def in_a_list(names: str | Iterable[str]) -> str:
    """`A`, `A and B`, `A, B and C`."""
    words = [names] if isinstance(names, str) else list(names)
    if len(words) < 2:
        return "".join(words)
    return gettext("{names} and {last}").format(names=", ".join(words[:-1]), last=words[-1])


@register.filter
def in_sentence(text: str) -> str:
    """A heading's word inside a sentence: `Place` → place, in German Place. Abbreviations stay."""
    text = str(text)
    if translation.get_language() in CAPITAL_NOUNS or text[1:2].isupper():
        return text
    return text[:1].lower() + text[1:]


@register.filter
def action(value: str) -> str:
    """An action of a consent record, in words."""
    return gettext(ACTIONS[value]) if value in ACTIONS else value.replace("_", " ").capitalize()


@register.filter
def standing(value: str) -> str:
    """Whether a person's choice lets the operator, in a word."""
    return gettext(STANDINGS[value]) if value in STANDINGS else value


@register.filter
def because(value: str) -> str:
    """Why it does or does not."""
    return gettext(BECAUSE[value]) if value in BECAUSE else value


@register.filter
def chosen(value: str) -> str:
    """What somebody said to a topic."""
    return gettext(SAID[value]) if value in SAID else value


@register.filter
def method(value: str) -> str:
    """How somebody said it."""
    return gettext(METHODS[value]) if value in METHODS else value


@register.filter
def entry_kind(value: str) -> str:
    """What an entry of the ledger is, when it is no answer."""
    return gettext(ENTRIES[value]) if value in ENTRIES else value.replace("_", " ").capitalize()


@register.filter
def level(value: str) -> str:
    """A blocking level, in words."""
    return gettext(LEVELS[value]) if value in LEVELS else value.replace("_", " ")


@register.filter
def role_words(value: str) -> str:
    """What a role may do."""
    return gettext(ROLES[value]) if value in ROLES else ""


@register.filter
def role_name(value: str) -> str:
    """A role by its name."""
    return str(Membership.Role(value).label) if value in Membership.Role.values else value


@register.filter
def screen_word(value: str) -> str:
    """A device or a colour scheme by its name."""
    return gettext(SCREENS[value]) if value in SCREENS else value


@register.filter
def choice_word(value: str) -> str:
    """Whether something was granted or denied."""
    return gettext(CHOICES[value]) if value in CHOICES else value


@register.filter
def place(value: str) -> str:
    """A jurisdiction's id, in words: `US-CA` → California."""
    if value in ("", "*"):
        return gettext("Unknown place")
    return name_of_place(value)


@register.filter
def regime(value: str) -> str:
    """A regime's or variant's id, in words."""
    base, _, row = value.partition("-")
    terms = table.REGIMES.get(base)
    name = translation.gettext(terms["name"]) if terms else base
    return f"{name}, {place(row)}" if row else name


@register.filter
def name_of_language(code: str) -> str:
    """A language in the language of the page."""
    try:
        return str(translation.get_language_info(code)["name_translated"])
    except KeyError:
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
    ours: dict[str, str] = texts.categories(translation.get_language() or texts.FALLBACK).get(row.key, {})
    return given.get("name") or ours.get("name") or str(row.key)


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
            decimals = 0 if unit == "B" or size >= 100 else 1
            return f"{formats.number_format(round(size, decimals), decimals, use_l10n=True)} {unit}"
        size /= 1000
    return ""


@register.filter
def stored_kind(value: str) -> str:
    """Where something is stored, in words: `local` → local storage."""
    return gettext(STORED[value]) if value in STORED else value


@register.filter
def cookie_attributes(detail: Any) -> str:
    """How long a cookie of a scan lives, and what else was set of it; "" for what is no cookie."""
    if not detail:
        return ""
    days = detail.get("days", -1)
    if days == 0:
        words = [gettext("until the browser closes")]
    elif days < 0:
        words = [gettext("for a time not known")]
    else:
        words = [ngettext("{days} day", "{days} days", days).format(days=days)]
    words += [word for name, word in (("http_only", "HttpOnly"), ("secure", "Secure")) if detail.get(name)]
    words += [f"SameSite={detail['same_site']}"] if detail.get("same_site") else []
    words += [gettext("path {path}").format(path=detail["path"])] if detail.get("path", "/") != "/" else []
    words += [gettext("partitioned")] if detail.get("partition") else []
    return ", ".join(words)


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
