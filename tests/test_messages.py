"""What the dashboard says is marked for translation, and each language that it offers says all of it."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser
from pathlib import Path

import polib
import pytest
from django.conf import settings

from scripts import messages

LANGUAGES = [code for code, _ in settings.LANGUAGES if code != "en"]
CATALOGUES = sorted(path.name for path in messages.LOCALE.iterdir())
PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|%%|\{\w*\}")
TAG = re.compile(r"</?[a-z][^>]*>")
# Names, units and abbreviations that every language writes so.
SAME = {"Fairgate", "SHA", "kB", "MB", "px", "UTC"}


@pytest.fixture(scope="module")
def marked() -> dict[messages.Message, list[str]]:
    return messages.marked()


def catalogue(language: str) -> polib.POFile:
    return polib.pofile(str(messages.LOCALE / language / "LC_MESSAGES" / "django.po"))


def test_the_languages_that_the_dashboard_offers_are_those_with_a_catalogue_or_fewer():
    assert set(LANGUAGES) - set(CATALOGUES) == set()


def test_no_text_is_marked_with_two_plurals(marked):
    assert len({(one.context, one.text) for one in marked}) == len(marked) > 1000


@pytest.mark.parametrize("language", LANGUAGES or [None])
def test_a_language_that_is_offered_says_everything(language, marked):
    """Before the first translation there is only English, which has no catalogue."""
    if language is None:
        assert [code for code, _ in settings.LANGUAGES] == ["en"]
        return
    said = {(one.msgctxt or "", one.msgid, one.msgid_plural) for one in catalogue(language) if one.translated()}
    assert {tuple(one) for one in marked} - said == set()


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_catalogue_has_what_the_sources_mark(language, marked):
    kept = {(one.msgctxt or "", one.msgid, one.msgid_plural) for one in catalogue(language) if not one.obsolete}
    assert kept == {tuple(one) for one in marked}, "run python -m scripts.messages"


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_compiled_catalogue_is_the_text_beside_it(language):
    compiled = (messages.LOCALE / language / "LC_MESSAGES" / "django.mo").read_bytes()
    assert compiled == catalogue(language).to_binary()


def test_what_is_said_no_longer_is_kept_aside_with_its_translation_and_comes_back_with_it():
    kept = polib.POFile()
    kept.extend([polib.POEntry(msgid="Gone", msgstr="Fort"), polib.POEntry(msgid="Never translated")])
    messages.update(kept, {messages.Message("", "New", ""): ["x.py"]})
    assert [(one.msgid, one.msgstr, bool(one.obsolete)) for one in kept] == [("New", "", False), ("Gone", "Fort", True)]
    messages.update(kept, {messages.Message("", "Gone", ""): ["x.py"]})
    assert [(one.msgid, one.msgstr, bool(one.obsolete)) for one in kept] == [("Gone", "Fort", False)]


def faults(original: str, translation: str) -> list[str]:
    """What a translation changes that is no word."""
    found = []
    if sorted(PLACEHOLDER.findall(original)) != sorted(PLACEHOLDER.findall(translation)):
        found.append("placeholders")
    if sorted(TAG.findall(original)) != sorted(TAG.findall(translation)):
        found.append("tags")
    if original[:1].isspace() != translation[:1].isspace() or original[-1:].isspace() != translation[-1:].isspace():
        found.append("space at an end")
    if '"' in TAG.sub("", translation) and '"' not in TAG.sub("", original):
        found.append("straight quotation marks, which end an attribute")
    return found


@pytest.mark.parametrize("language", CATALOGUES)
def test_a_translation_keeps_what_is_no_word(language):
    wrong = []
    for entry in catalogue(language):
        if entry.fuzzy:
            wrong.append((entry.msgid, ["fuzzy"]))
        if entry.obsolete:
            continue
        # A plural form may leave the number out ("one record"), or say it.
        pairs = [(entry.msgid, entry.msgstr)] if not entry.msgid_plural else []
        pairs += [(entry.msgid_plural, form) for number, form in (entry.msgstr_plural or {}).items() if number > 0]
        wrong += [(text, found) for text, said in pairs if said and (found := faults(text, said))]
    assert wrong == []


@pytest.mark.parametrize(
    ("original", "translation", "found"),
    [
        ("%(n)s of {all}", "{all}: %(n)s", []),
        ("%(n)s of {all}", "%(n)s", ["placeholders"]),
        ("<a href=\"%(url)s\">Look</a>", "<a href=\"%(url)s\">Sieh</a>", []),
        ("<a href=\"%(url)s\">Look</a>", "Sieh (%(url)s)", ["tags"]),
        ("One\n", "Eins", ["space at an end"]),
        ("Look", 'Sieh "hin"', ["straight quotation marks, which end an attribute"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_translation_is_found(original, translation, found):
    assert faults(original, translation) == found


# --- Nothing is left unmarked ---------------------------------------------------------------------------------------


class Texts(HTMLParser):
    """The words of a page that people read or hear."""

    HEARD = {"alt", "aria-label", "data-confirm", "data-label", "placeholder", "title"}
    SILENT = {"code", "pre", "script", "style", "svg"}

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._silent += tag in self.SILENT
        self.found += [value for name, value in attrs if name in self.HEARD and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        pass

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in self.SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.found.append(data)


def unmarked(template: str) -> list[str]:
    """What a template says that nobody can translate."""
    quoted = re.findall(r'\|(?:default|default_if_none|yesno|pluralize):"([^"]*[^\W\d_][^"]*)"', template)
    quoted += re.findall(r'{% include [^%]*\b(?:label|button)="([^"]+)"', template)
    rest = re.sub(r"{% (blocktranslate|comment)\b.*?{% end\1 %}", "", template, flags=re.S)
    reader = Texts()
    reader.feed(re.sub(r"{%.*?%}|{{.*?}}|{#.*?#}", "", rest))
    reader.close()
    said = [" ".join(text.split()) for text in reader.found]
    return quoted + [text for text in said if set(re.findall(r"[^\W\d_]{2,}", text)) - SAME]


@pytest.mark.parametrize("path", messages.staff_templates(), ids=lambda path: str(path.relative_to(messages.ROOT)))
def test_a_template_of_staff_says_nothing_unmarked(path: Path):
    assert unmarked(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ('<p title="Look">{% translate "Yes" %} or no</p>', ["Look", "or no"]),
        ('{{ name|default:"nobody" }}{{ name|default:_("nobody") }}', ["nobody"]),
        ("<p>{% blocktranslate %}All of it{% endblocktranslate %} <code>ls</code> Fairgate</p>", []),
        ('{% include "nav.html" with label="Sites" %}', ["Sites"]),
    ],
)
def test_words_that_are_not_marked_are_found(template, found):
    assert unmarked(template) == found


def test_marks_are_read_from_templates_and_from_python():
    template = '{% translate "A" context "b" %}{% blocktranslate trimmed count n=n %}\n one\n{% plural %}{{ n }}{% endblocktranslate %}'
    assert list(messages.in_template(template + '{{ x|default:_("it\'s") }}')) == [
        ("b", "A", ""),
        ("", "one", "%(n)s"),
        ("", "it's", ""),
    ]
    module = io.StringIO('gettext("A")\nngettext("a", "b", n)\npgettext("c", "d")\ngettext(name)\n').getvalue()
    assert list(messages.in_python(module, "x.py")) == [("", "A", ""), ("", "a", "b"), ("c", "d", "")]
    with pytest.raises(messages.UnreadableMark):
        list(messages.in_python('gettext(f"{name}")', "x.py"))
