"""The draft's catalogue: categories, purposes, services with their cookies, what is held in which regime."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.catalogue import actions
from consent.catalogue.models import Category, Cookie, Purpose, RuleOverride, Service
from consent.common import InvalidChange
from consent.jurisdictions import table
from consent.jurisdictions.actions import override, remove_override
from consent.sites.roles import May
from cookiebanner.admin_api.base import AdminView, Query, Strict
from cookiebanner.admin_api.openapi import Does

LONG = 2000


class Words(Strict):
    """A name and a description in one language."""

    name = serializers.CharField(max_length=LONG, required=False, allow_blank=True)
    description = serializers.CharField(max_length=LONG, required=False, allow_blank=True)


class ByLanguage(serializers.DictField):
    child = Words()


class CategoryIn(Strict, serializers.ModelSerializer):
    texts = ByLanguage(required=False)
    consent_mode = serializers.ListField(child=serializers.CharField(max_length=60), required=False, max_length=20)

    class Meta:
        model = Category
        fields: tuple[str, ...] = actions.CATEGORY_FIELDS


class CategoryOut(CategoryIn):
    class Meta(CategoryIn.Meta):
        fields: tuple[str, ...] = ("key", *actions.CATEGORY_FIELDS)


class PurposeIn(Strict, serializers.ModelSerializer):
    category = serializers.CharField(max_length=40, allow_null=True, required=False)
    texts = ByLanguage(required=False)

    class Meta:
        model = Purpose
        fields: tuple[str, ...] = ("category", *actions.PURPOSE_FIELDS)


class PurposeOut(PurposeIn):
    class Meta(PurposeIn.Meta):
        fields: tuple[str, ...] = ("key", "category", *actions.PURPOSE_FIELDS)


class CookieIn(Strict, serializers.ModelSerializer):
    texts = serializers.DictField(child=serializers.CharField(max_length=500), required=False)

    class Meta:
        model = Cookie
        fields: tuple[str, ...] = actions.COOKIE_FIELDS


class CookieOut(CookieIn):
    service = serializers.CharField()

    class Meta(CookieIn.Meta):
        fields: tuple[str, ...] = ("id", "service", *actions.COOKIE_FIELDS)


class Places(serializers.ListField):
    child = serializers.CharField(max_length=10)


class ServiceChange(Strict, serializers.ModelSerializer):
    """What is given is changed; patterns and cookies are replaced as a whole."""

    category = serializers.CharField(max_length=40, required=False)
    patterns = serializers.ListField(child=serializers.CharField(max_length=500), required=False, max_length=500)
    cookies = CookieIn(many=True, required=False)
    exempt_in = Places(required=False, max_length=200)
    exemption_confirmed = Places(required=False, max_length=200)
    inline = serializers.ListField(child=serializers.CharField(max_length=200), required=False, max_length=50)

    class Meta:
        model = Service
        fields: tuple[str, ...] = ("category", "patterns", "cookies", *actions.FACTS)
        extra_kwargs: dict[str, Any] = {"name": {"required": False}}


class NewService(ServiceChange):
    key = serializers.SlugField(required=False, max_length=80, help_text="Made from the name when it is not given")
    category = serializers.CharField(max_length=40)

    class Meta(ServiceChange.Meta):
        fields: tuple[str, ...] = ("key", *ServiceChange.Meta.fields)
        extra_kwargs: dict[str, Any] = {}


class ServiceOut(ServiceChange):
    overrides = serializers.DictField(child=serializers.DictField(child=serializers.CharField()))

    class Meta(ServiceChange.Meta):
        fields: tuple[str, ...] = ("key", *ServiceChange.Meta.fields, "overrides")


class ServiceQuery(Query):
    category = serializers.CharField(required=False, max_length=40)
    q = serializers.CharField(required=False, max_length=100, help_text="Part of the name")


class CookieQuery(Query):
    service = serializers.CharField(required=False, max_length=80)
    kind = serializers.ChoiceField(Cookie.Kind.choices, required=False)


class OverrideIn(Strict):
    state = serializers.ChoiceField(RuleOverride.Verdict.choices)
    reason = serializers.CharField(max_length=500)


class OverrideOut(OverrideIn):
    id = serializers.IntegerField()
    service = serializers.CharField()
    regime = serializers.CharField()


class JurisdictionIn(Strict):
    fields_ = serializers.DictField(child=serializers.CharField(max_length=500, allow_blank=True), allow_empty=False)
    reason = serializers.CharField(max_length=500)

    def get_fields(self) -> dict[str, Any]:
        found = super().get_fields()
        return {"columns": found.pop("fields_"), **found}


class JurisdictionOut(JurisdictionIn):
    id = serializers.IntegerField()
    place = serializers.CharField()


def category_data(row: Category) -> dict[str, Any]:
    return {"key": row.key, **{name: getattr(row, name) for name in actions.CATEGORY_FIELDS}}


def purpose_data(row: Purpose) -> dict[str, Any]:
    fields = {name: getattr(row, name) for name in actions.PURPOSE_FIELDS}
    return {"key": row.key, "category": row.category.key if row.category else None, **fields}


def cookie_data(row: Cookie) -> dict[str, Any]:
    return {name: getattr(row, name) for name in actions.COOKIE_FIELDS}


def service_data(row: Service) -> dict[str, Any]:
    return {
        "key": row.key,
        "category": row.category.key,
        "patterns": sorted(rule.pattern for rule in row.rules.all()),
        "cookies": [cookie_data(one) for one in sorted(row.cookies.all(), key=lambda one: (one.kind, one.name))],
        **{name: getattr(row, name) for name in actions.FACTS},
        "overrides": {
            one.regime: {"state": one.state, "reason": one.reason}
            for one in sorted(row.overrides.all(), key=lambda one: one.regime)
        },
    }


class CategoriesView(AdminView):
    """The categories that a visitor switches."""

    tag = "catalogue"
    does = {"GET": Does("list_categories", May.VIEW, CategoryOut, query=Query, page=True)}

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(self.own.categories.all(), "key", category_data, self.asked(Query))


class CategoryView(AdminView):
    """One category; PUT makes it, or changes what is given of it."""

    tag = "catalogue"
    does = {
        "GET": Does("read_category", May.VIEW, CategoryOut),
        "PUT": Does("set_category", May.EDIT, CategoryOut, body=CategoryIn, guarded=True, makes=True),
        "DELETE": Does("delete_category", May.EDIT, guarded=True),
    }

    def _row(self, key: str) -> Category | None:
        return self.own.categories.filter(key=key).first()

    def _read(self, key: str) -> dict[str, Any] | None:
        row = self._row(key)
        return category_data(row) if row else None

    def get(self, request: Request, site: UUID, key: str) -> Response:
        return self.shown(found(self._read(key)))

    def put(self, request: Request, site: UUID, key: str) -> Response:
        data = self.given(CategoryIn)
        return self.change(lambda: self._read(key), lambda: actions.set_category(self.own, key, self.actor, **data))

    def delete(self, request: Request, site: UUID, key: str) -> Response:
        return self.change(lambda: self._read(key), lambda: actions.delete_category(found(self._row(key)), self.actor))


class PurposesView(AdminView):
    """Why data is processed."""

    tag = "catalogue"
    does = {"GET": Does("list_purposes", May.VIEW, PurposeOut, query=Query, page=True)}

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(self.own.purposes.select_related("category"), "key", purpose_data, self.asked(Query))


class PurposeView(AdminView):
    """One purpose; PUT makes it, or changes what is given of it. Without a category it stands alone."""

    tag = "catalogue"
    does = {
        "GET": Does("read_purpose", May.VIEW, PurposeOut),
        "PUT": Does("set_purpose", May.EDIT, PurposeOut, body=PurposeIn, guarded=True, makes=True),
        "DELETE": Does("delete_purpose", May.EDIT, guarded=True),
    }

    def _row(self, key: str) -> Purpose | None:
        return self.own.purposes.select_related("category").filter(key=key).first()

    def _read(self, key: str) -> dict[str, Any] | None:
        row = self._row(key)
        return purpose_data(row) if row else None

    def get(self, request: Request, site: UUID, key: str) -> Response:
        return self.shown(found(self._read(key)))

    def put(self, request: Request, site: UUID, key: str) -> Response:
        data = self.given(PurposeIn)
        return self.change(lambda: self._read(key), lambda: actions.set_purpose(self.own, key, self.actor, **data))

    def delete(self, request: Request, site: UUID, key: str) -> Response:
        return self.change(lambda: self._read(key), lambda: actions.delete_purpose(found(self._row(key)), self.actor))


class ServicesView(AdminView):
    """The services of the draft, with what they store and which requests wait."""

    tag = "catalogue"
    does = {
        "GET": Does("list_services", May.VIEW, ServiceOut, query=ServiceQuery, page=True),
        "POST": Does("add_service", May.EDIT, ServiceOut, body=NewService, status=201),
    }

    def get(self, request: Request, site: UUID) -> Response:
        asked = self.asked(ServiceQuery)
        rows = self.own.services.select_related("category").prefetch_related("rules", "cookies", "overrides")
        if "category" in asked:
            rows = rows.filter(category__key=asked["category"])
        if "q" in asked:
            rows = rows.filter(name__icontains=asked["q"])
        return self.page(rows, "key", service_data, asked)

    def create(self, request: Request, **kwargs: Any) -> Response:
        row = actions.add_service(self.own, self.actor, **self.given(NewService))
        response = self.shown(service_data(row), 201)
        response["Location"] = f"{request.path}/{row.key}"
        return response


class ServiceView(AdminView):
    """One service of the draft; releases keep what they held."""

    tag = "catalogue"
    does = {
        "GET": Does("read_service", May.VIEW, ServiceOut),
        "PATCH": Does("change_service", May.EDIT, ServiceOut, body=ServiceChange, guarded=True),
        "DELETE": Does("delete_service", May.EDIT, guarded=True),
    }

    def _row(self, key: str) -> Service:
        row: Service = found(self.own.services.select_related("category").filter(key=key).first())
        return row

    def _read(self, key: str) -> dict[str, Any] | None:
        row = self.own.services.select_related("category").filter(key=key).first()
        return service_data(row) if row else None

    def get(self, request: Request, site: UUID, key: str) -> Response:
        return self.shown(found(self._read(key)))

    def patch(self, request: Request, site: UUID, key: str) -> Response:
        row, data = self._row(key), self.given(ServiceChange)
        return self.change(lambda: self._read(key), lambda: actions.update_service(row, self.actor, **data))

    def delete(self, request: Request, site: UUID, key: str) -> Response:
        return self.change(lambda: self._read(key), lambda: actions.delete_service(self._row(key), self.actor))


class CookiesView(AdminView):
    """The cookies and storage of all services; they are changed with their service."""

    tag = "catalogue"
    does = {"GET": Does("list_cookies", May.VIEW, CookieOut, query=CookieQuery, page=True)}

    def get(self, request: Request, site: UUID) -> Response:
        asked = self.asked(CookieQuery)
        rows = Cookie.objects.filter(service__site=self.own).select_related("service")
        if "service" in asked:
            rows = rows.filter(service__key=asked["service"])
        if "kind" in asked:
            rows = rows.filter(kind=asked["kind"])
        return self.page(rows, "id", lambda row: {"id": row.pk, "service": row.service.key, **cookie_data(row)}, asked)


class RulesView(AdminView):
    """The services that are held, or let run, against a regime's default."""

    tag = "rules"
    does = {"GET": Does("list_rules", May.VIEW, OverrideOut, query=Query, page=True)}

    def get(self, request: Request, site: UUID) -> Response:
        rows = RuleOverride.objects.filter(service__site=self.own).select_related("service")
        return self.page(rows, "id", rule_data, self.asked(Query))


def rule_data(row: RuleOverride) -> dict[str, Any]:
    about = {"id": row.pk, "service": row.service.key, "regime": row.regime}
    return {**about, "state": row.state, "reason": row.reason}


class RuleView(AdminView):
    """One service in one regime, against the regime's default, with the reason."""

    tag = "rules"
    does = {
        "GET": Does("read_rule", May.VIEW, OverrideOut),
        "PUT": Does("set_rule", May.EDIT, OverrideOut, body=OverrideIn, guarded=True, makes=True),
        "DELETE": Does("delete_rule", May.EDIT, guarded=True),
    }

    def _service(self, key: str) -> Service:
        row: Service = found(self.own.services.filter(key=key).first())
        return row

    def _read(self, key: str, regime: str) -> dict[str, Any] | None:
        row = RuleOverride.objects.filter(service__site=self.own, service__key=key, regime=regime).first()
        return rule_data(row) if row else None

    def get(self, request: Request, site: UUID, key: str, regime: str) -> Response:
        return self.shown(found(self._read(key, regime)))

    def put(self, request: Request, site: UUID, key: str, regime: str) -> Response:
        service, data = self._service(key), self.given(OverrideIn)
        if table.regime_of(regime) not in table.REGIMES:
            raise InvalidChange(f"There is no regime {regime!r}.")
        return self.change(
            lambda: self._read(key, regime),
            lambda: actions.set_override(service, regime, data["state"], data["reason"], self.actor),
        )

    def delete(self, request: Request, site: UUID, key: str, regime: str) -> Response:
        service = self._service(key)
        found(self._read(key, regime))
        return self.change(
            lambda: self._read(key, regime), lambda: actions.set_override(service, regime, None, "", self.actor)
        )


class JurisdictionsView(AdminView):
    """The operator's corrections of the table of laws."""

    tag = "rules"
    does = {"GET": Does("list_jurisdictions", May.VIEW, JurisdictionOut, query=Query, page=True)}

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(self.own.jurisdiction_overrides.all(), "id", jurisdiction_data, self.asked(Query))


def jurisdiction_data(row: Any) -> dict[str, Any]:
    return {"id": row.pk, "place": row.jurisdiction, "columns": row.fields, "reason": row.reason}


class JurisdictionView(AdminView):
    """The correction of one row of the table, with the reason."""

    tag = "rules"
    does = {
        "GET": Does("read_jurisdiction", May.VIEW, JurisdictionOut),
        "PUT": Does("set_jurisdiction", May.EDIT, JurisdictionOut, body=JurisdictionIn, guarded=True, makes=True),
        "DELETE": Does("delete_jurisdiction", May.EDIT, guarded=True),
    }

    def _read(self, place: str) -> dict[str, Any] | None:
        row = self.own.jurisdiction_overrides.filter(jurisdiction=place).first()
        return jurisdiction_data(row) if row else None

    def get(self, request: Request, site: UUID, place: str) -> Response:
        return self.shown(found(self._read(place)))

    def put(self, request: Request, site: UUID, place: str) -> Response:
        data = self.given(JurisdictionIn)

        def verb() -> None:
            try:
                override(self.own, self.actor, place, data["columns"], data["reason"])
            except ValueError as error:
                raise InvalidChange(str(error)) from None

        return self.change(lambda: self._read(place), verb)

    def delete(self, request: Request, site: UUID, place: str) -> Response:
        found(self._read(place))
        return self.change(lambda: self._read(place), lambda: remove_override(self.own, self.actor, place))


def found(value: Any) -> Any:
    """The value. Raises Http404 without one."""
    if value is None:
        raise Http404
    return value
