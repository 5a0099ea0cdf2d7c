import pytest

from consent.banners import actions
from consent.common import InvalidChange
from consent.models import AuditEvent, Banner
from consent.sites.actions import create_site

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return create_site("shop.example", "x")


def events(site):
    return [
        (e.actor, e.verb, e.detail)
        for e in AuditEvent.objects.filter(site=site, verb__startswith="edit_").order_by("id")
    ]


def test_look_and_theme_are_changed_and_written_down(site):
    actions.edit_banner(site, "alice", layout="bar", theme={"accent": "#0050A0"}, floating_button=False)
    banner = Banner.objects.get(site=site)
    assert (banner.layout, banner.position, banner.theme, banner.floating_button) == (
        "bar", "bottom", {"accent": "#0050a0"}, False,
    )  # fmt: skip
    assert events(site) == [
        (
            "alice",
            "edit_banner",
            {
                "layout": ["card", "bar"],
                "position": ["bottom-left", "bottom"],
                "theme": [{}, {"accent": "#0050a0"}],
                "floating_button": [True, False],
            },
        )
    ]


def test_no_change_leaves_no_trace(site):
    actions.edit_banner(site, "alice", layout="card", position="bottom-left")
    actions.edit_texts(site, "alice", "de", {"title": ""})
    assert events(site) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"layout": "wall"}, "card, bar, center"),
        ({"position": "everywhere"}, "A card stands at"),
        ({"layout": "center", "position": "top"}, "A center stands at center"),
        ({"theme": {"accent": "url(x)"}}, "not a colour"),
    ],
)
def test_a_look_that_does_not_exist_is_refused(site, changes, says):
    with pytest.raises(InvalidChange, match=says):
        actions.edit_banner(site, "alice", **changes)
    assert events(site) == []


def test_texts_of_a_language_and_of_a_regime(site):
    actions.edit_texts(site, "alice", "de", {"title": " Kekse? ", "save": "Merken"})
    actions.edit_texts(site, "bob", "de", {"title": "Ihre Wahl"}, regime="us_ca")
    actions.edit_texts(site, "bob", "de", {"save": ""})
    assert Banner.objects.get(site=site).texts == {"de": {"title": "Kekse?"}, "de@us_ca": {"title": "Ihre Wahl"}}
    assert events(site)[-1] == ("bob", "edit_texts", {"where": "de", "texts": {"save": ["Merken", None]}})


def test_the_last_text_taken_back_leaves_nothing(site):
    actions.edit_texts(site, "alice", "de", {"title": "Kekse?"})
    actions.edit_texts(site, "alice", "de", {"title": ""})
    assert Banner.objects.get(site=site).texts == {}


@pytest.mark.parametrize(
    ("language", "changes", "regime", "says"),
    [
        ("de", {"link_privacy_choices": "Datenschutz"}, "", "statutory text"),
        ("de", {"gpc_honored": "Ja"}, "us_ca", "statutory text"),
        ("de", {"no_such": "x"}, "", "no text 'no_such'"),
        ("de", {"title": "x" * 2001}, "", "longer than 2000"),
        ("de", {"save": "Store {everything}"}, "", "no placeholder {everything}"),
        ("deutsch!", {"title": "x"}, "", "not a language code"),
        ("de", {"title": "x"}, "mars", "no regime 'mars'"),
    ],
)
def test_what_is_no_text_is_refused(site, language, changes, regime, says):
    with pytest.raises(InvalidChange, match=says):
        actions.edit_texts(site, "alice", language, changes, regime=regime)
    assert Banner.objects.get(site=site).texts == {}
    assert events(site) == []
