"""Every error is `application/problem+json` (RFC 9457) with a stable `code`."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found
from django.views.defaults import server_error as error_page
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

PROBLEM = "application/problem+json"


def document(status: int, code: str, title: str, **more: Any) -> dict[str, Any]:
    """The one problem document: `code` is stable, `title` is for people, `more` are further members."""
    return {"type": "about:blank", "status": status, "code": code, "title": title, **more}


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: the same status as DRF would give, the body of RFC 9457."""
    response = exception_handler(error, context)
    if response is None:
        return None
    code = "not_found" if isinstance(error, Http404) else getattr(error, "default_code", "error")
    detail = response.data.get("detail") if isinstance(response.data, dict) else None
    if isinstance(error, exceptions.ValidationError):
        response.data = document(response.status_code, "invalid", "Some fields are not right.", errors=response.data)
    else:
        title = str(detail or exceptions.APIException(code).default_detail)
        response.data = document(response.status_code, str(code), title)
    response.content_type = PROBLEM
    return response


def problem(status: int, code: str, title: str, **more: Any) -> JsonResponse:
    """A problem document for plain Django views."""
    return JsonResponse(document(status, code, title, **more), status=status, content_type=PROBLEM)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: a problem document below /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return problem(404, "not_found", "There is nothing at this address.")
    return page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    """500: a problem document below /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return problem(500, "server_error", "Something broke on our side; the server's log says what.")
    return error_page(request)
