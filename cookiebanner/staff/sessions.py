"""The page where a person sees where they are logged in, and ends what they do not know."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import ngettext

from consent.sites.models import Session
from cookiebanner.staff import logins
from cookiebanner.staff.pages import show, signed_in


@signed_in("GET", "POST")
def sessions(request: HttpRequest) -> HttpResponse:
    """Where the person is logged in; ends one of them, or all others."""
    person: Any = request.user
    mine = logins.of_people([person])[person.pk]
    here = request.session.session_key
    if request.method == "POST":
        wanted = request.POST.get("end", "")
        ending = [one.key for one in mine if one.key != here and wanted in (one.name, "others")]
        ended = Session.objects.filter(session_key__in=ending).delete()[0]
        text = ngettext("%(count)s login ended.", "%(count)s logins ended.", ended)
        messages.success(request, text % {"count": ended}, "good")
        return redirect("sessions")
    return show(request, "staff/sessions.html", rows=[(one, one.key == here) for one in mine])
