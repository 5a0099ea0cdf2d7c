"""From a decoded answer to a ledger draft, and from drafts to the ledger."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

import msgspec
from django.db import transaction

from consent.answers import optouts, references, schema, validate
from consent.answers.errors import RejectedSubmission
from consent.answers.published import PublishedRelease, PublishedSite
from consent.jurisdictions.locate import UNKNOWN, Decision, Place
from consent.jurisdictions.table import ROWS, regime_of
from consent.ledger.append import Draft, Outcome, append
from consent.sites.origins import host_name
from consent.stats.actions import TEST
from fairgate_enforce import signals as signals_table

# In this order: an Edge also calls itself Chrome, a Chrome also Safari.
_FAMILIES = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip


LONGEST_AGENT = 512  # characters of a User-Agent that are looked at
LONGEST_PAGE = 300  # characters of a page that is remembered


def family(user_agent: str) -> str:
    """The browser's family from a User-Agent header; the header itself is never kept."""
    return _family(user_agent[:LONGEST_AGENT])


@lru_cache(1024)
def _family(user_agent: str) -> str:
    return next((name for mark, name in _FAMILIES if mark in user_agent), "other" if user_agent else "none")


def draft(
    answer: schema.Answer,
    site: PublishedSite,
    release: PublishedRelease,
    decision: Decision,
    *,
    origin_host: str,
    user_agent: str = "",
    sent: Collection[str] = (),
    place: Place = UNKNOWN,
) -> tuple[Draft, validate.Vector]:
    """The draft of a consent record, and the whole decision vector in it.

    Raises RejectedSubmission when the answer does not fit its release.

    `decision` is the law that held, `place` what it was decided from, `sent` the keys of the signals that the request
    carried.
    """
    site_uuid = str(site.uuid)
    terms = release.terms(answer.regime)
    if terms is None:
        raise RejectedSubmission("unknown_regime", f"The release has no regime {answer.regime!r}.", field="regime")
    if answer.language and release.languages and answer.language not in release.languages:
        raise RejectedSubmission(
            "unknown_language", f"The release has no language {answer.language!r}.", field="language"
        )
    vector = validate.vector(answer.choices, release)
    validate.agree(answer, vector, release, terms)
    choices, grants = vector.choices, validate.GRANTED in vector.optional
    signals = validate.signals(answer.signals)
    if acted := acted_on(answer, sent, signals, terms):
        signals["acted_on"] = acted
    elif answer.action == "signal":
        raise RejectedSubmission(
            "action_disagrees", "There is no signal of the browser that counts here.", field="action"
        )
    # Nobody gets a lasting id for saying no, and none for a signal that the browser sends by itself.
    visitor = answer.visitor if answer.action not in schema.BY_ITSELF and (grants or answer.replaces) else None
    record: dict[str, Any] = {
        "status": _status(answer.action, grants),
        "jurisdiction_by": decision.by,
        "regime_server": decision.variant,
        "regime_agrees": answer.regime in (decision.variant, decision.regime),
        "choices": choices,
        "signals": signals,
        "gpc": "gpc" in sent or signals.get("gpc") in (True, "1", 1),
        "page": page(answer.page or "", release, origin_host),
        "ua_family": family(user_agent),
    }
    if place.country:
        record["place"] = located(place)
    if answer.action in schema.OPT_OUTS:
        record["control"] = "OptOutFromProcess"  # DPV: an objection under an opt-out law, not a refused consent
    record |= _where(answer, release)
    if reference := references.of(answer, site_uuid):
        record["reference"] = reference
    tested = answer.test is True
    if tested:
        as_test(record, answer.action)
    made = Draft(
        site_id=site.id,
        site_uuid=site_uuid,
        type="consent",
        record_id=answer.id,
        request_hash=schema.request_hash(answer),
        release=release.number,
        release_hash=release.sha256,
        regime=answer.regime,
        jurisdiction=decision.jurisdiction,
        language=answer.language,
        action=TEST if tested else answer.action,
        visitor=None if tested else visitor,
        replaces=None if tested else answer.replaces,
        record=record,
        encoded={"choices": vector.encoded},
        checked=True,  # strings that were decoded from UTF-8, keys of ours or the release's; signals were checked above
    )
    return made, vector


def _where(answer: schema.Answer, release: PublishedRelease) -> dict[str, Any]:
    """On what the answer was given, its layer and which banner of a test, and when by the visitor's clock."""
    found: dict[str, Any] = {}
    if answer.client_time is not None:
        found["client_time"] = str(answer.client_time)
    if answer.layer is not None:
        found["layer"] = layer(answer.layer)
    if answer.arm is not msgspec.UNSET:
        if not release.tested:
            raise RejectedSubmission("unknown_arm", "The release tests no two banners.", field="arm")
        found["arm"] = answer.arm
    return found


def as_test(record: dict[str, Any], action: str) -> None:
    """Makes a record one of the testing script: what was done there stands in it, nobody's consent follows from it, and
    nobody is found by it."""
    record |= {"test": action, "status": "ConsentUnknown"}
    for name in ("control", "reference"):
        record.pop(name, None)


def acted_on(
    answer: schema.Answer, sent: Collection[str], said: Mapping[str, Any], terms: Mapping[str, Any]
) -> dict[str, str]:
    """key → name of the browser's signals that decide in this answer, as its request or the browser's script says them.
    Where a yes is asked for, an answer of the visitor's own is more specific than any of them."""
    if answer.action not in schema.BY_ITSELF and terms.get("model") == "opt_in":
        return {}
    regime = regime_of(answer.regime)
    found = {
        signal.key: signal.name
        for signal in signals_table.in_force()
        if signal.is_honoured(regime)
        and (signal.key in sent or any(_same(said.get(signal.key), value.property) for value in signal.values))
    }
    return found or (signals_table.names(["gpc"]) if answer.action == "gpc" else {})


def _same(one: object, other: object) -> bool:
    """Equal as JSON has it: 1 is not true."""
    return type(one) is type(other) and one == other


@lru_cache(1024)
def located(place: Place) -> dict[str, str]:
    """The country of a record, shared: don't change it. Most countries have no row of law of their own, so that the row
    alone would not tell them apart. The subdivision is kept only where a law of ours depends on it."""
    assert place.country is not None
    kept = {"country": place.country, "how": place.by}
    if place.region and place.country in _DIVIDED:
        kept["region"] = place.region
    return kept


# Countries of which a part has a row of its own.
_DIVIDED = frozenset(row.partition("-")[0] for row in ROWS if "-" in row)


def layer(given: str | int) -> str:
    """Where an answer was given, in one of a few words: those of our banner, a number, "other" for every other word."""
    text = str(given)
    return text if type(given) is int or text in schema.LAYERS else "other"


def page(given: str, release: PublishedRelease, origin_host: str) -> str:
    """The page's host, with its path if the release says so; never query or fragment.

    A host that is not the release's is replaced by the Origin's, which the browser vouches for.
    """
    split = _host_and_path if len(given) <= LONGEST_PAGE else _host_and_path.__wrapped__
    host, path = split(given)
    if not host or not release.has_host(host):
        return origin_host
    return host + path[:500] if release.record_path else host


@lru_cache(2048)  # visitors answer on few pages
def _host_and_path(given: str) -> tuple[str, str]:
    try:
        parts = urlsplit(given if "//" in given else f"//{given}")
        return host_name(parts.hostname or ""), parts.path
    except ValueError:
        return "", ""


def _status(action: str, grants: bool) -> str:
    """The state of the consent in the words of W3C DPV."""
    if action == "withdraw":
        return "ConsentWithdrawn"
    if action == "close" and grants:
        return "ConsentRequestDeferred"  # an opt-out regime's defaults stay in force; nobody asked for them
    if action in schema.OPT_OUTS or not grants:
        return "ConsentRefused"
    return "ConsentGiven"


def record(drafts: Sequence[Draft]) -> list[Outcome]:
    """Stores a batch; see `consent.ledger.append`. Opt-outs for a webhook are queued in the same transaction."""
    to_announce = optouts.of_listening_sites(drafts)
    if not to_announce:
        return append(drafts)
    with transaction.atomic():
        outcomes = append(drafts)
        optouts.announce(to_announce, drafts, outcomes)
    return outcomes
