"""The one way in for what people say: a batch of choices becomes entries of the ledger and the states they lead to.

One transaction, in this order: the log's head is locked, so that two batches of a site never read the same states and
no erasure comes in between; who was erased is left out; entries are appended; states are read, the conflict rule is
applied, and states and totals are written.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any, Literal
from uuid import UUID, uuid5

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from consent.banners.languages import nearest
from consent.common import InvalidChange
from consent.ledger import canonical
from consent.ledger.append import Draft, append, utc_text
from consent.ledger.models import LogEntry, LogHead
from consent.preferences import standing, states, subjects
from consent.preferences.actions import LANGUAGE
from consent.preferences.models import ChoiceState, PendingChoice, Topic, TopicWording
from consent.preferences.states import Key, StateRow
from consent.requests.actions import address_hash
from consent.sites.models import Site

NOTICE = "notice"  # the carrier's notice of CPNI was sent; it is no answer
VALUES = ("yes", "no", NOTICE)
# How people said it. The last ones are ours alone.
METHODS = ("app", "web", "form", "phone", "letter", "mail", "in_person", "sms", "other")
OWN_METHODS = ("page", "one_click", "mailed_link", "signed_in")
LONGEST_SOURCE, LONGEST_EVIDENCE = 100, 300
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
MOST = 5_000  # choices of one transaction
_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
Status = Literal["created", "older", "replayed", "conflict", "erased", "suppressed"]


@dataclass(slots=True)
class Choice:
    """What one person said about one topic. `told_at`: when they acted, as whoever tells us says."""

    topic: Topic
    subject: UUID
    value: str
    told_at: datetime
    method: str
    source: str = ""
    evidence: str = ""
    language: str = ""
    wording: int = 0  # 0 = in another system's words
    wording_sha256: str = ""
    identifier: str = ""  # only to look up whether it is suppressed; stored nowhere
    id: UUID | None = None  # one that the sender made; else it follows from what is said


@dataclass(slots=True)
class Taken:
    """What became of a choice. older: stored, but the person has acted later. replayed: it was stored before.
    conflict: its id was used for another one. erased: it was stored once. suppressed: the person was erased, and
    nothing is kept of them any more."""

    status: Status
    record: UUID
    index: int | None = None


@dataclass(slots=True)
class Offer:
    """What of a site people can choose, read once for a batch."""

    site: Site
    topics: dict[str, Topic] = field(default_factory=dict)
    wordings: dict[tuple[int, int], str] = field(default_factory=dict)  # (topic, version) → SHA-256
    latest: dict[int, int] = field(default_factory=dict)
    older_keys: bool = False
    _languages: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def of(cls, site: Site) -> Offer:
        """As it is now."""
        made = cls(site, {topic.key: topic for topic in site.topics.all()})
        rows = TopicWording.objects.filter(topic__site=site).values_list("topic_id", "version", "sha256")
        for topic, version, digest in rows:
            made.wordings[topic, version] = digest
            made.latest[topic] = max(version, made.latest.get(topic, 0))
        made.older_keys = bool(settings.SECRET_KEY_FALLBACKS)
        return made

    def languages(self, topic: int, version: int) -> tuple[str, ...]:
        """In which languages people can have read a wording."""
        if (topic, version) not in self._languages:
            texts = TopicWording.objects.values_list("texts", flat=True).get(topic=topic, version=version)
            self._languages[topic, version] = tuple(texts)
        return self._languages[topic, version]


def choice_of(offer: Offer, fields: Mapping[str, Any], now: datetime) -> Choice:
    """A choice from what a program or a file says of it, all texts. Raises InvalidChange.

    `id` the operator's id of the person, `topic`, `value`, `at` (ISO 8601; without an offset UTC), `method`, and if
    known `source`, `evidence`, `language`, `wording` (a version of ours; without one, another system's words).
    """
    topic = offer.topics.get(str(fields.get("topic", "")))
    if topic is None:
        raise InvalidChange(f"There is no topic {str(fields.get('topic', ''))[:40]!r}.")
    identifier = subjects.normalised(str(fields.get("id", "")))
    made = Choice(
        topic=topic,
        subject=subjects.subject_of(offer.site, identifier),
        value=str(fields.get("value", "")),
        told_at=moment(str(fields.get("at") or ""), now),
        method=str(fields.get("method", "")),
        source=line(fields.get("source"), LONGEST_SOURCE, "source"),
        evidence=line(fields.get("evidence"), LONGEST_EVIDENCE, "evidence"),
        language=str(fields.get("language") or ""),
        wording=_version(fields.get("wording")),
        identifier=identifier,
    )
    _check(offer, made, now)
    return made


def _check(offer: Offer, made: Choice, now: datetime) -> None:
    topic = made.topic
    if made.value not in VALUES:
        raise InvalidChange(f"A value is one of {', '.join(VALUES)}.")
    allowed = (*METHODS, *standing.PARENTAL_METHODS) if topic.kind in standing.PARENTAL else METHODS
    if made.method not in allowed:
        raise InvalidChange(f"A method is one of {', '.join(allowed)}.")
    if made.language and not LANGUAGE.fullmatch(made.language):
        raise InvalidChange("The language is none.")
    if made.wording:
        made.wording_sha256 = offer.wordings.get((topic.pk, made.wording), "")
        if not made.wording_sha256:
            raise InvalidChange(f"The topic {topic.key} has no wording {made.wording}.")
        there = offer.languages(topic.pk, made.wording)
        if made.language and not nearest(there, made.language):
            raise InvalidChange(f"Wording {made.wording} of {topic.key} is in {', '.join(there)} only.")
    if topic.ended_at is not None and made.value == "yes" and made.told_at > topic.ended_at:
        raise InvalidChange(f"The topic {topic.key} has ended; nobody can say yes to it any more.")
    if made.value == NOTICE and topic.kind != Topic.Kind.CPNI:
        raise InvalidChange("Only topics of CPNI have notices.")
    if made.value == NOTICE and not made.wording:
        raise InvalidChange("A notice names the version of the wording that was sent.")
    if topic.kind in standing.PARENTAL and made.value == "yes":
        _check_parent(topic, made)
    if topic.double_opt_in and made.value == "yes" and not made.evidence:
        raise InvalidChange(f"{topic.key} wants a confirmed address: ask for a mail, or name the evidence of one.")


def _check_parent(topic: Topic, made: Choice) -> None:
    if made.method not in standing.PARENTAL_METHODS:
        raise InvalidChange(f"A parent's yes names how it was made sure: {', '.join(standing.PARENTAL_METHODS)}.")
    if topic.kind == Topic.Kind.PARENTAL_SHARING and made.method in standing.INTERNAL_ONLY:
        place = f"16 CFR 312.5(b)(2)({standing.INTERNAL_ONLY[made.method]})"
        raise InvalidChange(f"{made.method} does not do for disclosure to third parties ({place}).")
    if not made.evidence:
        raise InvalidChange("A parent's yes names its proof (evidence).")


def moment(text: str, now: datetime) -> datetime:
    """ISO 8601; without an offset UTC. Raises InvalidChange."""
    try:
        at = _moment(text)
    except (ValueError, OverflowError):  # an offset may lead out of the calendar
        raise InvalidChange("The time of the act (at) is no ISO 8601, such as 2026-03-01T09:30:00Z.") from None
    if at < EARLIEST or at > now + timedelta(days=366):
        raise InvalidChange("The time of the act (at) can't be right.")
    return at


@lru_cache(4096)  # files have many of one day
def _moment(text: str) -> datetime:
    at = datetime.fromisoformat(text)
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)


def line(value: Any, longest: int, name: str) -> str:
    """A text of one line, without blanks around it. Raises InvalidChange."""
    text = str(value or "").strip()
    if len(text) > longest or _CONTROL.search(text):
        raise InvalidChange(f"{name} has at most {longest} characters, on one line.")
    return text


def _version(value: Any) -> int:
    text = str(value or "0")
    if not text.isascii() or not text.isdigit() or len(text) > 4:
        raise InvalidChange("A wording is the number of a version.")
    return int(text)


# --- into the ledger ------------------------------------------------------------------------------------------------


def lock(site: Site) -> None:
    """Until the transaction ends, nothing comes into the site's log and nobody is erased from it. Whoever locks rows of
    choices besides takes this lock first."""
    LogHead.objects.select_for_update().filter(site_id=site.pk).first()


def collect(offer: Offer, choices: Sequence[Choice], now: datetime | None = None) -> list[Taken]:
    """Stores choices, in order, and says of each what became of it. At most MOST at once. May be called inside an
    outer transaction. Raises InvalidChange for too many, Stopped when the ledger takes no entries."""
    if len(choices) > MOST:
        raise InvalidChange(f"At most {MOST} choices at once.")
    now = now or timezone.now()
    site = offer.site
    with transaction.atomic():
        lock(site)
        if offer.older_keys:
            _as_known(site, choices)
        hidden = suppressed(site, {one.identifier for one in choices}, {one.subject for one in choices})
        drafts, places = [], []
        taken: list[Taken | None] = [None] * len(choices)
        for place, one in enumerate(choices):
            draft = draft_of_choice(site, one, now)
            if hidden and (one.subject in hidden or one.identifier in hidden):
                taken[place] = Taken("suppressed", draft.record_id)
            else:
                drafts.append(draft)
                places.append(place)
        won: list[tuple[int, Choice]] = []
        for place, draft, outcome in zip(places, drafts, append(drafts), strict=True):
            # Of drafts that are no answers, the append raises it; and none of these has patience.
            assert outcome.status != "stopped" and outcome.status != "busy"
            taken[place] = Taken(outcome.status, draft.record_id, outcome.index)
            if outcome.status == "created" and outcome.index is not None:
                won.append((outcome.index, choices[place]))
        older = _apply(site, won, now)
        _end_pending(site, [one for _, one in won if one.value == "no"], now)
    done = [each for each in taken if each is not None]
    for each in done:
        if each.status == "created" and each.index in older:
            each.status = "older"
    return done


def draft_of_choice(site: Site, one: Choice, now: datetime) -> Draft:
    """The entry of a choice. A clock of the future counts as now; what it said is kept beside."""
    claimed = utc_text(one.told_at)
    record = {"topic": one.topic.key, "told_at": claimed, "method": one.method}
    for name in ("source", "evidence", "wording", "wording_sha256"):
        if value := getattr(one, name):
            record[name] = value
    said = {**record, "subject": str(one.subject), "action": one.value, "language": one.language}
    body = canonical.encode_checked(said)
    digest = sha256(body).digest()
    record["acted_at"] = claimed if one.told_at <= now else utc_text(now)
    return Draft(
        site.pk,
        str(site.uuid),
        LogEntry.Type.CHOICE.value,
        one.id or uuid5(site.uuid, digest.hex()),
        digest,
        language=one.language,
        action=one.value,
        visitor=one.subject,
        record=record,
        checked=True,
    )


def _as_known(site: Site, choices: Iterable[Choice]) -> None:
    """Who is known under an older key stays who they are."""
    if len(subjects.secrets()) == 1:
        return
    candidates = {one: subjects.subjects_of(site, one) for one in {one.identifier for one in choices} if one}
    every = [subject for some in candidates.values() for subject in some]
    known = set(ChoiceState.objects.filter(site=site, subject__in=every).values_list("subject", flat=True))
    whose = {identifier: subjects.main(some, known) for identifier, some in candidates.items()}
    for one in choices:
        one.subject = whose.get(one.identifier, one.subject)


def suppressed(site: Site, identifiers: Iterable[str], people: Iterable[UUID] = ()) -> set[str | UUID]:
    """Ids and subjects among these of whom nothing may be kept any more. What it says holds on under `lock`."""
    if not site.suppressed.exists():
        return set()
    hashes: dict[str, str | UUID] = {}
    for secret in subjects.secrets():
        for subject in people:
            hashes[address_hash(site, str(subject), secret)] = subject
        for one in identifiers:
            if one:
                alike = [*map(str, subjects.subjects_of(site, one)), *([one] if subjects.is_address(one) else [])]
                hashes |= dict.fromkeys((address_hash(site, text, secret) for text in alike), one)
    found = site.suppressed.filter(address_hash__in=list(hashes)).values_list("address_hash", flat=True)
    return {hashes[digest] for digest in found}


def _end_pending(site: Site, refusals: Sequence[Choice], now: datetime) -> None:
    """Who says no after they asked for a mail no longer waits for its link."""
    if not refusals or not PendingChoice.objects.filter(site=site).exists():
        return
    latest: dict[Key, datetime] = {}
    for one in refusals:
        key = (one.subject, one.topic.pk)
        latest[key] = max(min(one.told_at, now), latest.get(key, EARLIEST))
    rows = PendingChoice.objects.filter(site=site, subject__in={subject for subject, _ in latest})
    over = [row.pk for row in rows if row.asked_at <= latest.get((row.subject, row.topic_id), EARLIEST)]
    PendingChoice.objects.filter(pk__in=over).delete()


def _apply(site: Site, entries: Sequence[tuple[int, Choice]], now: datetime) -> set[int]:
    """Applies the conflict rule; returns the entries that changed nothing. The log's head is locked."""
    found = states.read(site.pk, ((one.subject, one.topic.pk) for _, one in entries))
    before = {key: row.value for key, row in found.items()}
    changed: dict[Key, StateRow] = {}
    older: set[int] = set()
    for index, one in entries:
        key = (one.subject, one.topic.pk)
        state = found.get(key)
        acted_at = min(one.told_at, now)
        if one.value == NOTICE:
            if state and state.noticed_at and acted_at <= state.noticed_at:
                older.add(index)
                continue
            state = state or StateRow(site.pk, one.subject, one.topic.pk)
            state.noticed_at, state.notice_by = acted_at, one.topic.channel
            if state.value:  # what the person said stays what the row is proof of
                found[key] = changed[key] = state
                continue
        elif standing.wins(one.value, acted_at, state):
            state = state or StateRow(site.pk, one.subject, one.topic.pk)
            state.value, state.acted_at = one.value, acted_at
        else:
            older.add(index)
            continue
        state.wording, state.language = one.wording, one.language
        state.method, state.source, state.entry = one.method, one.source, index
        found[key] = changed[key] = state
    states.write(list(changed.values()))
    _count(before, changed)
    return older


def _count(before: Mapping[Key, str], after: Mapping[Key, StateRow]) -> None:
    steps: dict[int, dict[str, int]] = {}
    for key, state in after.items():
        of_topic = steps.setdefault(key[1], {"yes": 0, "no": 0})
        if was := before.get(key):
            of_topic[was] -= 1
        if state.value:
            of_topic[state.value] += 1
    for topic, step in sorted(steps.items()):
        if any(step.values()):
            Topic.objects.filter(pk=topic).update(yes=F("yes") + step["yes"], no=F("no") + step["no"])
