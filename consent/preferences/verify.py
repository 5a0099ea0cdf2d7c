"""States, totals and wordings held against the log, whose entries `consent.ledger.verify` has checked. In constant
memory, whatever the number of choices."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from django.db.models import Count

from consent.ledger import canonical, checkpoint
from consent.ledger.models import ConsentRecord, LogEntry
from consent.ledger.verify import one_moment
from consent.preferences import standing
from consent.preferences.collecting import NOTICE
from consent.preferences.models import ChoiceState, Topic, TopicWording
from consent.sites.models import Site

CHUNK = 2_000
Key = tuple[UUID, int]


def wrong(site: Site) -> list[str]:
    """What does not fit, in words."""
    with one_moment(site.pk):
        topics = {topic.key: topic for topic in site.topics.all()}
        return [*_wordings(site, topics), *_states(site, topics), *_totals(site, topics)]


def _wordings(site: Site, topics: Mapping[str, Topic]) -> Iterator[str]:
    entries = LogEntry.objects.filter(site_id=site.pk, type=LogEntry.Type.WORDING).exclude(type="consent")
    logged = checkpoint.payloads(site.pk, entries.order_by("index"))
    there = {row.entry: row for row in TopicWording.objects.filter(topic__site=site).select_related("topic")}
    for index in sorted(logged.keys() - there.keys()):
        yield f"Wording {logged[index].get('version')} of the topic {logged[index].get('topic')} is gone."
    for index, row in sorted(there.items()):
        record, name = logged.get(index), f"Wording {row.version} of the topic {row.topic}"
        facts = {"topic": row.topic.key, "kind": row.topic.kind, "basis": row.topic.basis, "texts": row.texts}
        if record is None:
            yield f"{name} is named by no entry."
        elif sha256(canonical.encode(facts)).hexdigest() != row.sha256:
            yield f"{name} was changed: it does not have its hash."
        elif (record.get("sha256"), record.get("version")) != (row.sha256, row.version):
            yield f"{name} was replaced: entry {index} names another one."
        elif record.get("asks_again", False) is not row.asks_again:
            yield f"{name} was changed: entry {index} says otherwise whether earlier answers count."


def _states(site: Site, topics: Mapping[str, Topic]) -> Iterator[str]:
    """Each choice must have been applied, and each state must come of one."""
    rows = ConsentRecord.objects.filter(site_id=site.pk, type=LogEntry.Type.CHOICE, payload__isnull=False)
    entries = LogEntry.objects.filter(site_id=site.pk, type=LogEntry.Type.CHOICE).exclude(type="consent")
    explained, after = 0, -1
    while True:
        indexes = list(entries.filter(index__gt=after).order_by("index").values_list("index", flat=True)[:CHUNK])
        if not indexes:
            break
        after = indexes[-1]
        of_chunk = rows.filter(index__gte=indexes[0], index__lte=after).order_by("index")
        found = list(of_chunk.values_list("index", "visitor", "action", "payload"))
        states = _of_subjects(site, [subject for _, subject, _, _ in found])
        for index, subject, said, payload in found:
            record = json.loads(payload or "{}")
            topic = topics.get(record.get("topic"))
            state = states.get((subject, topic.pk)) if topic and subject else None
            if state is None:
                yield f"The state that entry {index} led to is gone."
                continue
            explained += state.entry == index
            if problem := _contradiction(state, index, said, record):
                yield f"The state that entry {index} led to {problem}."
    invented = ChoiceState.objects.filter(site=site).count() - explained
    if invented:
        yield f"{abs(invented)} states of choices are not what their entries made of them."


def _of_subjects(site: Site, subjects: Sequence[Any]) -> dict[Key, ChoiceState]:
    rows = ChoiceState.objects.filter(site=site, subject__in=list(set(subjects)))
    return {(row.subject, row.topic_id): row for row in rows}


def _contradiction(state: ChoiceState, index: int, said: str, record: Mapping[str, Any]) -> str:
    """What of a state can't be after an entry, in words; "" when nothing."""
    acted_at = datetime.fromisoformat(record["acted_at"])
    if said == NOTICE:
        late = state.noticed_at is None or state.noticed_at < acted_at
        same = state.entry != index or state.noticed_at == acted_at
    else:
        late = standing.wins(said, acted_at, state)
        same = state.entry != index or (state.value, state.acted_at) == (said, acted_at)
    facts = (state.wording, state.method, state.source)
    if state.entry == index and facts != (record.get("wording", 0), record["method"], record.get("source", "")):
        same = False
    return "says something older than it" if late else "" if same else "says something else"


def _totals(site: Site, topics: Mapping[str, Topic]) -> Iterator[str]:
    counts: Counter[tuple[int, str]] = Counter()
    rows = ChoiceState.objects.filter(site=site).values_list("topic", "value").annotate(Count("subject"))
    for topic, value, count in rows.order_by():
        counts[topic, value] = count
    for topic in topics.values():
        made = counts[topic.pk, "yes"], counts[topic.pk, "no"]
        if (topic.yes, topic.no) != made:
            said = f"are {topic.yes} and {topic.no}; its states make {made[0]} and {made[1]}"
            yield f"The totals of the topic {topic} {said}."
