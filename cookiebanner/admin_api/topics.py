"""Topics: what people can choose beyond cookies, and in which words they are asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import Http404
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from consent.preferences import actions
from consent.preferences.models import Topic
from consent.sites.roles import May
from cookiebanner.admin_api.base import AdminView, Query, Strict
from cookiebanner.admin_api.openapi import Does
from cookiebanner.admin_api.sites import when

TEXTS = "{language: {name, text}}"


class TextIn(Strict):
    name = serializers.CharField(max_length=actions.LONGEST_NAME)
    text = serializers.CharField(max_length=actions.LONGEST_TEXT)


class TopicChanges(Strict):
    """What is not given stays. Kind and basis are what people agreed to, and stay."""

    channel = serializers.ChoiceField(Topic.Channel.choices, required=False, allow_blank=True)
    double_opt_in = serializers.BooleanField(required=False)
    order = serializers.IntegerField(min_value=0, max_value=999, required=False)


class TopicIn(TopicChanges):
    """A topic with its first wording."""

    key = serializers.SlugField(max_length=40)
    kind = serializers.ChoiceField(Topic.Kind.choices)
    basis = serializers.ChoiceField(Topic.Basis.choices)
    texts = serializers.DictField(child=TextIn(), help_text=TEXTS)


class WordingIn(Strict):
    texts = serializers.DictField(child=TextIn(), help_text=TEXTS)
    asks_again = serializers.BooleanField(
        required=False,
        default=False,
        help_text="It asks for something else: a yes to the versions before counts no more.",
    )


class TopicOut(serializers.Serializer):
    key = serializers.CharField()
    kind = serializers.CharField()
    basis = serializers.CharField()
    channel = serializers.CharField(allow_blank=True)
    double_opt_in = serializers.BooleanField()
    order = serializers.IntegerField()
    ended_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(help_text="Of the wording in force")
    sha256 = serializers.CharField(help_text="Of the wording in force, as the ledger has it")
    texts = serializers.DictField(child=TextIn())


def topic_data(topic: Topic) -> dict[str, Any]:
    last = topic.wordings.last()
    assert last is not None
    plain = ("key", "kind", "basis", "channel", "double_opt_in", "order")
    return {
        **{name: getattr(topic, name) for name in plain},
        "ended_at": when(topic.ended_at),
        "version": last.version,
        "sha256": last.sha256,
        "texts": last.texts,
    }


class TopicsView(AdminView):
    """The topics of a site. The texts of their wordings are entries of the ledger."""

    tag = "choices"
    does = {
        "GET": Does("list_topics", May.VIEW, TopicOut, query=Query, page=True),
        "POST": Does("add_topic", May.EDIT, TopicOut, body=TopicIn, status=201),
    }

    def get(self, request: Request, site: UUID) -> Response:
        return self.page(self.own.topics.all(), "pk", topic_data, self.asked(Query))

    def create(self, request: Request, **kwargs: Any) -> Response:
        topic = actions.add_topic(self.own, self.actor, **self.given(TopicIn))
        response = self.shown(topic_data(topic), 201)
        response["Location"] = f"{request.path}/{topic.key}"
        return response


class _OneTopic(AdminView):
    tag = "choices"

    def topic(self, key: str) -> Topic:
        found = self.own.topics.filter(key=key).first()
        if found is None:
            raise Http404
        return found

    def reader(self, key: str) -> Callable[[], dict[str, Any]]:
        """Reads it as it is shown."""
        return lambda: topic_data(self.topic(key))


class TopicView(_OneTopic):
    """One topic. DELETE ends it: nobody is asked any more, and nobody's yes counts; its entries stay."""

    does = {
        "GET": Does("read_topic", May.VIEW, TopicOut),
        "PATCH": Does("change_topic", May.EDIT, TopicOut, body=TopicChanges, guarded=True),
        "DELETE": Does("end_topic", May.EDIT, TopicOut, guarded=True),
    }

    def get(self, request: Request, site: UUID, key: str) -> Response:
        return self.shown(topic_data(self.topic(key)))

    def patch(self, request: Request, site: UUID, key: str) -> Response:
        changes = self.given(TopicChanges)
        topic = self.topic(key)
        return self.change(self.reader(key), lambda: actions.change_topic(topic, self.actor, **changes))

    def delete(self, request: Request, site: UUID, key: str) -> Response:
        topic = self.topic(key)
        return self.change(self.reader(key), lambda: actions.end_topic(topic, self.actor))


class WordingView(_OneTopic):
    """A new version of what people are asked. The same texts again are no new version."""

    does = {"PUT": Does("set_wording", May.EDIT, TopicOut, body=WordingIn, guarded=True)}

    def put(self, request: Request, site: UUID, key: str) -> Response:
        given = self.given(WordingIn)
        topic = self.topic(key)
        return self.change(self.reader(key), lambda: actions.set_wording(topic, self.actor, **given))
