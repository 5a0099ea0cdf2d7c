"""The link of a double opt-in: a page with a button. Opening it confirms nothing: programs that scan mail do."""

from __future__ import annotations

from csp.decorators import csp_exempt
from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent.common import InvalidChange
from consent.preferences import center, confirming
from consent.preferences.texts import language_for, words
from cookiebanner.choices import shared
from cookiebanner.staff import choice_links


@csrf_exempt  # nobody is logged in here; the signature of the link is what proves whose address it is
@require_http_methods(["GET", "HEAD", "POST"])
@csp_exempt()
@cache_control(private=True, no_store=True)
def respond(request: HttpRequest, **parts: str) -> HttpResponse:
    """What would be agreed to, with a button; or that it was."""
    row = choice_links.of_confirm(parts["token"])
    if row is None:
        return shared.over(request)
    wanted = shared.wishes(request, row.language)
    language = language_for(wanted)
    text, site = words(language), shared.name_of(row.site)
    asked = center.asked_in(row.topic.wordings.get(version=row.wording), wanted, language)
    title = text["confirm_title"].format(name=asked["name"])
    if request.method == "POST" and request.POST.get("do") == "confirm":
        try:
            taken = confirming.confirm(row, asked["lang"])
        except InvalidChange:
            return shared.over(request)
        said = text["confirmed"].format(name=asked["name"])
        proof = shared.proof(row.site, [taken], language)
        return shared.show(request, "choices/confirm.html", language, title=title, said=said, proof=proof)
    explanation = text["confirm_text"].format(site=site)
    return shared.show(request, "choices/confirm.html", language, title=title, explanation=explanation, asked=asked)
