"""`POST /api/v1/choices/state` and `POST /api/v1/choices`: the choices beyond cookies of a visitor whom the site has
signed in, for its preference center. A subject token in the body says who it is; nothing of it reaches an address or
a log."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from django.conf import settings
from django.db import transaction
from django.http import HttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from consent.answers.errors import RejectedSubmission
from consent.answers.schema import read
from consent.banners.texts import direction
from consent.common import InvalidChange
from consent.ledger.append import Stopped
from consent.preferences import center, confirming, queries, schema, subject_tokens
from consent.preferences.texts import language_for, words
from consent.sites.models import Site
from cookiebanner.public_api import openapi
from cookiebanner.public_api.answers import to_response
from cookiebanner.staff import choice_mails, links, mail
from cookiebanner.visitors import consents, delivery, door, rate_limit
from cookiebanner.visitors.django import lower_headers, raw_body
from cookiebanner.visitors.published import FRESH, TooManyMisses, published

log = logging.getLogger("fairgate")
TEXTS = (
    "title", "intro", "yes", "no", "all_no", "saved", "not_yet", "parent", "failed", "mailed", "elsewhere",
)  # fmt: skip
_STATUSES = (400, 403, 404, 410, 413, 415, 429, 503)
_PROBLEMS = openapi.problems(*_STATUSES, _403="origin_not_allowed, token_refused", _410="erased: the person was")


def _answer(request: Request, decoder: msgspec.json.Decoder[Any], act: Callable[..., schema.ChoicesShown]) -> Any:
    headers, body = lower_headers(request), raw_body(request._request)
    origin, peer = headers.get("origin"), request.META.get("REMOTE_ADDR", "")
    try:
        host = door.admit(rate_limit.CHOICES, body, headers.get("content-type"), origin, headers, peer)
        given = read(decoder, body)
        person = _person(given.site, given.token, host)
        wanted = [one for one in (given.language, *delivery.wishes(headers, "")) if one]
        shown = act(person, given, wanted)
    except Stopped:
        return to_response(door.refusal(consents.REFUSED["stopped"]))
    except Exception as error:
        return to_response(door.refusal(consents.failure(error)))
    response = HttpResponse(msgspec.json.encode(shown), headers=door.json_headers(door.JSON))
    response["Access-Control-Allow-Origin"] = origin or ""
    response["Access-Control-Expose-Headers"] = ", ".join(settings.CORS_EXPOSE_HEADERS)
    return response


def _person(uuid: UUID, token: str, host: str) -> center.Person:
    """Who is signed in on one of the site's own pages. Raises RejectedSubmission."""
    try:
        entry = published.site(uuid, within=FRESH)
    except TooManyMisses:
        raise door.unavailable() from None
    if entry is None or entry.number is None:
        raise door.unknown_site()
    door.check_origin(entry, entry.number, None, True, host)
    site = Site.objects.get(pk=entry.id)
    try:
        claims = subject_tokens.read(site, token, timezone.now())
    except subject_tokens.InvalidToken as error:
        raise RejectedSubmission("token_refused", f"The subject token is refused. {error}") from None
    subject, *others = queries.subjects_known(site, claims.identifier)
    if queries.is_suppressed(site, subject, claims.identifier):
        raise RejectedSubmission("erased", "This person was erased and asked to be left alone.")
    proof = f"subject token, key {claims.key}"
    return center.Person(site, subject, claims.identifier, claims.email, host, proof, tuple(others))


def _shown(person: center.Person, wanted: list[str], taken: list[schema.ChoiceTaken]) -> schema.ChoicesShown:
    language = language_for(wanted)
    now = timezone.now()
    found = center.rows(person.site, person.subject, language, wanted, now, *person.others, email=person.email)
    text = dict(words(language))
    text["intro"] = text["intro"].format(site=person.site.controller or person.site.name)
    return schema.ChoicesShown(
        language=language,
        direction="rtl" if direction(language) == "rtl" else "ltr",
        texts={name: text[name] for name in TEXTS},
        topics=[_topic(person.site, row, language) for row in found],
        taken=taken,
    )


def _topic(site: Site, row: center.TopicRow, language: str) -> schema.TopicShown:
    state, judged = row.stands.state, row.stands.judged
    return schema.TopicShown(
        key=row.topic.key, kind=row.topic.kind, channel=row.topic.channel, basis=row.topic.basis,  # type: ignore[arg-type]
        name=row.name, text=row.text, language=row.lang, remark=row.remark, wording=row.wording.version,
        value=row.value, standing=judged.standing.value, because=judged.because,  # type: ignore[arg-type]
        counts_from=judged.counts_from, acted_at=state.acted_at if state else None, since=row.since,
        way=row.way, waits=row.waits, receipt=links.receipt(site, row.record, language) if row.record else "",
        receipt_text=row.receipt,
    )  # fmt: skip


def _state(person: center.Person, given: schema.ChoicesAsked, wanted: list[str]) -> schema.ChoicesShown:
    return _shown(person, wanted, [])


def _change(person: center.Person, given: schema.ChoicesMade, wanted: list[str]) -> schema.ChoicesShown:
    language = language_for(wanted)
    choices = [(one.topic, one.value, one.wording) for one in given.choices]
    with transaction.atomic():
        done = center.change(person, given.id, choices, [language, *wanted], timezone.now())
        for one in done:
            if one.mail is not None:
                _ask_by_mail(person, one, language)
    return _shown(person, wanted, [_taken(person.site, one, language) for one in done])


def _ask_by_mail(person: center.Person, one: center.Change, language: str) -> None:
    """A double opt-in: the yes counts once the link of the mail was confirmed."""
    assert one.mail is not None
    if mail.missing():
        one.status, one.why = "refused", "mail"
        return
    try:
        row, to_send = confirming.ask(
            person.site, one.mail, identifier=person.identifier, address=person.email, language=language,
            source=person.page, evidence=person.proof,
        )  # fmt: skip
    except InvalidChange:  # the address was erased
        one.status = "suppressed"
        return
    if to_send:
        choice_mails.send_soon(row)


def _taken(site: Site, one: center.Change, language: str) -> schema.ChoiceTaken:
    stored = one.taken is not None and one.taken.index is not None
    receipt = links.receipt(site, one.taken.record, language) if stored and one.taken else ""
    return schema.ChoiceTaken(one.topic, one.status, one.why, receipt)  # type: ignore[arg-type]


class ChoicesState(APIView):
    @extend_schema(
        operation_id="read_own_choices",
        request=openapi.request(schema.ChoicesAsked),
        responses={200: OpenApiResponse(openapi.ref(schema.ChoicesShown)), **_PROBLEMS},
    )
    def post(self, request: Request) -> HttpResponse:
        """A signed-in visitor's choices beyond cookies. The Origin must be one of the site's hosts."""
        answered: HttpResponse = _answer(request, schema.asked, _state)
        return answered


class Choices(APIView):
    @extend_schema(
        operation_id="change_own_choices",
        request=openapi.request(schema.ChoicesMade),
        responses={200: OpenApiResponse(openapi.ref(schema.ChoicesShown)), **_PROBLEMS},
    )
    def post(self, request: Request) -> HttpResponse:
        """Takes in what a signed-in visitor says, each choice judged by itself, and answers how all stand then."""
        answered: HttpResponse = _answer(request, schema.made, _change)
        return answered
