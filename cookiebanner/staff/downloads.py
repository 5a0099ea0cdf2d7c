"""Files that people sent, handed out so that no browser runs them."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpResponse


def as_download(name: str, content: bytes, media_type: str = "application/octet-stream") -> HttpResponse:
    """A file to be saved under its name, whatever is in it."""
    response = HttpResponse(content, content_type=media_type)
    response["Content-Disposition"] = f"attachment; filename*=UTF-8''{quote(name)}"
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "default-src 'none'; sandbox"
    return response
