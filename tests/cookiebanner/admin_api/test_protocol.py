"""What every address does beside its own work: limits, ETags, idempotency keys, pages, problems."""

from __future__ import annotations

import base64
import json
import re
from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from consent.catalogue.actions import add_service, update_service
from consent.jobs import registry, runner
from consent.jobs.actions import enqueue
from consent.models import ApiToken, AuditEvent, IdempotencyKey
from consent.sites import actions, queries
from cookiebanner.admin_api.errors import CODES
from cookiebanner.visitors import rate_limit
from tests.values import present

pytestmark = pytest.mark.django_db


def test_the_limit_is_told_and_kept_for_each_token(program, shop, settings, monkeypatch):
    settings.FAIRGATE_API_LIMIT = 3
    mine, other = program("view"), program("view")
    told = [mine.get("").headers["RateLimit"] for _ in range(3)]
    assert told == ['"token";r=2;t=60', '"token";r=1;t=60', '"token";r=0;t=60']
    refused = mine.get("")
    assert (refused.status_code, refused.json()["code"]) == (429, "rate_limited")
    assert refused.headers["RateLimit-Policy"] == '"token";q=3;w=60'
    wait = int(refused.headers["Retry-After"])
    assert 0 < wait <= 61 and refused.headers["RateLimit"] == f'"token";r=0;t={wait}'
    assert other.get("").status_code == 200
    assert mine.get("services", X="y").status_code == 429


def test_strangers_are_limited_by_address(program, shop, settings):
    settings.FAIRGATE_API_LIMIT = 2
    stranger = type(program("view"))("fg_aaaaaaaaaaaa_wrong", shop)
    assert [stranger.get("").status_code for _ in range(3)] == [401, 401, 429]


def test_no_limit_is_no_header(program, settings):
    settings.FAIRGATE_API_LIMIT = 0
    answer = program("view").get("")
    assert (answer.status_code, "RateLimit" in answer.headers) == (200, False)


def test_the_table_of_limits_tells_what_is_left_and_counts_nothing():
    from cookiebanner.visitors.rate_limit_table import RateLimitTable

    table = RateLimitTable()
    assert table.left("a", 5, now=0) == 5
    assert [table.wait("a", 5, now=0) for _ in range(2)] == [0, 0]
    assert (table.left("a", 5, now=1), table.left("a", 5, now=1), table.left("b", 5, now=1)) == (3, 3, 5)
    assert table.left("a", 5, now=200) == 5
    assert rate_limit.rate_limit is not table


def test_last_use_is_kept_and_the_trail_names_the_token(program, shop, people):
    mine = program("view", "edit")
    row = ApiToken.objects.get(prefix=mine.text.split("_")[1])
    assert row.last_used_at is None
    made = mine.post("services", {"name": "Matomo", "category": "C0002", "patterns": ["matomo.example"]})
    assert (made.status_code, made["Location"]) == (201, f"/api/admin/v1/sites/{shop.uuid}/services/matomo")
    row.refresh_from_db()
    assert row.last_used_at is not None
    event = AuditEvent.objects.filter(site=shop).first()
    assert event is not None
    assert (event.verb, event.actor) == ("service.add", f"CI (token fg_{row.prefix})")
    assert queries.person_of(event.actor) == "alice@example.net"
    own = mine.get("/api/admin/v1/token").json()
    assert (own["role"], own["made_by"], own["scopes"]) == ("owner", "alice@example.net", ["edit", "view"])


def test_a_change_needs_what_was_read(program, shop):
    mine = program()
    read = mine.get("services/counter")
    tag = read.headers["ETag"]
    assert mine.get("services/counter", If_None_Match=tag).status_code == 304
    assert mine.ask("PATCH", "services/counter", {"company": "A"}).json()["code"] == "if_match_needed"
    update_service(shop.services.get(key="counter"), "bob", company="Bob's")
    late = mine.ask("PATCH", "services/counter", {"company": "A"}, If_Match=tag)
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    assert shop.services.get(key="counter").company == "Bob's"
    done = mine.change("PATCH", "services/counter", {"company": "A"})
    assert (done.status_code, done.json()["company"]) == (200, "A")
    assert done.headers["ETag"] == mine.get("services/counter").headers["ETag"] != tag


def test_a_put_that_makes_needs_no_etag_and_refuses_one(program, shop):
    mine = program()
    new = {"texts": {"en": {"name": "Chat", "description": "Talks."}}}
    assert mine.ask("PUT", "categories/C0009", new, If_Match='"x"').status_code == 412
    made = mine.ask("PUT", "categories/C0009", new)
    assert (made.status_code, made.json()["texts"]) == (201, new["texts"])
    assert mine.ask("PUT", "categories/C0009", new, If_None_Match="*").status_code == 412
    assert mine.ask("PUT", "categories/C0009", new).status_code == 428
    gone = mine.change("DELETE", "categories/C0009")
    assert (gone.status_code, mine.get("categories/C0009").status_code) == (204, 404)


def test_a_post_under_a_key_is_done_once(program, shop):
    mine, body = program(), {"name": "Matomo", "category": "C0002"}
    first = mine.post("services", body, Idempotency_Key="a")
    again = mine.post("services", body, Idempotency_Key="a")
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert (again["Idempotency-Replayed"], again["Location"]) == ("true", first["Location"])
    assert shop.services.filter(key="matomo").count() == 1
    other = mine.post("services", {**body, "name": "Other"}, Idempotency_Key="a")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert mine.post("kill", {"reason": "x"}, Idempotency_Key="a").status_code == 422
    assert program().post("services", {**body, "name": "Other"}, Idempotency_Key="a").status_code == 201


def test_a_refused_post_may_be_tried_again_under_its_key_and_a_running_one_is_waited_for(program, shop):
    mine, body = program(), {"name": "Counter", "category": "C0002"}
    assert mine.post("services", body, Idempotency_Key="a").status_code == 422  # is there already
    assert IdempotencyKey.objects.count() == 0
    assert mine.post("services", body, Idempotency_Key="a").status_code == 422
    assert mine.post("services", {**body, "name": "Two"}, Idempotency_Key="a").status_code == 201
    IdempotencyKey.objects.update(status=None)
    busy = mine.post("services", {**body, "name": "Two"}, Idempotency_Key="a")
    assert (busy.status_code, busy.json()["code"], busy["Retry-After"]) == (409, "in_progress", "1")


def test_a_key_is_kept_for_a_day(program, shop):
    mine = program()
    assert mine.post("services", {"name": "One", "category": "C0002"}, Idempotency_Key="a").status_code == 201
    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert mine.post("services", {"name": "Two", "category": "C0002"}, Idempotency_Key="a").status_code == 201
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    registry.discover()
    assert registry.periods()["idempotency_keys"] == 86_400
    enqueue("idempotency_keys")
    runner.work_off()
    assert IdempotencyKey.objects.count() == 0


def test_no_secret_is_kept_for_a_replay(program, shop):
    mine, body = program(), {"name": "Deploy", "scopes": ["publish"]}
    first = mine.post("tokens", body, Idempotency_Key="t").json()
    again = mine.post("tokens", body, Idempotency_Key="t").json()
    assert first["secret"].startswith(f"fg_{first['prefix']}_")
    assert again == {**first, "secret": ""}
    assert first["secret"].split("_", 2)[2] not in IdempotencyKey.objects.get().body


def test_lists_come_in_pages_that_neither_repeat_nor_leave_out(program, shop):
    for number in range(7):
        add_service(shop, "x", name=f"Service {number}", category="C0002")
    mine, seen, address = program("view"), [], "services?limit=4"
    while address:
        answer = mine.get(address)
        body = answer.json()
        seen += [row["key"] for row in body["items"]]
        assert len(body["items"]) <= 4
        link = re.fullmatch(r'<(.*)>; rel="next"', answer.headers.get("Link", ""))
        assert (link[1] if link else None) == body["next"]
        address = body["next"]
        if len(seen) == 4:
            add_service(shop, "x", name="Aaa", category="C0002")  # before what was read: moves nothing
    assert seen == sorted(set(seen)) and len(seen) == 9
    for path, after in (
        ("services", "nonsense"),
        ("releases", "x"),
        ("trail", 2**70),
        ("releases", None),
        ("tokens", [1]),
    ):
        written = after if after == "nonsense" else base64.urlsafe_b64encode(json.dumps(after).encode()).decode()
        wrong = mine.get(f"{path}?after={written}") if path != "tokens" else program().get(f"{path}?after={written}")
        assert (path, after, wrong.status_code) == (path, after, 400)
        assert wrong.json()["errors"][0]["pointer"] == "#/after"


def test_filters_filter_and_unknown_ones_are_refused(program, shop):
    mine = program("view")
    assert [row["key"] for row in mine.get("services?category=C0004").json()["items"]] == ["adverts"]
    assert [row["key"] for row in mine.get("services?q=count").json()["items"]] == ["counter"]
    assert [row["name"] for row in mine.get("cookies?service=counter").json()["items"]] == ["_c"]
    wrong = mine.get("services?categroy=C0004")
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (400, "#/categroy")


def test_problems_have_codes_of_the_table_and_point_to_the_wrong_value(program, shop):
    mine = program()
    cases = [
        (mine.post("services", {"name": "A", "category": "C0002", "cookies": [{"name": "a"}, {"kind": "x"}]}), "invalid"),
        (mine.client.post(mine.at + "services", "{", content_type="application/json",
                          headers={"Authorization": f"Bearer {mine.text}"}), "invalid_json"),
        (mine.post("services", {"name": "A\0", "category": "C0002"}), "invalid_json"),
        (mine.client.post(mine.at + "services", "a=1", content_type="text/plain",
                          headers={"Authorization": f"Bearer {mine.text}"}), "unsupported_media_type"),
        (mine.get("services", Accept="text/csv"), "not_acceptable"),
        (mine.get("services/nothing"), "not_found"),
        (mine.ask("PUT", "services"), "method_not_allowed"),
        (mine.post("services", {"name": "A", "category": "C0077"}), "refused"),
        (mine.post("releases/9/rollback", {}), "not_found"),
        (mine.get("/api/admin/v1/nothing"), "not_found"),
    ]  # fmt: skip
    for answer, code in cases:
        assert answer["Content-Type"] == "application/problem+json"
        body = json.loads(answer.content)
        assert (body["code"], body["status"]) == (code, answer.status_code), body
        assert CODES[code].status == answer.status_code
    pointers = {error["pointer"] for error in cases[0][0].json()["errors"]}
    assert pointers == {"#/cookies/1/name", "#/cookies/1/kind"}


def test_a_token_gives_on_no_more_than_it_has(program, shop):
    ends = timezone.now() + timedelta(days=10)
    mine = program("manage", "view", expires_at=ends)
    assert mine.post("tokens", {"name": "More", "scopes": ["publish"]}).status_code == 422
    made = mine.post("tokens", {"name": "Less", "scopes": ["view"], "days": 300}).json()
    row = ApiToken.objects.get(pk=made["id"])
    assert (row.expires_at, row.made_by, row.scopes) == (ends, present(queries.token_of(mine.text)).made_by, ["view"])
    assert [one["prefix"] for one in mine.get("tokens").json()["items"]][-1] == row.prefix
    assert (mine.ask("DELETE", f"tokens/{row.pk}").status_code, queries.token_of(made["secret"])) == (204, None)


def test_who_asks_by_a_token_can_not_approve_as_a_person(program, shop, people):
    from consent.common import InvalidChange
    from consent.publishing.actions import approve

    actions.change_settings(shop, "x", publish_needs_approval=True, controller="Other Ltd")
    mine, bobs = program(), program("publish", "view", by="bob")
    assert mine.post("releases", {}).json()["code"] == "needs_approval"
    asked = mine.post("publish-requests", {"note": "go"})
    assert asked.status_code == 201
    row = shop.publish_requests.get()
    with pytest.raises(InvalidChange):
        approve(row, "alice@example.net")
    assert mine.post(f"publish-requests/{row.pk}/approve").status_code == 422
    done = bobs.post(f"publish-requests/{row.pk}/approve")
    assert (done.status_code, done.json()["outcome"], shop.releases.count()) == (200, "published", 2)
