"""`python -m scripts.messages` writes the dashboard's catalogues: locale/<language>/LC_MESSAGES/django.po and .mo.

It reads what templates and Python mark for translation (Django's own marks), adds what is new with an empty
translation, marks what is no longer said as obsolete, and compiles. With a language behind it, that catalogue is begun.
tests/test_messages.py holds the catalogues against the sources, and each compiled one against its text.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import polib
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "locale"
PACKAGES = ("consent", "cookiebanner")
# Of visitors, whose words come with the banner's; documents in English; what shows no words.
NOT_STAFF = (
    "allauth/elements/", "choices/", "cookie_policy/", "demo/", "requests/", "api_reference.html",
    "audit/person_file.html", "dashboard/jurisdictions_pdf.html", "preview.html", "preview_asks.html",
    "preview_stand_ins.html", "receipt.html",
)  # fmt: skip
PLURAL_FORMS = {
    "de": "nplurals=2; plural=(n != 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "fr": "nplurals=2; plural=(n > 1);",
}
# Function → which of its arguments are the context, the text and its plural.
MARKS = {
    "_": (None, 0, None),
    "gettext": (None, 0, None),
    "gettext_lazy": (None, 0, None),
    "gettext_noop": (None, 0, None),
    "ngettext": (None, 0, 1),
    "ngettext_lazy": (None, 0, 1),
    "pgettext": (0, 1, None),
    "pgettext_lazy": (0, 1, None),
    "npgettext": (0, 1, 2),
    "npgettext_lazy": (0, 1, 2),
}
MARKED = re.compile(
    r"\b(gettext|ngettext|pgettext|npgettext|_)\(((?:\s*(?:u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\"),?)+)"
)


class Message(NamedTuple):
    """What a source marks; `plural` is "" where nothing is counted."""

    context: str
    text: str
    plural: str


class UnreadableMark(ValueError):
    """A text that is marked, but made when the program runs."""


def staff_templates() -> list[Path]:
    """The templates whose words are the dashboard's."""
    every = sorted((ROOT / "templates").rglob("*.html"))
    return [path for path in every if not str(path.relative_to(ROOT / "templates")).startswith(NOT_STAFF)]


def in_template(text: str) -> Iterator[Message]:
    """What a template marks."""
    for mark, arguments in MARKED.findall(templatize(text)):
        given = ast.literal_eval(f"({arguments.rstrip(', ')},)")
        yield _message(mark, [str(one) for one in given])


def in_python(text: str, path: str) -> Iterator[Message]:
    """What a module marks. Raises UnreadableMark."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in MARKS or (name == "_" and not isinstance(node.func, ast.Name)):
            continue
        places = [place for place in MARKS[name] if place is not None]
        given = [_constant(node.args[place]) if place < len(node.args) else None for place in range(max(places) + 1)]
        if any(given[place] is None for place in places):
            if name == "gettext" and not isinstance(node.args[0], ast.JoinedStr):
                continue  # shows what was marked elsewhere with gettext_noop
            raise UnreadableMark(f"{path}:{node.lineno}: {name}() needs its text as it stands.")
        yield _message(name, [one or "" for one in given])


def _constant(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _message(mark: str, given: list[str]) -> Message:
    context, text, plural = MARKS[mark]
    return Message(
        given[context] if context is not None else "", given[text], given[plural] if plural is not None else ""
    )


def marked() -> dict[Message, list[str]]:
    """Every message that the sources mark, and the files that do."""
    found: dict[Message, list[str]] = {}

    def keep(messages: Iterator[Message], path: Path) -> None:
        for message in messages:
            places = found.setdefault(message, [])
            name = str(path.relative_to(ROOT))
            if name not in places:
                places.append(name)

    for path in staff_templates():
        keep(in_template(path.read_text(encoding="utf-8")), path)
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                text = path.read_text(encoding="utf-8")
                keep(in_python(text, str(path.relative_to(ROOT))), path)
    return found


def catalogue(language: str) -> polib.POFile:
    """A language's catalogue as it is kept; a new one where there is none."""
    path = LOCALE / language / "LC_MESSAGES" / "django.po"
    kept = polib.pofile(str(path), wrapwidth=120) if path.is_file() else polib.POFile(wrapwidth=120)
    kept.metadata = {
        "Language": language,
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURAL_FORMS.get(language, "nplurals=2; plural=(n != 1);"),
    }
    return kept


def update(kept: polib.POFile, messages: dict[Message, list[str]]) -> None:
    """Brings a catalogue to what the sources mark now; translations stay."""
    by_key = {(entry.msgctxt or "", entry.msgid): entry for entry in kept}
    wanted: dict[tuple[str, str], polib.POEntry] = {}
    for message, places in messages.items():
        key = (message.context, message.text)
        entry = wanted.get(key) or by_key.get(key) or polib.POEntry(msgid=message.text, msgctxt=message.context or None)
        wanted[key] = entry
        entry.obsolete = False
        entry.occurrences = [(place, "") for place in places]
        if message.plural and not entry.msgid_plural:
            entry.msgid_plural = message.plural
            entry.msgstr_plural = entry.msgstr_plural or {0: "", 1: ""}
            entry.msgstr = ""
    for key, entry in by_key.items():
        entry.obsolete = key not in wanted
    # polib's translated() denies what is obsolete.
    gone = [entry for key, entry in by_key.items() if key not in wanted and any(_translations(entry))]
    kept[:] = [wanted[key] for key in sorted(wanted, key=lambda key: (wanted[key].occurrences[0][0], key[1]))] + gone


def _translations(entry: polib.POEntry) -> list[str]:
    return [entry.msgstr, *(entry.msgstr_plural or {}).values()]


def main(languages: list[str]) -> None:
    """Updates and compiles the catalogues that are there, and those that are named."""
    messages = marked()
    for language in sorted({*languages, *(path.name for path in LOCALE.iterdir() if path.is_dir())}):
        folder = LOCALE / language / "LC_MESSAGES"
        folder.mkdir(parents=True, exist_ok=True)
        kept = catalogue(language)
        update(kept, messages)
        kept.save(str(folder / "django.po"))
        kept.save_as_mofile(str(folder / "django.mo"))
        print(f"{language}: {len(messages)} messages, {len(kept.untranslated_entries())} not translated.")


if __name__ == "__main__":
    main(sys.argv[1:])
