"""A person's page of all topics, behind a signed link: a yes and a no of the same size for each, without JavaScript."""

from __future__ import annotations

from typing import Any

from csp.decorators import csp_exempt
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from consent.banners import cldr
from consent.preferences import queries, standing
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
        if value == "no" or _why_no_yes(person, topic) is None:
            answers.append((topic, shared.read_by(request, topic, latest, f"wording-{topic.key}"), value))
    if answers:
        shared.say(person, answers, METHOD, language, shared.wishes(request, person.language))


def _why_no_yes(person: Person, topic: Topic) -> str | None:
    """Which of our texts says why nobody can agree here: a parent does elsewhere, an address is confirmed by a mail
    first. None where one can."""
    if topic.kind in standing.PARENTAL:
        return "parent"
    if topic.double_opt_in and not queries.has_confirmed(person.site, person.subject, topic):
        return "by_mail"
    return None


def _show(request: HttpRequest, person: Person, language: str, said: str) -> HttpResponse:
    text, wanted = words(language), shared.wishes(request, person.language)
    stands = {one.topic.pk: one for one in queries.standings(person.site, person.subject, timezone.now())}
    records = queries.records_of(person.site, stands.values())
    rows: list[dict[str, Any]] = []
    for topic, wording in queries.offered(person.site):
        one = stands[topic.pk]
        hindered = _why_no_yes(person, topic)
        acted = one.state.acted_at if one.state and one.value else None
        rows.append(
            {
                "key": topic.key,
                "value": one.value,
                "hindered": text[hindered] if hindered else "",
                "since": text["since"].format(day=cldr.long_date(acted.date(), language)) if acted else "",
                "receipt": text["receipt"].format(number=one.state.entry) if one.state else "",
                "proof": links.receipt(person.site, records[topic.pk], language) if topic.pk in records else "",
                **shared.asked_in(wording, wanted, language),
            }
        )
    intro = text["intro"].format(site=shared.name_of(person.site))
    return shared.show(request, "choices/page.html", language, rows=rows, said=said, intro=intro)
