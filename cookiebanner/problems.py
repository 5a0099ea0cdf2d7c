"""Every error is `application/problem+json` (RFC 9457) with a stable `code`."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views.defaults import page_not_found
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler


def handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: the same status as DRF would give, the body of RFC 9457."""
    response = exception_handler(error, context)
    if response is None:
        return None
    code = "not_found" if isinstance(error, Http404) else getattr(error, "default_code", "error")
    detail = response.data.get("detail") if isinstance(response.data, dict) else None
    problem = {"type": "about:blank", "status": response.status_code, "code": str(code)}
    problem["title"] = str(detail or exceptions.APIException(code).default_detail)
    if isinstance(error, exceptions.ValidationError):
        problem |= {"code": "invalid", "title": "Some fields are not right.", "errors": response.data}
    response.data = problem
    response.content_type = "application/problem+json"
    return response


def problem(status: int, code: str, title: str, **more: Any) -> JsonResponse:
    """A problem document for plain Django views."""
    body = {"type": "about:blank", "status": status, "code": code, "title": title, **more}
    return JsonResponse(body, status=status, content_type="application/problem+json")


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404: a problem document below /api/, a page elsewhere."""
    if request.path.startswith("/api/"):
        return problem(404, "not_found", "There is nothing at this address.")
    return page_not_found(request, exception)
