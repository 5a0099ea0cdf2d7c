"""What the pages behind signed links share: no login, no cookie, no script, and the visitor's language."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from consent.banners.texts import direction
from consent.preferences import queries
from consent.preferences.collecting import Choice, Offer, Taken, collect
from consent.preferences.models import Topic, TopicWording
from consent.preferences.texts import LANGUAGES, language_for, words
from consent.sites.models import Site
from cookiebanner.staff import links
from cookiebanner.staff.choice_links import Person
from cookiebanner.visitors import delivery
from cookiebanner.visitors.django import lower_headers

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def wishes(request: HttpRequest, language: str) -> list[str]:
    """The languages that a person wants, best first: what they chose on the page, the one in which they were written
    to, what their browser says."""
    chosen = request.GET.get("lang", "")[:35]
    return [one for one in (chosen, language, *delivery.wishes(lower_headers(request), "")) if one]


def read_by(request: HttpRequest, topic: Topic, now: TopicWording, field: str) -> TopicWording:
    """The wording that the person had before them when they pressed the button: the one in force may be newer."""
    version = request.POST.get(field, "")
    if version == str(now.version) or not version.isascii() or not version.isdigit() or len(version) > 4:
        return now
    return topic.wordings.filter(version=int(version)).first() or now


def say(
    person: Person, answers: Sequence[tuple[Topic, TopicWording, str]], method: str, language: str,
    wanted: Sequence[str] = (),
) -> list[Taken]:  # fmt: skip
    """Takes in what a person said here, now: (topic, the wording that they read, yes or no). A record names the
    language of the text that a page in `language`, for these wishes, has of it."""
    offer, now = Offer.of(person.site), timezone.now()
    choices = [
        Choice(
            topic=topic, subject=person.subject, value=value, told_at=now, method=method,
            language=queries.words_of(wording, [language, *wanted])[0],
            wording=wording.version, wording_sha256=wording.sha256,
        )
        for topic, wording, value in answers
    ]  # fmt: skip
    return collect(offer, choices, now)


def proof(site: Site, taken: Sequence[Taken], language: str) -> list[tuple[str, str]]:
    """(address of the receipt, what its link says) of what was stored just now."""
    said = words(language)["receipt"]
    stored = [one for one in taken if one.index is not None]
    return [(links.receipt(site, one.record, language), said.format(number=one.index)) for one in stored]


def show(request: HttpRequest, template: str, language: str, status: int = 200, **context: Any) -> HttpResponse:
    """A page that no other page frames or learns the address of, and that no search engine keeps."""
    known = [(code, words(code)["language_name"], direction(code)) for code in LANGUAGES]
    context |= {"text": words(language), "language": language, "direction": direction(language), "languages": known}
    response = render(request, template, context, status=status)
    response["Content-Security-Policy"] = POLICY
    response["Content-Language"] = language
    response["Referrer-Policy"] = "no-referrer"  # the address is the key
    response["X-Robots-Tag"] = "noindex"
    return response


def over(request: HttpRequest) -> HttpResponse:
    """A link that is wrong or has lapsed."""
    language = language_for(wishes(request, ""))
    return show(request, "choices/over.html", language, 404)


def name_of(site: Site) -> str:
    """Who asks, as people know them."""
    return site.controller or site.name
