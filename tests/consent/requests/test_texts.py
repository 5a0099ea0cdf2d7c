from __future__ import annotations

import re

import pytest

from consent.requests.deadlines import Kind
from consent.requests.models import SubjectRequest
from consent.requests.texts import LANGUAGES, language_for, words

HOLES = re.compile(r"{\w+}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_language_says_all_that_english_says(language) -> None:
    own, english = words(language), words("en")
    assert list(own) == list(english)
    assert {key for key in own if sorted(HOLES.findall(own[key])) != sorted(HOLES.findall(english[key]))} == set()
    assert {key for key in own if not own[key].strip()} <= {"because_other"}
    if language != "en":
        same = {key for key in own if own[key] == english[key] and len(own[key]) > 8}
        assert same <= {"shine_the_light_hint"}


def test_there_are_words_for_each_kind_status_outcome_and_ground() -> None:
    need = {*Kind, *(f"{kind}_hint" for kind in Kind), *(f"status_{one}" for one in SubjectRequest.Status.values)}
    need |= {f"outcome_{one}" for one in SubjectRequest.Outcome.values}
    need |= {f"because_{one}" for one in SubjectRequest.Because.values}
    assert need - set(words("en")) == set()


@pytest.mark.parametrize(
    ("wanted", "language"),
    [(["de-AT"], "de"), (["pt-BR", "es"], "es"), (["tlh"], "en"), ([], "en"), (["den"], "en"), (["EN-us"], "en")],
)
def test_a_language_is_chosen_by_its_whole_primary_subtag(wanted, language) -> None:
    assert language_for(wanted) == language
