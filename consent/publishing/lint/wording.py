"""What visitors read: every text of the banner, of a category and of a purpose, in every language."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping

from consent.banners import texts
from consent.publishing.lint import words
from consent.publishing.lint.buttons import DOES
from consent.publishing.lint.finding import BLOCK, WARN, Finding, Snapshot, digest, necessary, worded

QUEBEC = "ca_qc"
NAMES = ("title", "body", "pc_title", "pc_body")  # where the banner says what it is about

# meaning of phrases.json → (rule, severity, what is said of it, whose law, what to do)
OBJECTIONS = {
    "implied": (
        "L07", BLOCK, "takes going on for a yes",
        "GDPR 4(11); EDPB Guidelines 05/2020 §84; CJEU C-673/17 Planet49; 11 CCR 7004",
        "Only a press on a button is an answer; take the sentence out.",
    ),
    "forced": (
        "L19", BLOCK, "makes a yes the price of the site",
        "EDPB Cookie Banner Taskforce §13; EDPB Guidelines 05/2020 §39",
        "Say that one may refuse, or have the wall signed off.",
    ),
    "pressure": (
        "L14", WARN, "presses", "EDPB Guidelines 03/2022, stirring", "Say what happens, without praise or reproach.",
    ),
    "reward": (
        "L14", WARN, "rewards", "EDPB Guidelines 03/2022, stirring; 11 CCR 7004",
        "A choice is not bought; take it out.",
    ),
    "countdown": (
        "L14", WARN, "sets a time", "EDPB Guidelines 03/2022, hidden in plain sight",
        "Nobody has to hurry; take it out.",
    ),
}  # fmt: skip


def objections(snapshot: Snapshot) -> Iterator[Finding]:
    """Sentences that press, reward, hurry, force, or take silence for a yes."""
    for what, language, text, field in _every(snapshot):
        if (judge := words.judged(language)) is None:
            continue
        for meaning, (rule, severity, does, law, fix) in OBJECTIONS.items():
            if found := words.says(meaning, text, judge):
                yield Finding(
                    rule, severity, f"{what} {does}: {found!r}.", law, fix, subject=field, text=text, field=field
                )


def untrue(snapshot: Snapshot) -> Iterator[Finding]:
    """Sentences that the release itself contradicts."""
    kept = necessary(snapshot)
    optional = [service["name"] for service in snapshot["services"] if service["category"] not in kept]
    for where, language, own in worded(snapshot):
        judge = words.judged(language)
        for key in NAMES if judge and optional else ():
            text = own.get(key, "")
            field = f"text {where} {key}"
            if found := words.says("nothing_asked", text, judge or ""):
                yield Finding(
                    "L11", BLOCK, f"The text {key!r} in {where} says {found!r}; {optional[0]} is optional.",
                    "GDPR 5(1)(a), 13", "Say what is stored and why.", subject=field, text=text, field=field,
                )  # fmt: skip
            if found := words.says("always_on", text, judge or ""):
                yield Finding(
                    "L06", BLOCK, f"The text {key!r} in {where} says {found!r} of what a visitor may refuse.",
                    "Directive 2002/58/EC art. 5(3); CJEU C-673/17 Planet49", "Say that it is a choice.",
                    subject=field, text=text, field=field,
                )  # fmt: skip
    for category in snapshot["categories"]:
        for language, own in category["texts"].items():
            if category["key"] in kept or not (judge := words.judged(language)):
                continue
            for key, text in own.items():
                if found := words.says("always_on", text, judge):
                    field = f"category {category['key']} {key}-{language}"
                    yield Finding(
                        "L06", BLOCK, f"The {key} of {category['key']} in {language} says {found!r}; it is optional.",
                        "Directive 2002/58/EC art. 5(3); CJEU C-673/17 Planet49", "Say that it is a choice.",
                        subject=field, text=text, field=field,
                    )  # fmt: skip


def unjudged(snapshot: Snapshot) -> Iterator[Finding]:
    """Languages of which we know no phrases: somebody who speaks them answers for the texts."""
    for where, language, own in worded(snapshot):
        if words.judged(language) is not None:
            continue
        given = [own[key] for key in sorted(own) if key not in texts.LOCKED]
        if where == language:
            given += [text for _, code, text, _ in _of_rows(snapshot) if code == language]
        yield Finding(
            "L13", BLOCK, f"We can't judge the {len(given)} texts in {where}: we don't know the language.",
            "EDPB Cookie Banner Taskforce §14; EDPB Guidelines 03/2022", "Have a speaker of it read and sign them off; "
            "a changed text asks anew.", subject=where, text=digest(given), field=f"text {where} accept",
        )  # fmt: skip


def machine_made(snapshot: Snapshot, signed: Container[str]) -> Iterator[Finding]:
    """Languages in which visitors read words of ours that no named person has read; `signed` are those that were."""
    for language in snapshot["languages"]:
        near = texts.ours(language)
        if near is None or near in texts.BEFORE_REVIEWS or language in signed:
            continue
        shown = snapshot["banner"]["texts"].get(language, {})
        if any(shown.get(key) == text for key, text in texts.resolve(language).items() if key not in texts.LOCKED):
            yield Finding(
                "L15", WARN, f"Our words in {language} are machine-made; nobody has read them for this site.",
                "EDPB Guidelines 03/2022, language discontinuity",
                "Have a speaker read them, and say who did on the banner's page of words.", subject=language,
                field=f"text {language} title",
            )  # fmt: skip


def translated(snapshot: Snapshot) -> Iterator[Finding]:
    law = "EDPB Guidelines 03/2022, language discontinuity"
    if not snapshot["languages"]:
        yield Finding(
            "L15", BLOCK, "The site has no language.", law, "Choose at least one.", field="settings languages"
        )
    english = texts.resolve(texts.FALLBACK)
    for language in snapshot["languages"]:
        own = snapshot["banner"]["texts"].get(language, {})
        missing = [key for key in texts.missing(language) if own.get(key) in (None, "", english[key])]
        if missing:
            some = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
            yield Finding(
                "L15", BLOCK, f"{len(missing)} texts are not translated into {language}: {some}", law,
                "Translate them, or take the language away.", subject=language, field=f"text {language} {missing[0]}",
            )  # fmt: skip
        for category in snapshot["categories"]:
            if category["texts"].get(language, {}).get("name", category["key"]) == category["key"]:
                yield Finding(
                    "L15", WARN, f"The category {category['key']} has no name in {language}.", law,
                    "Name and describe it in words a visitor knows.", subject=f"{category['key']} {language}",
                    field=f"category {category['key']} name-{language}",
                )  # fmt: skip
    if not any(language.lower().partition("-")[0] == "fr" for language in snapshot["languages"]):
        for variant, terms in snapshot["variants"].items():
            if terms["regime"] == QUEBEC:
                yield Finding(
                    "L15", WARN, "Visitors in Quebec are not addressed in French.",
                    "Charter of the French language (CQLR c. C-11), s. 52", "Add French to the site's languages.",
                    variant, field="settings languages",
                )  # fmt: skip


def statutory(snapshot: Snapshot) -> Iterator[Finding]:
    for variant, terms in snapshot["variants"].items():
        for key in (*terms["links"], *terms.get("notices", ())):
            for language in snapshot["languages"]:
                if snapshot["banner"]["texts"].get(language, {}).get(key) != texts.LOCKED.get(key):
                    yield Finding(
                        "L23", BLOCK, f"The statutory text {key} is not word for word.", "11 CCR 7013 to 7015",
                        "Take the change back.", variant, f"{key} {language}",
                    )  # fmt: skip


def _every(snapshot: Snapshot) -> Iterator[tuple[str, str, str, str]]:
    """(what it is, language, text, field) of everything that is read; labels are judged as such, too."""
    for where, language, own in worded(snapshot):
        for key, text in own.items():
            if key not in texts.LOCKED:
                what = f"The {key} button" if key in DOES else f"The text {key!r}"
                yield f"{what} in {where}", language, text, f"text {where} {key}"
    yield from _of_rows(snapshot)


def _of_rows(snapshot: Snapshot) -> Iterator[tuple[str, str, str, str]]:
    """The same of categories and purposes."""
    for kind, rows in (("category", snapshot["categories"]), ("purpose", snapshot["purposes"])):
        for row in rows:
            for language, own in row["texts"].items():
                for key, text in own.items() if isinstance(own, Mapping) else ():
                    where = f"{kind} {row['key']} {key}-{language}"
                    yield f"The {key} of {kind} {row['key']} in {language}", language, text, where


RULES = (objections, untrue, unjudged, translated, statutory)
