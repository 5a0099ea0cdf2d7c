"""Every refusal of the admin API: one table of codes, from which the documentation and the answers are made."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any, NamedTuple

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from consent.common import InvalidChange
from consent.ledger.append import Stopped
from consent.ledger.erasure import NotFound
from consent.publishing.actions import Blocked, NeedsApproval, Unchanged
from consent.sites.replays import OtherRequest, StillBusy
from cookiebanner.problems import PROBLEM, document


class Code(NamedTuple):
    status: int
    title: str


CODES: dict[str, Code] = {
    "invalid": Code(400, "Some fields are not right; `errors` says which."),
    "invalid_json": Code(400, "The body is no JSON, or holds text that can't be stored."),
    "token_needed": Code(401, "Send a token: Authorization: Bearer fg_…"),
    "invalid_token": Code(401, "This token is unknown, lapsed or revoked."),
    "missing_scope": Code(403, "The token has not the scope for this, or whoever made it may not do it."),
    "not_found": Code(404, "There is nothing at this address, or it is not this token's."),
    "method_not_allowed": Code(405, "This address has no such method."),
    "not_acceptable": Code(406, "Answers are JSON."),
    "unchanged": Code(409, "There is nothing to publish: the draft is live."),
    "needs_approval": Code(409, "The site publishes with a second person's approval only."),
    "in_progress": Code(409, "The first request with this Idempotency-Key is still being done."),
    "changed_meanwhile": Code(412, "Somebody changed it since: read it again. If-Match is not its ETag."),
    "too_large": Code(413, "The body is too large."),
    "unsupported_media_type": Code(415, "Send application/json."),
    "refused": Code(422, "The change can't be made; `title` says why."),
    "blocked": Code(422, "The content may not be published; `findings` says why."),
    "idempotency_key_reused": Code(422, "The Idempotency-Key was used for another request."),
    "if_match_needed": Code(428, "Send If-Match with the ETag that you read."),
    "rate_limited": Code(429, "Too many requests; Retry-After says when to come back."),
    "log_restarted": Code(
        503, "The ledger takes no entries until the operator has looked at it (manage.py restart_log)."
    ),
}
CODE_NAMES = tuple(CODES)


class Refusal(exceptions.APIException):
    """A refusal with one of `CODES`; `title` in place of the table's, `more` are further members."""

    def __init__(self, code: str, title: str = "", *, headers: dict[str, str] | None = None, **more: Any) -> None:
        self.code, self.title, self.more = code, title or CODES[code].title, more
        self.headers = headers or {}
        self.status_code = CODES[code].status
        super().__init__(self.title, code)


def response_of(refused: Refusal) -> Response:
    """The problem document of a refusal."""
    body = document(refused.status_code, refused.code, refused.title, **refused.more)
    return Response(body, refused.status_code, headers=refused.headers, content_type=PROBLEM)


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """The exception handler of this API; None for what is a mistake of ours."""
    refused = translated(error)
    if refused is None:
        return None
    set_rollback()
    return response_of(refused)


def translated(error: Exception) -> Refusal | None:
    """What a verb, Django or DRF raised, as one of our refusals."""
    if isinstance(error, Refusal):
        return error
    if isinstance(error, exceptions.ValidationError):
        return Refusal("invalid", errors=list(pointers(error.detail)))
    if isinstance(error, exceptions.ParseError):
        return Refusal("invalid_json", str(error.detail))
    if isinstance(error, Http404 | exceptions.NotFound | NotFound):
        return Refusal("not_found")
    if isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        return Refusal("missing_scope")
    for kind, code in (
        (exceptions.MethodNotAllowed, "method_not_allowed"),
        (exceptions.NotAcceptable, "not_acceptable"),
        (exceptions.UnsupportedMediaType, "unsupported_media_type"),
    ):
        if isinstance(error, kind):
            return Refusal(code, str(error.detail))
    return _of_verb(error)


def _of_verb(error: Exception) -> Refusal | None:
    if isinstance(error, Blocked):
        return Refusal("blocked", findings=[asdict(finding) for finding in error.findings])
    if isinstance(error, Unchanged):
        return Refusal("unchanged", str(error), release=error.release.number)
    if isinstance(error, NeedsApproval):
        return Refusal("needs_approval", str(error))
    if isinstance(error, Stopped):
        return Refusal("log_restarted", headers={"Retry-After": "60"})
    if isinstance(error, OtherRequest):
        return Refusal("idempotency_key_reused")
    if isinstance(error, StillBusy):
        return Refusal("in_progress", headers={"Retry-After": "1"})
    return Refusal("refused", str(error)) if isinstance(error, InvalidChange) else None


def pointers(detail: Any, where: str = "") -> Iterator[dict[str, str]]:
    """DRF's complaints as [{pointer, detail}], with JSON pointers (RFC 6901) to the wrong values."""
    if isinstance(detail, dict):
        for key, inner in detail.items():
            step = "" if key == "non_field_errors" else "/" + str(key).replace("~", "~0").replace("/", "~1")
            yield from pointers(inner, where + step)
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            yield from pointers(inner, f"{where}/{place}" if isinstance(inner, dict | list) and inner else where)
    else:
        yield {"pointer": f"#{where}", "detail": str(detail)}
