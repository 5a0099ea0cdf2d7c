"""Forms of the pages of documents."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from consent.policies.models import LONGEST_SUMMARY, LONGEST_TEXT, LONGEST_TITLE, Document
from consent.sites.models import Site
from cookiebanner.dashboard.forms import LANGUAGE_NAMES

LARGEST_FILE = 2_000_000  # bytes


class AddDocument(forms.Form):
    kind = forms.ChoiceField(label=_("What it is"), choices=Document.Kind.choices)
    title = forms.CharField(label=_("Title"), max_length=LONGEST_TITLE)
    language = forms.ChoiceField(label=_("Original language"), help_text=_("Other languages are translations of it."))
    key = forms.CharField(
        label=_("Name in its address"),
        max_length=40,
        required=False,
        help_text=_("Stays for ever. Empty: we choose one that no ad blocker hides."),
    )

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        language: Any = self.fields["language"]
        language.choices = [(code, LANGUAGE_NAMES.get(code, code)) for code in site.languages]


class DraftText(forms.Form):
    """One language of a draft."""

    title = forms.CharField(label=_("Title"), max_length=LONGEST_TITLE)
    text = forms.CharField(
        label=_("Text"),
        max_length=LONGEST_TEXT,
        required=False,
        widget=forms.Textarea(attrs={"rows": 24, "class": "code", "spellcheck": "true"}),
        help_text=_("Markdown: # heading, **bold**, - list, [words](https://…). HTML stays text."),
    )
    summary = forms.CharField(
        label=_("What the next version changes"),
        max_length=LONGEST_SUMMARY,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("In a few words; stands under “Recent changes”."),
    )
    why = forms.CharField(
        label=_("Why people are asked again"),
        max_length=300,
        required=False,
        help_text=_("Only of a material change: a sentence on the banner, for those who have answered before."),
    )


class ImportText(forms.Form):
    """A page that exists: one of three ways."""

    address = forms.URLField(label=_("Address of the page"), required=False, assume_scheme="https")
    file = forms.FileField(label=_("Or a file"), required=False, help_text=_("HTML, Markdown or plain text."))
    pasted = forms.CharField(
        label=_("Or paste it"), max_length=LARGEST_FILE, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def clean_file(self) -> Any:
        found = self.cleaned_data["file"]
        if found and found.size > LARGEST_FILE:
            raise forms.ValidationError(_("That is more than 2 MB: save the page alone, without what it loads."))
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors and not (data.get("address") or data.get("file") or data.get("pasted")):
            raise forms.ValidationError(_("Give an address or a file, or paste the page."))
        return data


class PublishVersion(forms.Form):
    base = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    seen = forms.CharField(max_length=16, required=False, empty_value=None, widget=forms.HiddenInput)
    effective_on = forms.DateField(
        label=_("In force from"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("A day to come, from its midnight (UTC) on, by itself. Empty: at once."),
    )
    material = forms.MultipleChoiceField(
        label=_("A material change: ask again about"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Those who have answered are asked once more about these, and about nothing else. It begins by itself when "
            "the version takes effect: what is live is published once more, and asks. Where releases need an approval, "
            "it waits for one."
        ),
    )

    takes_back = forms.BooleanField(
        label=_("The change that an announced version was to ask about is taken back"),
        required=False,
        help_text=_("Of a version whose place this one takes before its day: nobody is asked."),
    )

    def __init__(self, things: list[tuple[str, str]], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        material: Any = self.fields["material"]
        material.choices = things
