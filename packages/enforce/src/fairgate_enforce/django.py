"""For Django sites: `MIDDLEWARE = ["fairgate_enforce.django.Enforce", …]`, first or just below GZipMiddleware.

Settings: `FAIRGATE_ENFORCE = {"source": "https://consent.example.org/v1/<site id>/enforce.json" or a file's path,
"fairgate": "consent.example.org", "csp": False, "locate": "dotted.path.of.a.function"}`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import DisallowedHost, ImproperlyConfigured, MiddlewareNotUsed
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.module_loading import import_string

from fairgate_enforce.enforcer import DROPPED, Enforcer, FailSafeRewriter
from fairgate_enforce.source import from_file, from_server


def configured() -> Enforcer:
    """The enforcer of the settings. Raises ImproperlyConfigured or, without settings, MiddlewareNotUsed."""
    given: dict[str, Any] | None = getattr(settings, "FAIRGATE_ENFORCE", None)
    if given is None:
        raise MiddlewareNotUsed("FAIRGATE_ENFORCE is not set.")
    try:
        place, fairgate = str(given["source"]), str(given["fairgate"])
    except KeyError as error:
        raise ImproperlyConfigured(f"FAIRGATE_ENFORCE needs {error}.") from error
    enforcer = Enforcer(from_server(place) if "://" in place else from_file(place), fairgate, bool(given.get("csp")))
    if given.get("locate"):
        enforcer.locate = import_string(given["locate"])
    return enforcer


class Enforce:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        self.enforcer = configured()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        headers = {name.lower(): value for name, value in request.headers.items()}
        policy = self.enforcer.policy(headers, request.META.get("REMOTE_ADDR", ""))
        if policy is None:
            return self.get_response(request)
        # Compressed HTML can't be read. Middleware outside this one still sees what the browser takes.
        accepted = request.META.pop("HTTP_ACCEPT_ENCODING", None)
        response = self.get_response(request)
        if accepted is not None:
            request.META["HTTP_ACCEPT_ENCODING"] = accepted
        try:
            url = request.build_absolute_uri()
        except DisallowedHost:
            # That is for the site's own code to refuse; what it has answered all the same goes out as it came.
            return response
        change = self.enforcer.change(policy, response.status_code, list(response.items()), url)
        if change is None:
            return response
        rewriter = change.rewriter
        for name in DROPPED:
            del response[name]
        if "Link" in response:
            kept = change.links(response["Link"])
            del response["Link"]
            if kept:
                response["Link"] = kept
        for name, value in change.add:
            own = response.get(name)
            response[name] = f"{own}, {value}" if own else value
        if getattr(response, "streaming", False):
            body = response.streaming_content  # type: ignore[attr-defined]
            response.streaming_content = (  # type: ignore[attr-defined]
                _stream_async(rewriter, body) if response.is_async else _stream(rewriter, body)  # type: ignore[attr-defined]
            )
        else:
            response.content = rewriter.feed(response.content) + rewriter.close()  # type: ignore[attr-defined]
        return response


def _stream(rewriter: FailSafeRewriter, body: Iterator[bytes]) -> Iterator[bytes]:
    for chunk in body:
        yield rewriter.feed(chunk)
    yield rewriter.close()


async def _stream_async(rewriter: FailSafeRewriter, body: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for chunk in body:
        yield rewriter.feed(chunk)
    yield rewriter.close()
