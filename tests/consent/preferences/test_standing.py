"""What a state is worth: opt-in, opt-out, CPNI with its notice and thirty days, a parent's consent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from consent.common import InvalidChange
from consent.models import ChoiceState, TopicWording
from consent.preferences import queries, subjects
from consent.preferences import verify as beside
from consent.preferences.actions import end_topic, set_wording
from tests.consent.ledger.sample_ledger import make_site
from tests.consent.preferences.sample_topics import NOW, choice, said, topic

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def site():
    return make_site()


def stands(site, now: datetime = NOW) -> tuple[str, str]:
    [one] = queries.standings(site, subjects.subject_of(site, "c-1"), now)
    return str(one.judged.standing), one.judged.because


@pytest.mark.parametrize(
    ("basis", "value", "judged"),
    [
        ("opt_in", None, ("denied", "not_asked")),
        ("opt_in", "yes", ("granted", "said")),
        ("opt_in", "no", ("denied", "said")),
        ("opt_out", None, ("granted", "silence")),
        ("opt_out", "yes", ("granted", "said")),
        ("opt_out", "no", ("denied", "said")),
    ],
)
def test_what_holds_of_who_said_nothing_follows_from_the_basis(site, basis, value, judged) -> None:
    topic(site, basis=basis)
    if value:
        said(site, choice(site, value))
    assert stands(site) == judged


def test_nothing_of_an_ended_topic_counts(site) -> None:
    news = topic(site)
    said(site, choice(site))
    end_topic(news, "alice@example.org")
    assert stands(site, datetime.now(UTC)) == ("denied", "ended")


@pytest.mark.parametrize(("channel", "days"), [("email", 30), ("post", 33)])
def test_silence_after_a_notice_of_cpni_counts_after_thirty_days_by_letter_from_the_third(site, channel, days) -> None:
    topic(site, kind="cpni", basis="opt_out", channel=channel)
    assert stands(site) == ("denied", "no_notice")
    said(site, choice(site, "notice"))
    sent = datetime(2026, 5, 1, 10, tzinfo=UTC)
    last = sent + days * DAY
    assert stands(site, last - timedelta(seconds=1)) == ("waiting", "waiting_period")
    assert stands(site, last) == ("granted", "silence")
    [one] = queries.standings(site, subjects.subject_of(site, "c-1"), NOW)
    assert (one.judged.counts_from, one.judged.notice_due) == (last, datetime(2028, 5, 1, 10, tzinfo=UTC))
    said(site, choice(site, "no", "2026-05-20"))
    assert stands(site, last) == ("denied", "said")
    said(site, choice(site, "notice", "2026-05-25"))  # another notice takes back no no
    assert stands(site, last + 100 * DAY) == ("denied", "said")


def test_cpni_by_opt_in_needs_a_yes_whatever_notice_was_sent(site) -> None:
    topic(site, kind="cpni")
    said(site, choice(site, "notice", "2026-01-01"))
    assert stands(site) == ("denied", "not_asked")
    said(site, choice(site))
    assert stands(site) == ("granted", "said")


def test_a_notice_names_the_words_that_were_sent_and_the_last_one_counts(site) -> None:
    topic(site, kind="cpni", basis="opt_out")
    with pytest.raises(InvalidChange, match="A notice names the version of the wording that was sent."):
        choice(site, "notice", wording="")
    taken = said(site, choice(site, "notice", "2026-05-02"), choice(site, "notice", "2026-05-01"))
    assert [one.status for one in taken] == ["created", "older"]
    assert ChoiceState.objects.get().noticed_at == datetime(2026, 5, 2, tzinfo=UTC)


def test_whose_notice_is_two_years_old_is_counted(site) -> None:
    cpni = topic(site, kind="cpni", basis="opt_out")
    said(site, choice(site, "notice", "2024-06-01"), choice(site, "notice", "2024-06-02", id="c-2"))
    assert [queries.notices_due(cpni, NOW - step * DAY) for step in (2, 0, -1)] == [0, 1, 2]


PARENTAL = {
    "no method": ({"method": "app"}, "A parent's yes names how it was made sure: signed_form, payment"),
    "no proof": ({"method": "video_call"}, "A parent's yes names its proof (evidence)."),
}


@pytest.mark.parametrize("name", PARENTAL)
def test_a_parents_yes_names_its_method_and_its_proof(site, name: str) -> None:
    topic(site, "child", kind="parental")
    fields, words = PARENTAL[name]
    with pytest.raises(InvalidChange) as refused:
        choice(site, topic="child", **fields)
    assert str(refused.value).startswith(words)
    said(site, choice(site, topic="child", method="video_call", evidence="call 17"))
    assert stands(site) == ("granted", "said")
    said(site, choice(site, "no", "2026-05-02", topic="child"))  # as easy as that
    assert stands(site) == ("denied", "said")


def test_disclosure_to_third_parties_is_a_consent_of_its_own_with_stricter_methods(site) -> None:
    topic(site, "child", kind="parental")
    topic(site, "child_sharing", kind="parent_share")
    said(site, choice(site, topic="child", method="text_plus", evidence="sms 9"))
    both = queries.standings(site, subjects.subject_of(site, "c-1"), NOW)
    assert [(one.topic.key, one.judged.because) for one in both] == [("child", "said"), ("child_sharing", "not_asked")]
    with pytest.raises(InvalidChange, match="text_plus does not do for disclosure to third parties"):
        choice(site, topic="child_sharing", method="text_plus", evidence="sms 9")


def test_a_parents_consent_is_never_assumed(site) -> None:
    with pytest.raises(InvalidChange, match="A parent’s consent is never assumed"):
        topic(site, kind="parental", basis="opt_out")


def test_a_yes_counts_no_more_when_the_words_ask_for_something_else(site) -> None:
    news = topic(site)
    said(site, choice(site), choice(site, id="c-2", wording=0), choice(site, "no", id="c-3"))
    set_wording(news, "x", {"en": {"name": "News", "text": "We write to you about offers twice a month."}})
    assert stands(site) == ("granted", "said")
    asked = set_wording(news, "x", {"en": {"name": "News", "text": "Our partners write to you."}}, asks_again=True)
    said_by = {who: subjects.subject_of(site, who) for who in ("c-1", "c-2", "c-3")}
    because = {who: queries.standings(site, one, NOW)[0].judged.because for who, one in said_by.items()}
    assert because == {"c-1": "reworded", "c-2": "reworded", "c-3": "said"}
    later = asked.at + DAY
    said(site, choice(site, at=later.isoformat(), wording=3), choice(site, at=later.isoformat(), id="c-2", wording=0),
         now=later)  # fmt: skip
    assert {queries.standings(site, one, later)[0].judged.because for one in said_by.values()} == {"said"}
    assert beside.wrong(site) == []
    TopicWording.objects.filter(version=3).update(asks_again=False)
    assert beside.wrong(site) == [
        f"Wording 3 of the topic news was changed: entry {asked.entry} says otherwise whether earlier answers count."
    ]
