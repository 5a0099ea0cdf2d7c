import pytest

from consent.banners import theme


@pytest.mark.parametrize(
    "accent", ["#235a8c", "#ffcc00", "#ffffff", "#000", "#ff0000", "#7f7f7f", "#0f0", "nonsense", ""]
)
@pytest.mark.parametrize("background", ["", "#ffffff", "#101010", "#808080", "#ffeecc"])
def test_everything_can_be_read_whatever_the_colours(accent, background):
    for palette in theme.palettes({"accent": accent, "background": background, "text": "#777777"}):
        assert list(palette) == ["bg", "fg", "mut", "line", "hair", "ac", "on", "ed"]
        assert theme.contrast(palette["fg"], palette["bg"]) >= 4.5
        assert theme.contrast(palette["mut"], palette["bg"]) >= 4.5
        assert theme.contrast(palette["on"], palette["ac"]) >= 4.5
        assert theme.contrast(palette["line"], palette["bg"]) >= 3
        assert theme.contrast(palette["ed"], palette["bg"]) >= 3


@pytest.mark.parametrize(
    ("accent", "ink"), [("#0050a0", "#ffffff"), ("#ffcc00", "#000000"), ("#fff", "#000000"), ("#777777", "#000000")]
)
def test_the_brands_colour_is_kept_and_its_ink_chosen(accent, ink):
    for palette in theme.palettes({"accent": accent}):
        assert (palette["ac"], palette["on"]) == (accent, ink)


def test_an_edge_that_stands_out_is_the_accent_itself():
    light, dark = theme.palettes({"accent": "#0050a0"})
    assert light["ed"] == "#0050a0"
    assert dark["ed"] != "#0050a0"


def test_a_dark_background_is_the_dark_schemes():
    light, dark = theme.palettes({"background": "#102030"})
    assert (light["bg"], dark["bg"]) == ("#ffffff", "#102030")


@pytest.mark.parametrize(
    ("one", "other", "ratio"), [("#000000", "#ffffff", 21.0), ("#fff", "#ffffff", 1.0), ("#767676", "#ffffff", 4.54)]
)
def test_contrast_is_wcags(one, other, ratio):
    assert round(theme.contrast(one, other), 2) == ratio


def test_a_theme_is_cleaned():
    given = {"accent": " #ABCDEF ", "background": "", "radius": "8", "scheme": "dark", "text": None}
    assert theme.clean(given) == {"accent": "#abcdef", "radius": 8, "scheme": "dark"}


def test_what_says_nothing_is_not_kept():
    given = {name: choices[0] for name, choices in theme.CHOICES.items()} | {"order": "reject"}
    assert theme.clean(given) == {"scheme": "auto", "order": "reject"}


def test_every_wrong_token_is_named():
    given = {"accent": "red", "radius": 99, "dark_text": "#000", "font": "Comic Sans", "logo_height": ""}
    assert list(theme.faults(given)) == ["accent", "radius", "font"]


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"accent": "red"}, "not a colour"),
        ({"accent": "#12345"}, "not a colour"),
        ({"accent": "#fff;}body{display:none"}, "not a colour"),
        ({"radius": 99}, "0 to 32"),
        ({"radius": "1px"}, "0 to 32"),
        ({"scheme": "sepia"}, "auto, light, dark"),
        ({"font": "Comic Sans"}, "The font is one of system, sans"),
        ({"typeface": "serif"}, "not a theme token"),
        ({"dark_radius": 3}, "not a theme token"),
        ({"button_radius": 33}, "button radius is a number of pixels from 0 to 32"),
        ({"logo": "logo.png"}, "no uploaded file"),
        ({"logo_height": 8}, "16 to 96"),
        ({"style": "ghost"}, "filled, outline"),
    ],
)
def test_what_is_no_theme_is_refused_in_words(given, says):
    with pytest.raises(ValueError, match=says):
        theme.clean(given)


EVERY = ("fo", "ln", "sw", "so", "se")


@pytest.mark.parametrize("dark", ["", "dark_"])
@pytest.mark.parametrize("style", ["filled", "outline"])
@pytest.mark.parametrize("colour", ["#235a8c", "#ffcc00", "#ffffff", "#000000", "#7f7f7f"])
def test_every_colour_can_be_told_from_what_it_lies_on(colour, style, dark):
    given = {f"{dark}{name}": colour for name in ("button", "link", "focus", "accent", "text")} | {"style": style}
    for palette in theme.palettes(given):
        assert tuple(palette)[8:] == EVERY
        assert theme.contrast(palette["fg"], palette["bg"]) >= 7
        assert theme.contrast(palette["on"], palette["ac"]) >= 4.5
        assert theme.contrast(palette["so"], palette["sw"]) >= 4.5
        assert min(theme.contrast(palette[name], palette["bg"]) for name in ("ed", "fo", "se")) >= 3
        if palette["ln"] != "currentcolor":
            assert theme.contrast(palette["ln"], palette["bg"]) >= 4.5


def test_a_colour_of_the_dark_is_the_darks_alone():
    light, dark = theme.palettes(
        {"button": "#aa0000", "dark_button": "#ffaaaa", "dark_background": "#002200", "border": "#123456"}
    )
    assert (light["ac"], light["bg"], light["hair"]) == ("#aa0000", "#ffffff", "#123456")
    assert (dark["ac"], dark["bg"], dark["hair"]) == ("#ffaaaa", "#002200", "#123456")
    # Switches have the accent, and where only the button has a colour they keep ours.
    assert (light["sw"], dark["sw"]) == (theme.ACCENT, theme.ACCENT)


def test_an_outlined_button_has_the_banners_own_ink_and_the_brands_edge():
    light, dark = theme.palettes({"style": "outline", "button": "#0050a0"})
    assert (light["ac"], light["on"], light["ed"]) == (light["bg"], light["fg"], "#0050a0")
    assert (dark["ac"], dark["on"]) == (dark["bg"], dark["fg"])
