"""What visitors read: every text of the banner, of a category and of a purpose, in every language."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from functools import partial

from django.utils.translation import gettext, gettext_noop

from consent.banners import texts
from consent.publishing.lint import words
from consent.publishing.lint.buttons import DOES
from consent.publishing.lint.finding import BLOCK, WARN, Finding, Snapshot, digest, worded
from consent.publishing.lint.readings import TURNED

QUEBEC = "ca_qc"
SAID = ("title", "body", "pc_body")
SCRIPTS = {
    **dict.fromkeys(("bg", "ru", "uk"), "[\u0400-\u052f]"), "el": "[\u0370-\u03ff\u1f00-\u1fff]",
    "ar": "[\u0600-\u06ff]", "he": "[\u0590-\u05ff]", "ja": "[\u3040-\u30ff\u4e00-\u9fff]",
    "ko": "[\uac00-\ud7af]", **dict.fromkeys(("zh-Hans", "zh-Hant"), "[\u4e00-\u9fff]"),
}  # fmt: skip
FEW = 10  # letters of a name that may stand in any script
SHAMING = ("pressure", "reward", "countdown")  # where somebody opts out, forbidden and not only frowned on
OPTING_OUT = ("optout", "optout_text", "optout_done", "limit_text", "object", "exempt_note")

# meaning of phrases.json → (rule, severity, what is said of it, whose law, what to do)
OBJECTIONS = {
    "implied": (
        "L07", BLOCK, gettext_noop("takes going on for a yes"),
        "GDPR 4(11); EDPB Guidelines 05/2020 §84; CJEU C-673/17 Planet49; 11 CCR 7004",
        gettext_noop("Only a press on a button is an answer; take the sentence out."),
    ),
    "forced": (
        "L19", BLOCK, gettext_noop("makes a yes the price of the site"),
        "EDPB Cookie Banner Taskforce §13; EDPB Guidelines 05/2020 §39",
        gettext_noop("Say that one may refuse, or have the wall signed off."),
    ),
    "pressure": (
        "L14", WARN, gettext_noop("presses"), "EDPB Guidelines 03/2022, stirring",
        gettext_noop("Say what happens, without praise or reproach."),
    ),
    "reward": (
        "L14", WARN, gettext_noop("rewards"), "EDPB Guidelines 03/2022, stirring; 11 CCR 7004",
        gettext_noop("A choice is not bought; take it out."),
    ),
    "countdown": (
        "L14", WARN, gettext_noop("sets a time"), "EDPB Guidelines 03/2022, hidden in plain sight",
        gettext_noop("Nobody has to hurry; take it out."),
    ),
}  # fmt: skip


def objections(snapshot: Snapshot) -> Iterator[Finding]:
    """Sentences that press, reward, hurry, force, or take silence for a yes."""
    for what, language, text, field in _every(snapshot):
        if (judge := words.judged(language)) is None:
            continue
        for meaning, (rule, severity, does, law, fix) in OBJECTIONS.items():
            # What forbids a publish is found in English, too, wherever it stands: everybody's second language.
            also = texts.FALLBACK if severity == BLOCK and judge != texts.FALLBACK else ""
            read = words.forces if meaning == "forced" else partial(words.says, meaning)
            if found := read(text, judge) or (also and read(text, also)):
                if meaning in SHAMING and field.rpartition(" ")[2] in OPTING_OUT:
                    rule, severity, law = "L24", BLOCK, "11 CCR 7004(a)(4), 7026"
                said = f"{what} {gettext(does)}: {found!r}."
                yield Finding(rule, severity, said, law, gettext(fix), subject=field, text=text, field=field)
    for what, text, field in of_services(snapshot):
        rule, severity, does, law, fix = OBJECTIONS["implied"]
        if found := words.says("implied", text):
            said = f"{what} {gettext(does)}: {found!r}."
            yield Finding(rule, severity, said, law, gettext(fix), subject=field, text=text, field=field)


def disguised(snapshot: Snapshot) -> Iterator[Finding]:
    """Texts that are stored otherwise than they are shown."""
    for what, _, text, field in _every(snapshot):
        if TURNED.search(text):
            yield Finding(
                "L13",
                BLOCK,
                gettext("%(what)s turns the order of its letters: what is read is not what is written.")
                % {"what": what},
                "EDPB Guidelines 03/2022, misleading action",
                gettext("Take the marks U+202D and U+202E out."),
                subject=field,
                text=text,
                field=field,
            )


def unjudged(snapshot: Snapshot) -> Iterator[Finding]:
    """Languages of which we know no phrases: somebody who speaks them answers for the texts."""
    for where, language, own in worded(snapshot):
        if words.judged(language) is not None:
            continue
        given = [own[key] for key in sorted(own) if key not in texts.LOCKED]
        if where == language:
            given += [text for _, code, text, _ in _of_rows(snapshot) if code == language]
        yield Finding(
            "L13",
            BLOCK,
            gettext("We can't judge the %(given)s texts in %(where)s: we don't know the language.")
            % {"given": len(given), "where": where},
            "EDPB Cookie Banner Taskforce §14; EDPB Guidelines 03/2022",
            gettext("Have a speaker of it read and sign them off; a changed text asks anew."),
            subject=where,
            text=digest(given),
            field=f"text {where} accept",
        )


def machine_made(snapshot: Snapshot, signed: Container[str]) -> Iterator[Finding]:
    """Languages in which visitors read words of ours that no named person has read; `signed` are those that were."""
    for language in snapshot["languages"]:
        near = texts.ours(language)
        if near is None or near in texts.BEFORE_REVIEWS or language in signed:
            continue
        shown = snapshot["banner"]["texts"].get(language, {})
        if any(shown.get(key) == text for key, text in texts.resolve(language).items() if key not in texts.LOCKED):
            yield Finding(
                "L15",
                WARN,
                gettext("Our words in %(language)s are machine-made; nobody has read them for this site.")
                % {"language": language},
                "EDPB Guidelines 03/2022, language discontinuity",
                gettext("Have a speaker read them, and say who did on the banner's page of words."),
                subject=language,
                field=f"text {language} title",
            )


def translated(snapshot: Snapshot) -> Iterator[Finding]:
    law = "EDPB Guidelines 03/2022, language discontinuity"
    if not snapshot["languages"]:
        yield Finding(
            "L15",
            BLOCK,
            gettext("The site has no language."),
            law,
            gettext("Choose at least one."),
            field="settings languages",
        )
    english = texts.resolve(texts.FALLBACK)
    for language in snapshot["languages"]:
        own = snapshot["banner"]["texts"].get(language, {})
        missing = [key for key in texts.missing(language) if own.get(key) in (None, "", english[key])]
        if missing:
            some = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            yield Finding(
                "L15",
                BLOCK,
                gettext("%(count)s texts are not translated into %(language)s: %(some)s")
                % {"count": len(missing), "language": language, "some": some},
                law,
                gettext("Translate them, or take the language away."),
                subject=language,
                field=f"text {language} {missing[0]}",
            )
        for key in SAID:
            if strange := _in_another(language, own.get(key, "")):
                field = f"text {language} {key}"
                yield Finding(
                    "L15",
                    BLOCK,
                    gettext("The text %(key)r in %(language)s is %(strange)s.")
                    % {"key": key, "language": language, "strange": strange},
                    law,
                    gettext("Translate it."),
                    subject=field,
                    text=own[key],
                    field=field,
                )
        for category in snapshot["categories"]:
            if category["texts"].get(language, {}).get("name", category["key"]) == category["key"]:
                yield Finding(
                    "L15",
                    WARN,
                    gettext("The category %(key)s has no name in %(language)s.")
                    % {"key": category["key"], "language": language},
                    law,
                    gettext("Name and describe it in words a visitor knows."),
                    subject=f"{category['key']} {language}",
                    field=f"category {category['key']} name-{language}",
                )


def french(snapshot: Snapshot) -> Iterator[Finding]:
    """Quebec's law wants its language."""
    if not any(language.lower().partition("-")[0] == "fr" for language in snapshot["languages"]):
        for variant, terms in snapshot["variants"].items():
            if terms["regime"] == QUEBEC:
                yield Finding(
                    "L15",
                    WARN,
                    gettext("Visitors in Quebec are not addressed in French."),
                    "Charter of the French language (CQLR c. C-11), s. 52",
                    gettext("Add French to the site's languages."),
                    variant,
                    field="settings languages",
                )


def _in_another(language: str, text: str) -> str:
    """How a text shows that it is in another language: by its letters, or by being ours in English."""
    near = texts.ours(language)
    if not near or near == texts.FALLBACK or not text:
        return ""
    english = {texts.resolve(texts.FALLBACK, regime=regime)[key] for regime in ("", "us_ca", "notice") for key in SAID}
    letters = SCRIPTS.get(near)
    bare = texts.PLACEHOLDER.sub("", text)
    if letters and not re.search(letters, bare) and sum(one.isalpha() for one in bare) > FEW:
        return gettext("in another script")
    return gettext("in English") if text in english else ""


def statutory(snapshot: Snapshot) -> Iterator[Finding]:
    for variant, terms in snapshot["variants"].items():
        for key in (*terms["links"], *terms.get("notices", ())):
            for language in snapshot["languages"]:
                if snapshot["banner"]["texts"].get(language, {}).get(key) != texts.LOCKED.get(key):
                    yield Finding(
                        "L23",
                        BLOCK,
                        gettext("The statutory text %(key)s is not word for word.") % {"key": key},
                        "11 CCR 7013 to 7015",
                        gettext("Take the change back."),
                        variant,
                        f"{key} {language}",
                    )


def _every(snapshot: Snapshot) -> Iterator[tuple[str, str, str, str]]:
    """(what it is, language, text, field) of everything that is read; labels are judged as such, too."""
    for where, language, own in worded(snapshot):
        for key, text in own.items():
            if key not in texts.LOCKED:
                what = (
                    gettext("The %(key)s button") % {"key": key}
                    if key in DOES
                    else gettext("The text %(key)r") % {"key": key}
                )
                yield (
                    gettext("%(what)s in %(where)s") % {"what": what, "where": where},
                    language,
                    text,
                    f"text {where} {key}",
                )
    yield from _of_rows(snapshot)


def of_services(snapshot: Snapshot) -> Iterator[tuple[str, str, str]]:
    """(what it is, text, field) of what visitors read of services and cookies."""
    for service in snapshot["services"]:
        key, name = service["key"], service["name"]
        yield (
            gettext("The description of %(name)s") % {"name": name},
            service["description"],
            f"service {key} description",
        )
        for cookie in service["cookies"]:
            for text in (cookie["purpose"], *cookie.get("texts", {}).values()):
                yield (
                    gettext("What is said of %(name)s's cookie %(cookie)s") % {"name": name, "cookie": cookie["name"]},
                    text,
                    f"service {key} cookies",
                )


def _of_rows(snapshot: Snapshot) -> Iterator[tuple[str, str, str, str]]:
    """The same of categories and purposes."""
    for kind, rows in (
        (gettext_noop("category"), snapshot["categories"]),
        (gettext_noop("purpose"), snapshot["purposes"]),
    ):
        for row in rows:
            for language, own in row["texts"].items():
                for key, text in own.items() if isinstance(own, Mapping) else ():
                    where = f"{kind} {row['key']} {key}-{language}"
                    yield (
                        gettext("The %(part)s of %(kind)s %(key)s in %(language)s")
                        % {"part": gettext(key), "kind": gettext(kind), "key": row["key"], "language": language},
                        language,
                        text,
                        where,
                    )


RULES = (objections, disguised, unjudged, translated, french, statutory)
