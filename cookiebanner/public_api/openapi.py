"""The documentation of public POSTs, made from the schemas that read them (msgspec)."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from drf_spectacular.utils import OpenApiResponse

from consent.answers.schema import Answer, Stored
from consent.preferences.schema import ChoicesAsked, ChoicesMade, ChoicesShown
from consent.stats.schema import Impression, Reports
from cookiebanner.problems import PROBLEM
from cookiebanner.visitors import first_party
from cookiebanner.visitors.door import JSON

_TEMPLATE = "#/components/schemas/{name}"
STRUCTS = (Answer, Stored, Impression, Reports, ChoicesAsked, ChoicesMade, ChoicesShown)


class Problem(msgspec.Struct, rename={"kind": "type"}):
    """Why a request was refused (RFC 9457). `code` is stable, and what a program should look at."""

    kind: str
    status: int
    code: str
    title: str


PROBLEMS = {
    400: "invalid_json, invalid_utf8, unknown_field, invalid_field",
    403: "origin_not_allowed",
    404: "unknown_site",
    409: "id_conflict: the id was used for another content",
    410: "erased",
    413: "too_large: more than 8 kB",
    415: "unsupported_media_type",
    422: "unknown_release, unknown_regime, unknown_language, unknown_arm, unknown_category, unknown_purpose, "
    "unknown_service, incomplete_vector, action_disagrees, unstorable",
    429: "rate_limited, with Retry-After",
    503: "unavailable or log_restarted, with Retry-After",
}


@cache
def schemas() -> dict[str, Any]:
    """{name: JSON Schema} of every body. Made once: a schema with patterns that is made and forgotten again and again
    costs msgspec 0.22 references."""
    made: dict[str, Any] = _ecma(msgspec.json.schema_components((*STRUCTS, Problem), ref_template=_TEMPLATE)[1])
    return made


def _ecma(value: Any) -> Any:
    """The end of a text is `$` in JSON Schema's regular expressions, `\\Z` in Python's."""
    if isinstance(value, dict):
        return {
            key: inner.removesuffix(r"\Z") + "$" if key == "pattern" and inner.endswith(r"\Z") else _ecma(inner)
            for key, inner in value.items()
        }
    return [_ecma(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def ref(struct: type) -> dict[str, Any]:
    return {"$ref": _TEMPLATE.format(name=struct.__name__)}


def request(struct: type) -> dict[str, Any]:
    """The body of a POST; browsers send it as text, which needs no preflight."""
    return {JSON: ref(struct), "text/plain": ref(struct)}


def problems(*statuses: int, **words: str) -> dict[tuple[int, str], OpenApiResponse]:
    """The documentation of refusals with these statuses; `words` (`_422="…"`) in place of the usual ones."""
    descriptions = PROBLEMS | {int(status[1:]): text for status, text in words.items()}
    return {(status, PROBLEM): OpenApiResponse(ref(Problem), description=descriptions[status]) for status in statuses}


def add_schemas(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """A hook of drf-spectacular: puts what `ref` names, and the endpoint on the site's own host, into the document."""
    result.setdefault("components", {}).setdefault("schemas", {}).update(schemas())
    text = {"type": "string", "maxLength": first_party.LIMIT, "description": "The value of the cookie `fairgate`."}
    refused = {
        str(status): {"description": words, "content": {PROBLEM: {"schema": ref(Problem)}}}
        for status, words in {**{s: PROBLEMS[s] for s in (403, 404, 413, 415, 429)}, 400: "invalid_field"}.items()
    }
    for operations in result["paths"].values():
        for operation in operations.values():
            if "requestBody" in operation:
                operation["requestBody"]["required"] = True
    result["paths"]["/.well-known/fairgate/state"] = {
        "post": {
            "operationId": "store_state",
            "description": "On the site's own host: sets the consent cookie, so that it outlives seven days in Safari.",
            "tags": ["state"],
            "requestBody": {"content": {"text/plain": {"schema": text}}, "required": True},
            "responses": {"204": {"description": "Set-Cookie: fairgate=…"}, **dict(sorted(refused.items()))},
        }
    }
    return result
