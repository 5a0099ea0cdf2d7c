"""The one guard of all public requests: how large a request's head may be, what every public POST must be (`admit`,
then `check_origin` once its site is known), and the response to what is refused.

The lane asks `head_refusal` before anything else looks at a request, plain WSGI servers have `HeadLimits` in front of
Django. What passes may still be as long as an honest browser's headers: whoever remembers something by a header looks
at its length first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from consent.answers.errors import RejectedSubmission
from consent.answers.published import PublishedRelease
from consent.sites.origins import origin_host
from cookiebanner.problems import PROBLEM, document
from cookiebanner.visitors import rate_limit
from cookiebanner.visitors.published import Entry
from cookiebanner.visitors.rate_limit import RateLimited

ResponseParts = tuple[int, bytes, dict[str, str]]  # status, body, headers
JSON = "application/json"
RETRY_SECONDS = 5
_TYPES = (JSON, "text/plain")

# Bytes of a request's head; Cookie may be longer, since on the site's own host it holds the site's cookies too.
LONGEST_TARGET = 16_384
LONGEST_VALUE = 8_192
LONGEST_COOKIE = 16_384
LARGEST_HEAD = 32_768  # all names and values
MOST_FIELDS = 128
SMALL = min(LONGEST_TARGET, LONGEST_VALUE, LONGEST_COOKIE, LARGEST_HEAD)  # a head of so many bytes needs no look

# The HTTP status of every code; one code always has the same.
STATUS = {
    "invalid_field": 400, "invalid_json": 400, "invalid_utf8": 400, "unknown_field": 400,
    "origin_not_allowed": 403, "token_refused": 403,
    "unknown_record": 404, "unknown_site": 404,
    "id_conflict": 409,
    "erased": 410,
    "too_large": 413,
    "uri_too_long": 414,
    "unsupported_media_type": 415,
    "action_disagrees": 422, "incomplete_vector": 422, "unknown_category": 422, "unknown_language": 422,
    "unknown_arm": 422,
    "unknown_purpose": 422, "unknown_regime": 422, "unknown_release": 422, "unknown_service": 422,
    "unknown_subject": 422, "unstorable": 422,
    "rate_limited": 429,
    "headers_too_large": 431,
    "internal": 500,
    "log_restarted": 503, "not_signed_yet": 503, "unavailable": 503,
}  # fmt: skip

URI_TOO_LONG = RejectedSubmission("uri_too_long", f"The address is longer than {LONGEST_TARGET} bytes.")
HEAD_TOO_LARGE = RejectedSubmission(
    "headers_too_large",
    f"The headers are too large: at most {MOST_FIELDS}, each {LONGEST_VALUE} bytes (Cookie {LONGEST_COOKIE}), "
    f"{LARGEST_HEAD} in all.",
)
UNSTORABLE = RejectedSubmission("unstorable", "The database can't hold this; sending it again will not help.")
INTERNAL = RejectedSubmission("internal", "The server has an error; the operator finds it in the log.")


def head_refusal(target: int, headers: Sequence[tuple[bytes, bytes]]) -> RejectedSubmission | None:
    """Why a request is refused for its head alone: `target` in bytes with its query, headers as (name, value)."""
    if target > LONGEST_TARGET:
        return URI_TOO_LONG
    if len(headers) > MOST_FIELDS:
        return HEAD_TOO_LARGE
    whole = 0
    for name, value in headers:
        size = len(value)
        if size > LONGEST_VALUE and (size > LONGEST_COOKIE or name.lower() != b"cookie"):
            return HEAD_TOO_LARGE
        whole += len(name) + size
    return HEAD_TOO_LARGE if whole > LARGEST_HEAD else None


def environ_refusal(environ: Mapping[str, Any]) -> RejectedSubmission | None:
    """The same of a WSGI environ, where repeated headers have been joined."""
    if len(environ.get("PATH_INFO", "")) + len(environ.get("QUERY_STRING", "")) > LONGEST_TARGET:
        return URI_TOO_LONG
    whole = 0
    for name, value in environ.items():
        if name[:5] == "HTTP_" or name == "CONTENT_TYPE":
            size = len(value)
            if size > LONGEST_VALUE and (size > LONGEST_COOKIE or name != "HTTP_COOKIE"):
                return HEAD_TOO_LARGE
            whole += len(name) + size
    return HEAD_TOO_LARGE if whole > LARGEST_HEAD else None


class HeadLimits:
    """A WSGI application behind the door: not even a request object is made of what is refused for its head."""

    def __init__(self, application: Callable[..., Iterable[bytes]]) -> None:
        self.application = application

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        refused = environ_refusal(environ)
        if refused is None:
            return self.application(environ, start_response)
        status, body, headers = refusal(refused)
        line = f"{status} {HTTPStatus(status).phrase}"
        start_response(line, [*headers.items(), ("Content-Length", str(len(body)))])
        return [body]


def guard(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """The first middleware: the same for whoever calls Django in another way."""

    def middleware(request: HttpRequest) -> HttpResponse:
        refused = environ_refusal(request.META)
        if refused is None:
            return get_response(request)
        status, body, headers = refusal(refused)
        return HttpResponse(body, status=status, headers=headers)

    return middleware


def admit(
    kind: str,
    body: bytes,
    content_type: str | None,
    origin: str | None,
    headers: Mapping[str, str],
    peer: str,
    already_counted: bool = False,
    limit: int | None = None,
) -> str:
    """What every public POST must be, before its body is read; returns the host of its Origin.

    `kind` as in `rate_limit`, `headers` by lower-case name, `peer` = the connection's address; `body` may be cut after
    `limit` + 1 bytes (without one FAIRGATE_BODY_LIMIT); `already_counted` by the rate limit, when it is asked again.
    Raises RejectedSubmission: rate_limited, too_large, origin_not_allowed, unsupported_media_type.
    """
    if not already_counted:
        rate_limit.admit(kind, headers, peer)
    limit = settings.FAIRGATE_BODY_LIMIT if limit is None else limit
    if len(body) > limit:
        raise RejectedSubmission("too_large", f"The body is larger than {limit} bytes.")
    host = origin_host(origin or "")
    if not host:
        raise RejectedSubmission(
            "origin_not_allowed", "This comes from the site's own pages; Origin is missing or is no web origin."
        )
    if content_type:  # beacons of untyped data have none
        _check_media_type(content_type)
    return host


def check_origin(site: Entry, number: int, release: PublishedRelease | None, known: bool, host: str) -> None:
    """Raises RejectedSubmission unless a page on this host may speak of this release of the site.

    `known`: there is such a release; `release` may be None all the same when it is the newest one. Who is on none of
    the site's hosts is not told which releases there are.
    """
    if not (site.may_answer(release, host) if known else site.has_host(host)):
        raise RejectedSubmission("origin_not_allowed", "This Origin is none of the site's hosts.")
    if not known:
        raise unknown_release(number)


def unknown_release(number: int) -> RejectedSubmission:
    return RejectedSubmission("unknown_release", f"The site has no release {number}.", field="release")


def unavailable() -> RejectedSubmission:
    """A new exception at each call: a lasting one would grow with the traceback of every `raise`."""
    return RejectedSubmission("unavailable", "The answer could not be stored; try again.")


def unknown_site() -> RejectedSubmission:
    return RejectedSubmission("unknown_site", "There is no site with this id.", field="site")


def _check_media_type(content_type: str) -> None:
    """Raises RejectedSubmission for what is neither JSON nor text, or not in UTF-8."""
    if len(content_type) > 256:
        raise _unsupported()
    _check_type(content_type)


@lru_cache(64)
def _check_type(content_type: str) -> None:
    name, _, parameters = content_type.partition(";")
    if name.strip().lower() not in _TYPES:
        raise _unsupported()
    for parameter in parameters.split(";"):
        key, _, value = parameter.partition("=")
        if key.strip().lower() == "charset" and value.strip().strip('"').lower() not in ("utf-8", "utf8", "us-ascii"):
            raise RejectedSubmission("unsupported_media_type", "Send UTF-8.")


def _unsupported() -> RejectedSubmission:
    return RejectedSubmission("unsupported_media_type", "Send application/json or text/plain.")


def refusal(refused: RejectedSubmission) -> ResponseParts:
    """The problem document of a refusal (RFC 9457): status, body, headers; 429 and 503 say when to come back."""
    status, headers = STATUS[refused.code], json_headers(PROBLEM)
    if isinstance(refused, RateLimited):
        headers["Retry-After"] = str(refused.wait)
    elif status == 503:
        headers["Retry-After"] = str(RETRY_SECONDS)
    body = document(status, refused.code, refused.title, **refused.more)
    return status, msgspec.json.encode(body), headers


def json_headers(content_type: str) -> dict[str, str]:
    return {"Content-Type": content_type, "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
