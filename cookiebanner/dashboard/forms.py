"""What people type. Forms check shapes; actions check sense and say so by raising InvalidChange."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings as django_settings
from django.utils.text import capfirst
from django.utils.translation import gettext, gettext_lazy, pgettext_lazy

from consent import csv_text
from consent.answers import feeds
from consent.banners import texts
from consent.catalogue import necessary
from consent.catalogue.models import Category, RuleOverride, Service
from consent.jurisdictions import table
from consent.publishing.differences import value
from consent.publishing.lint.finding import SIGNED_TEXT
from consent.scanner import tenant
from consent.scanner.models import DEEPEST, MOST_PAGES, ScanPlan
from consent.scanner.page import decode
from consent.scanner.scans import PLAN_FIELDS
from consent.sites import moved_from
from consent.sites.actions import SCOPES
from consent.sites.models import Membership, Site
from cookiebanner.dashboard import carrying, page_reader
from cookiebanner.staff.accounts import DEMO_EMAIL

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise
LANGUAGE_NAMES = {
    "ar": "العربية", "bg": "Български", "ca": "Català", "cs": "Čeština", "da": "Dansk", "de": "Deutsch",
    "el": "Ελληνικά", "en": "English", "es": "Español", "et": "Eesti", "fi": "Suomi", "fr": "Français",
    "ga": "Gaeilge", "he": "עברית", "hr": "Hrvatski", "hu": "Magyar", "id": "Bahasa Indonesia",
    "is": "Íslenska", "it": "Italiano", "ja": "日本語", "ko": "한국어", "lt": "Lietuvių", "lv": "Latviešu",
    "mt": "Malti", "nb": "Norsk bokmål", "nl": "Nederlands", "pl": "Polski", "pt": "Português",
    "pt-BR": "Português (Brasil)", "ro": "Română", "ru": "Русский", "sk": "Slovenčina", "sl": "Slovenščina",
    "sr": "Српски", "sv": "Svenska", "tr": "Türkçe", "uk": "Українська", "vi": "Tiếng Việt", "zh-Hans": "简体中文",
    "zh-Hant": "繁體中文",
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


def set_choices(form: forms.BaseForm, name: str, choices: Sequence[tuple[str, _StrOrPromise]]) -> None:
    """What a choice field of this one form offers: (value, label). TypeError for a field of another kind."""
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{name} offers no choices.")
    field.choices = choices


class ScanPlanForm(forms.Form):
    start = forms.URLField(
        required=False,
        max_length=500,
        assume_scheme="https",
        label=gettext_lazy("Start at"),
        help_text=gettext_lazy(
            "A page, or a sitemap (an address that ends in .xml or .xml.gz). Empty: the first host of the site."
        ),
    )
    pages = forms.IntegerField(min_value=1, max_value=MOST_PAGES, label=gettext_lazy("Pages at most"))
    depth = forms.IntegerField(
        min_value=0,
        max_value=DEEPEST,
        label=gettext_lazy("Links deep"),
        help_text=gettext_lazy("0 looks at the first page only."),
    )
    delay = forms.IntegerField(
        min_value=0,
        max_value=30,
        label=gettext_lazy("Seconds between two pages"),
        help_text=gettext_lazy("More is kinder to a small server."),
    )
    obey_robots = forms.BooleanField(
        required=False,
        label=gettext_lazy("Obey robots.txt"),
        help_text=gettext_lazy("Leave it on, unless the file shuts out your own scan."),
    )
    schedule = forms.ChoiceField(choices=ScanPlan.Schedule.choices, label=gettext_lazy("How often"))

    @staticmethod
    def initial_of(plan: ScanPlan) -> dict[str, Any]:
        """What the form shows of a plan."""
        return {field: getattr(plan, field) for field in PLAN_FIELDS}


class NewSite(forms.Form):
    hosts = lines(
        label=gettext_lazy("Hosts"),
        help_text=gettext_lazy(
            "One a line: example.com covers its subdomains too. www.example.com brings example.com along."
        ),
    )
    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("What your team calls it. Empty: the first host."),
    )
    uuid = forms.UUIDField(
        required=False,
        label=gettext_lazy("OneTrust id"),
        help_text=gettext_lazy(
            "Moving from OneTrust? Paste data-domain-script from your page, and the page keeps its tags."
        ),
        error_messages={"invalid": gettext_lazy("An id looks like de507273-db36-4f1c-9575-6e6ea429f7c6.")},
    )


class MovedFrom(forms.Form):
    """The consent manager whose visitors' answers are taken over; `moved_from` is what a site keeps of it."""

    manager = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Where you move from"),
        choices=[("", gettext_lazy("OneTrust, or no other banner")), *moved_from.MANAGERS.items()],
        help_text=gettext_lazy(
            "What its visitors answered is taken over, once, as “said elsewhere”. OneTrust's needs no setting."
        ),
    )
    names = lines(
        3,
        required=False,
        label=gettext_lazy("Its services, and your categories"),
        help_text=gettext_lazy(
            "For Usercentrics and klaro: its name or id = the id of a category here, such as matomo = "
            "C0002, one a line. What is not named here counts as not answered."
        ),
    )
    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=moved_from.LONGEST_LIFE,
        label=gettext_lazy("klaro's cookieExpiresAfterDays"),
        help_text=gettext_lazy(
            "klaro does not keep when somebody answered. Without this number a yes is asked again; its "
            "own default is 120."
        ),
    )
    key = forms.CharField(
        required=False,
        max_length=60,
        label=gettext_lazy("klaro's storageName"),
        help_text=gettext_lazy("When it is not “klaro”."),
    )

    @staticmethod
    def initial_of(kept: Mapping[str, Any]) -> dict[str, Any]:
        """The fields of what a site keeps."""
        names = [f"{name} = {key}" for name, key in kept.get("names", [])]
        return {
            "manager": kept.get("manager", ""),
            "names": names,
            "days": kept.get("days"),
            "key": kept.get("key", ""),
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        pairs = [line.rpartition("=") for line in data.get("names") or []]
        given = {
            "manager": data.pop("manager", ""),
            "names": [(name.strip(), key.strip()) for name, _, key in pairs],
            "days": data.pop("days", None),
            "key": data.pop("key", ""),
        }
        data.pop("names", None)
        try:
            return data | {"moved_from": moved_from.clean(given)}
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None


class SeveralFiles(forms.FileField):
    """Any number of files, as [(name, bytes)]."""

    class Widget(forms.ClearableFileInput):
        allow_multiple_selected = True

    widget = Widget

    def clean(self, data: Any, initial: Any = None) -> list[tuple[str, bytes]]:
        files = [super(SeveralFiles, self).clean(one, initial) for one in data or []]
        if len(files) > tenant.FILES or sum(file.size for file in files) > 2 * tenant.LARGEST:
            raise forms.ValidationError(
                gettext("At most %(files)s files of %(megabytes)s MB in all.")
                % {"files": tenant.FILES, "megabytes": 2 * tenant.LARGEST // 1_000_000}
            )
        return [(file.name, file.read()) for file in files]


class Move(MovedFrom):
    """A page as it is today, and files of the tenant's."""

    LARGEST = 2_000_000  # bytes; real pages have a tenth of that

    hosts = lines(
        rows=2,
        label=gettext_lazy("Hosts"),
        help_text=gettext_lazy("One a line: example.com covers its subdomains too."),
    )
    url = forms.URLField(
        required=False,
        label=gettext_lazy("The page's address"),
        assume_scheme="https",
        help_text=gettext_lazy("It is read once, as anybody may."),
    )
    page = forms.FileField(
        required=False,
        label=gettext_lazy("Or the saved page"),
        help_text=gettext_lazy("In your browser: File, Save page as, “HTML only”."),
    )
    source = forms.CharField(
        required=False,
        strip=False,
        label=gettext_lazy("Or its source"),
        help_text=gettext_lazy("Copied from “View source”."),
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono", "spellcheck": "false"}),
    )
    documents = SeveralFiles(
        required=False,
        label=gettext_lazy("OneTrust's own files of your domain"),
        help_text=gettext_lazy(
            "The domain's JSON, the JSON of each language, the cookie list as CSV or XLSX: categories, "
            "your own texts, cookies and hosts come along. docs/onetrust.md says where they are."
        ),
    )
    carried = forms.CharField(required=False, widget=forms.HiddenInput)  # files, from one step to the next

    def of_page(self) -> list[forms.BoundField]:
        """What says which page it is, and what comes along."""
        return [self[name] for name in ("hosts", "url", "page", "source", "documents")]

    def of_manager(self) -> list[forms.BoundField]:
        """What some consent managers need to be told of."""
        return [self[name] for name in ("names", "days", "key")]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file, source = data.get("page"), data.get("source") or ""
        if (file.size if file else len(source)) > self.LARGEST:
            raise forms.ValidationError(gettext("That is more than 2 MB: save the page alone, without what it loads."))
        text = decode(file.read()) if file else source
        if not text and data.get("url") and not self.errors:
            try:
                text = page_reader.read(data["url"])
            except page_reader.Unreadable as error:
                self.add_error("url", str(error))
                return data
        try:
            files = data.get("documents") or carrying.unpack(data.get("carried") or "")
            data |= {"files": files, "carried": carrying.pack(files)}
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None
        if not self.errors and "<" not in text and not (files and not text):
            raise forms.ValidationError(
                gettext("There is no page in it. Choose a saved HTML file, or paste a page's source.")
            )
        return data | {"html": text}


class Settings(MovedFrom, forms.ModelForm):
    hosts = lines(
        label=gettext_lazy("Hosts"), help_text=gettext_lazy("One a line: example.com covers its subdomains too.")
    )
    languages = forms.MultipleChoiceField(
        label=gettext_lazy("Languages"),
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Visitors get theirs when it is here, else the first one."),
    )
    policy_url = forms.URLField(required=False, label=gettext_lazy("Privacy policy URL"), assume_scheme="https")
    imprint_url = forms.URLField(
        required=False,
        label=gettext_lazy("Imprint URL"),
        assume_scheme="https",
        help_text=gettext_lazy("Germany and Austria ask for a link beside the banner."),
    )
    webhook_url = forms.URLField(
        required=False,
        label=gettext_lazy("Webhook for opt-outs"),
        assume_scheme="https",
        help_text=gettext_lazy("Told about each opt-out, so that your account system can follow."),
    )
    first_language = forms.ChoiceField(
        label=gettext_lazy("First language"), help_text=gettext_lazy("For visitors whose language is not here.")
    )

    class Meta:
        model = Site
        fields = (
            "name", "group", "controller", "controller_contact", "policy_url", "imprint_url", "level",
            "unknown_third_parties", "reload_after_accept", "child_directed", "record_path", "first_party_endpoint",
            "webhook_url", "tiles", "publish_needs_approval", "membership",
        )  # fmt: skip
        labels = {
            "name": gettext_lazy("Name"),
            "group": gettext_lazy("Group"),
            "controller": gettext_lazy("Who is responsible (controller)"),
            "controller_contact": gettext_lazy("How to reach them"),
            "level": gettext_lazy("Blocking level"),
            "unknown_third_parties": gettext_lazy("Third parties no service covers"),
            "reload_after_accept": gettext_lazy("Reload the page after the visitor accepts"),
            "child_directed": gettext_lazy("This site is directed at children"),
            "record_path": gettext_lazy("Keep the page's path in records"),
            "first_party_endpoint": gettext_lazy("/.well-known/fairgate/ is answered on the site's own host"),
            "tiles": gettext_lazy("Ledger tiles for outside monitors"),
            "membership": gettext_lazy("Subscribers are not asked"),
            "publish_needs_approval": gettext_lazy("A second person approves each release"),
        }
        help_texts = {
            "group": gettext_lazy("A word of yours. Sites with the same one can be changed together."),
            "controller": gettext_lazy("Company and address, as the banner and the records name it."),
            "controller_contact": gettext_lazy("An e-mail address or a page."),
            "level": gettext_lazy(
                "How much the page can hold back before an answer. The installation page explains each."
            ),
            "reload_after_accept": gettext_lazy(
                "Safer for pages that cannot start trackers late; visitors see a flash."
            ),
            "child_directed": gettext_lazy("Advertising stays off whatever the visitor answers."),
            "record_path": gettext_lazy("The path only, never the query."),
            "first_party_endpoint": gettext_lazy(
                "Safari deletes cookies that scripts write after 7 days; a proxy rule avoids that."
            ),
            "tiles": "",
            "membership": gettext_lazy(
                "Pay or consent: pages shown to subscribers say so (data-member); nothing is asked of them, "
                "all that is optional waits, and nothing is recorded as a yes."
            ),
            "publish_needs_approval": gettext_lazy(
                "Whoever asks for a release can't approve it. Rolling back needs nobody else."
            ),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        known = list(dict.fromkeys([*texts.shipped(), *self.instance.languages]))
        choices = [(code, LANGUAGE_NAMES.get(code, code)) for code in known]
        set_choices(self, "languages", choices)
        set_choices(self, "first_language", choices)
        self.initial = {**MovedFrom.initial_of(self.instance.moved_from), **self.initial}
        self.initial.setdefault("languages", self.instance.languages)
        self.initial.setdefault("first_language", (self.instance.languages or ["en"])[0])

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data = super().clean() or {}
        chosen, first = data.get("languages"), data.get("first_language")
        if chosen and first:
            data["languages"] = [first, *(code for code in chosen if code != first)]
        return data


class Kill(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, help_text=gettext_lazy("It stays in the audit trail.")
    )


# Adapter of a service → how its vendor is told. The rest of our catalogue's names say what a vendor would understand.
SIGNALS = [
    ("", gettext_lazy("Nothing is told")),
    ("google", gettext_lazy("Google Consent Mode")),
    ("uet", gettext_lazy("Microsoft Advertising (UET) consent mode")),
    ("clarity", gettext_lazy("Microsoft Clarity consent API")),
    ("meta", gettext_lazy("Meta Pixel consent call")),
    ("adobe", gettext_lazy("Adobe (not told yet, held)")),
    ("matomo", gettext_lazy("Matomo (not told yet, held)")),
    ("pinterest", gettext_lazy("Pinterest (not told yet, held)")),
    ("shopify", gettext_lazy("Shopify Customer Privacy (not told yet, held)")),
    ("tiktok", gettext_lazy("TikTok (not told yet, held)")),
]


def exempting() -> set[str]:
    """Countries whose law lets some measurement run unasked, by their codes."""
    rules = ("opt_in_exemptible", "exempt_with_notice_and_objection")
    return {row.iso_country for row in table.ROWS.values() if row.analytics_rule in rules}


class CookieFile(forms.Form):
    """A CSV file of cookies, or its text."""

    LARGEST = 1_000_000  # bytes

    service = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Service"),
        help_text=gettext_lazy("For rows that name none. Empty: each row names its service."),
    )
    file = forms.FileField(
        required=False, label=gettext_lazy("CSV file"), widget=forms.FileInput(attrs={"accept": ".csv,text/csv"})
    )
    text = forms.CharField(
        required=False,
        strip=False,
        label=gettext_lazy("Or its text"),
        widget=forms.Textarea(attrs={"rows": 5, "class": "mono", "spellcheck": "false"}),
    )

    def __init__(self, services: Mapping[str, str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "service", [("", gettext("Each row names its service")), *services.items()])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        file, text = data.get("file"), data.get("text") or ""
        if (file.size if file else len(text)) > self.LARGEST:
            raise forms.ValidationError(gettext("That is more than 1 MB: split it."))
        content = csv_text.decode(file.read()) if file else text
        if not self.errors and not content.strip():
            raise forms.ValidationError(gettext("Choose a CSV file, or paste its text."))
        return data | {"content": content}


class ServiceForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=200)
    category = forms.ChoiceField(
        label=gettext_lazy("Category"),
        help_text=gettext_lazy("What a visitor switches to allow it."),
        error_messages={"required": gettext_lazy("Choose a category.")},
    )
    necessary_reason = forms.CharField(
        required=False,
        label=gettext_lazy("Why it is strictly necessary"),
        max_length=necessary.LONGEST,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy(
            "Only for an always active category: what the visitor asked for that does not work without "
            "it. It stays in the release."
        ),
    )
    company = forms.CharField(
        label=gettext_lazy("Company"), max_length=200, required=False, help_text=gettext_lazy("Who receives the data.")
    )
    policy_url = forms.URLField(required=False, label=gettext_lazy("Privacy policy URL"), assume_scheme="https")
    description = forms.CharField(
        label=gettext_lazy("Description"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("What it does, for visitors."),
    )
    patterns = lines(
        4,
        required=False,
        label=gettext_lazy("Requests to hold"),
        help_text=gettext_lazy("One a line: host, host/path, host/path?parameter=value, or /path on your own host."),
    )
    inline = lines(
        2,
        required=False,
        label=gettext_lazy("Signatures of inline code"),
        help_text=gettext_lazy(
            "A piece of text that its inline script holds; after:name for code behind its library that calls it."
        ),
    )
    container = forms.BooleanField(
        required=False,
        label=gettext_lazy("It loads other services"),
        help_text=gettext_lazy("A tag manager: held until any category is granted."),
    )
    sells_or_shares = forms.BooleanField(
        required=False,
        label=gettext_lazy("It sells or shares personal data"),
        help_text=gettext_lazy("Off under GPC and after an opt-out."),
    )
    targeted_ads = forms.BooleanField(required=False, label=gettext_lazy("It serves targeted advertising"))
    sensitive = forms.BooleanField(
        required=False,
        label=gettext_lazy("It touches sensitive data"),
        help_text=gettext_lazy("Opt-in where a US state asks for it."),
    )
    statistics = forms.BooleanField(required=False, label=gettext_lazy("It only measures audiences"))
    exempt_in = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Countries whose exemption could apply"),
        help_text=gettext_lazy("It counts only where you also confirm the conditions."),
    )
    exemption_confirmed = forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Countries where you confirm the conditions of the exemption"),
        help_text=gettext_lazy("Confirm only what your set-up meets. Not legal advice."),
    )
    adapter = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Vendor signal"),
        choices=SIGNALS,
        help_text=gettext_lazy("How the vendor is told the answer; without one it is only held."),
    )

    asked_before = forms.BooleanField(
        required=False,
        label=gettext_lazy("The banner that the site moved from asked about it, in this category"),
        help_text=gettext_lazy("Then a yes that a visitor gave there covers it; otherwise the visitor is asked again."),
    )

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if site.level != Site.Level.DROP_IN and not site.moved_from:
            del self.fields["asked_before"]
        rows = list(site.categories.all())
        self.always_active = {c.key for c in rows if c.necessary}
        set_choices(self, "category", [("", gettext("Choose a category")), *((c.key, category_label(c)) for c in rows)])
        for field in ("exempt_in", "exemption_confirmed"):
            codes = sorted({*exempting(), *(self.initial.get(field) or ())})
            set_choices(self, field, [(code, table.ROWS[code].name if code in table.ROWS else code) for code in codes])
        if (kept := self.initial.get("adapter")) and kept not in dict(SIGNALS):
            set_choices(self, "adapter", [*SIGNALS, (kept, kept)])

    def clean(self) -> dict[str, Any]:
        super().clean()
        data = self.cleaned_data
        why = data.get("necessary_reason", "")
        if data.get("category") in self.always_active and "necessary_reason" in data and not necessary.enough(why):
            self.add_error(
                "necessary_reason",
                gettext("Nobody is asked about it, so %(hint)s") % {"hint": gettext(necessary.HINT)},
            )
        if "asked_before" in self.fields:
            # Whoever only moves a service has said nothing about where the earlier banner had it.
            ticked, there = data.pop("asked_before"), self.initial.get("earlier_category", "")
            changed = ticked != bool(self.initial.get("asked_before"))
            data["earlier_category"] = (data.get("category", "") if ticked else "") if changed else there
        return data

    @staticmethod
    def initial_of(service: Service) -> dict[str, Any]:
        """What the form shows for an existing service."""
        plain = ("name", "necessary_reason", "company", "policy_url", "description", "container", "sells_or_shares",
                 "targeted_ads", "sensitive", "statistics", "inline", "adapter")  # fmt: skip
        return {field: getattr(service, field) for field in plain} | {
            "category": service.category.key,
            "patterns": [rule.pattern for rule in service.rules.all()],
            "exempt_in": service.exempt_in,
            "exemption_confirmed": service.exemption_confirmed,
            "earlier_category": service.earlier_category,
            "asked_before": service.earlier_category == service.category.key,
        }


GOOGLE_SIGNALS = (
    "ad_storage", "ad_user_data", "ad_personalization", "analytics_storage", "functionality_storage",
    "personalization_storage", "security_storage",
)  # fmt: skip


class CategoryForm(forms.Form):
    key = forms.RegexField(
        r"^[A-Za-z0-9_]{1,40}$",
        label=gettext_lazy("Id"),
        help_text=gettext_lazy("Short, such as CHAT or NEWS2. It stays for ever, records name it."),
        error_messages={"invalid": gettext_lazy("Use letters, digits and underscores.")},
    )
    position = forms.IntegerField(
        label=gettext_lazy("Position"),
        min_value=0,
        max_value=999,
        help_text=gettext_lazy("Its place in the preference center."),
    )
    necessary = forms.BooleanField(
        required=False, label=gettext_lazy("Always active"), help_text=gettext_lazy("Never asked. Only what must be.")
    )
    consent_mode = forms.MultipleChoiceField(
        required=False,
        choices=lambda: [(signal, capfirst(value(signal))) for signal in GOOGLE_SIGNALS],
        widget=forms.CheckboxSelectMultiple,
        label=gettext_lazy("Google Consent Mode signals"),
    )
    used_by_page = forms.BooleanField(
        required=False,
        label=gettext_lazy("Offer it with nothing in it"),
        help_text=gettext_lazy(
            "For pages and tag managers that ask for it by its id; else an empty category is left out."
        ),
    )


class NewCategory(CategoryForm):
    """With a name, in the site's first language; its id follows from the name when none is given."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=100,
        help_text=gettext_lazy("What visitors read. More languages follow on the next page."),
    )
    field_order = ("name",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["key"].required = False
        self.fields["key"].help_text = gettext(
            "C0006, SPD_BG … Empty: made from the name. It stays for ever, records name it."
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("name") and not data.get("key") and "key" not in self.errors:
            data["key"] = re.sub("[^A-Za-z0-9]+", "_", ascii_of(data["name"])).strip("_")[:40]
            if not data["key"]:
                self.add_error("key", gettext("Give it an id: its name holds no letter for one."))
        return data


def ascii_of(text: str) -> str:
    """A text in the letters of an id: `Zählen` → `Zahlen`."""
    return unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()


class PurposeForm(forms.Form):
    key = forms.RegexField(
        r"^[a-z0-9][a-z0-9_-]{0,79}$", label=gettext_lazy("Id"), help_text=gettext_lazy("email-marketing, push …")
    )
    category = forms.ChoiceField(
        label=gettext_lazy("Category"),
        required=False,
        help_text=gettext_lazy("Empty: it stands alone, with a switch of its own."),
    )
    legal_basis = forms.ChoiceField(
        label=gettext_lazy("Legal basis"),
        choices=[
            ("consent", gettext_lazy("Consent")),
            ("legitimate_interest", gettext_lazy("Legitimate interest")),
            ("contract", gettext_lazy("Contract")),
            ("legal_obligation", gettext_lazy("Legal obligation")),
        ],
    )

    def __init__(self, site: Site, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = [(c.key, category_label(c)) for c in site.categories.all()]
        set_choices(self, "category", [("", gettext("No category")), *own])


class Override(forms.Form):
    regime = forms.ChoiceField(label=gettext_lazy("Under"))
    state = forms.ChoiceField(
        choices=[*RuleOverride.Verdict.choices, ("", gettext_lazy("What the law says"))],
        required=False,
        label=gettext_lazy("It shall"),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        required=False,
        help_text=gettext_lazy("Needed for an override; it is in the release."),
    )


class PlaceOverride(forms.Form):
    preset = forms.ChoiceField(label=gettext_lazy("Treat this place as"))
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=500,
        help_text=gettext_lazy("It is in the release and in the audit trail."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        set_choices(self, "preset", [(key, gettext(terms["name"])) for key, terms in table.REGIMES.items()])


class Publish(forms.Form):
    note = forms.CharField(
        max_length=500,
        required=False,
        label=gettext_lazy("Note"),
        help_text=gettext_lazy("Why this release, for your team."),
    )
    at = forms.DateTimeField(
        required=False,
        label=gettext_lazy("Goes live (UTC)"),
        help_text=gettext_lazy(
            "Empty: at once. What is in the draft now goes live then, whatever becomes of the draft."
        ),
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": gettext_lazy("A time looks like 2026-12-24 06:00.")},
    )


class RollBack(forms.Form):
    note = forms.CharField(
        max_length=500, required=False, label=gettext_lazy("Note"), help_text=gettext_lazy("Why, for your team.")
    )


class Decline(forms.Form):
    reason = forms.CharField(
        max_length=500, required=False, label=gettext_lazy("Why not"), help_text=gettext_lazy("For whoever asked.")
    )


class Waive(forms.Form):
    rule = forms.CharField(widget=forms.HiddenInput)
    regime = forms.CharField(widget=forms.HiddenInput, required=False)
    subject = forms.CharField(widget=forms.HiddenInput, required=False, max_length=200)
    text = forms.CharField(widget=forms.HiddenInput, required=False, max_length=SIGNED_TEXT, strip=False)
    signed_by = forms.CharField(
        max_length=200, label=gettext_lazy("Signed off by"), help_text=gettext_lazy("The person who answers for it.")
    )
    reason = forms.CharField(label=gettext_lazy("Reason"), max_length=1000, widget=forms.Textarea(attrs={"rows": 2}))


class Invite(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail address"), max_length=254)
    role = forms.ChoiceField(
        label=gettext_lazy("Role"),
        choices=[("", gettext_lazy("Choose a role")), *Membership.Role.choices],
        error_messages={"required": gettext_lazy("Choose a role.")},
    )

    def clean_email(self) -> str:
        email = self.cleaned_data["email"].lower()
        if email == DEMO_EMAIL and not django_settings.FAIRGATE_DEMO:
            raise forms.ValidationError(
                gettext("%(email)s is the demo's account; it has no place on a real server.") % {"email": DEMO_EMAIL}
            )
        return email


SCOPE_WORDS = {
    "audit": gettext_lazy("Follow the ledger: its checkpoint and tiles"),
    "view": gettext_lazy("Read figures, the draft, releases and the trail"),
    "edit": gettext_lazy("Change the draft"),
    "publish": gettext_lazy("Publish and roll back"),
    "kill": gettext_lazy("Switch the gate off and on"),
    "export": gettext_lazy("Read and export records"),
    "erase": gettext_lazy("Erase records"),
    "collect": gettext_lazy("Take in and hand out people's choices beyond cookies"),
    "waive": gettext_lazy("Sign lint rules off"),
    "requests": gettext_lazy("Work on people's requests"),
    "manage": gettext_lazy("Settings, hosts, members, tokens, webhook"),
}


class Token(forms.Form):
    name = forms.CharField(
        label=gettext_lazy("Name"), max_length=100, help_text=gettext_lazy("What uses it, such as an auditor's monitor")
    )
    scopes = forms.MultipleChoiceField(
        label=pgettext_lazy("what a token is allowed to do", "May"),
        choices=[(scope, SCOPE_WORDS[scope]) for scope in SCOPES],
        initial=["audit"],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.IntegerField(
        label=gettext_lazy("Valid for (days)"), min_value=1, max_value=3650, required=False, initial=365
    )


class Listen(forms.Form):
    """What a webhook is told besides opt-outs."""

    events = forms.MultipleChoiceField(
        label=gettext_lazy("Tell it of"),
        required=False,
        choices=[
            (feeds.ANSWERS, gettext_lazy("every answer (opt-outs come by themselves, too)")),
            (feeds.CHANGES, gettext_lazy("every change of the site: publishes, requests, settings, people")),
            (
                feeds.REQUESTS,
                gettext_lazy("every step of what people ask about their data: received, due soon, answered"),
            ),
            (feeds.CHOICES, gettext_lazy("every choice beyond cookies: newsletters, calls, push")),
        ],
        widget=forms.CheckboxSelectMultiple,
    )
    batch = forms.IntegerField(
        label=gettext_lazy("At most so many in one delivery"),
        min_value=1,
        max_value=feeds.LARGEST_BATCH,
        help_text=gettext_lazy("1 = each singly"),
    )


def category_label(category: Category) -> str:
    """A category in a list to choose from: one that nobody is asked about says so."""
    label = category_name(category) or category.key
    return gettext("%(category)s (always active)") % {"category": label} if category.necessary else label


def category_name(category: Category) -> str:
    """The site's own name of a category in its first language, else ours."""
    language = (category.site.languages or ["en"])[0]
    own = category.texts.get(language, {}).get("name")
    return own or texts.categories(language).get(category.key, {}).get("name", "")
