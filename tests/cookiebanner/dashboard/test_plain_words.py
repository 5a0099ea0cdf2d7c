"""Nothing that only a program reads stands where a marketer, an auditor or a visitor looks."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from django.contrib.auth import get_user_model
from django.urls import reverse

from consent.banners.actions import edit_banner, edit_texts
from consent.catalogue.actions import (
    add_service,
    delete_service,
    set_category,
    set_override,
    set_purpose,
    update_service,
)
from consent.jurisdictions.actions import override
from consent.ledger.models import LogEntry
from consent.publishing import actions as publishing
from consent.sites import actions
from consent.sites.models import Site
from cookiebanner.dashboard.urls import site_pages
from cookiebanner.demo import seed
from cookiebanner.staff.accounts import add_person

# Ids of categories, of laws and actions, names with low lines or points, JSON and Python.
RAW = re.compile(
    r"\bC000\d\b|\b[a-z]+_[a-z_]+\b|\{['\"]|\[['\"]|(?:^|[:,(→] ?)(?:None|True|False|null|undefined)\b(?! [a-z]|\.)|<[A-Z]\w+: |\b[a-z]+\.(add|update|delete)\b"
)
# A machine reads these, or a person who asked for them: what is copied, proofs, ids, files; and what people themselves wrote.
UNREAD = ("script", "style", "code", "pre", "textarea")
REASONED = {
    "adapter": "google, uet, clarity and meta are what the field takes",
    "fairgate_": "our cookie's own name, in the cookie list",
    "HMAC-SHA256": "how a proof is computed, folded away on a receipt",
    "otSDKStub": "a file's name",
    "matomo = C0002": "what is to be typed in, as it has to be",
    "C0006, SPD_BG": "what is to be typed in, as it has to be",
    "ads_off_under doubtful": "a note of an earlier version of the table, quoted as it was",
}


class Seen(HTMLParser):
    """The words of a page: its text, and what its attributes tell a reader."""

    def __init__(self, body: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.inside: list[str] = []
        self.feed(body)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNREAD:
            self.inside.append(tag)
        self.words += [text or "" for name, text in attrs if name in ("title", "aria-label", "placeholder", "alt")]

    def handle_endtag(self, tag: str) -> None:
        if tag in self.inside:
            self.inside.remove(tag)

    def handle_data(self, data: str) -> None:
        if not self.inside and data.strip():
            self.words.append(" ".join(data.split()))


def raw(body: str) -> list[str]:
    return [words for words in Seen(body).words if RAW.search(words) and not any(key in words for key in REASONED)]


@pytest.fixture
def shop(db, monkeypatch, settings) -> Site:
    """The demo's site after a busy day."""
    settings.FAIRGATE_DEMO = True
    monkeypatch.setattr(seed, "DAYS", 1)
    site = seed.site()
    seed.history(site, lambda done, total: None)
    busy_day(site)
    return site


def busy_day(site: Site) -> None:
    me = "ada@example.net"
    service = add_service(
        site, me, name="Unknown ads", category="C0004", patterns=["px.unknownads.example"], targeted_ads=True,
        cookies=[{"name": "ua", "lifetime": "1 day", "purpose": "Ads."}],
    )  # fmt: skip
    update_service(service, me, category="C0003", sells_or_shares=True, patterns=["px.unknownads.example", "x.example"])
    set_override(service, "us_ca", "hold", "Counsel says so.", me)
    gone = add_service(site, me, name="Gone", category="C0002", patterns=["gone.example"])
    delete_service(gone, me)
    set_category(site, "C0002", me, texts={"en": {"name": "Counting"}})
    set_purpose(site, "email-marketing", me, legal_basis="consent", texts={"en": {"name": "E-mails"}})
    edit_banner(site, me, layout="bar", theme={"accent": "#aa3366"}, floating_button=False)
    edit_texts(site, me, "en", {"title": "Biscuits?"})
    edit_texts(site, me, "en", {"body": "We use {purposes}."}, regime="us_ca")
    actions.set_hosts(site, ["127.0.0.1", "localhost", "shop.example"], me)
    actions.change_settings(
        site, me, level="strict", unknown_third_parties="hold", record_path=True, languages=["en", "de"], tiles="public"
    )
    override(site, me, "DE", {"reprompt_after_refusal_min_days": "200"}, "Our promise.")
    actions.set_role(site, add_person("bob@example.net", "correct horse battery"), "editor", me)
    actions.invite(site, "eve@example.net", "viewer", me)
    actions.revoke_token(actions.create_token(site, "CI", ["audit"], me)[0], me)
    actions.kill_site(site, me, "A fire.")
    actions.revive_site(site, me)
    publishing.waive(site, "L01", "us_ca", "Ada Advocate", "Checked.", me)


def pages(site: Site) -> list[str]:
    """Every page of a site that is read by GET, and the audit's."""
    keys = {"key": "unknown-ads", "place": "US-CA", "number": 1, "uuid": site.uuid}
    special = {"category": {"key": "C0002"}, "purpose": {"key": "email-marketing"}}
    found = ["/dashboard/", "/dashboard/new/", "/dashboard/move/"]
    answer = LogEntry.objects.filter(site_id=site.pk, type=LogEntry.Type.CONSENT).values_list("record_id", flat=True)
    found += [f"/api/v1/consents/{record}/receipt" for record in answer[:5]]
    for one in site_pages:
        wanted = set(one.pattern.converters)
        if wanted <= set(keys) and not str(one.pattern).endswith((".csv", ".pdf")):
            given = {name: keys[name] for name in wanted} | special.get(str(one.name), {})
            found.append(reverse(f"dashboard:{one.name}", kwargs={"uuid": site.uuid, **given}))
    found += [reverse(f"audit:{name}", kwargs={"uuid": site.uuid}) for name in ("search", "exports", "ledger")]
    kinds = LogEntry.objects.filter(site_id=site.pk).order_by("type").values_list("type", flat=True).distinct()
    for kind in kinds:
        index = LogEntry.objects.filter(site_id=site.pk, type=kind).values_list("index", flat=True).first()
        found.append(reverse("audit:record", kwargs={"uuid": site.uuid, "index": index}))
    return [*found, reverse("dashboard:banner", kwargs={"uuid": site.uuid}) + "?tab=words&regime=us_ca"]


def test_no_page_shows_what_only_a_program_reads(shop, client):
    seed.person("correct horse battery")
    client.force_login(get_user_model().objects.get(username="demo"))
    found, seen = {}, 0
    for address in pages(shop):
        response = client.get(address, headers={"Accept": "text/html"})
        if response.status_code != 405:
            assert (address, response.status_code) == (address, 200)
            seen += 1
            shown = raw(response.content.decode())
            if shown:
                found[address.replace(str(shop.uuid), "…")] = shown
    assert seen > 25
    assert found == {}
