"""Whether an answer fits its release: known ids, a whole vector, and an action that says what the vector says."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from consent.answers.errors import RejectedSubmission
from consent.answers.published import PublishedRelease
from consent.answers.schema import OPT_OUTS, SIGNALS, Answer, Choices
from consent.ledger import canonical
from consent.stats.asked import Decided, decided
from fairgate_enforce.signals import in_force

GRANTED, DENIED, NOT_OFFERED = "granted", "denied", "not_offered"
REMEMBERED = 64  # vectors of one release
MOST_STATES = 50_000  # in the remembered vectors of all releases; some ten megabytes
_encode = msgspec.json.Encoder().encode


class Vector(NamedTuple):
    """A whole decision vector, its canonical JSON, the states of what may be refused, and what was decided by it, by
    (action, objection). Shared by answers: not to be changed."""

    choices: dict[str, dict[str, str]]
    encoded: msgspec.Raw
    optional: frozenset[str]
    decisions: dict[tuple[str, bool], Decided]

    def decided(self, action: str, release: PublishedRelease, objection: bool) -> Decided:
        """`asked.decided`, remembered."""
        found = self.decisions.get((action, objection))
        if found is None:
            found = decided(action, self.choices, release.optional, objection)
            self.decisions[action, objection] = found
        return found


_remembering: list[dict[bytes, Any]] = []  # the memories of releases that hold something
_remembered = 0  # states in all of them


def vector(choices: Choices, release: PublishedRelease) -> Vector:
    """`completed` with its optional states, remembered, since most visitors say one of a few things. Raises
    RejectedSubmission."""
    global _remembered
    key = _encode(choices)
    found: Vector | None = release.vectors.get(key)
    if found is None:
        whole = completed(choices, release)
        encoded = msgspec.Raw(canonical.encode_checked(whole))
        found = Vector(whole, encoded, frozenset(optional_states(whole, release)), {})
        size = sum(map(len, whole.values()))
        # What strangers say fills neither the memory of one release nor those of all together.
        if _remembered + size > MOST_STATES:
            for memory in _remembering:
                memory.clear()
            _remembering.clear()
            _remembered = 0
        elif len(release.vectors) >= REMEMBERED:
            _remembered -= sum(len(one) for cached in release.vectors.values() for one in cached.choices.values())
            release.vectors.clear()
        if not any(memory is release.vectors for memory in _remembering):
            _remembering.append(release.vectors)
        release.vectors[key] = found
        _remembered += size
    return found


def completed(choices: Choices, release: PublishedRelease) -> dict[str, dict[str, str]]:
    """The whole vector: what was left out follows its category, a purpose without one was not offered.

    Raises RejectedSubmission (422): unknown_category, unknown_purpose, unknown_service, incomplete_vector.
    """
    categories: dict[str, Any] = dict(choices.categories)
    if categories.keys() != release.categories.keys():
        for key in categories:
            if key not in release.categories:
                raise RejectedSubmission("unknown_category", f"The release has no category {key!r}.", field=key)
        missing = sorted(release.categories.keys() - categories.keys())
        raise RejectedSubmission("incomplete_vector", f"Categories are missing: {', '.join(missing)}.", missing=missing)
    for what, given, known in (
        ("purpose", choices.purposes, release.purposes),
        ("service", choices.services, release.services),
    ):
        if not given.keys() <= known.keys():
            key = next(key for key in given if key not in known)
            raise RejectedSubmission(f"unknown_{what}", f"The release has no {what} {key!r}.", field=key)
    if choices.services.keys() == release.services.keys() and choices.purposes.keys() == release.purposes.keys():
        return {"categories": dict(categories), "purposes": dict(choices.purposes), "services": dict(choices.services)}
    purposes: dict[str, str] = {}
    for key, parent in release.purposes.items():
        purposes[key] = choices.purposes.get(key) or categories.get(parent or "", NOT_OFFERED)
    services: dict[str, str] = {}
    for key, category in release.services.items():
        services[key] = choices.services.get(key) or categories.get(category, NOT_OFFERED)
    return {"categories": categories, "purposes": purposes, "services": services}


def optional_states(choices: dict[str, dict[str, str]], release: PublishedRelease) -> set[str]:
    """The states of everything that is not necessary."""
    categories, purposes, services = release.optional
    states = set(map(choices["categories"].__getitem__, categories))
    states.update(map(choices["services"].__getitem__, services))
    states.update(map(choices["purposes"].__getitem__, purposes))
    return states


def agree(answer: Answer, vector: Vector, release: PublishedRelease, terms: dict[str, Any]) -> None:
    """The action must say what the vector says. Raises RejectedSubmission (422, action_disagrees)."""
    choices, optional = vector.choices, vector.optional
    for key, necessary in release.categories.items():
        if necessary and choices["categories"][key] == DENIED:
            raise RejectedSubmission("action_disagrees", f"{key} is necessary and cannot be denied.", field=key)
    action = answer.action
    wrong = ""
    if action == "accept_all" and DENIED in optional:
        wrong = "accept_all with something denied"
    elif action == "reject_all" and GRANTED in optional:
        wrong = "reject_all with something granted"
    elif action in ("withdraw", *OPT_OUTS) and optional and DENIED not in optional:
        wrong = f"{action} with nothing denied"
    elif (
        action == "close"
        and answer.replaces is None
        and terms.get("model") == "opt_in"
        and any(choices["categories"][key] == GRANTED for key, needed in release.categories.items() if not needed)
    ):
        wrong = "closing the banner is no consent under this regime, but something is granted"
    elif action == "import" and answer.replaces is None and _covers_too_much(choices, release):
        wrong = "the earlier banner did not ask about all that is granted"
    if wrong:
        raise RejectedSubmission("action_disagrees", f"The action and the choices disagree: {wrong}.")


def _covers_too_much(choices: dict[str, dict[str, str]], release: PublishedRelease) -> bool:
    """Whether what was said to an earlier banner is to allow what that one did not have."""
    purposes, services = release.added_since
    return any(choices["purposes"][key] == GRANTED for key in purposes) or any(
        choices["services"][key] == GRANTED for key in services
    )


def signals(given: dict[str, Any] | None) -> dict[str, Any]:
    """The known signals, without empty (null) members. Raises RejectedSubmission for what a record
    cannot hold."""
    if not given:
        return {}
    try:
        whole: dict[str, Any] = _printable(given)
    except ValueError as error:
        raise RejectedSubmission("invalid_field", str(error), field="signals") from None
    kept = _kept()
    return {name: value for name, value in whole.items() if name in kept}


def _kept() -> frozenset[str]:
    global _known
    table, found = _known
    if table is not in_force():
        table = in_force()
        found = frozenset({*SIGNALS, *(signal.key for signal in table)})
        _known = table, found
    return found


_known: tuple[object, frozenset[str]] = None, frozenset()  # the signals in force, and the members that are kept


def _printable(value: Any) -> Any:
    """Without nulls. The schema has seen to depth, size and types. Raises ValueError."""
    kind = type(value)
    if kind is str:
        if not value.isprintable():
            raise ValueError("Only printable characters are taken.")
    elif kind is dict:
        kept = {}
        for key, inner in value.items():
            if not key.isascii() or not key.isprintable():
                raise ValueError("A key must be printable ASCII.")
            if inner is not None:
                kept[key] = _printable(inner)
        return kept
    elif kind is list:
        return [_printable(inner) for inner in value if inner is not None]
    return value
