"""The fields of a banner's look, in the groups in which the editor shows them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms

from consent.banners import css, theme
from consent.banners.actions import LAYOUTS
from consent.banners.models import Banner, BannerFile
from consent.publishing.differences import WORDS
from cookiebanner.dashboard.forms import set_choices

PLACES = [
    (f"{layout} {position}", f"{WORDS[layout]}, {WORDS[position]}" if layout != position else WORDS[layout])
    for layout, positions in LAYOUTS.items()
    for position in positions
]
# What a colour is for: its label, and what stands for it where it is empty.
COLOURS = {
    "accent": ("Accent", "Switches; buttons, unless they have their own"),
    "button": ("Buttons", "Accept and Reject; empty: the accent"),
    "background": ("Background", "Empty: white, and near black in the dark"),
    "text": ("Text", "Empty: near black, and near white in the dark"),
    "border": ("Border", "The banner's edge and lines; empty: grey"),
    "link": ("Links", "Empty: as the text"),
    "focus": ("Focus", "The ring of the keyboard; empty: as the buttons"),
}
FONTS = {
    "system": "The visitor's system", "sans": "Arial, Helvetica", "humanist": "Verdana", "serif": "Georgia",
    "mono": "Typewriter",
}  # fmt: skip
NO_FILE = {"logo": "No logo", "font_file": "The font above"}
GROUPS = {
    "Shape": ("place", "density", "backdrop", "radius"),
    "Buttons": ("style", "order", "buttons", "button_radius"),
    "Font, light and dark": ("font", "font_file", "scheme"),
    "Logo": ("logo", "logo_height"),
    "Way back": ("floating_button",),
    "Style sheet": ("css",),
}


@dataclass(frozen=True, slots=True)
class Pair:
    """A colour, and its twin for the dark."""

    label: str
    help: str
    light: forms.BoundField
    dark: forms.BoundField

    def fields(self) -> list[forms.BoundField]:
        """Both, the light one first."""
        return [self.light, self.dark]


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


def _pixels(label: str, least: int, most: int, **options: Any) -> forms.IntegerField:
    return forms.IntegerField(label=label, min_value=least, max_value=most, required=False, **options)


def _choice(label: str, choices: list[tuple[str, str]], **options: Any) -> forms.ChoiceField:
    return forms.ChoiceField(label=label, choices=choices, required=False, **options)


class Look(forms.Form):
    """What a look is made of. A field that is empty, or not sent, has our own value."""

    place = forms.ChoiceField(choices=PLACES, label="Shape and place")
    density = _choice("Room", [("roomy", "Roomy"), ("compact", "Compact")])
    backdrop = _choice(
        "The page behind it", [("none", "As it is"), ("dim", "Dimmed")],
        help_text="For a banner in the middle. It keeps nobody from the page.",
    )  # fmt: skip
    radius = _pixels("Roundness of corners (px)", 0, 32)
    style = _choice("Style", [("filled", "Filled"), ("outline", "Outlined")], help_text="Always the same for both.")
    order = _choice("First button", [("accept", "Accept"), ("reject", "Reject")])
    buttons = _choice("They stand", [("beside", "Beside each other"), ("stacked", "One above the other")])
    button_radius = _pixels("Roundness of buttons (px)", 0, 32, help_text="Empty: 8.")
    font = _choice("Font", list(FONTS.items()))
    font_file = _choice("Font of your own", [], help_text="Uploaded under Files.")
    logo = _choice("Logo", [], help_text="Uploaded under Files.")
    logo_height = _pixels("Height of the logo (px)", 16, 96, help_text="Empty: 32.")
    scheme = _choice(
        "Light or dark", [("auto", "Follow the visitor's system"), ("light", "Always light"), ("dark", "Always dark")]
    )
    floating_button = forms.BooleanField(
        required=False,
        label="Floating button to change one's mind",
        help_text="Shown only where the page has no link of its own to the preferences.",
    )

    css = forms.CharField(
        required=False,
        strip=False,
        label="Rules of your own",
        help_text="CSS for what the dashboard has no field for: each rule reaches the banner alone. url(…) names an "
        "uploaded file. What hides, moves or shrinks something, or tells Accept from Reject, is refused.",
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
            self.fields[name] = _colour(f"{label}, light")
            self.fields[f"dark_{name}"] = _colour(f"{label}, dark")

    def groups(self) -> Iterator[tuple[str, list[forms.BoundField]]]:
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
        label="Last day (UTC)",
        help_text="B is shown until its end; then every visitor gets A again, without a new release.",
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    place = forms.ChoiceField(choices=PLACES, label="Shape and place of B")
    accent = forms.RegexField(
        r"^#[0-9a-fA-F]{6}$",
        label="Accent colour of B",
        widget=forms.TextInput(attrs={"type": "color"}),
        error_messages={"invalid": "A colour looks like #235a8c."},
    )

    def changes(self) -> dict[str, Any]:
        """The arguments of `banner_tests.save`."""
        layout, position = self.cleaned_data["place"].split()
        theme = {"accent": self.cleaned_data["accent"]}
        return {"ends": self.cleaned_data["ends"], "layout": layout, "position": position, "theme": theme}
