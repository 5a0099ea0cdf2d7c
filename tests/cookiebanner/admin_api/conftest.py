"""The dashboard's people, and programs that act for them."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from consent.sites import actions
from consent.sites.models import Site
from tests.cookiebanner.dashboard.conftest import (  # noqa: F401
    alice,
    clerk,
    foreign,
    login,
    people,
    shop,
)

V1 = "/api/admin/v1/"


class Program:
    """A client with one token."""

    def __init__(self, text: str, site: Site) -> None:
        self.text, self.at = text, f"{V1}sites/{site.uuid}/"
        self.client = Client()

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """`path` below the site, or an address. Headers with _ for -."""
        sent = {"Authorization": f"Bearer {self.text}", **{k.replace("_", "-"): v for k, v in headers.items()}}
        address = path if path.startswith("/") else self.at + path if path else self.at.rstrip("/")
        more = {} if body is None else {"data": json.dumps(body), "content_type": "application/json"}
        return self.client.generic(method, address, headers=sent, **more)  # type: ignore[arg-type]

    def get(self, path: str, **headers: str) -> Any:
        return self.ask("GET", path, **headers)

    def post(self, path: str, body: Any = None, **headers: str) -> Any:
        return self.ask("POST", path, body, **headers)

    def change(self, method: str, path: str, body: Any = None) -> Any:
        """With the ETag that it reads first."""
        return self.ask(method, path, body, If_Match=self.get(path).headers["ETag"])


@pytest.fixture
def program(people, shop):  # noqa: F811
    """A program with the scopes (all without any), made by this person."""

    def make(*scopes: str, by: str = "alice", site: Site | None = None, **more: Any) -> Program:
        of = site or shop
        wanted = scopes or actions.SCOPES
        _, text = actions.create_token(of, "CI", wanted, f"{by}@example.net", made_by=people[by], **more)
        return Program(text, of)

    return make
