"""A button that was pressed when the session had ended: what it would have done is asked once more after the login.

What was typed travels in a signed token of the address, and only the browser that pressed the button has the cookie
that goes with it: nobody can hand somebody else a page that does things. Nothing is stored on the server for people who
are not logged in.
"""

from __future__ import annotations

import hashlib
import secrets
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.views import redirect_to_login
from django.core import signing
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import Resolver404, resolve, reverse
from django.utils.translation import gettext, gettext_noop
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

SALT = "fairgate.again"
COOKIE = "fairgate_again"
LIFE = 3600  # seconds between the button and the login
LONGEST = 8_000  # characters of the token: an address has no room for more
LOGIN = "/accounts/login/"
# What a button does, by the name of its address; others say "Go on".
DOES = {
    "publish": gettext_noop("Publish"),
    "rollback": gettext_noop("Roll back"),
    "waive": gettext_noop("Sign off"),
    "kill": gettext_noop("Switch the gate off"),
    "revive": gettext_noop("Switch the gate on again"),
    "settings": gettext_noop("Save the settings"),
    "banner": gettext_noop("Save the banner"),
    "team": gettext_noop("Invite"),
    "service_delete": gettext_noop("Delete the service"),
    "service": gettext_noop("Save the service"),
    "service_new": gettext_noop("Add the service"),
    "categories": gettext_noop("Add it"),
    "category": gettext_noop("Save the category"),
    "rule": gettext_noop("Save"),
    "approve": gettext_noop("Go on with the release"),
    "installation": gettext_noop("Choose this level"),
}
GO_ON = gettext_noop("Go on")
TYPED = ("note", "reason", "name", "email", "hosts")


def log_in_first(request: HttpRequest) -> HttpResponse:
    """To the login, and from there back: to the page, or to a page that asks once more for what a form was to do."""
    if request.method in ("GET", "HEAD"):
        return redirect_to_login(request.get_full_path(), LOGIN)
    key = secrets.token_urlsafe(16)
    posted = [(name, value) for name, values in request.POST.lists() for value in values]
    fields = [(name, value) for name, value in posted if name != "csrfmiddlewaretoken"]
    kept = {"p": request.get_full_path(), "f": urlencode(fields), "k": _digest(key)}
    token = signing.dumps(kept, salt=SALT, compress=True)
    if len(token) > LONGEST:
        return redirect_to_login("/dashboard/", LOGIN)
    response = redirect_to_login(f"{reverse('again')}?{urlencode({'kept': token})}", LOGIN)
    response.set_cookie(COOKIE, key, max_age=LIFE, httponly=True, samesite="Lax", secure=request.is_secure())
    return response


@require_GET
@cache_control(private=True, no_store=True)
def again(request: HttpRequest) -> HttpResponse:
    """The form as it was sent, with one button; to the dashboard when it is another browser's, or too old."""
    if not request.user.is_authenticated:
        return redirect_to_login(request.get_full_path(), LOGIN)
    try:
        kept: dict[str, Any] = signing.loads(request.GET.get("kept", ""), salt=SALT, max_age=LIFE)
        name = resolve(kept["p"].partition("?")[0]).url_name
    except (signing.BadSignature, Resolver404):
        return redirect("dashboard:sites")
    if not secrets.compare_digest(kept["k"], _digest(request.COOKIES.get(COOKIE, ""))):
        return redirect("dashboard:sites")
    fields = [(key, value) for key, values in QueryDict(kept["f"]).lists() for value in values]
    typed = [value for key, value in fields if key in TYPED and value]
    context = {"address": kept["p"], "fields": fields, "typed": typed, "does": gettext(DOES.get(str(name), GO_ON))}
    return render(request, "staff/again.html", context)


def _digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()
