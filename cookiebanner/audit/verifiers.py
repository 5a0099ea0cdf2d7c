"""The verifiers and their hashes, for everybody: an auditor of one installation takes them from another."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from consent.exports import verifiers as files


@require_safe
def verifiers(request: HttpRequest) -> HttpResponse:
    """The SHA-256 of each, as sha256sum prints and checks them."""
    lines = [f"{digest}  {name}\n" for name, digest in files.hashes().items()]
    return HttpResponse("".join(lines), content_type="text/plain; charset=utf-8")


@require_safe
def verifier(request: HttpRequest, name: str) -> HttpResponse:
    """One of them, as a download: opened here it could be told apart from a stranger's no more."""
    try:
        content = files.content(name)
    except KeyError:
        raise Http404 from None
    return HttpResponse(
        content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
