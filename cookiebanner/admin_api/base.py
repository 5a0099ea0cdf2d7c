"""What every address of the API does before and after its own work.

The token and its limit, what it may on which site, ETags against lost updates, idempotency keys, pages of lists, and
the headers that tell of all that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from typing import Any, ClassVar
from urllib.parse import urlencode

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from rest_framework import parsers, serializers
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from consent.sites import replays
from consent.sites.models import ApiToken, Site
from consent.sites.queries import actor_of, locked, token_may
from cookiebanner.admin_api import errors
from cookiebanner.admin_api.access import TokenAuthentication, count
from cookiebanner.admin_api.errors import Refusal
from cookiebanner.admin_api.openapi import AdminSchema, Does
from cookiebanner.visitors.django import lower_headers

CHANGES = ("POST", "PUT", "PATCH", "DELETE")
LONGEST_KEY = 255  # characters of an Idempotency-Key
PAGE, LARGEST_PAGE = 50, 200


class StorableJSON(parsers.JSONParser):
    """JSON whose texts every database can keep."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        data = super().parse(stream, media_type, parser_context)
        if any("\0" in text or not text.isprintable() and _half(text) for text in _texts(data)):
            raise ParseError("The body holds a character that can't be stored (U+0000 or half a surrogate pair).")
        return data


def _half(text: str) -> bool:
    return any("\ud800" <= letter <= "\udfff" for letter in text)


def _texts(value: Any) -> Any:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)


class Strict(serializers.Serializer):
    """Refuses fields that it does not know, so that a mistyped one is not taken for done."""

    strict = True  # as the documentation says

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, dict) and (unknown := sorted(set(map(str, data)) - set(self.fields))):
            raise serializers.ValidationError({name: ["There is no such field."] for name in unknown})
        return super().to_internal_value(data)


class Query(Strict):
    """The parameters of a list, from the address."""

    limit = serializers.IntegerField(min_value=1, max_value=LARGEST_PAGE, default=PAGE, help_text="Items of a page.")
    after = serializers.CharField(required=False, max_length=300, help_text="From `next` of the page before.")


class AdminView(APIView):
    """One address; `does` says what each of its methods does, and who may."""

    authentication_classes = (TokenAuthentication,)
    parser_classes = (StorableJSON,)
    schema = AdminSchema()
    does: ClassVar[dict[str, Does]]
    tag: ClassVar[str]
    token: ApiToken
    site: Site | None = None
    limits: dict[str, str]

    def get_exception_handler(self) -> Callable[[Exception, dict[str, Any]], Response | None]:
        return errors.handler

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Token, limit, site, scope; in this order."""
        self.limits = {}
        headers, peer = lower_headers(request._request), request.META.get("REMOTE_ADDR", "")
        try:
            token: Any = request.auth
        except Refusal as refused:
            refused.headers |= count(None, headers, peer)
            raise
        self.token, self.limits = token, count(token, headers, peer)
        super().initial(request, *args, **kwargs)
        method = "GET" if request.method == "HEAD" else str(request.method)
        if method not in self.does:
            self.http_method_not_allowed(request)
        wanted = self.does[method].may
        if "site" in kwargs:
            if kwargs["site"] != token.site.uuid:
                raise Http404
            self.site = token.site
        if wanted is not None and not token_may(token, wanted):
            raise Refusal("missing_scope", scope=str(wanted))

    def _allowed_methods(self) -> list[str]:
        return list(self.does)

    @property
    def actor(self) -> str:
        """Who does it, in the audit trail."""
        return actor_of(self.token)

    @property
    def own(self) -> Site:
        """The site of the address, which is the token's."""
        assert self.site is not None
        return self.site

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Adds what is told with every answer, refusals too."""
        response = super().dispatch(request, *args, **kwargs)
        for name, value in getattr(self, "limits", {}).items():
            response.headers.setdefault(name, value)
        response.headers.setdefault("Cache-Control", "private, no-cache")
        return response

    def post(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Does it once under an Idempotency-Key, for a day."""
        key = request.headers.get("Idempotency-Key", "").strip().strip('"')
        if not key:
            return self.create(request, **kwargs)
        if len(key) > LONGEST_KEY or not key.isprintable():
            raise Refusal("invalid", f"An Idempotency-Key has at most {LONGEST_KEY} printable characters.")
        asked = json.dumps([request.method, request.path, request.data], sort_keys=True)
        row, mine = replays.begin(self.token, key, hashlib.sha256(asked.encode()).hexdigest())
        if not mine:
            made = Response(json.loads(row.body), row.status, headers=row.headers)
            made["Idempotency-Replayed"] = "true"
            return made
        try:
            response = self.create(request, **kwargs)
        except BaseException:
            replays.forget(row)
            raise
        kept = {name: response[name] for name in ("Location", "ETag") if name in response}
        body = without_secrets(response.data)
        replays.finish(row, response.status_code, json.dumps(body, default=str), kept)
        return response

    def create(self, request: Request, **kwargs: Any) -> Response:
        """What a POST does."""
        raise NotImplementedError

    def given(self, serializer: type[serializers.Serializer], **more: Any) -> dict[str, Any]:
        """The body, checked. Raises ValidationError."""
        checked = serializer(data=self.request.data, **more)
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    def asked(self, query: type[Query] | type[Strict]) -> dict[str, Any]:
        """The parameters, checked. Raises ValidationError."""
        plain = {name: self.request.query_params[name] for name in self.request.query_params}
        checked = query(data=plain)
        checked.is_valid(raise_exception=True)
        return dict(checked.validated_data)

    # --- Lists ------------------------------------------------------------------------------------------------------

    def page(
        self, rows: QuerySet[Any], by: str, show: Callable[[Any], Any], asked: dict[str, Any], *, newest: bool = False,
        read_to: Any = None,
    ) -> Response:  # fmt: skip
        """One page of a list in the order of a unique column, with where the next begins (`next`, and Link). `read_to`:
        where rows end that have not been looked at, when there are some; the page may then hold few, or none."""
        if asked.get("after"):
            rows = rows.filter(**{f"{by}__{'lt' if newest else 'gt'}": position(rows.model, by, asked["after"])})
        limit = asked["limit"]
        found = list(rows.order_by(f"-{by}" if newest else by)[: limit + 1])
        more = len(found) > limit
        found = found[:limit]
        address = None
        if more or read_to is not None:
            kept = {k: v for k, v in self.request.query_params.items() if k != "after"}
            after = _written(getattr(found[-1], by) if more else read_to)
            address = f"{self.request.path}?{urlencode({**kept, 'after': after})}"
        response = Response({"items": [show(row) for row in found], "next": address})
        if address:
            response["Link"] = f'<{address}>; rel="next"'
        return response

    # --- Things that change -----------------------------------------------------------------------------------------

    def shown(self, data: Any, status: int = 200) -> Response:
        """A thing with its ETag; 304 for who has it."""
        tag = etag(data)
        if self.request.method in ("GET", "HEAD") and tag in _tags(self.request.headers.get("If-None-Match", "")):
            return Response(status=304, headers={"ETag": tag})
        return Response(data, status, headers={"ETag": tag})

    def change(self, read: Callable[[], Any | None], verb: Callable[[], Any]) -> Response:
        """Does it to what the program has read and to nothing else: the site's row is locked meanwhile.

        `read` gives the thing as it is shown, None when there is none. Answers with the thing as it is then: 201 when
        it is new, 204 when it is gone. Raises Refusal.
        """
        with transaction.atomic():
            locked(self.own)
            before = read()
            self._match(before)
            verb()
            after = read()
        if after is None:
            return Response(status=204)
        return self.shown(after, 201 if before is None else 200)

    def _match(self, before: Any | None) -> None:
        wanted = self.request.headers.get("If-Match", "")
        if before is None:
            if wanted:
                raise Refusal("changed_meanwhile")
            return
        if self.request.headers.get("If-None-Match", "").strip() == "*":
            raise Refusal("changed_meanwhile", "It is there already.")
        if not wanted:
            raise Refusal("if_match_needed")
        if wanted.strip() != "*" and etag(before) not in _tags(wanted):
            raise Refusal("changed_meanwhile")


def etag(data: Any) -> str:
    """A strong ETag of what is shown."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, default=str)
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'


def _tags(header: str) -> set[str]:
    return {tag.strip() for tag in header.split(",")}


SECRETS = ("secret",)  # members that are told once


def without_secrets(data: Any) -> Any:
    """An answer as it is kept for replays: its secrets are blank."""
    if isinstance(data, dict):
        return {key: "" if key in SECRETS else without_secrets(inner) for key, inner in data.items()}
    return [without_secrets(inner) for inner in data] if isinstance(data, list) else data


def _written(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, default=str).encode()).decode().rstrip("=")


def position(model: Any, by: str, text: str) -> Any:
    """The value of a column that `after` means. Raises ValidationError for what no page gave."""
    field = model._meta.get_field("id" if by == "pk" else by)
    try:
        value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        value = field.to_python(value) if type(value) in (int, str) else None
    except (ValueError, binascii.Error, ValidationError):
        value = None
    if value is None or (isinstance(value, str) and "\0" in value) or (isinstance(value, int) and abs(value) >= 2**63):
        raise serializers.ValidationError({"after": ["Take it from `next` of the page before."]})
    return value
