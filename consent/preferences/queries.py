"""Reads on topics and choices."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from consent.banners.languages import nearest
from consent.common import InvalidChange, months_later
from consent.ledger.models import ConsentRecord, LogEntry
from consent.ledger.search import records_at
from consent.preferences import collecting, standing, subjects
from consent.preferences.models import ChoiceImport, ChoiceState, PendingChoice, Topic, TopicWording
from consent.sites.models import Site

PAGE = 50
_EVENT = ("index", "record_id", "received_at", "action", "language", "payload")
SIGNED_IN = "signed_in"  # the method of a choice that somebody made on the site itself
DUE = "due"  # whose notice of CPNI must be sent again


@dataclass(frozen=True, slots=True)
class Standing:
    """One topic as it stands for one person."""

    topic: Topic
    state: ChoiceState | None
    judged: standing.Judged

    @property
    def value(self) -> str:
        """What they said to what is asked now; "" for nothing, also where they are asked for something else since."""
        return self.state.value if self.state and self.judged.because != "reworded" else ""


def find_subject(site: Site, asked: str) -> UUID:
    """The subject of an id, or of a subject's own reference (its UUID). Of several keys, the oldest under which
    somebody is known. Raises InvalidChange."""
    return find_subjects(site, asked)[0]


def find_subjects(site: Site, asked: str) -> list[UUID]:
    """The same, and behind it the others under which the person is known: a link that was made under an older key may
    have been used when a newer one was in force. Raises InvalidChange."""
    given = subjects.reference(asked)
    if given and ChoiceState.objects.filter(site=site, subject=given).exists():
        return [given]
    return subjects_known(site, asked)


def subjects_known(site: Site, identifier: str) -> list[UUID]:
    """The same of an id alone, which is never taken for another person's reference. Raises InvalidChange."""
    candidates = subjects.subjects_of(site, identifier)
    known = set(ChoiceState.objects.filter(site=site, subject__in=candidates).values_list("subject", flat=True))
    first = subjects.main(candidates, known)
    return [first, *(one for one in candidates if one in known and one != first)]


def is_suppressed(site: Site, subject: UUID, identifier: str = "") -> bool:
    """Whether a person was erased, so that nothing may be kept of them, or sent to them."""
    return bool(collecting.suppressed(site, [identifier], [subject]))


def standings(site: Site, subject: UUID, now: datetime, *others: UUID) -> list[Standing]:
    """How all topics stand for a person; denied throughout once they were erased. `others`: more subjects of theirs
    (`find_subjects`); what they said last counts, under whichever."""
    states: dict[int, ChoiceState] = {}
    for row in ChoiceState.objects.filter(site=site, subject__in=[subject, *others]).order_by("entry"):
        before = states.get(row.topic_id)
        if before is None or (row.acted_at and standing.wins(row.value, row.acted_at, before)):
            states[row.topic_id] = row
    erased = not states and is_suppressed(site, subject)
    gone = standing.Judged(standing.Standing.DENIED, "suppressed")
    anew = TopicWording.objects.filter(topic__site=site, asks_again=True).defer("texts").order_by("version")
    asked = {wording.topic_id: wording for wording in anew}

    def judged(topic: Topic) -> standing.Judged:
        return gone if erased else standing.judge(topic, states.get(topic.pk), now, asked.get(topic.pk))

    return [Standing(topic, states.get(topic.pk), judged(topic)) for topic in site.topics.all()]


def states(site: Site, *, topic: Topic | None = None, value: str = "", before: int | None = None) -> list[ChoiceState]:
    """A page of states, the latest change first, and one more if there are more. `value`: yes, no or DUE, of
    a topic. `before`: the entry of the last row of the page before."""
    rows = ChoiceState.objects.filter(site=site)
    if topic is not None:
        rows = rows.filter(topic=topic)
    if value == DUE and topic is not None:
        rows = rows.filter(noticed_at__lte=months_later(timezone.now(), -standing.NOTICE_MONTHS))
    elif value and topic is not None:
        rows = rows.filter(value=value)
    if before is not None:
        rows = rows.filter(entry__lt=before)
    return list(rows.select_related("topic").order_by("-entry")[: PAGE + 1])


def history(site: Site, subject: UUID, most: int = 500) -> list[dict[str, Any]]:
    """What a person said, the latest entry first; what was erased is not there."""
    rows = ConsentRecord.objects.filter(site_id=site.pk, visitor=subject, type=LogEntry.Type.CHOICE)
    return [_event(*row) for row in rows.order_by("-index").values_list(*_EVENT)[:most]]


def has_confirmed(site: Site, subject: UUID, topic: Topic) -> bool:
    """Whether a person once agreed to a topic with the evidence that double opt-in asks for: their address is known to
    be theirs."""
    rows = ConsentRecord.objects.filter(
        site_id=site.pk, visitor=subject, type=LogEntry.Type.CHOICE, action="yes", payload__isnull=False
    )
    said = (json.loads(payload or "{}") for payload in rows.order_by("-index").values_list("payload", flat=True))
    # That somebody was signed in proves no address.
    return any(one.get("topic") == topic.key and one.get("evidence") and one.get("method") != SIGNED_IN for one in said)


def event_of(site: Site, index: int) -> dict[str, Any]:
    """The choice at a place of the log, as `history` has it, with its person."""
    row = ConsentRecord.objects.values_list(*_EVENT, "visitor").get(site_id=site.pk, index=index)
    return _event(*row[:-1]) | {"subject": str(row[-1])}


def records_of(site: Site, stands: Iterable[Standing]) -> dict[int, UUID]:
    """{topic: id of the record that its state rests on}, by which its receipt is found."""
    places = {one.state.entry: one.topic.pk for one in stands if one.state}
    entries = LogEntry.objects.filter(site_id=site.pk, index__in=list(places))
    return {places[index]: record for index, record in entries.values_list("index", "record_id")}


def changes(site: Site, after: int, most: int) -> list[dict[str, Any]]:
    """Choices in the order in which they were received, from the entry behind `after`; the log is the queue."""
    entries = LogEntry.objects.filter(site_id=site.pk, type=LogEntry.Type.CHOICE, index__gt=after)
    places = list(entries.exclude(type="consent").order_by("index").values_list("index", "day")[:most])
    if not places:
        return []
    rows = records_at(site.pk, places).order_by("index")
    return [
        _event(*row) | {"subject": str(subject) if subject else ""}
        for *row, subject in rows.values_list(*_EVENT, "visitor")
    ]


def _event(
    index: int, record_id: UUID, received_at: datetime, action: str, language: str, payload: str | None
) -> dict[str, Any]:
    record = json.loads(payload) if payload else {}
    return {
        "index": index,
        "id": str(record_id),
        "received_at": received_at,
        "value": action,
        "language": language,
        "erased": payload is None,
        "acted_at": datetime.fromisoformat(record["acted_at"]) if payload else None,
        **{name: record.get(name, "") for name in ("topic", "method", "source", "evidence")},
        "wording": record.get("wording", 0),
    }


def offered(site: Site) -> list[tuple[Topic, TopicWording]]:
    """What people are asked now: topics that have not ended, with the wording in force."""
    topics = [topic for topic in site.topics.all() if topic.ended_at is None]
    last: dict[int, TopicWording] = {}
    for wording in TopicWording.objects.filter(topic__in=topics).order_by("version"):
        last[wording.topic_id] = wording
    return [(topic, last[topic.pk]) for topic in topics if topic.pk in last]


def words_of(wording: TopicWording, wishes: Iterable[str]) -> tuple[str, Mapping[str, str]]:
    """(language, {"name", "text"}) of a wording by a person's wishes; else English, else its first language."""
    codes = tuple(wording.texts)
    for wish in (*wishes, "en"):
        if found := nearest(codes, wish):
            return found, wording.texts[found]
    return codes[0], wording.texts[codes[0]]


def names_of(site: Site, wishes: Iterable[str] = ()) -> dict[str, str]:
    """{key: name} of all topics of a site, as their latest wordings call them."""
    wanted = list(wishes)
    rows = TopicWording.objects.filter(topic__site=site).select_related("topic").order_by("version")
    last = {wording.topic.key: wording for wording in rows}
    return {key: str(words_of(wording, wanted)[1]["name"]) for key, wording in last.items()}


def has_notices(topic: Topic) -> bool:
    """Whether the carrier must send people a notice of the topic every two years: CPNI by opt-out, until it ends."""
    return topic.kind == Topic.Kind.CPNI and topic.basis == Topic.Basis.OPT_OUT and topic.ended_at is None


def notices_due(topic: Topic, now: datetime, after: datetime | None = None) -> int:
    """Of how many people the notice of CPNI is two years old, so that it must be sent again; with `after`, of how many
    it came to be so since."""
    rows = ChoiceState.objects.filter(
        site=topic.site_id, topic=topic, noticed_at__lte=months_later(now, -standing.NOTICE_MONTHS)
    )
    if after is not None:
        rows = rows.filter(noticed_at__gt=months_later(after, -standing.NOTICE_MONTHS))
    return rows.count()


def imports(site: Site) -> QuerySet[ChoiceImport]:
    """The imports of a site, the newest first."""
    return ChoiceImport.objects.filter(site=site)


def pending(site: Site, subject: UUID) -> Sequence[PendingChoice]:
    """What waits for a confirmation by mail."""
    return list(PendingChoice.objects.filter(site=site, subject=subject).select_related("topic"))


def topic_of(site: Site, key: str) -> Topic:
    """The topic of a key. Raises InvalidChange."""
    topic = site.topics.filter(key=key).first()
    if topic is None:
        raise InvalidChange(f"There is no topic {key[:40]!r}.")
    return topic
