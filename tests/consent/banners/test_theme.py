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


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"accent": "red"}, "not a colour"),
        ({"accent": "#12345"}, "not a colour"),
        ({"accent": "#fff;}body{display:none"}, "not a colour"),
        ({"radius": 99}, "0 to 32"),
        ({"radius": "1px"}, "0 to 32"),
        ({"scheme": "sepia"}, "auto, light, dark"),
        ({"font": "Comic Sans"}, "not a theme token"),
    ],
)
def test_what_is_no_theme_is_refused_in_words(given, says):
    with pytest.raises(ValueError, match=says):
        theme.clean(given)
