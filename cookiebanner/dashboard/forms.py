"""What people type. Forms check shapes; actions check sense and say so by raising InvalidChange."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.conf import settings as django_settings

from consent.banners import texts
from consent.banners.actions import LAYOUTS
from consent.banners.models import Banner
from consent.catalogue import necessary
from consent.catalogue.models import Category, Cookie, RuleOverride, Service
from consent.jurisdictions import table
from consent.publishing.lint.finding import SIGNED_TEXT
from consent.scanner.models import DEEPEST, MOST_PAGES, ScanNotice, ScanPlan
from consent.scanner.page import decode
from consent.scanner.scans import NOTICES, PLAN_FIELDS
from consent.sites.actions import SCOPES
from consent.sites.models import Membership, Site
from cookiebanner.staff.accounts import DEMO_EMAIL

LANGUAGE_NAMES = {
    "en": "English", "de": "Deutsch", "fr": "Français", "es": "Español", "ar": "العربية", "it": "Italiano",
    "nl": "Nederlands",
}  # fmt: skip


class Lines(forms.CharField):
    """One entry a line; empty lines are dropped."""

    widget = forms.Textarea

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, (list, tuple)) else value

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line.strip() for line in (value or "").splitlines() if line.strip()]

    def validate(self, value: Any) -> None:
        if self.required and not value:
            raise forms.ValidationError(self.error_messages["required"])

    def run_validators(self, value: Any) -> None:
        return


def lines(rows: int = 3, **options: Any) -> Lines:
    return Lines(widget=forms.Textarea(attrs={"rows": rows, "class": "mono", "spellcheck": "false"}), **options)


def set_choices(form: forms.BaseForm, name: str, choices: Sequence[tuple[str, str]]) -> None:
    """What a choice field of this one form offers: (value, label). TypeError for a field of another kind."""
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{name} offers no choices.")
    field.choices = choices


class ScanPlanForm(forms.Form):
    start = forms.URLField(
        required=False, max_length=500, assume_scheme="https", label="Start at",
        help_text="A page, or a sitemap (an address that ends in .xml or .xml.gz). Empty: the first host of the site.",
    )  # fmt: skip
    pages = forms.IntegerField(min_value=1, max_value=MOST_PAGES, label="Pages at most")
    depth = forms.IntegerField(
        min_value=0, max_value=DEEPEST, label="Links deep", help_text="0 looks at the first page only."
    )
    delay = forms.IntegerField(
        min_value=0, max_value=30, label="Seconds between two pages", help_text="More is kinder to a small server."
    )
    obey_robots = forms.BooleanField(
        required=False,
        label="Obey robots.txt",
        help_text="Leave it on, unless the file shuts out your own scan.",
    )
    schedule = forms.ChoiceField(choices=ScanPlan.Schedule.choices, label="How often")

    @staticmethod
    def initial_of(plan: ScanPlan) -> dict[str, Any]:
        """What the form shows of a plan."""
        return {field: getattr(plan, field) for field in PLAN_FIELDS}


class ScanNoticeForm(forms.ModelForm):
    class Meta:
        model = ScanNotice
        fields = NOTICES
        labels = {
            "new_tracker": "What is new since the scan before",
            "before_answer": "What runs before a visitor has answered",
            "after_refusal": "What still runs after a visitor has refused",
        }


class NewSite(forms.Form):
    hosts = lines(
        label="Hosts",
        help_text="One a line: example.com covers its subdomains too. www.example.com brings example.com along.",
    )
    name = forms.CharField(max_length=200, required=False, help_text="What your team calls it. Empty: the first host.")
    uuid = forms.UUIDField(
        required=False,
        label="OneTrust id",
        help_text="Moving from OneTrust? Paste data-domain-script from your page, and the page keeps its tags.",
        error_messages={"invalid": "An id looks like de507273-db36-4f1c-9575-6e6ea429f7c6."},
    )


class Move(forms.Form):
    """A page as it is today."""

    LARGEST = 2_000_000  # bytes; real pages have a tenth of that

    hosts = lines(rows=2, label="Hosts", help_text="One a line: example.com covers its subdomains too.")
    page = forms.FileField(
        required=False, label="The saved page", help_text="In your browser: File, Save page as, “HTML only”."
    )
    source = forms.CharField(
        required=False,
        strip=False,
        label="Or its source",
        help_text="Copied from “View source”.",
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono", "spellcheck": "false"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file, source = data.get("page"), data.get("source") or ""
        if (file.size if file else len(source)) > self.LARGEST:
            raise forms.ValidationError("That is more than 2 MB: save the page alone, without what it loads.")
        text = decode(file.read()) if file else source
        if not self.errors and "<" not in text:
            raise forms.ValidationError("There is no page in it. Choose a saved HTML file, or paste a page's source.")
        return data | {"html": text}


class Settings(forms.ModelForm):
    hosts = lines(label="Hosts", help_text="One a line: example.com covers its subdomains too.")
    languages = forms.MultipleChoiceField(
        widget=forms.CheckboxSelectMultiple, help_text="Visitors get theirs when it is here, else the first one."
    )
    policy_url = forms.URLField(required=False, label="Privacy policy URL", assume_scheme="https")
    imprint_url = forms.URLField(
        required=False,
        label="Imprint URL",
        assume_scheme="https",
        help_text="Germany and Austria ask for a link beside the banner.",
    )
    webhook_url = forms.URLField(
        required=False,
        label="Webhook for opt-outs",
        assume_scheme="https",
        help_text="Told about each opt-out, so that your account system can follow.",
    )
    first_language = forms.ChoiceField(label="First language", help_text="For visitors whose language is not here.")

    class Meta:
        model = Site
        fields = (
            "name", "controller", "controller_contact", "policy_url", "imprint_url", "level", "unknown_third_parties",
            "reload_after_accept", "child_directed", "record_path", "first_party_endpoint", "webhook_url", "tiles",
        )  # fmt: skip
        labels = {
            "controller": "Who is responsible (controller)",
            "controller_contact": "How to reach them",
            "level": "Blocking level",
            "unknown_third_parties": "Third parties no service covers",
            "reload_after_accept": "Reload the page after the visitor accepts",
            "child_directed": "This site is directed at children",
            "record_path": "Keep the page's path in records",
            "first_party_endpoint": "/.well-known/fairgate/ is answered on the site's own host",
            "tiles": "Ledger tiles for outside monitors",
        }
        help_texts = {
            "controller": "Company and address, as the banner and the records name it.",
            "controller_contact": "An e-mail address or a page.",
            "level": "How much the page can hold back before an answer. The installation page explains each.",
            "reload_after_accept": "Safer for pages that cannot start trackers late; visitors see a flash.",
            "child_directed": "Advertising stays off whatever the visitor answers.",
            "record_path": "The path only, never the query.",
            "first_party_endpoint": "Safari deletes cookies that scripts write after 7 days; a proxy rule avoids that.",
            "tiles": "",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = list(dict.fromkeys([*texts.shipped(), *self.instance.languages]))
        choices = [(code, LANGUAGE_NAMES.get(code, code)) for code in known]
        set_choices(self, "languages", choices)
        set_choices(self, "first_language", choices)
        self.initial.setdefault("languages", self.instance.languages)
        self.initial.setdefault("first_language", (self.instance.languages or ["en"])[0])

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        chosen, first = data.get("languages"), data.get("first_language")
        if chosen and first:
            data["languages"] = [first, *(code for code in chosen if code != first)]
        return data


class Kill(forms.Form):
    reason = forms.CharField(max_length=500, help_text="It stays in the audit trail.")


class ServiceForm(forms.Form):
    name = forms.CharField(max_length=200)
    category = forms.ChoiceField(
        help_text="What a visitor switches to allow it.", error_messages={"required": "Choose a category."}
    )
    necessary_reason = forms.CharField(
        required=False,
        label="Why it is strictly necessary",
        max_length=necessary.LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Only for an always active category: what the visitor asked for that does not work without it. "
        "It stays in the release.",
    )
    company = forms.CharField(max_length=200, required=False, help_text="Who receives the data.")
    policy_url = forms.URLField(required=False, label="Privacy policy URL", assume_scheme="https")
    description = forms.CharField(
        required=False, widget=forms.Textarea(attrs={"rows": 3}), help_text="What it does, for visitors."
    )
    patterns = lines(
        4,
        required=False,
        label="Requests to hold",
        help_text="One a line: host, host/path, host/path?parameter=value, or /path on your own host.",
    )
    cookies = lines(
        4,
        required=False,
        label="Cookies and storage",
        help_text="One a line: name | kind | lifetime | purpose. Only the name is needed; * stands for anything. "
        "Kinds: cookie, local, session (keys of localStorage and sessionStorage), indexeddb (name of a database).",
    )
    inline = lines(
        2,
        required=False,
        label="Signatures of inline code",
        help_text="A piece of text that its inline script holds; after:name for code behind its library that calls it.",
    )
    container = forms.BooleanField(
        required=False, label="It loads other services", help_text="A tag manager: held until any category is granted."
    )
    sells_or_shares = forms.BooleanField(
        required=False, label="It sells or shares personal data", help_text="Off under GPC and after an opt-out."
    )
    targeted_ads = forms.BooleanField(required=False, label="It serves targeted advertising")
    sensitive = forms.BooleanField(
        required=False, label="It touches sensitive data", help_text="Opt-in where a US state asks for it."
    )
    statistics = forms.BooleanField(required=False, label="It only measures audiences")
    exempt_in = forms.CharField(
        required=False,
        label="Countries whose exemption could apply",
        help_text="Codes such as GB FR. It counts only where you also confirm the conditions.",
    )
    exemption_confirmed = forms.CharField(
        required=False,
        label="Countries where you confirm the conditions of the exemption",
        help_text="Confirm only what your set-up meets. Not legal advice.",
    )
    adapter = forms.CharField(required=False, label="Vendor signal", help_text="google, uet, clarity, meta or empty.")

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        rows = list(site.categories.all())
        self.always_active = {c.key for c in rows if c.necessary}
        set_choices(self, "category", [("", "Choose a category"), *((c.key, category_label(c)) for c in rows)])

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        why = data.get("necessary_reason", "")
        if data.get("category") in self.always_active and "necessary_reason" in data and not necessary.enough(why):
            self.add_error("necessary_reason", f"Nobody is asked about it, so {necessary.HINT}")
        return data

    @staticmethod
    def initial_of(service: Service) -> dict[str, Any]:
        """What the form shows for an existing service."""
        plain = ("name", "necessary_reason", "company", "policy_url", "description", "container", "sells_or_shares",
                 "targeted_ads", "sensitive", "statistics", "inline", "adapter")  # fmt: skip
        return {field: getattr(service, field) for field in plain} | {
            "category": service.category.key,
            "patterns": [rule.pattern for rule in service.rules.all()],
            "cookies": [
                c.name
                if (c.kind, c.lifetime, c.purpose) == (Cookie.Kind.COOKIE, "", "")
                else " | ".join([c.name, c.kind, c.lifetime, c.purpose]).rstrip(" |")
                for c in service.cookies.all()
            ],
            "exempt_in": " ".join(service.exempt_in),
            "exemption_confirmed": " ".join(service.exemption_confirmed),
        }

    def clean_cookies(self) -> list[dict[str, Any]]:
        found = []
        for line in self.cleaned_data["cookies"]:
            name, kind, lifetime, purpose = ([part.strip() for part in line.split("|", 3)] + [""] * 3)[:4]
            if kind and kind not in Cookie.Kind.values:
                raise forms.ValidationError(f"{name}: {kind!r} is not a kind; use cookie, local, session or indexeddb.")
            row: dict[str, Any] = {"name": name, "kind": kind or "cookie", "lifetime": lifetime, "purpose": purpose}
            found.append(row)
        return found

    def _codes(self, field: str) -> list[str]:
        codes = self.cleaned_data[field].upper().replace(",", " ").split()
        if unknown := [code for code in codes if code not in table.ROWS]:
            raise forms.ValidationError(f"The table of laws has no {', '.join(unknown)}.")
        return codes

    def clean_exempt_in(self) -> list[str]:
        return self._codes("exempt_in")

    def clean_exemption_confirmed(self) -> list[str]:
        return self._codes("exemption_confirmed")


GOOGLE_SIGNALS = (
    "ad_storage", "ad_user_data", "ad_personalization", "analytics_storage", "functionality_storage",
    "personalization_storage", "security_storage",
)  # fmt: skip


class CategoryForm(forms.Form):
    key = forms.RegexField(
        r"^[A-Za-z0-9_]{1,40}$",
        label="Id",
        help_text="C0006, SPD_BG … It stays for ever, records name it.",
        error_messages={"invalid": "Use letters, digits and underscores."},
    )
    position = forms.IntegerField(min_value=0, max_value=999, help_text="Its place in the preference center.")
    necessary = forms.BooleanField(required=False, label="Always active", help_text="Never asked. Only what must be.")
    consent_mode = forms.MultipleChoiceField(
        required=False,
        choices=[(s, s) for s in GOOGLE_SIGNALS],
        widget=forms.CheckboxSelectMultiple,
        label="Google Consent Mode signals",
    )
    used_by_page = forms.BooleanField(
        required=False,
        label="Offer it with nothing in it",
        help_text="For pages and tag managers that ask for it by its id; else an empty category is left out.",
    )


class PurposeForm(forms.Form):
    key = forms.RegexField(r"^[a-z0-9][a-z0-9_-]{0,79}$", label="Id", help_text="email-marketing, push …")
    category = forms.ChoiceField(required=False, help_text="Empty: it stands alone, with a switch of its own.")
    legal_basis = forms.ChoiceField(
        choices=[
            ("consent", "Consent"),
            ("legitimate_interest", "Legitimate interest"),
            ("contract", "Contract"),
            ("legal_obligation", "Legal obligation"),
        ]
    )

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [(c.key, category_label(c)) for c in site.categories.all()]
        set_choices(self, "category", [("", "None"), *own])


PLACES = [
    (f"{layout} {position}", f"{layout.capitalize()}, {position.replace('-', ' ')}" if layout != position else "Center")
    for layout, positions in LAYOUTS.items()
    for position in positions
]


class Look(forms.Form):
    accent = forms.RegexField(
        r"^#[0-9a-fA-F]{6}$",
        label="Accent colour",
        widget=forms.TextInput(attrs={"type": "color"}),
        help_text="Made darker or lighter where it could not be read.",
        error_messages={"invalid": "A colour looks like #235a8c."},
    )
    place = forms.ChoiceField(choices=PLACES, label="Shape and place")
    scheme = forms.ChoiceField(
        choices=[("auto", "Follow the visitor's system"), ("light", "Light"), ("dark", "Dark")], label="Light or dark"
    )
    radius = forms.IntegerField(min_value=0, max_value=32, label="Roundness of corners (px)")
    floating_button = forms.BooleanField(
        required=False,
        label="Floating button to change one's mind",
        help_text="Shown only where the page has no link of its own to the preferences.",
    )

    def changes(self, banner: Banner) -> dict[str, Any]:
        """The arguments of `edit_banner`; theme tokens that the form does not show stay."""
        data = self.cleaned_data
        layout, position = data["place"].split()
        theme = {**banner.theme, **{key: data[key] for key in ("accent", "radius", "scheme")}}
        return {
            "layout": layout,
            "position": position,
            "theme": theme,
            "floating_button": data["floating_button"],
        }


class Override(forms.Form):
    regime = forms.ChoiceField(label="Under")
    state = forms.ChoiceField(
        choices=[*RuleOverride.Verdict.choices, ("", "What the law says")], required=False, label="It shall"
    )
    reason = forms.CharField(max_length=500, required=False, help_text="Needed for an override; it is in the release.")


class PlaceOverride(forms.Form):
    preset = forms.ChoiceField(label="Treat this place as")
    reason = forms.CharField(max_length=500, help_text="It is in the release and in the audit trail.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "preset", [(key, terms["name"]) for key, terms in table.REGIMES.items()])


class Publish(forms.Form):
    note = forms.CharField(max_length=500, required=False, label="Note", help_text="Why this release, for your team.")


class Waive(forms.Form):
    rule = forms.CharField(widget=forms.HiddenInput)
    regime = forms.CharField(widget=forms.HiddenInput, required=False)
    subject = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    text = forms.CharField(widget=forms.HiddenInput, required=False, max_length=SIGNED_TEXT, strip=False)
    signed_by = forms.CharField(max_length=200, label="Signed off by", help_text="The person who answers for it.")
    reason = forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class Invite(forms.Form):
    email = forms.EmailField(label="E-mail address", max_length=254)
    role = forms.ChoiceField(
        choices=[("", "Choose a role"), *Membership.Role.choices], error_messages={"required": "Choose a role."}
    )

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].lower()
        if email == DEMO_EMAIL and not django_settings.FAIRGATE_DEMO:
            raise forms.ValidationError(f"{DEMO_EMAIL} is the demo's account; it has no place on a real server.")
        return email


SCOPE_WORDS = {"audit": "Follow the ledger: its checkpoint and tiles"}


class Token(forms.Form):
    name = forms.CharField(max_length=100, help_text="What uses it, such as an auditor's monitor")
    scopes = forms.MultipleChoiceField(
        label="May",
        choices=[(scope, SCOPE_WORDS[scope]) for scope in SCOPES],
        initial=SCOPES,
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(label="Valid for (days)", min_value=1, max_value=3650, required=False, initial=365)


def category_label(category: Category) -> str:
    """A category in a list to choose from: one that nobody is asked about says so."""
    label = f"{category.key} {category_name(category)}".strip()
    return f"{label} (always active)" if category.necessary else label


def category_name(category: Category) -> str:
    """The site's own name of a category in its first language, else ours."""
    language = (category.site.languages or ["en"])[0]
    own = category.texts.get(language, {}).get("name")
    return own or texts.categories(language).get(category.key, {}).get("name", "")
