import pytest

from consent.publishing import queries
from consent.sites.actions import InvalidChange, change_settings, create_site
from consent.sites.moved_from import clean

COOKIEBOT = [["marketing", "C0004"], ["preferences", "C0003"], ["statistics", "C0002"]]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, {}),
        ({"manager": "", "names": [("a", "C0002")]}, {}),
        ({"manager": "cookiebot"}, {"manager": "cookiebot", "names": COOKIEBOT}),
        (
            {"manager": "cookiebot", "names": {"marketing": "ads"}, "days": 9},
            {"manager": "cookiebot", "names": [["marketing", "ads"], *COOKIEBOT[1:]]},
        ),
        (
            {"manager": "usercentrics", "names": [("b", "C0003"), ("a", "C0002")]},
            {"manager": "usercentrics", "names": [["a", "C0002"], ["b", "C0003"]]},
        ),
        (
            {"manager": "klaro", "names": {"a": "C0002"}, "days": None},
            {"manager": "klaro", "names": [["a", "C0002"]], "key": "klaro"},
        ),
        (
            {"manager": "klaro", "names": {"a": "C0002"}, "days": 120, "key": "own.name"},
            {"manager": "klaro", "names": [["a", "C0002"]], "key": "own.name", "days": 120},
        ),
    ],
)
def test_what_a_gate_needs_is_kept_and_cleaning_it_again_changes_nothing(given, kept):
    assert clean(given) == kept
    assert clean(kept) == kept


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"manager": "onetrust"}, "'onetrust' is none of them"),
        ({"manager": "klaro"}, "Say which of klaro's services"),
        ({"manager": "cookiebot", "names": {"ads": "C0004"}}, "Cookiebot has preferences, statistics, marketing; it has no 'ads'"),
        ({"manager": "klaro", "names": {"a": ""}}, "Each line is a name"),
        ({"manager": "klaro", "names": {"a": 7}}, "Each line is a name"),
        ({"manager": "klaro", "names": {f"n{n}": "C0002" for n in range(201)}}, "At most 200 names"),
        ({"manager": "klaro", "names": {"n" * 101: "C0002"}}, "of at most 100 characters"),
        ({"manager": "klaro", "names": {"a": "C0002"}, "days": 401}, "a number from 1 to 400"),
        ({"manager": "klaro", "names": {"a": "C0002"}, "days": True}, "a number from 1 to 400"),
        ({"manager": "klaro", "names": {"a": "C0002"}, "key": "a;b"}, "letters, digits, dots"),
    ],
)  # fmt: skip
def test_what_a_gate_could_not_read_is_refused(given, words):
    with pytest.raises(ValueError, match=words):
        clean(given)


@pytest.mark.django_db
def test_only_a_release_of_a_site_that_moved_says_so():
    site = create_site(["shop.example"], "alice")
    assert "moved_from" not in queries.draft(site)["site"]
    change_settings(site, "alice", moved_from={"manager": "cookiebot"})
    assert queries.draft(site)["site"]["moved_from"] == {"manager": "cookiebot", "names": COOKIEBOT}
    with pytest.raises(InvalidChange, match="Say which of klaro's services"):
        change_settings(site, "alice", moved_from={"manager": "klaro"})
