"""The fields of a banner's look, in the groups in which the editor shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext, gettext_lazy

from consent.banners import css, theme
from consent.banners.actions import LAYOUTS
from consent.banners.models import Banner, BannerFile
from consent.publishing.differences import value
from cookiebanner.dashboard.forms import set_choices

if TYPE_CHECKING:
    from django.utils.functional import _StrOrPromise


# What a colour is for: its label, and what stands for it where it is empty.
COLOURS = {
    "accent": (gettext_lazy("Accent"), gettext_lazy("Switches; buttons, unless they have their own")),
    "button": (gettext_lazy("Buttons"), gettext_lazy("Accept and Reject; empty: the accent")),
    "background": (gettext_lazy("Background"), gettext_lazy("Empty: white, and near black in the dark")),
    "text": (gettext_lazy("Text"), gettext_lazy("Empty: near black, and near white in the dark")),
    "border": (gettext_lazy("Border"), gettext_lazy("The banner's edge and lines; empty: grey")),
    "link": (gettext_lazy("Links"), gettext_lazy("Empty: as the text")),
    "focus": (gettext_lazy("Focus"), gettext_lazy("The ring of the keyboard; empty: as the buttons")),
}
FONTS: dict[str, _StrOrPromise] = {
    "system": gettext_lazy("The visitor's system"),
    "sans": "Arial, Helvetica",
    "humanist": "Verdana",
    "serif": "Georgia",
    "mono": gettext_lazy("Typewriter"),
}
NO_FILE = {"logo": gettext_lazy("No logo"), "font_file": gettext_lazy("The font above")}
GROUPS = {
    gettext_lazy("Shape"): ("place", "density", "backdrop", "radius"),
    gettext_lazy("Buttons"): ("style", "order", "buttons", "button_radius"),
    gettext_lazy("Font, light and dark"): ("font", "font_file", "scheme"),
    gettext_lazy("Logo"): ("logo", "logo_height"),
    gettext_lazy("Way back"): ("floating_button",),
    gettext_lazy("Style sheet"): ("css",),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A colour, and its twin for the dark."""

    label: _StrOrPromise
    help: _StrOrPromise
    light: forms.BoundField
    dark: forms.BoundField

    def fields(self) -> list[forms.BoundField]:
        """Both, the light one first."""
        return [self.light, self.dark]


def places() -> list[tuple[str, str]]:
    """(layout and position, what they are called) of all that a banner can have."""
    return [
        (f"{layout} {position}", f"{value(layout)}, {value(position)}" if layout != position else value(layout))
        for layout, positions in LAYOUTS.items()
        for position in positions
    ]


def _colour(label: str) -> forms.CharField:
    """What is typed is judged by the theme, which says why; empty is a value."""
    attrs = {
        "class": "mono",
        "data-colour": "",
        "spellcheck": "false",
        "maxlength": "7",
        "placeholder": "#",
        "size": "8",
    }
    return forms.CharField(required=False, label=label, max_length=30, widget=forms.TextInput(attrs=attrs))


def _pixels(label: _StrOrPromise, least: int, most: int, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, required=False, **options)


def _choice(label: _StrOrPromise, choices: Sequence[tuple[str, _StrOrPromise]], **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, **options)


class Look(forms.Form):
    """What a look is made of. A field that is empty, or not sent, has our own value."""

    place = forms.ChoiceField(choices=places, label=gettext_lazy("Shape and place"))
    density = _choice(gettext_lazy("Room"), [("roomy", gettext_lazy("Roomy")), ("compact", gettext_lazy("Compact"))])
    backdrop = _choice(
        gettext_lazy("The page behind it"),
        [("none", gettext_lazy("As it is")), ("dim", gettext_lazy("Dimmed"))],
        help_text=gettext_lazy("For a banner in the middle. It keeps nobody from the page."),
    )
    radius = _pixels(gettext_lazy("Roundness of corners (px)"), 0, 32)
    style = _choice(
        gettext_lazy("Style"),
        [("filled", gettext_lazy("Filled")), ("outline", gettext_lazy("Outlined"))],
        help_text=gettext_lazy("Always the same for both."),
    )
    order = _choice(
        gettext_lazy("First button"), [("accept", gettext_lazy("Accept")), ("reject", gettext_lazy("Reject"))]
    )
    buttons = _choice(
        gettext_lazy("They stand"),
        [("beside", gettext_lazy("Beside each other")), ("stacked", gettext_lazy("One above the other"))],
    )
    button_radius = _pixels(gettext_lazy("Roundness of buttons (px)"), 0, 32, help_text=gettext_lazy("Empty: 8."))
    font = _choice(gettext_lazy("Font"), list(FONTS.items()))
    font_file = _choice(gettext_lazy("Font of your own"), [], help_text=gettext_lazy("Uploaded under Files."))
    logo = _choice(gettext_lazy("Logo"), [], help_text=gettext_lazy("Uploaded under Files."))
    logo_height = _pixels(gettext_lazy("Height of the logo (px)"), 16, 96, help_text=gettext_lazy("Empty: 32."))
    scheme = _choice(
        gettext_lazy("Light or dark"),
        [
            ("auto", gettext_lazy("Follow the visitor's system")),
            ("light", gettext_lazy("Always light")),
            ("dark", gettext_lazy("Always dark")),
        ],
    )
    floating_button = forms.BooleanField(
        required=False,
        label=gettext_lazy("Floating button to change one's mind"),
        help_text=gettext_lazy("Shown only where the page has no link of its own to the preferences."),
    )

    css = forms.CharField(
        required=False,
        strip=False,
        label=gettext_lazy("Rules of your own"),
        help_text=gettext_lazy(
            "CSS for what the dashboard has no field for: each rule reaches the banner alone. url(…) "
            "names an uploaded file. What hides, moves or shrinks something, or tells Accept from "
            "Reject, is refused."
        ),
        widget=forms.Textarea(attrs={"rows": 6, "class": "mono", "spellcheck": "false", "maxlength": css.LONGEST}),
    )

    def __init__(self, files: Iterable[BannerFile], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offered = list(files)
        self.file_names = {one.name for one in offered if one.removed_at is None}
        for token, kind in theme.FILES.items():
            own = [(one.sha256, one.name) for one in offered if one.content_type == kind]
            set_choices(self, token, [("", NO_FILE[token]), *own])
        for name, (label, _) in COLOURS.items():
            self.fields[name] = _colour(gettext("%(colour)s, light") % {"colour": label})
            self.fields[f"dark_{name}"] = _colour(gettext("%(colour)s, dark") % {"colour": label})

    def groups(self) -> Iterator[tuple[_StrOrPromise, list[forms.BoundField]]]:
        """(heading, fields), without the colours."""
        for heading, names in GROUPS.items():
            yield heading, [self[name] for name in names]

    def colours(self) -> list[Pair]:
        """The colours, each with its twin."""
        return [Pair(label, text, self[name], self[f"dark_{name}"]) for name, (label, text) in COLOURS.items()]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        tokens = {name: data.get(name) for name in theme.TOKENS if name in self.fields}
        for name, says in theme.faults(tokens).items():
            self.add_error(name, says)
        for says in css.faults(data.get("css") or "", self.file_names):
            self.add_error("css", says)
        return data

    @staticmethod
    def initial_of(banner: Banner) -> dict[str, Any]:
        """What the form shows of a draft."""
        first = {name: choices[0] for name, choices in theme.CHOICES.items()}
        return {
            **first, "accent": theme.ACCENT, "radius": 12, **banner.theme,
            "place": f"{banner.layout} {banner.position}", "floating_button": banner.floating_button,
            "css": banner.css,
        }  # fmt: skip

    def changes(self, banner: Banner) -> dict[str, Any]:
        """The arguments of `edit_banner`; theme tokens that the form does not have stay."""
        data = self.cleaned_data
        layout, position = data["place"].split()
        kept = {name: value for name, value in banner.theme.items() if name not in self.fields}
        kept |= {name: data[name] for name in theme.TOKENS if name in self.fields}
        return {
            "layout": layout,
            "position": position,
            "theme": theme.clean(kept),
            "floating_button": data["floating_button"],
            "css": data["css"],
        }


class SecondBanner(forms.Form):
    """How banner B of a test looks, and when the test ends."""

    ends = forms.DateField(
        label=gettext_lazy("Last day (UTC)"),
        help_text=gettext_lazy("B is shown until its end; then every visitor gets A again, without a new release."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    place = forms.ChoiceField(choices=places, label=gettext_lazy("Shape and place of B"))
    accent = forms.RegexField(
        r"^#[0-9a-fA-F]{6}$",
        label=gettext_lazy("Accent colour of B"),
        widget=forms.TextInput(attrs={"type": "color"}),
        error_messages={"invalid": gettext_lazy("A colour looks like #235a8c.")},
    )

    def changes(self) -> dict[str, Any]:
        """The arguments of `banner_tests.save`."""
        layout, position = self.cleaned_data["place"].split()
        theme = {"accent": self.cleaned_data["accent"]}
        return {"ends": self.cleaned_data["ends"], "layout": layout, "position": position, "theme": theme}
