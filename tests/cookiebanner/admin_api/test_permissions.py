"""Every address and method of the API × role × scope × own and foreign site. Read from the running product."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from consent.models import LogEntry
from consent.publishing import actions as publishing
from consent.requests import actions as requests
from consent.sites import actions
from consent.sites.roles import MATRIX, May, can
from cookiebanner.admin_api.errors import CODES
from cookiebanner.admin_api.openapi import Does
from tests.cookiebanner.admin_api.conftest import Program
from tests.cookiebanner.dashboard.conftest import SECRET
from tests.cookiebanner.staff.test_tenants import everything
from tests.values import present

pytestmark = pytest.mark.django_db
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
ROLES = {"alice": "owner", "bob": "editor", "dana": "auditor", "vera": "viewer", "carol": "clerk"}
Route = tuple[str, tuple[str, ...], dict[str, Does]]


def routes(patterns: Any = None, names: tuple[str, ...] = ()) -> list[Route]:
    """(name, the names of its ids, what its methods do)."""
    found: list[Route] = []
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        ids = (*names, *pattern.pattern.converters)
        if isinstance(pattern, URLResolver):
            if patterns is not None or pattern.app_name == "admin_api":
                found += routes(pattern.url_patterns, ids)
        elif isinstance(pattern, URLPattern) and patterns is not None:
            found.append((pattern.name or "", ids, pattern.callback.cls.does))  # type: ignore[attr-defined]
    return found


OPERATIONS = [(name, ids, method, does) for name, ids, all_ in routes() for method, does in all_.items()]


def address(name: str, ids: tuple[str, ...], site: Any, things: dict[str, Any] | None = None) -> str:
    """With ids of nothing, or of `things`."""
    nothing = {"key": "nothing", "regime": "eu_opt_in", "place": "DE", "language": "de", "subject": UUID(int=7)}
    values = {one: nothing.get(one, 4_000_000_000) for one in ids} | (things or {})
    return reverse(f"admin_api:{name}", kwargs={one: values[one] for one in ids if one != "site"} | (
        {"site": site.uuid} if "site" in ids else {}
    ))  # fmt: skip


def test_the_walk_knows_every_operation():
    names = [does.name for *_, does in OPERATIONS]
    assert len(names) == len(set(names)) > 70
    assert {"read_own_token", "publish", "erase", "download_export", "remove_member"} < set(names)


@pytest.mark.parametrize("who", sorted(ROLES))
def test_the_role_of_whoever_made_the_token_bounds_it(program, shop, clerk, who):
    mine = program(by=who)
    for name, ids, method, does in OPERATIONS:
        allowed = does.may is None or can(ROLES[who], does.may)
        answer = mine.ask(method, address(name, ids, shop))
        assert (does.name, answer.status_code == 403) == (does.name, not allowed), answer.content
        assert (does.name, answer.status_code in (401, 405, 500)) == (does.name, False)


def test_the_scope_bounds_it(program, shop):
    alone = {scope: program(scope) for scope in May}
    without = {scope: program(*(other for other in May if other != scope)) for scope in May}
    for name, ids, method, does in OPERATIONS:
        if does.may is None:
            continue
        at = address(name, ids, shop)
        assert (does.name, alone[does.may].ask(method, at).status_code == 403) == (does.name, False)
        answer = without[does.may].ask(method, at)
        wanted = (does.name, 403, "missing_scope", does.may)
        assert (does.name, answer.status_code, answer.json()["code"], answer.json()["scope"]) == wanted


def test_without_a_living_token_nothing_opens(shop, program, alice):
    from datetime import timedelta

    from django.utils import timezone

    old = program(expires_at=timezone.now() - timedelta(seconds=1))
    revoked = program()
    actions.revoke_token(shop.tokens.get(prefix=revoked.text.split("_")[1]), "x")
    dead = (old.text, revoked.text, "fg_aaaaaaaaaaaa_nothing")
    for number, (name, ids, method, does) in enumerate(OPERATIONS):
        at = address(name, ids, shop)
        for text in (dead[number % 3], ""):
            answer = Program(text, shop).ask(method, at)
            wanted = "invalid_token" if text else "token_needed"
            assert (does.name, answer.status_code, answer.json()["code"]) == (does.name, 401, wanted)
            assert answer["WWW-Authenticate"].startswith("Bearer")
        assert (does.name, alice.generic(method, at).status_code) == (does.name, 401)  # a login is no token


def test_another_method_is_not_there(program, shop):
    mine = program()
    for name, ids, does in routes():
        for method in (*METHODS, "OPTIONS", "TRACE"):
            if method not in does:
                assert (name, method, mine.ask(method, address(name, ids, shop)).status_code) == (name, method, 405)


@pytest.fixture
def theirs(foreign, people) -> dict[str, Any]:
    """Charlie's things, by the id that an address asks for."""
    waiver = publishing.waive(foreign, "L01", "", SECRET, SECRET, "x")
    actions.change_settings(foreign, "x", controller=f"{SECRET} Ltd")
    wanted = publishing.ask_to_publish(foreign, "x", SECRET)
    invitation = actions.invite(foreign, "zebracorn@example.net", "editor", "x", people["charlie"])
    given: dict[str, Any] = {"kind": "access", "place": "DE", "language": "en", "actor": "x"}
    asked = requests.file_request(foreign, name=SECRET, details=SECRET, **given)
    job = foreign.jobs.create(kind="export", run_after=wanted.requested_at, params={"format": "csv"})
    return {
        "key": "zebracorn", "number": 1, "user": people["charlie"].pk, "token": foreign.tokens.get().pk, "job": job.pk,
        "asked": asked.number, "invitation": invitation.pk, "wanted": wanted.pk, "waiver": waiver.pk,
        "index": present(LogEntry.objects.filter(site_id=foreign.pk).order_by("index").first()).index,
    }  # fmt: skip


def test_a_foreign_site_is_not_there_and_its_things_are_not_reached_below_ones_own(program, shop, foreign, theirs):
    mine, before = program(), everything(foreign)
    body = {
        "name": "Taken", "role": "owner", "email": "t@example.net", "reason": "taken", "hosts": ["taken.example"],
        "scopes": ["view"], "url": "", "category": "C0001", "state": "hold", "note": "taken", "languages": ["en"],
    }  # fmt: skip
    for name, ids, method, does in OPERATIONS:
        if "site" not in ids:
            continue
        answer = mine.ask(method, address(name, ids, foreign, theirs), body if method != "GET" else None, If_Match="*")
        assert (does.name, answer.status_code) == (does.name, 404)
        taken = does.body and {key: body[key] for key in does.body().fields if key in body}
        answer = mine.ask(method, address(name, ids, shop, theirs), taken or None, If_Match="*")
        assert (does.name, SECRET in str(getattr(answer, "content", ""))) == (does.name, False)
    assert everything(foreign) == before


def test_a_token_ends_with_its_makers_membership(program, shop, people):
    mine = program("view", "edit", by="bob")
    assert mine.get("services").status_code == 200
    actions.set_role(shop, people["bob"], "viewer", "x")
    assert (mine.get("services").status_code, mine.post("services", {}).status_code) == (200, 403)
    actions.remove_member(shop, people["bob"], "x")
    assert mine.get("services").status_code == 403


def test_a_token_of_the_servers_own_command_may_what_its_scopes_say(shop):
    _, text = actions.create_token(shop, "ops", ["view"], "command")
    mine = Program(text, shop)
    assert (mine.get("").status_code, mine.post("kill", {"reason": "x"}).status_code) == (200, 403)


def test_older_scopes_open_nothing(program, shop):
    mine = program("view")
    shop.tokens.update(scopes=["read", "write"])
    assert mine.get("").status_code == 403


def test_every_role_and_scope_is_of_one_matrix():
    assert actions.SCOPES == ("audit", *May)
    assert set(ROLES.values()) == set(MATRIX)


def table() -> str:
    """The table of docs/admin-api.md."""
    lines = ["| method and path | name | scope |", "|---|---|---|"]
    for name, ids, method, does in OPERATIONS:
        at = "/" + str(_pattern(name, ids)).replace("api/admin/v1/", "")
        lines.append(f"| `{method} {at}` | `{does.name}` | {f'`{does.may}`' if does.may else 'any'} |")
    return "\n".join(lines)


def _pattern(name: str, ids: tuple[str, ...]) -> str:
    import re

    def walk(patterns: Any, before: str) -> Any:
        for pattern in patterns:
            at = before + str(pattern.pattern)
            if isinstance(pattern, URLResolver):
                yield from walk(pattern.url_patterns, at)
            else:
                yield pattern.name, at

    [resolver] = [one for one in get_resolver().url_patterns if getattr(one, "app_name", "") == "admin_api"]
    found = dict(walk([resolver], ""))[name]
    return re.sub(r"<\w+:(\w+)>", r"{\1}", found)


def test_the_documented_table_is_the_running_one():
    text = (Path(__file__).resolve().parents[3] / "docs" / "admin-api.md").read_text()
    assert table() in text


def codes() -> str:
    """The other table of docs/admin-api.md."""
    rows = [f"| {row.status} | `{code}` | {row.title} |" for code, row in CODES.items()]
    return "\n".join(["| status | code | |", "|---|---|---|", *rows])


def test_the_documented_codes_are_those_that_are_answered():
    text = (Path(__file__).resolve().parents[3] / "docs" / "admin-api.md").read_text()
    assert codes() in text
