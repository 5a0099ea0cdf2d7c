"""Forms of the pages of people's requests."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import get_language, gettext, gettext_lazy
from django.utils.translation import gettext_lazy as _

from consent.ledger import erasure
from consent.requests.deadlines import Kind
from consent.requests.models import LONGEST_DETAILS, PreparedAnswer, RequestForm, SubjectRequest
from consent.requests.prepared import GAP, PLACEHOLDERS
from consent.requests.queries import places
from consent.requests.texts import LANGUAGES, words
from consent.sites.models import Membership, Site
from consent.sites.roles import May, can

CHANNELS = [pair for pair in SubjectRequest.Channel.choices if pair[0] != SubjectRequest.Channel.FORM]
User = get_user_model()


def kind_names() -> dict[str, str]:
    """What each kind of request asks for, in the words of its form, in the language of whoever looks."""
    own = get_language() or "en"
    text = words(own if own in LANGUAGES else "en")
    return {kind.value: text[kind.value] for kind in Kind}


class FileRequest(forms.Form):
    """What a colleague was told on the telephone, or has as a letter."""

    channel = forms.ChoiceField(label=gettext_lazy("It came by"), choices=CHANNELS)
    received = forms.DateField(
        label=gettext_lazy("On"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("The days count from then."),
    )
    kind = forms.ChoiceField(label=gettext_lazy("Asks for"), choices=lambda: list(kind_names().items()))
    place = forms.ChoiceField(label=gettext_lazy("Lives in"))
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=[(code, words(code)["language_name"]) for code in LANGUAGES]
    )
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200, required=False)
    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        required=False,
        help_text=gettext_lazy("Without one, the answer goes by letter."),
    )
    agent = forms.CharField(
        label=gettext_lazy("Asked by an agent"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("Who, and by which right."),
    )
    reference = forms.CharField(
        label=gettext_lazy("Visitor, record or number"),
        max_length=100,
        required=False,
        help_text=gettext_lazy("Finds their consent records."),
    )
    details = forms.CharField(
        label=gettext_lazy("What was said"),
        max_length=LONGEST_DETAILS,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place: Any = self.fields["place"]
        place.choices = [("*", gettext("Somewhere else")), *places(get_language() or "en")]
        self.fields["received"].initial = timezone.now().date()


class Owner(forms.Form):
    """Who answers for it: those who may."""

    owner = forms.ModelChoiceField(
        label=gettext_lazy("Answers for it"),
        queryset=User.objects.none(),
        required=False,
        empty_label=gettext_lazy("nobody"),
    )

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [role for role in Membership.Role.values if can(role, May.REQUESTS)]
        found = User.objects.filter(memberships__site=site, memberships__role__in=roles, is_active=True)
        owner: Any = self.fields["owner"]
        owner.queryset = found.order_by("email")
        owner.label_from_instance = lambda user: user.email


class Note(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Note"), max_length=LONGEST_DETAILS, widget=forms.Textarea(attrs={"rows": 3})
    )


class Extend(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Why it takes longer"), max_length=500, help_text=gettext_lazy("Is mailed to the person.")
    )


class Close(forms.Form):
    outcome = forms.ChoiceField(label=gettext_lazy("How it ended"), choices=SubjectRequest.Outcome.choices)
    because = forms.ChoiceField(
        label=gettext_lazy("Why not wholly"), choices=[("", "—"), *SubjectRequest.Because.choices], required=False
    )
    text = forms.CharField(
        label=gettext_lazy("Answer"),
        max_length=LONGEST_DETAILS,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text=gettext_lazy(
            "Is mailed to the person in these words, with where to complain and, after a denial, how to appeal."
        ),
    )


class PreparedForm(forms.ModelForm):
    """Words to answer with again and again."""

    class Meta:
        model = PreparedAnswer
        fields = ("name", "kind", "language", "text")
        widgets = {"text": forms.Textarea(attrs={"rows": 8}), "kind": forms.Select}
        labels = {"name": _("Name"), "kind": _("For"), "language": _("Language"), "text": _("Text")}
        help_texts = {"name": _("Colleagues choose it by this name."), "kind": ""}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kind: Any = self.fields["kind"]
        kind.choices = [("", _("Any request")), *kind_names().items()]
        self.fields["language"] = forms.ChoiceField(
            label=_("Language"), choices=[(code, words(code)["language_name"]) for code in LANGUAGES]
        )
        self.order_fields(("name", "kind", "language", "text"))
        self.fields["text"].help_text = gettext(
            "%(holes)s are filled with the facts of the request. %(gap)s is a gap, and no answer goes out with one. A"
            " greeting and your name stand around it by themselves."
        ) % {"holes": ", ".join(f"{{{hole}}}" for hole in PLACEHOLDERS), "gap": GAP}


class AddFile(forms.Form):
    file = forms.FileField(
        label=gettext_lazy("File for the person"),
        help_text=gettext_lazy("PDF, PNG, JPG, TXT, CSV, JSON or ZIP, at most 10 MB."),
    )


class EraseRecords(forms.Form):
    """Why the consent records of a person are erased."""

    ground = forms.ChoiceField(
        label=gettext_lazy("Under which law"),
        choices=lambda: [("", gettext_lazy("Choose")), *erasure.REQUESTS.items()],
        help_text=gettext_lazy("Kept in the ledger with the reason."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("Kept for ever, so no name, no mail address, no id, and not this request's number."),
    )

    def __init__(self, number: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.number = number

    def clean_reason(self) -> str:
        """Nothing that names somebody: the reason outlives the records."""
        text: str = self.cleaned_data["reason"]
        if self.number in text.upper():
            raise forms.ValidationError(gettext("The reason is kept for ever: leave the request's number out of it."))
        try:
            erasure.check_reason(text)
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        return text


class RequestFormForm(forms.ModelForm):
    """How the site takes requests."""

    old = forms.CharField(
        label=gettext_lazy("Addresses of your OneTrust form"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("One a line, as they stand in pages that link to it. Here they lead to your form."),
    )

    class Meta:
        model = RequestForm
        fields = ("enabled", "sells", "notify")
        labels = {
            "enabled": gettext_lazy("People can ask by a form"),
            "sells": gettext_lazy("We sell or share data, or use them for targeted advertising"),
            "notify": gettext_lazy("Who is told of new requests"),
        }
        help_texts = {
            "sells": gettext_lazy("Then the form offers to say no to it where a law gives that right."),
            "notify": gettext_lazy("An address; owners of single requests are told of theirs."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["old"].initial = "\n".join(f"/dsarwebform/{path}.html" for path in self.instance.old_forms)

    def clean_old(self) -> list[str]:
        """`<tenant>/<form>` of each line."""
        found = []
        for line in self.cleaned_data["old"].split():
            path = line.partition("/dsarwebform/")[2].partition("?")[0].removesuffix(".html").strip("/").lower()
            if path.count("/") != 1 or len(path) > 120:
                raise forms.ValidationError(gettext("%(line)s is no address of such a form.") % {"line": line})
            found.append(path)
        return found
