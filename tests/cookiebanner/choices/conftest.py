"""Tea shop asks two things; mail goes to a real SMTP server on this machine."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pytest
from django.test import Client

from consent.models import Site, Topic
from consent.preferences.actions import add_topic
from consent.preferences.subjects import subject_of
from tests import kept_rows
from tests.cookiebanner.requests.conftest import (  # noqa: F401
    alice,
    an_address,
    foreign,
    login,
    mailbox,
    open_shop,
    people,
    shop,
)

NEWS = {"en": {"name": "News", "text": "Offers, twice a month."}, "de": {"name": "Neues", "text": "Zweimal im Monat."}}
CALLS = {"en": {"name": "Calls", "text": "We call you."}}


@pytest.fixture
def topics(shop) -> dict[str, Topic]:  # noqa: F811
    kept_rows.write("topics", lambda: add_topics(shop))
    return {topic.key: topic for topic in Topic.objects.filter(site=shop)}


def add_topics(shop) -> None:  # noqa: F811
    more: dict[str, Any] = {"channel": "email"}
    add_topic(shop, "x", key="news", kind="email", basis="opt_in", texts=NEWS, **more)
    add_topic(shop, "x", key="calls", kind="phone", basis="opt_out", texts=CALLS)


@pytest.fixture
def ada(shop) -> UUID:  # noqa: F811
    return subject_of(shop, "ada@example.org")


class Stranger(Client):
    """A browser or a mail program without cookies, that checks CSRF as a real request would."""

    def __init__(self) -> None:
        super().__init__(enforce_csrf_checks=True)

    def request(self, **more: Any) -> Any:
        """Nothing here may set a cookie."""
        response = super().request(**more)
        assert not response.cookies
        return response


@pytest.fixture
def stranger() -> Stranger:
    return Stranger()


def states(site: Site) -> dict[str, str]:
    from consent.models import ChoiceState

    return dict(ChoiceState.objects.filter(site=site).order_by("topic__key").values_list("topic__key", "value"))
