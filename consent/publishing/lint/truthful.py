"""Texts that the release itself contradicts, and facts that a text of the site's own leaves out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop

from consent.banners import texts
from consent.publishing.lint import words
from consent.publishing.lint.buttons import DOES, LAW
from consent.publishing.lint.finding import BLOCK, WARN, Finding, Snapshot, necessary, worded
from consent.publishing.lint.readings import readings
from consent.publishing.lint.wording import of_services

NAMES = ("title", "body", "pc_title", "pc_body")  # where the banner says what it is about
ALWAYS_LAW = "Directive 2002/58/EC art. 5(3); CJEU C-673/17 Planet49"
FAIR = "GDPR 5(1)(a), 13"
# Texts that follow a no, or lead to one: they can't speak of a yes.
OF_A_NO = ("stored_no", "optout", "optout_text", "optout_done", "limit_text", "exempt_note")
# text → (placeholder, rule, severity, what is not said without it)
FACTS = {
    "hold_text": ("service", "L11", BLOCK, gettext_noop("whose content it is")),
    "exempt": ("services", "L11", BLOCK, gettext_noop("what runs without asking")),
    "services": ("count", "L12", BLOCK, gettext_noop("how many services there are")),
    "gpc": ("signals", "L22", BLOCK, gettext_noop("which signal of the browser is followed")),
    "stored_yes": ("list", "L10", WARN, gettext_noop("what was allowed")),
    "stored_at": ("date", "L10", WARN, gettext_noop("when the visitor chose")),
    "change": ("link", "L10", WARN, gettext_noop("where to change the choice")),
}
# A number of others that receive data; the word for them is much the same in most languages.
PARTNERS = re.compile(
    r"\b(\d{1,4})\s+(?:[^\W\d]\S*\s+){0,2}?(?:partner|parceir|partenair|partener|vendor|provider|anbieter|dienst|servic|servizi|"
    r"fournisseur|proveedor|fornitor|leverancier|third part|партн|συνεργ)|(\d{1,4})\s?(?:社の|個の|개의|家|شريك)",
    re.IGNORECASE,
)  # fmt: skip
IGNORED = re.compile(r"\b(ignor\w*|do(n.t| not) follow|not (followed|honou?red))\b", re.IGNORECASE)
FEWEST = 12  # letters that a text says something with, besides what we fill in; less where a letter is a syllable
_DENSE = re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_PLACEHOLDER = texts.PLACEHOLDER


def untrue(snapshot: Snapshot) -> Iterator[Finding]:
    """Of what is optional: that it is always on, needed, not there, or about nobody; and that a choice is for good."""
    kept = necessary(snapshot)
    optional = [service["name"] for service in snapshot["services"] if service["category"] not in kept]
    for where, language, own in worded(snapshot):
        if not (judge := words.judged(language)):
            continue
        for key, text in own.items():
            field = f"text {where} {key}"
            if key not in texts.LOCKED and (found := words.says("final", text, judge)):
                yield Finding(
                    "L05",
                    BLOCK,
                    gettext("The text %(key)r in %(where)s says %(found)r; to withdraw is as easy as to agree.")
                    % {"key": key, "where": where, "found": found},
                    "GDPR 7(3); 11 CCR 7004",
                    gettext("Say that it can be changed at any time."),
                    subject=field,
                    text=text,
                    field=field,
                )
            if key not in NAMES or not optional:
                continue
            for found in filter(None, (words.says("nothing_asked", text, judge), _impersonal(text, judge))):
                yield Finding(
                    "L11",
                    BLOCK,
                    gettext("The text %(key)r in %(where)s says %(found)r; %(optional)s is optional.")
                    % {"key": key, "where": where, "found": found, "optional": optional[0]},
                    FAIR,
                    gettext("Say what is stored and why."),
                    subject=field,
                    text=text,
                    field=field,
                )
            if found := words.says("always_on", text, judge):
                yield Finding(
                    "L06",
                    BLOCK,
                    gettext("The text %(key)r in %(where)s says %(found)r of what a visitor may refuse.")
                    % {"key": key, "where": where, "found": found},
                    ALWAYS_LAW,
                    gettext("Say that it is a choice."),
                    subject=field,
                    text=text,
                    field=field,
                )


def _impersonal(text: str, language: str) -> str:
    return words.asserts("nothing_personal", text, language)


def categories(snapshot: Snapshot) -> Iterator[Finding]:
    """Names and descriptions of optional categories: each its own, and none as if it were another."""
    kept = necessary(snapshot)
    for category in snapshot["categories"]:
        if category["key"] in kept:
            continue
        for language, own in category["texts"].items():
            if judge := words.judged(language):
                yield from _category(category, language, judge, own)
    for language in snapshot["languages"]:
        seen: dict[str, str] = {}
        for category in snapshot["categories"]:
            key, name = category["key"], words.plain(category["texts"].get(language, {}).get("name", "")).casefold()
            if name and seen.setdefault(name, key) != key:
                field = f"category {key} name-{language}"
                yield Finding(
                    "L11",
                    BLOCK,
                    gettext("%(seen)s and %(key)s have the same name in %(language)s.")
                    % {"seen": seen[name], "key": key, "language": language},
                    FAIR,
                    gettext("Tell them apart."),
                    subject=field,
                    text=name,
                    field=field,
                )


def _category(category: Mapping[str, Any], language: str, judge: str, own: Mapping[str, str]) -> Iterator[Finding]:
    key, ours = category["key"], texts.categories(language)
    for part, text in own.items():
        field = f"category {key} {part}-{language}"
        if found := words.says("always_on", text, judge):
            yield Finding(
                "L06",
                BLOCK,
                gettext("The %(part)s of %(key)s in %(language)s says %(found)r; it is optional.")
                % {"part": gettext(part), "key": key, "language": language, "found": found},
                ALWAYS_LAW,
                gettext("Say that it is a choice."),
                subject=field,
                text=text,
                field=field,
            )
        elif found := words.asserts("needed", text, judge) or _called(text, ours["C0001"]["name"]):
            yield Finding(
                "L11",
                BLOCK,
                gettext("The %(part)s of %(key)s in %(language)s says %(found)r; it is optional.")
                % {"part": gettext(part), "key": key, "language": language, "found": found},
                FAIR,
                gettext("Say what it is for."),
                subject=field,
                text=text,
                field=field,
            )
        elif found := _impersonal(text, judge):
            yield Finding(
                "L11",
                WARN,
                gettext("The %(part)s of %(key)s in %(language)s says %(found)r; an identifier is personal data.")
                % {"part": gettext(part), "key": key, "language": language, "found": found},
                f"{FAIR}; GDPR recital 30",
                gettext("Say what is stored and why."),
                subject=field,
                text=text,
                field=field,
            )
    yield from _name(key, language, judge, own)


def _name(key: str, language: str, judge: str, own: Mapping[str, str]) -> Iterator[Finding]:
    """A category that is called as another is, or is another."""
    ours = texts.categories(language)
    name, whole = own.get("name", ""), f"{own.get('name', '')}. {own.get('description', '')}"
    field = f"category {key} name-{language}"
    other = next((one for one, theirs in ours.items() if one != key and _called(name, theirs["name"])), "")
    if key in ours and other not in ("", "C0001"):
        yield Finding(
            "L11",
            BLOCK,
            gettext("The category %(key)s is called %(name)r in %(language)s, as %(other)s is.")
            % {"key": key, "name": name, "language": language, "other": other},
            FAIR,
            gettext("Name what is in it."),
            subject=field,
            text=name,
            field=field,
        )
    elif key == "C0004" and not (words.says("advertising", whole, judge) or words.says("tracking", whole, judge)):
        yield Finding(
            "L11",
            WARN,
            gettext("Nothing in %(language)s says that %(key)s is advertising.") % {"language": language, "key": key},
            FAIR,
            gettext("Name it."),
            subject=field,
            text=whole,
            field=field,
        )
    elif key in ("C0002", "C0003") and (found := words.claims("advertising", whole)):
        yield Finding(
            "L11",
            WARN,
            gettext("The category %(key)s speaks of %(found)r in %(language)s; that is another choice.")
            % {"key": key, "found": found, "language": language},
            "GDPR 5(1)(b), 6(1)(a)",
            gettext("Keep advertising apart."),
            subject=field,
            text=whole,
            field=field,
        )


def _called(text: str, name: str) -> str:
    """`name` when the text is that name and no more."""
    return name if any(read.casefold() == name.casefold() for read in readings(text)) else ""


def services(snapshot: Snapshot) -> Iterator[Finding]:
    """What is said of optional services and their cookies. A remark: much of it comes from vendors."""
    kept = necessary(snapshot)
    optional = {service["key"] for service in snapshot["services"] if service["category"] not in kept}
    for what, text, field in of_services(snapshot):
        if field.split(" ")[1] in optional and (
            found := words.says("always_on", text) or words.asserts("needed", text, texts.FALLBACK)
        ):
            yield Finding(
                "L11",
                WARN,
                gettext("%(what)s says %(found)r; it is optional.") % {"what": what, "found": found},
                FAIR,
                gettext("Say what it is for."),
                subject=field,
                text=text,
                field=field,
            )


def informing(snapshot: Snapshot) -> Iterator[Finding]:
    """Texts of the site's own that leave out what ours say, say the opposite, or count wrongly."""
    count = len([s for s in snapshot["services"] if s["category"] not in necessary(snapshot)])
    for where, language, own in worded(snapshot):
        for key, (placeholder, rule, severity, what) in FACTS.items():
            if f"{{{placeholder}}}" not in own.get(key, f"{{{placeholder}}}"):
                yield _own(
                    where,
                    key,
                    own,
                    rule,
                    severity,
                    gettext("does not say %(what)s") % {"what": gettext(what)},
                    FAIR,
                    gettext("Put {%(placeholder)s} in.") % {"placeholder": placeholder},
                )
        body = own.get("body", "")
        if body and _letters(body) < FEWEST:
            yield _own(
                where,
                "body",
                own,
                "L11",
                BLOCK,
                gettext("does not say what is asked"),
                "EDPB Guidelines 05/2020 §64",
                gettext("Say what is stored or read, and that one may say no."),
            )
        for key in (*NAMES, "services"):
            if (said := PARTNERS.search(own.get(key, ""))) and int(said[1] or said[2]) != count:
                yield _own(
                    where,
                    key,
                    own,
                    "L12",
                    BLOCK,
                    gettext("says %(group)r; there are %(count)s") % {"group": said.group(), "count": count},
                    FAIR,
                    gettext("Put {count} in place of the number."),
                )
        if judge := words.judged(language):
            ours = texts.resolve(language)
            yield from _answers(where, judge, {key: text for key, text in own.items() if text != ours.get(key)})


def _answers(where: str, judge: str, own: Mapping[str, str]) -> Iterator[Finding]:
    """Texts that are no button and read as one, or tell of a yes where there was a no."""
    known = [texts.labels()[code] for code in {judge, texts.FALLBACK}]
    for key, text in own.items():
        if key in DOES or key in texts.LOCKED:
            continue
        accepts = any(words.same(text, one) for labels in known for one in labels["accept"])
        rejects = any(words.same(text, one) for labels in known for one in labels["reject"]) and key not in OF_A_NO
        if accepts or rejects:
            yield _own(
                where,
                key,
                own,
                "L13",
                BLOCK,
                gettext("reads as a button, and is none"),
                LAW,
                gettext("Say what it is."),
            )
        elif key in OF_A_NO and not words.says("refusing", text, judge):
            rule = "L13" if key == "stored_no" else "L24"
            if words.says("accepting", text, judge):
                yield _own(
                    where,
                    key,
                    own,
                    rule,
                    BLOCK,
                    gettext("speaks of a yes where there is a no"),
                    LAW,
                    gettext("Say what happens."),
                )
            elif key == "optout":
                yield _own(
                    where,
                    key,
                    own,
                    rule,
                    BLOCK,
                    gettext("does not say that it opts out"),
                    LAW,
                    gettext("Say that it does."),
                )
        elif key == "gpc" and IGNORED.search(text):
            yield _own(
                where,
                key,
                own,
                "L22",
                BLOCK,
                gettext("says that the signal is not followed"),
                LAW,
                gettext("It is; say so."),
            )


def _own(
    where: str, key: str, own: Mapping[str, str], rule: str, severity: str, what: str, law: str, fix: str
) -> Finding:
    field = f"text {where} {key}"
    message = gettext("The text %(key)r in %(where)s %(what)s: %(plain)r.") % {
        "key": key,
        "where": where,
        "what": what,
        "plain": words.plain(own[key])[:80],
    }
    return Finding(rule, severity, message, law, fix, subject=field, text=own[key], field=field)


def _letters(text: str) -> int:
    """Letters besides what is filled in; a syllable or a whole word of one letter counts as three."""
    bare = _PLACEHOLDER.sub("", text)
    return sum(letter.isalpha() for letter in bare) + 2 * len(_DENSE.findall(bare))


RULES = (untrue, categories, services, informing)
