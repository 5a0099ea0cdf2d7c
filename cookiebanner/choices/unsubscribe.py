"""One-click unsubscription (RFC 8058): a POST of `List-Unsubscribe=One-Click` ends it at once, without a redirect, a
cookie or a login. Opening the link shows a button and changes nothing: programs that scan mail open links."""

from __future__ import annotations

from csp.decorators import csp_exempt
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent.preferences import center
from consent.preferences.texts import language_for, words
from cookiebanner.choices import shared
from cookiebanner.staff import choice_links

METHOD = "one_click"
FIELD, VALUE = "List-Unsubscribe", "One-Click"


@csrf_exempt  # mail programs post here; the signature of the link is what proves whose subscription it is
@require_http_methods(["GET", "HEAD", "POST"])
@csp_exempt()
@cache_control(private=True, no_store=True)
def respond(request: HttpRequest, **parts: str) -> HttpResponse:
    """The page with the button, or the end of a subscription."""
    person = choice_links.of_stop(parts["token"])
    if person is None or person.topic is None:
        return shared.over(request)
    topic, language = person.topic, language_for(shared.wishes(request, person.language))
    wording = topic.wordings.last()
    assert wording is not None
    one_click = request.method == "POST" and _is_one_click(request)
    wording = shared.read_by(request, topic, wording, "wording")
    wanted = shared.wishes(request, person.language)
    asked = center.asked_in(wording, wanted, language)
    text, site = words(language), shared.name_of(person.site)
    if request.method == "POST" and (one_click or request.POST.get("do") == "stop"):
        taken = shared.say(person, [(topic, wording, "no")], METHOD if one_click else "page", language, wanted)
        stopped = text["stopped"].format(site=site, name=asked["name"])
        if one_click:
            return HttpResponse(stopped + "\n", content_type="text/plain; charset=utf-8")
        proof = shared.proof(person.site, taken, language)
        return shared.show(request, "choices/stop.html", language, title=text["title"], said=stopped, proof=proof)
    # A mail program must not take what changed nothing for done.
    status = 400 if request.method == "POST" else 200
    return shared.show(
        request, "choices/stop.html", language, status, title=text["stop_title"].format(name=asked["name"]),
        explanation=text["stop_text"].format(site=site), asked=asked,
    )  # fmt: skip


def _is_one_click(request: HttpRequest) -> bool:
    """Whether a POST is that of RFC 8058; programs that leave its type out, or name another, mean the same."""
    if request.content_type not in ("application/x-www-form-urlencoded", "multipart/form-data"):
        return request.body[:100].strip() == f"{FIELD}={VALUE}".encode()
    return request.POST.get(FIELD, "") == VALUE
