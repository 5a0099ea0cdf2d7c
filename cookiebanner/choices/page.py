"""A person's page of all topics, behind a signed link: a yes and a no of the same size for each, without JavaScript."""

from __future__ import annotations

from csp.decorators import csp_exempt
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent.preferences import center, queries
from consent.preferences.models import Topic, TopicWording
from consent.preferences.texts import language_for, words
from cookiebanner.choices import shared
from cookiebanner.staff import choice_links, links
from cookiebanner.staff.choice_links import Person

METHOD = "page"


@csrf_exempt  # nobody is logged in here; the signature of the link is what proves who chooses
@require_http_methods(["GET", "HEAD", "POST"])
@csp_exempt()
@cache_control(private=True, no_store=True)
def respond(request: HttpRequest, **parts: str) -> HttpResponse:
    """The page, and what was saved on it."""
    person = choice_links.of_page(parts["token"])
    if person is None or queries.is_suppressed(person.site, person.subject):
        return shared.over(request)
    language = language_for(shared.wishes(request, person.language))
    said = ""
    if request.method == "POST":
        _save(request, person, language)
        said = words(language)["saved"]
    return _show(request, person, language, said)


def _save(request: HttpRequest, person: Person, language: str) -> None:
    """Stores what differs from what was said before; what was left open stays so."""
    answers: list[tuple[Topic, TopicWording, str]] = []
    before = {one.topic.pk: one.value for one in queries.standings(person.site, person.subject, timezone.now())}
    for topic, latest in queries.offered(person.site):
        value = "no" if "all_no" in request.POST else request.POST.get(f"topic-{topic.key}", "")
        if value not in ("yes", "no") or before.get(topic.pk) == value:
            continue
        if value == "no" or center.way_of(person.site, person.subject, topic, "") == "here":
            answers.append((topic, shared.read_by(request, topic, latest, f"wording-{topic.key}"), value))
    if answers:
        shared.say(person, answers, METHOD, language, shared.wishes(request, person.language))


def _show(request: HttpRequest, person: Person, language: str, said: str) -> HttpResponse:
    text, wanted = words(language), shared.wishes(request, person.language)
    found = center.rows(person.site, person.subject, language, wanted, timezone.now())
    rows = [(row, links.receipt(person.site, row.record, language) if row.record else "") for row in found]
    intro = text["intro"].format(site=shared.name_of(person.site))
    return shared.show(request, "choices/page.html", language, rows=rows, said=said, intro=intro)
