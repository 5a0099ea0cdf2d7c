"""Writes on topics and their wordings; what people say comes in by `collecting`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consent.common import InvalidChange, check
from consent.ledger import canonical
from consent.ledger.append import append, draft_of
from consent.ledger.models import LogEntry
from consent.preferences.models import Topic, TopicWording
from consent.preferences.standing import PARENTAL
from consent.sites.models import Site
from consent.sites.queries import locked
from consent.trail.actions import audit

LONGEST_NAME, LONGEST_TEXT = 120, 5_000  # characters
MOST_TOPICS = 100
LANGUAGE = re.compile(r"(?=.{2,20}$)[a-z]{2,3}(-[A-Za-z0-9]{2,8})*")  # BCP 47, as far as we need it
CHANGEABLE = ("channel", "double_opt_in", "order")


@transaction.atomic
def add_topic(
    site: Site, actor: str, *, key: str, kind: str, basis: str, texts: Mapping[str, Mapping[str, str]], **more: Any
) -> Topic:
    """A new topic with its first wording. `more`: those of CHANGEABLE. Raises InvalidChange."""
    site = locked(site)
    if site.topics.count() >= MOST_TOPICS:
        raise InvalidChange(_("A site has at most %(most)d topics.") % {"most": MOST_TOPICS})
    _known(more)
    topic = Topic(site=site, key=key, kind=kind, basis=basis, **more)
    if kind in PARENTAL and basis != Topic.Basis.OPT_IN:
        raise InvalidChange(_("A parent’s consent is never assumed: it is given (opt-in)."))
    check(topic)
    topic.save(force_insert=True)
    audit(site, actor, "topic.add", topic=key, kind=str(kind), basis=str(basis))
    set_wording(topic, actor, texts)
    return topic


@transaction.atomic
def change_topic(topic: Topic, actor: str, **changes: Any) -> Topic:
    """Changes what CHANGEABLE names. Kind and basis stay: they are what people agreed to. Raises InvalidChange."""
    _known(changes)
    site = locked(topic.site)
    topic = Topic.objects.get(pk=topic.pk)
    before = {name: getattr(topic, name) for name in changes}
    for name, value in changes.items():
        setattr(topic, name, value)
    check(topic)
    changed = {name: [before[name], value] for name, value in changes.items() if before[name] != value}
    if changed:
        topic.save(update_fields=list(changed))
        audit(site, actor, "topic.update", topic=topic.key, changed=changed)
    return topic


@transaction.atomic
def end_topic(topic: Topic, actor: str) -> Topic:
    """Nobody is asked any more, and nobody's yes counts. Once."""
    site = locked(topic.site)
    topic = Topic.objects.get(pk=topic.pk)
    if topic.ended_at is None:
        topic.ended_at = timezone.now()
        topic.save(update_fields=["ended_at"])
        audit(site, actor, "topic.end", topic=topic.key)
    return topic


@transaction.atomic
def set_wording(
    topic: Topic, actor: str, texts: Mapping[str, Mapping[str, str]], *, asks_again: bool = False
) -> TopicWording:
    """A new version of what people are asked, and its entry in the ledger. The same texts again are no new version.
    `asks_again`: it asks for something else, so that a yes to the versions before it counts no more. Raises
    InvalidChange."""
    site = locked(topic.site)
    clean = checked_texts(texts)
    last = topic.wordings.last()
    facts = {"topic": topic.key, "kind": str(topic.kind), "basis": str(topic.basis), "texts": clean}
    digest = sha256(canonical.encode(facts)).hexdigest()
    if last and last.sha256 == digest:
        return last
    version = last.version + 1 if last else 1
    asks_again = asks_again and last is not None
    record = {**facts, "version": version, "sha256": digest, "channel": str(topic.channel), "actor": actor}
    record |= {"asks_again": True} if asks_again else {}
    [outcome] = append([draft_of(site.pk, site.uuid, LogEntry.Type.WORDING, record, uuid4())])
    assert outcome.index is not None
    made = TopicWording(
        topic=topic, version=version, texts=clean, sha256=digest, asks_again=asks_again, entry=outcome.index, by=actor
    )
    check(made)
    made.save(force_insert=True)
    more = {"asks_again": True} if asks_again else {}
    audit(site, actor, "topic.wording", topic=topic.key, version=version, sha256=digest, **more)
    return made


def checked_texts(texts: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """The texts without blanks around them. Raises InvalidChange."""
    if not texts:
        raise InvalidChange(_("A topic needs its words in one language at least."))
    clean: dict[str, dict[str, str]] = {}
    for language, words in texts.items():
        if not LANGUAGE.fullmatch(language):
            raise InvalidChange(f"{language!r} is no language.")
        name, text = str(words.get("name", "")).strip(), str(words.get("text", "")).strip()
        if not name or not text:
            raise InvalidChange(_("In %(language)s, the name or the text is empty.") % {"language": language})
        if len(name) > LONGEST_NAME or len(text) > LONGEST_TEXT:
            raise InvalidChange(f"A name has at most {LONGEST_NAME} characters, a text {LONGEST_TEXT}.")
        try:
            canonical.check([name, text])
        except ValueError as error:
            raise InvalidChange(str(error)) from None
        clean[language] = {"name": name, "text": text}
    return clean


def _known(changes: Mapping[str, Any]) -> None:
    if unknown := sorted(set(changes) - set(CHANGEABLE)):
        raise InvalidChange(f"{', '.join(unknown)} of a topic can't be changed.")
