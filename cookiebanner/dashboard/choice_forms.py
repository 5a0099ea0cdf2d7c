"""Forms of the pages of choices beyond cookies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.preferences.actions import LANGUAGE, LONGEST_NAME, LONGEST_TEXT
from consent.preferences.models import ChoiceImport, ChoiceState, Topic
from consent.preferences.queries import DUE
from consent.preferences.subjects import LONGEST_ID
from cookiebanner.dashboard.forms import LANGUAGE_NAMES

CHANNELS = [("", _("No particular one")), *((one.value, one.label) for one in Topic.Channel if one.value)]


class Group(NamedTuple):
    """The fields of one language; `written` when they hold something."""

    language: str
    fields: list[Any]
    written: bool


class Words(forms.Form):
    """Name and text of a topic in each of its languages; a language without both is left out."""

    def __init__(self, languages: Iterable[str], texts: Mapping[str, Mapping[str, str]], *args: Any) -> None:
        super().__init__(*args)
        self.languages = list(languages)
        for code in self.languages:
            given, language = texts.get(code, {}), {"language": LANGUAGE_NAMES.get(code, code)}
            written = {"lang": code, "dir": "auto"}
            self.fields[f"name_{code}"] = forms.CharField(
                label=_("Name (%(language)s)") % language, max_length=LONGEST_NAME, required=False,
                initial=given.get("name", ""), widget=forms.TextInput(attrs=written),
            )  # fmt: skip
            self.fields[f"text_{code}"] = forms.CharField(
                label=_("Text (%(language)s)") % language, max_length=LONGEST_TEXT, required=False,
                initial=given.get("text", ""), widget=forms.Textarea(attrs={"rows": 4, **written}),
            )  # fmt: skip

    @property
    def groups(self) -> list[Group]:
        """The fields by language, in the order of the site's languages."""
        pairs = [(code, [self[f"name_{code}"], self[f"text_{code}"]]) for code in self.languages]
        return [Group(LANGUAGE_NAMES.get(code, code), pair, any(one.value() for one in pair)) for code, pair in pairs]

    @property
    def texts(self) -> dict[str, dict[str, str]]:
        """{language: {name, text}} of what was written."""
        data = self.cleaned_data
        found = {code: {"name": data[f"name_{code}"], "text": data[f"text_{code}"]} for code in self.languages}
        return {code: words for code, words in found.items() if words["name"] or words["text"]}


class NewWords(Words):
    """The next version of a wording."""

    version = forms.IntegerField(min_value=1, required=False, widget=forms.HiddenInput)
    asks_again = forms.BooleanField(
        label=_("It asks for something else"),
        required=False,
        help_text=_("A yes to earlier words counts no more: people are asked again. Leave it for a better sentence."),
    )


class NewTopic(forms.Form):
    """What a topic is; kind and basis stay as they are for ever."""

    key = forms.SlugField(
        label=_("Key"), max_length=40, help_text=_("What programs call it, such as newsletter. It stays.")
    )
    kind = forms.ChoiceField(label=_("What it is"), choices=Topic.Kind.choices)
    basis = forms.ChoiceField(
        label=_("When you may"),
        choices=Topic.Basis.choices,
        help_text=_("What holds of who has said nothing. It stays."),
    )
    channel = forms.ChoiceField(
        label=_("Channel"), choices=CHANNELS, required=False, help_text=_("By what you reach people.")
    )
    double_opt_in = forms.BooleanField(
        label=_("Double opt-in"), required=False, help_text=_("A yes counts once the mailed link was confirmed.")
    )


class ChangeTopic(forms.Form):
    """What of a topic may change."""

    channel = forms.ChoiceField(label=_("Channel"), choices=CHANNELS, required=False)
    double_opt_in = forms.BooleanField(
        label=_("Double opt-in"), required=False, help_text=_("A yes counts once the mailed link was confirmed.")
    )
    order = forms.IntegerField(label=_("Place in the list"), min_value=0, max_value=999)


class Filter(forms.Form):
    """Which states are listed."""

    topic = forms.ChoiceField(label=_("Topic"), required=False)
    value = forms.ChoiceField(
        label=_("Said"),
        required=False,
        choices=[("", _("Anything")), *ChoiceState.Value.choices[:2], (DUE, _("Notice is two years old"))],
    )
    before = forms.IntegerField(required=False, min_value=0, max_value=2**62, widget=forms.HiddenInput)

    def __init__(self, names: Mapping[str, str], *args: Any) -> None:
        super().__init__(*args)
        field: Any = self.fields["topic"]
        field.choices = [("", _("All topics")), *names.items()]


class Find(forms.Form):
    """Your own id of a person, or their reference; it is sent in the body and hashed on arrival."""

    who = forms.CharField(
        label=_("Your id of the person, or their reference"), max_length=LONGEST_ID,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )  # fmt: skip


class Erase(forms.Form):
    """Whose choices go, and why; the reason stays in the ledger."""

    who = forms.CharField(
        label=_("Your id of the person"), max_length=LONGEST_ID, widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=_("Only a hash of it is kept, so that nobody takes the person in again."),
    )  # fmt: skip
    reason = forms.CharField(
        label=_("Reason"), max_length=500, initial=_("The person asked for it."),
        help_text=_("It stays in the ledger: no name, no address."),
    )  # fmt: skip


class Upload(forms.Form):
    """A file of choices."""

    file = forms.FileField(label=_("File"), help_text=_("CSV with a line of names, or JSON Lines, in UTF-8."))
    format = forms.ChoiceField(label=_("Format"), choices=ChoiceImport.Format.choices)
    source = forms.CharField(
        label=_("Where they were given"),
        max_length=100,
        help_text=_("For rows that do not say it, such as shop 2019."),
    )
    evidence = forms.CharField(
        label=_("Where the evidence lies"), max_length=300, required=False, help_text=_("Kept with each choice.")
    )


def languages_of(site_languages: Iterable[str], texts: Mapping[str, Any]) -> list[str]:
    """The languages of the site, and those that a wording has besides."""
    own = [code for code in site_languages if LANGUAGE.fullmatch(code)]
    return own + sorted(set(texts) - set(own))
