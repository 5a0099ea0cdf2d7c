"""Forms of the pages of people's requests."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from consent.requests.deadlines import Kind
from consent.requests.models import LONGEST_DETAILS, PreparedAnswer, RequestForm, SubjectRequest
from consent.requests.prepared import GAP, PLACEHOLDERS
from consent.requests.queries import places
from consent.requests.texts import LANGUAGES, words
from consent.sites.models import Membership, Site
from consent.sites.roles import May, can

KINDS = {kind.value: words("en")[kind.value] for kind in Kind}
CHANNELS = [pair for pair in SubjectRequest.Channel.choices if pair[0] != SubjectRequest.Channel.FORM]
User = get_user_model()


class FileRequest(forms.Form):
    """What a colleague was told on the telephone, or has as a letter."""

    channel = forms.ChoiceField(label="It came by", choices=CHANNELS)
    received = forms.DateField(
        label="On", widget=forms.DateInput(attrs={"type": "date"}), help_text="The days count from then."
    )
    kind = forms.ChoiceField(label="Asks for", choices=list(KINDS.items()))
    place = forms.ChoiceField(label="Lives in")
    language = forms.ChoiceField(label="Language", choices=[(code, words(code)["language_name"]) for code in LANGUAGES])
    name = forms.CharField(label="Name", max_length=200, required=False)
    email = forms.EmailField(
        label="E-mail address", max_length=254, required=False, help_text="Without one, the answer goes by letter."
    )
    agent = forms.CharField(
        label="Asked by an agent", max_length=200, required=False, help_text="Who, and by which right."
    )
    reference = forms.CharField(
        label="Visitor, record or number", max_length=100, required=False, help_text="Finds their consent records."
    )
    details = forms.CharField(
        label="What was said", max_length=LONGEST_DETAILS, required=False, widget=forms.Textarea(attrs={"rows": 4})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        place: Any = self.fields["place"]
        place.choices = [("*", "Somewhere else"), *places("en")]
        self.fields["received"].initial = timezone.now().date()


class Owner(forms.Form):
    """Who answers for it: those who may."""

    owner = forms.ModelChoiceField(
        label="Answers for it", queryset=User.objects.none(), required=False, empty_label="nobody"
    )

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = [role for role in Membership.Role.values if can(role, May.REQUESTS)]
        found = User.objects.filter(memberships__site=site, memberships__role__in=roles, is_active=True)
        owner: Any = self.fields["owner"]
        owner.queryset = found.order_by("email")
        owner.label_from_instance = lambda user: user.email


class Note(forms.Form):
    text = forms.CharField(label="Note", max_length=LONGEST_DETAILS, widget=forms.Textarea(attrs={"rows": 3}))


class Extend(forms.Form):
    reason = forms.CharField(label="Why it takes longer", max_length=500, help_text="Is mailed to the person.")


class Close(forms.Form):
    outcome = forms.ChoiceField(label="How it ended", choices=SubjectRequest.Outcome.choices)
    because = forms.ChoiceField(
        label="Why not wholly", choices=[("", "—"), *SubjectRequest.Because.choices], required=False
    )
    text = forms.CharField(
        label="Answer",
        max_length=LONGEST_DETAILS,
        widget=forms.Textarea(attrs={"rows": 8}),
        help_text="Is mailed to the person in these words, with where to complain and, after a denial, how to appeal.",
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
        kind.choices = [("", _("Any request")), *KINDS.items()]
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
        label="File for the person", help_text="PDF, PNG, JPG, TXT, CSV, JSON or ZIP, at most 10 MB."
    )


class RequestFormForm(forms.ModelForm):
    """How the site takes requests."""

    old = forms.CharField(
        label="Addresses of your OneTrust form",
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="One a line, as they stand in pages that link to it. Here they lead to your form.",
    )

    class Meta:
        model = RequestForm
        fields = ("enabled", "sells", "notify")
        labels = {
            "enabled": "People can ask by a form",
            "sells": "We sell or share data, or use them for targeted advertising",
            "notify": "Who is told of new requests",
        }
        help_texts = {
            "sells": "Then the form offers to say no to it where a law gives that right.",
            "notify": "An address; owners of single requests are told of theirs.",
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
                raise forms.ValidationError(f"{line} is no address of such a form.")
            found.append(path)
        return found
