"""What a state is worth now: whether the operator may act on it, and since or from when. Pure.

Of what these rules rest on, docs/choices.md says how each fact was held against its source. CPNI: 47 CFR 64.2008.
Approval by silence counts thirty days after the notice (d)(1), for a letter from the third day after it was mailed;
such notices come again every two years (d)(2). Parental consent: 16 CFR 312.5 as amended at 90 FR 16977 (April 2025).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from consent.common import months_later
from consent.preferences.models import ChoiceState, Topic, TopicWording
from consent.preferences.states import StateRow

Value = ChoiceState.Value
WAITING_DAYS = 30
LETTER_DAYS = 3
NOTICE_MONTHS = 24  # how long the notice of an opt-out may be ago
# How it was made sure that a parent agreed: 16 CFR 312.5(b)(2)(i) to (ix), then (b)(3). Those of INTERNAL_ONLY
# are for operators that disclose nothing.
PARENTAL_METHODS = {
    "signed_form": "a form that the parent signed and sent back",
    "payment": "a payment of which the account's holder is told",
    "call": "a call to trained staff",
    "video_call": "a video call with trained staff",
    "government_id": "an identity document held against a database",
    "questions": "questions that a child could hardly answer",
    "face_match": "a photo document held against the parent's face, confirmed by trained staff",
    "email_plus": "a mail and a further step",
    "text_plus": "a text message and a further step",
    "safe_harbor": "a method that an approved safe harbor program allows",
}
INTERNAL_ONLY = {"email_plus": "viii", "text_plus": "ix"}  # method → its place in 16 CFR 312.5(b)(2)
PARENTAL = (Topic.Kind.PARENTAL, Topic.Kind.PARENTAL_SHARING)


class Standing(StrEnum):
    """Whether the operator may."""

    GRANTED = "granted"
    DENIED = "denied"
    WAITING = "waiting"  # may at `counts_from`, unless the person says no before


@dataclass(frozen=True, slots=True)
class Judged:
    """`because` is a stable word: said, silence, not_asked, reworded, no_notice, waiting_period, suppressed, ended."""

    standing: Standing
    because: str
    counts_from: datetime | None = None
    notice_due: datetime | None = None  # when the notice of CPNI must come again


def judge(topic: Topic, state: ChoiceState | None, now: datetime, asked: TopicWording | None = None) -> Judged:
    """What a state (None = nothing was ever said) lets the operator do at a moment. `asked`: the newest wording that
    asks for something else than those before it; a yes to them is none."""
    if topic.ended_at is not None and topic.ended_at <= now:
        return Judged(Standing.DENIED, "ended")
    value = state.value if state else Value.NONE
    reworded = value == Value.YES and asked is not None and _was_asked_before(state, asked)
    value = Value.NONE if reworded else value
    by_notice = topic.kind == Topic.Kind.CPNI and topic.basis == Topic.Basis.OPT_OUT
    notice_due = months_later(state.noticed_at, NOTICE_MONTHS) if by_notice and state and state.noticed_at else None
    if value == Value.NO:
        return Judged(Standing.DENIED, "said", notice_due=notice_due)
    if value == Value.YES:
        return Judged(Standing.GRANTED, "said", state.acted_at if state else None, notice_due)
    if topic.basis == Topic.Basis.OPT_IN:
        return Judged(Standing.DENIED, "reworded" if reworded else "not_asked")
    if not by_notice:
        return Judged(Standing.GRANTED, "silence")
    if state is None or state.noticed_at is None:
        return Judged(Standing.DENIED, "no_notice")
    starts = counts_from(state.noticed_at, state.notice_by)
    if now < starts:
        return Judged(Standing.WAITING, "waiting_period", starts, notice_due)
    return Judged(Standing.GRANTED, "silence", starts, notice_due)


def _was_asked_before(state: ChoiceState | None, asked: TopicWording) -> bool:
    """Whether a state answers words before these; of another system's words, their time tells."""
    if state is None or state.acted_at is None:
        return False
    return state.wording < asked.version if state.wording else state.acted_at < asked.at


def counts_from(noticed_at: datetime, notice_by: str) -> datetime:
    """When silence after a notice of CPNI becomes approval."""
    days = WAITING_DAYS + (LETTER_DAYS if notice_by == Topic.Channel.POST else 0)
    return noticed_at + timedelta(days=days)


def wins(value: str, acted_at: datetime, state: ChoiceState | StateRow | None) -> bool:
    """Whether a yes or a no replaces what a state holds: the later act does, of acts of the same moment the no."""
    if state is None or state.acted_at is None:
        return True
    if acted_at == state.acted_at:
        return value == Value.NO and state.value != Value.NO
    return acted_at > state.acted_at
