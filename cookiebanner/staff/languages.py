"""In which language a member of staff sees the dashboard and is mailed.

Their own choice, kept on the account; else what the login page was set to; else what the browser asks for; else
English. Only the pages of staff are translated: what visitors get has languages of its own, and what programs read,
what is stored, published or exported is English, or in the words of the site.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.utils import translation
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from consent.sites.actions import choose_language

FACES = ("/dashboard/", "/audit/", "/accounts/")
# Names of routes that hand out a document. It is English whoever asks for it, so that two of them can be compared.
DOCUMENTS = {
    "export_file", "jurisdictions_csv", "jurisdictions_pdf", "numbers_csv", "person_file", "request_export",
    "scan_report",
}  # fmt: skip
YEAR = 365 * 24 * 3600  # seconds


class StaffLanguage:
    """Answers below FACES in the language of whoever asks, everything else in English."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(FACES):
            return self._get_response(request)
        with translation.override(language_for(request)):
            response = self._get_response(request)
            response.headers.setdefault("Content-Language", translation.get_language())
        patch_vary_headers(response, ("Accept-Language", "Cookie"))
        return response

    def process_view(self, request: HttpRequest, *args: Any) -> None:
        """Turns to English for documents; `__call__` turns back."""
        if getattr(request.resolver_match, "url_name", "") in DOCUMENTS or request.GET.get("as") == "csv":
            translation.activate(settings.LANGUAGE_CODE)


def language_for(request: HttpRequest) -> str:
    """The language in which this request is answered."""
    return chosen_by(request.user) or _offered(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")) or asked(request)


def asked(request: HttpRequest) -> str:
    """The language that the browser asks for, if the dashboard speaks it; else English."""
    accepted = request.headers.get("Accept-Language", "")
    for code, _ in parse_accept_lang_header(accepted):
        if found := _offered(code) or _offered(code.partition("-")[0]):
            return found
    return str(settings.LANGUAGE_CODE)


def chosen_by(user: Any) -> str:
    """What a person chose for their account; "" without a choice, or without an account."""
    kept = getattr(user, "account_language", None)
    return _offered(kept.language) if kept else ""


def in_language_of(user: Any) -> translation.override:
    """For `with`: what is written inside is in the language that this person chose, else in English."""
    return translation.override(chosen_by(user) or settings.LANGUAGE_CODE)


def _offered(code: str) -> str:
    return code if code in dict(settings.LANGUAGES) else ""


@never_cache
@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Takes a language for the account, or for this browser when nobody is logged in; goes back to the page."""
    code = request.POST.get("language", "")
    if code and not _offered(code):
        raise Http404
    back = request.POST.get("next", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = settings.LOGIN_REDIRECT_URL
    response = redirect(back)
    if request.user.is_authenticated:
        choose_language(request.user, code)
    elif code:
        secure = request.is_secure()
        response.set_cookie(settings.LANGUAGE_COOKIE_NAME, code, YEAR, secure=secure, httponly=True, samesite="Lax")
    return response
