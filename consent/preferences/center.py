"""What a person sees of their choices, and what they change there themselves: behind a signed link, or signed in on the
site. Both show the same rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal
from uuid import UUID, uuid5

from consent.banners import cldr
from consent.ledger.models import ConsentRecord, LogEntry
from consent.preferences import queries, standing
from consent.preferences.collecting import Choice, Offer, Taken, collect
from consent.preferences.models import PendingChoice, Topic, TopicWording
from consent.preferences.texts import language_for, words
from consent.sites.models import Site

Way = Literal["here", "mail", "parent", "elsewhere"]


@dataclass(frozen=True, slots=True)
class TopicRow:
    """A topic as it stands for a person. `lang` is that of `name` and `text`; `remark` says so where it is not the
    page's. `way`: how a yes is given. `record` is what it rests on, None before anything was said."""

    topic: Topic
    wording: TopicWording
    version: str
    lang: str
    name: str
    text: str
    remark: str
    since: str
    receipt: str
    record: UUID | None
    stands: queries.Standing
    way: Way
    waits: bool

    @property
    def value(self) -> str:
        """yes, no, or "" for nothing."""
        return self.stands.value


def rows(
    site: Site, subject: UUID, language: str, wanted: Sequence[str], now: datetime, *others: UUID, email: str = ""
) -> list[TopicRow]:
    """Every topic that people are asked about now. `language`: the page's, one of ours; `wanted`: the person's wishes,
    best first; `others`: more subjects of theirs; `email`: where a double opt-in can be mailed to."""
    text = words(language)
    stands = {one.topic.pk: one for one in queries.standings(site, subject, now, *others)}
    records = queries.records_of(site, stands.values())
    waiting = PendingChoice.objects.filter(site=site, subject=subject, expires_at__gte=now)
    pending = set(waiting.values_list("topic_id", flat=True))
    found = []
    for topic, wording in queries.offered(site):
        one = stands[topic.pk]
        acted = one.state.acted_at if one.state and one.value else None
        found.append(
            TopicRow(
                topic=topic,
                wording=wording,
                since=text["since"].format(day=cldr.long_date(acted.date(), language)) if acted else "",
                receipt=text["receipt"].format(number=one.state.entry) if one.state else "",
                record=records.get(topic.pk),
                stands=one,
                way=way_of(site, subject, topic, email),
                waits=topic.pk in pending,
                **asked_in(wording, wanted, language),
            )
        )
    return found


def way_of(site: Site, subject: UUID, topic: Topic, email: str) -> Way:
    """How somebody says yes to a topic; a no is always said here."""
    if topic.kind in standing.PARENTAL:
        return "parent"
    if topic.double_opt_in and not queries.has_confirmed(site, subject, topic):
        return "mail" if email else "elsewhere"
    return "here"


def asked_in(wording: TopicWording, wanted: Sequence[str], language: str) -> dict[str, str]:
    """The words of a topic for a page in a language; `lang` is theirs, `remark` says so when it is another one. A form
    sends `version` back, so that what is stored names what the person read."""
    code, said = queries.words_of(wording, [language, *wanted])
    text = words(language)
    remark = "" if language_for([code]) == language and code.startswith(language) else text["in_language"]
    known = language_for([code])
    called = words(known)["language_name"] if code.startswith(known) else code
    return {"lang": code, "remark": remark.format(language=called), "name": said["name"], "text": said["text"],
            "version": str(wording.version)}  # fmt: skip


# --- what somebody who is signed in changes ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Person:
    """Who is signed in, as a subject token says. `page`: the host on which they are; `proof`: which key said so."""

    site: Site
    subject: UUID
    identifier: str
    email: str
    page: str
    proof: str
    others: tuple[UUID, ...] = ()


@dataclass(slots=True)
class Change:
    """What became of a change: created, older, replayed, unchanged, mailed, conflict, erased, suppressed, or refused
    with `why` (unknown_topic, unknown_wording, parent, confirmation)."""

    topic: str
    status: str = "refused"
    why: str = ""
    taken: Taken | None = None
    mail: Topic | None = field(default=None)  # a double opt-in has to be asked for


def change(
    person: Person, act: UUID, said: Sequence[tuple[str, str, int]], languages: Sequence[str], now: datetime
) -> list[Change]:
    """Takes in what somebody said, each judged by itself: (topic, yes or no, version of the wording that was shown).
    `act` is the page's number of it: the same act again changes nothing, whatever was said since. `languages`: the
    page's, and the person's wishes, best first; a record names that of the text which such a page has."""
    site = person.site
    offer = Offer.of(site)
    stands = {one.topic.key: one.value for one in queries.standings(site, person.subject, now, *person.others)}
    made, choices, places = [], [], []
    for key, value, version in said:
        topic, one = offer.topics.get(key), Change(key)
        made.append(one)
        if topic is None or topic.ended_at is not None:
            one.why = "unknown_topic"
            continue
        sha256 = offer.wordings.get((topic.pk, version), "")
        way = way_of(site, person.subject, topic, person.email)
        if not sha256:
            one.why = "unknown_wording"
        elif stands[key] == value:
            one.status = "unchanged"
        elif value == "yes" and way in ("parent", "elsewhere"):
            one.why = "parent" if way == "parent" else "confirmation"
        elif value == "yes" and way == "mail":
            one.status, one.mail = "mailed", topic
        else:
            places.append(one)
            choices.append(_choice(person, topic, value, act, (version, sha256), languages, now))
    for one, choice, taken in zip(places, choices, collect(offer, choices, now), strict=True):
        one.taken, one.status = taken, taken.status
        if taken.status == "conflict" and _is_same(site, taken, choice):
            one.status = "replayed"
    return made


def _choice(
    person: Person,
    topic: Topic,
    value: str,
    act: UUID,
    wording: tuple[int, str],
    languages: Sequence[str],
    now: datetime,
) -> Choice:
    return Choice(
        topic=topic,
        subject=person.subject,
        value=value,
        told_at=now,
        method=queries.SIGNED_IN,
        source=person.page[:100],
        evidence=person.proof,
        language=queries.words_of(topic.wordings.get(version=wording[0]), languages)[0],
        wording=wording[0],
        wording_sha256=wording[1],
        identifier=person.identifier,
        id=uuid5(act, f"{person.site.uuid} {person.subject} {topic.key}"),
    )


def _is_same(site: Site, taken: Taken, choice: Choice) -> bool:
    """Whether what is stored under this number is the same act, which came once more at another moment."""
    index = LogEntry.objects.filter(site_id=site.pk, record_id=taken.record).values_list("index", flat=True).first()
    if index is None:
        return False
    row = ConsentRecord.objects.filter(site_id=site.pk, index=index).values_list("action", "visitor", "payload").first()
    if row is None or row[2] is None:
        return False
    return (row[0], row[1], json.loads(row[2])["topic"]) == (choice.value, choice.subject, choice.topic.key)
