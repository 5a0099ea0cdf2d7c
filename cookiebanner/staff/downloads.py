"""Files that people sent, handed out so that no browser runs them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from urllib.parse import quote

from django.http import HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase

TOGETHER = 1_000  # lines


def as_download(name: str, content: bytes, media_type: str = "application/octet-stream") -> HttpResponse:
    """A file to be saved under its name, whatever is in it."""
    response = HttpResponse(content, content_type=media_type)
    _save_only(response, name)
    return response


def in_pieces(name: str, lines: Iterator[bytes], media_type: str) -> StreamingHttpResponse:
    """The same of a file that may be large: it is made while it is sent, TOGETHER lines at a time."""
    response = StreamingHttpResponse(_joined(lines), content_type=media_type)
    _save_only(response, name)
    return response


def _joined(lines: Iterator[bytes]) -> Iterator[bytes]:
    while piece := b"".join(islice(lines, TOGETHER)):
        yield piece


def _save_only(response: HttpResponseBase, name: str) -> None:
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
