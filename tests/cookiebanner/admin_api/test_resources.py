"""What the dashboard can do, by the API: over the same actions, with the same trail."""

from __future__ import annotations

import base64
import csv
import io
import json
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from consent.jobs import registry, runner
from consent.ledger import checkpoint, kept, search
from consent.models import AuditEvent, ConsentRecord, Invitation, Site
from consent.publishing.lint import RULES
from consent.sites import actions, queries
from tests import uploads
from tests.cookiebanner.admin_api.conftest import Program
from tests.cookiebanner.audit.test_audit import answer
from tests.values import present

pytestmark = pytest.mark.django_db


def verbs(site, number: int = 1) -> list[str]:
    return [event.verb for event in AuditEvent.objects.filter(site=site)[:number]]


def test_settings_hosts_and_the_kill_switch(program, shop):
    mine = program()
    read = mine.get("").json()
    assert (read["id"], read["hosts"], read["name"]) == (str(shop.uuid), ["shop.example"], "Tea shop")
    changed = mine.change("PATCH", "", {"languages": ["de", "en"], "record_path": True})
    assert (changed.status_code, changed.json()["languages"], changed.json()["record_path"]) == (
        200,
        ["de", "en"],
        True,
    )
    assert (changed.json()["name"], verbs(shop)) == ("Tea shop", ["site.settings"])
    hosts = mine.change("PUT", "hosts", {"hosts": ["shop.example", "tea.example"]})
    assert (hosts.json(), verbs(shop)) == ({"hosts": ["shop.example", "tea.example"]}, ["site.hosts"])
    killed = mine.post("kill", {"reason": "It breaks the till."})
    assert (killed.status_code, killed.json()["kill_reason"]) == (200, "It breaks the till.")
    assert mine.post("kill", {"reason": "again"}).status_code == 422
    assert (mine.post("revive").json()["killed_at"], verbs(shop, 2)) == (None, ["site.revive", "site.kill"])


def test_a_new_site_has_an_owner_and_a_token(program, people):
    mine = program()
    made = mine.post("/api/admin/v1/sites", {"hosts": ["www.new.example"], "cover_apex": True, "name": "New"})
    body = made.json()
    site = Site.objects.get(uuid=body["id"])
    assert (made.status_code, made["Location"], body["hosts"]) == (
        201, f"/api/admin/v1/sites/{site.uuid}", ["new.example", "www.new.example"],
    )  # fmt: skip
    assert queries.role_of(people["alice"], site) == "owner"
    assert Program(body["secret"], site).get("").json()["name"] == "New"
    assert mine.get(made["Location"]).status_code == 404  # each token has one site
    assert [one["name"] for one in mine.get("/api/admin/v1/sites").json()["items"]] == ["Tea shop"]


def test_the_catalogue_is_edited(program, shop):
    mine = program()
    body: dict[str, Any] = {
        "name": "Matomo", "category": "C0002", "patterns": ["matomo.example"], "statistics": True, "exempt_in": ["FR"],
        "cookies": [{"name": "_pk*", "lifetime_days": 390, "purpose": "Counts", "texts": {"de": "Zählt"}}],
    }  # fmt: skip
    made = mine.post("services", body).json()
    assert made.items() >= {k: v for k, v in body.items() if k != "cookies"}.items()
    assert made["cookies"] == [{"kind": "cookie", "lifetime": "", **body["cookies"][0]}]
    assert mine.get("services/matomo").json() == made
    changed = mine.change("PATCH", "services/matomo", {"cookies": [], "category": "C0003"}).json()
    assert (changed["cookies"], changed["category"], changed["patterns"]) == ([], "C0003", ["matomo.example"])
    rule = mine.ask("PUT", "services/matomo/rules/us_optout", {"state": "hold", "reason": "To be sure"})
    assert (rule.status_code, mine.get("services/matomo").json()["overrides"]) == (
        201, {"us_optout": {"state": "hold", "reason": "To be sure"}},
    )  # fmt: skip
    assert mine.ask("PUT", "services/matomo/rules/nowhere", {"state": "hold", "reason": "x"}).status_code == 422
    assert [row["service"] for row in mine.get("rules").json()["items"]] == ["matomo"]
    assert mine.change("DELETE", "services/matomo/rules/us_optout").status_code == 204
    assert mine.change("DELETE", "services/matomo").status_code == 204
    assert verbs(shop, 3) == ["service.delete", "service.override", "service.override"]
    purpose = mine.ask("PUT", "purposes/newsletter", {"legal_basis": "consent", "texts": {"en": {"name": "News"}}})
    assert (purpose.status_code, purpose.json()["category"]) == (201, None)
    assert mine.change("PUT", "purposes/newsletter", {"category": "C0003"}).json()["category"] == "C0003"
    assert mine.change("DELETE", "purposes/newsletter").status_code == 204
    assert len(mine.get("categories").json()["items"]) == 5
    kept = mine.change("PUT", "categories/C0002", {"position": 9}).json()
    assert (kept["position"], kept["consent_mode"]) == (9, ["analytics_storage"])


def test_laws_are_corrected(program, shop):
    mine = program()
    wrong = mine.ask("PUT", "jurisdictions/FR", {"columns": {"preset": "nowhere"}, "reason": "x"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "refused")
    made = mine.ask("PUT", "jurisdictions/FR", {"columns": {"reject_first_layer": "must"}, "reason": "Counsel"})
    assert (made.status_code, made.json()["place"]) == (201, "FR")
    assert [row["place"] for row in mine.get("jurisdictions").json()["items"]] == ["FR"]
    assert mine.change("DELETE", "jurisdictions/FR").status_code == 204
    assert verbs(shop, 2) == ["jurisdiction.override_removed", "jurisdiction.overridden"]


def test_the_banner_and_its_words(program, shop):
    mine = program()
    look = mine.change("PATCH", "banner", {"layout": "bar", "theme": {"accent": "#aa0000", "radius": 4}}).json()
    assert look == {
        "layout": "bar", "position": "bottom", "theme": {"accent": "#aa0000", "radius": 4}, "floating_button": True,
        "css": "",
    }  # fmt: skip
    words = mine.change("PATCH", "texts/en", {"texts": {"title": "Tea and cookies"}}).json()
    mine.change("PATCH", "texts/en?regime=eu_opt_in", {"texts": {"title": "Only here"}})
    assert words == {"texts": {"title": "Tea and cookies"}}
    assert mine.get("texts").json()["texts"] == {"en": words["texts"], "en@eu_opt_in": {"title": "Only here"}}
    assert mine.change("PATCH", "texts/en", {"texts": {"title": ""}}).json() == {"texts": {}}
    assert mine.change("PATCH", "texts/en", {"texts": {"nothing": "x"}}).status_code == 422


def test_a_logo_is_uploaded_shown_and_can_not_be_removed_meanwhile(program, shop):
    mine = program()
    made = mine.post("banner-files", {"name": "logo.png", "content": base64.b64encode(uploads.png(3, 2)).decode()})
    logo = made.json()
    assert (made.status_code, logo["name"], logo["content_type"]) == (201, "logo.png", "image/png")
    assert mine.get("banner-files").json() == {"files": [logo]}
    rules = "#onetrust-policy { color: #123456 }"
    look = mine.change(
        "PATCH", "banner", {"theme": {"logo": logo["sha256"], "dark_link": "#ffffff"}, "css": rules}
    ).json()
    assert (look["theme"], look["css"]) == ({"logo": logo["sha256"], "dark_link": "#ffffff"}, rules)
    for wrong in ({"css": "a { background: url(https://x.example/) }"}, {"theme": {"logo": "0" * 64}}):
        assert mine.change("PATCH", "banner", wrong).status_code == 422
    for content in ("###", base64.b64encode(b"<svg/>").decode()):
        assert mine.post("banner-files", {"name": "logo.png", "content": content}).status_code == 422
    address = f"banner-files/{logo['id']}"
    assert mine.change("DELETE", address).status_code == 422
    mine.change("PATCH", "banner", {"theme": {}})
    assert mine.change("DELETE", address).status_code == 204
    assert (mine.get("banner-files").json(), mine.get(address).status_code) == ({"files": []}, 404)


def test_from_the_draft_to_a_release_and_back(program, shop):
    mine = program()
    assert mine.post("releases", {}).json() | {"title": ""} == {
        "type": "about:blank", "status": 409, "code": "unchanged", "title": "", "release": 1,
    }  # fmt: skip
    mine.change("DELETE", "services/adverts")
    draft = mine.get("draft").json()
    assert (draft["release"], draft["changed"]) == (1, True)
    first = draft["differences"][0]["changes"][0]
    assert (first["kind"], "Adverts" in first["what"]) == ("gone", True)
    assert mine.get("draft/lint").json()["may_be_published"] is True
    made = mine.post("releases", {"note": "Without adverts"}).json()
    assert (made["number"], made["sha256"], made["note"]) == (2, draft["sha256"], "Without adverts")
    assert mine.get("releases/2").json()["differences"] == draft["differences"]
    back = mine.post("releases/1/rollback", {}).json()
    assert (back["number"], back["rolled_back_to"]) == (3, 1)
    assert [row["number"] for row in mine.get("releases?limit=2").json()["items"]] == [3, 2]
    assert mine.get("releases/3?against=1").json()["differences"] == []
    assert verbs(shop, 2) == ["release.rollback", "release.publish"]


def test_what_lint_refuses_is_refused_with_its_findings_and_may_be_signed_off(program, shop):
    assert RULES
    mine = program()
    mine.change("PATCH", "", {"policy_url": ""})
    refused = mine.post("releases", {})
    found = [one for one in refused.json()["findings"] if one["severity"] == "block"]
    assert (refused.status_code, refused.json()["code"], bool(found)) == (422, "blocked", True)
    assert mine.get("draft/lint").json()["findings"] == refused.json()["findings"]
    for rule in {one["rule"] for one in found}:
        signed = mine.post("waivers", {"rule": rule, "signed_by": "Dr. Ada Counsel", "reason": "It is on the page."})
        assert signed.status_code == 201
    assert mine.get("draft/lint").json()["may_be_published"] is True
    row = mine.get("waivers").json()["items"][0]
    assert mine.change("DELETE", f"waivers/{row['id']}").status_code == 204
    assert mine.get("draft/lint").json()["may_be_published"] is False


def test_a_release_is_planned_and_taken_back(program, shop):
    mine = program()
    mine.change("DELETE", "services/adverts")
    assert mine.post("publish-requests", {"note": "x"}).json()["errors"][0]["pointer"] == "#/publish_at"
    at = (timezone.now() + timedelta(days=1)).isoformat()
    asked = mine.post("publish-requests", {"publish_at": at}).json()
    assert (asked["number"], asked["outcome"]) == (2, "")
    assert mine.post("publish-requests", {"publish_at": at}).status_code == 422
    ended = mine.post(f"publish-requests/{asked['id']}/end", {"why": "Not yet"}).json()
    assert (ended["outcome"], ended["why"]) == ("withdrawn", "Not yet")
    assert mine.get("publish-requests").json()["items"] == [ended]
    assert verbs(shop, 2) == ["release.withdraw", "release.ask"]


def test_figures(program, shop):
    mine, today = program("view"), timezone.now().date().isoformat()
    found = mine.get(f"stats?from={today}&to={today}").json()
    assert (found["total"]["answers"], found["total"]["accept"], found["rows"][0]["name"]) == (10, 6, today)
    assert mine.get(f"stats?from={today}&to={today}&by=jurisdiction").json()["rows"][0]["name"] == "DE"
    assert mine.get("stats?from=2026-01-01&to=2028-01-01").status_code == 400


def test_records_are_found_exported_and_erased(program, shop):
    visitor, other = uuid4(), uuid4()
    ids = [answer(shop, visitor), answer(shop, visitor), answer(shop, other)]
    mine = program()
    found = mine.get(f"records?visitor={visitor}").json()["items"]
    assert [row["id"] for row in found] == [str(one) for one in reversed(ids[:2])]
    assert mine.get(f"records?id={ids[2]}").json()["items"][0]["visitor"] == str(other)
    assert mine.get(f"records/{found[0]['index']}").json() == found[0]
    assert found[0]["record"]["choices"]["categories"]
    today = timezone.now().date().isoformat()
    assert len(mine.get(f"records?action=accept_all&from={today}&to={today}&limit=2").json()["items"]) == 2
    assert mine.get("records?to=2020-01-01").json()["items"] == []
    assert len(mine.get("records?from=0001-01-01&to=9999-12-31&action=accept_all").json()["items"]) == 3
    asked = mine.post("exports", {"format": "csv", "from": today, "to": today})
    assert (asked.status_code, asked.json()["state"], asked.json()["file"]) == (202, "waiting", False)
    early = mine.get(f"exports/{asked.json()['id']}/file?format=bin", Accept="application/octet-stream")
    assert (early.status_code, early["Content-Type"]) == (404, "application/problem+json")
    assert json.loads(early.content)["code"] == "not_found"
    registry.discover()
    runner.work_off(periodic=False)
    done = mine.get(asked["Location"]).json()
    assert (done["state"], done["records"], done["file"]) == ("done", 3, True)
    taken = mine.get(f"exports/{done['id']}/file")
    rows = list(csv.DictReader(io.StringIO(b"".join(taken.streaming_content).decode("utf-8-sig"))))
    assert len(rows) == 3
    assert mine.ask("DELETE", f"exports/{done['id']}").status_code == 422
    assert verbs(shop, 3) == ["export.download", "export", "export.request"]
    assert mine.post("erasures", {"visitor": str(uuid4())}).status_code == 404
    assert mine.post("erasures", {"visitor": str(visitor), "reason": "ada@example.net asked"}).status_code == 422
    gone = mine.post("erasures", {"record": str(ids[0])}).json()
    assert (gone["records"], len(gone["entries"]), gone["exports"]) == (2, 1, 1)
    assert ConsentRecord.objects.filter(site_id=shop.pk, visitor=visitor).count() == 0
    assert mine.get(f"records/{found[0]['index']}").json()["record"] is None


def test_a_search_for_what_has_no_index_reads_a_stretch_of_the_log_at_a_time(program, shop, monkeypatch):
    monkeypatch.setattr(search, "WINDOW", 4)
    rare = [answer(shop, uuid4(), action="close")]
    for _ in range(6):
        answer(shop, uuid4())
    rare.append(answer(shop, uuid4(), action="close"))
    for _ in range(5):
        answer(shop, uuid4())
    mine, address, pages = program("export"), "records?action=close&limit=1", []
    while address:
        page = mine.get(address).json()
        pages.append([row["id"] for row in page["items"]])
        address = page["next"]
    assert [row for page in pages for row in page] == [str(one) for one in reversed(rare)]
    assert len(pages) == 4
    assert [] in pages
    today = timezone.now().date().isoformat()
    assert mine.get(f"records?action=close&to=2020-01-01&from={today}").json() == {"items": [], "next": None}


def test_the_team(program, shop, people, settings):
    mine = program()
    assert mine.post("invitations", {"email": "new@example.net", "role": "editor"}).status_code == 422  # no mail here
    settings.FAIRGATE_URL = "https://consent.example.net"
    asked = mine.post("invitations", {"email": "new@example.net", "role": "editor"}).json()
    assert (asked["email"], asked["inviter"], asked["sent_at"]) == ("new@example.net", "alice@example.net", None)
    assert mine.post(f"invitations/{asked['id']}/resend").status_code == 200
    assert mine.ask("DELETE", f"invitations/{asked['id']}").status_code == 204
    assert (mine.get("invitations").json()["items"], Invitation.objects.get().withdrawn_at is None) == ([], False)
    members = {row["email"]: row for row in mine.get("members").json()["items"]}
    assert {email: row["role"] for email, row in members.items()} == {
        "alice@example.net": "owner", "bob@example.net": "editor", "vera@example.net": "viewer",
        "dana@example.net": "auditor",
    }  # fmt: skip
    bob, me = (f"members/{people[name].pk}" for name in ("bob", "alice"))
    assert mine.change("PUT", bob, {"role": "viewer"}).json()["role"] == "viewer"
    assert mine.change("DELETE", bob).status_code == 204
    assert mine.change("DELETE", me).status_code == 422  # the last owner
    assert [event["verb"] for event in mine.get("trail?limit=2").json()["items"]] == ["member.remove", "member.role"]
    assert {event["actor"] for event in mine.get("trail?verb=member.role&actor=alice@example.net").json()["items"]} == {
        "alice@example.net"
    }


def test_the_webhook(program, shop):
    mine = program()
    assert mine.post("webhook/secret").status_code == 422
    assert mine.change("PATCH", "webhook", {"url": "http://127.0.0.1/x"}).status_code == 422
    made = mine.change("PATCH", "webhook", {"url": "https://crm.example/fairgate"}).json()
    assert (made["url"], made["waiting"]) == ("https://crm.example/fairgate", 0)
    shop.refresh_from_db()
    secret = mine.post("webhook/secret").json()["secret"]
    assert secret == actions.webhook_of(shop).secret


def test_a_ledger_that_takes_no_entries_is_told(program, shop):
    visitor = uuid4()
    answer(shop, visitor)
    lines = present(checkpoint.make(shop)).note.split("\n")
    kept.keep(str(shop.uuid), "\n".join([lines[0], str(int(lines[1]) + 5), *lines[2:]]))  # a larger tree was signed
    told = program().post("erasures", {"visitor": str(visitor)})
    assert (told.status_code, told.json()["code"], told["Retry-After"]) == (503, "log_restarted", "60")
    assert ConsentRecord.objects.filter(visitor=visitor).count() == 1
