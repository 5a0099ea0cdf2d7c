"""A logo and a font from upload to visitor: chosen in the look, an artifact of the release, there again after a roll-back."""

from __future__ import annotations

import hashlib
import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from consent.banners import actions
from consent.banners.models import Banner, BannerFile
from consent.common import InvalidChange
from consent.publishing.differences import differences
from consent.publishing.queries import draft, snapshot_of
from cookiebanner.releases.publish import publish, rollback
from tests.uploads import png, woff2
from tests.values import present

pytestmark = pytest.mark.django_db


@pytest.fixture
def at(shop):
    return lambda name, **keys: reverse(f"dashboard:{name}", kwargs={"uuid": shop.uuid, **keys})


def upload(person, address, name: str, body: bytes):
    return person.post(address, {"file": SimpleUploadedFile(name, body)}, follow=True).content.decode()


def gate_of(client, shop) -> str:
    return client.get(f"/v1/{shop.uuid}/regime/us_ca/gate.js").content.decode()


def test_a_logo_and_a_font_are_uploaded_chosen_published_and_rolled_back(alice, client, shop, at):
    assert "logo.png is there to choose." in upload(alice, at("banner_files"), "Logo.png", png(120, 40))
    upload(alice, at("banner_files"), "Brand.woff2", woff2())
    logo, font = (hashlib.sha256(body).hexdigest() for body in (png(120, 40), woff2()))
    look = {
        "what": "look",
        "floating_button": "on",
        "place": "card bottom-left",
        "logo": logo,
        "logo_height": "20",
        "font_file": font,
    }
    alice.post(at("banner"), look)
    url = alice.post(at("banner_draft"), {**look, "logo_height": "24"}).json()["url"]
    shown = client.get(url).content.decode().partition('<script src="')[2].partition('"')[0]
    assert "height:24px" in client.get(shown).content.decode()
    assert client.get(f"{shown.partition('/regime/')[0]}/a/{logo[:16]}/{logo[:8]}.logo.png").content == png(120, 40)
    assert Banner.objects.get(site=shop).theme == {"logo": logo, "logo_height": 20, "font_file": font}
    words = [
        (line.what, line.after) for _, lines in differences(present(snapshot_of(shop)), draft(shop)) for line in lines
    ]
    assert ("Logo", "logo.png") in words and ("Uploaded font", "brand.woff2") in words
    publish(shop, "alice@example.net", "With a logo")
    gate = gate_of(client, shop)
    for body, kind, name in ((png(120, 40), "image/png", "logo.png"), (woff2(), "font/woff2", "brand.woff2")):
        sha256 = hashlib.sha256(body).hexdigest()
        address = f"{sha256[:16]}/{sha256[:8]}.{name}"
        assert f"url(`{address})" in gate
        served = client.get(f"/v1/{shop.uuid}/a/{address}")
        assert (served.status_code, served.content, served["Content-Type"]) == (200, body, kind)
        assert served["X-Content-Type-Options"] == "nosniff"
        assert served["Cache-Control"] == "public, max-age=31536000, immutable"
        assert served["Access-Control-Allow-Origin"] == "*"
    assert "width:60px;max-width:100%;height:20px" in gate
    entry = shop.releases.get(number=2).artifacts.get(name=f"{logo[:8]}.logo.png")
    assert entry.sha256 == logo
    # What is removed goes on where it is shown, and comes back with its release.
    alice.post(at("banner"), {**look, "logo": "", "font_file": ""})
    alice.post(at("banner_files"), {"remove": BannerFile.objects.get(site=shop, sha256=logo).pk})
    publish(shop, "alice@example.net", "Without")
    assert "url(`" not in gate_of(client, shop)
    rollback(shop, 2, "alice@example.net")
    assert f"url(`{logo[:16]}/{logo[:8]}.logo.png)" in gate_of(client, shop)
    assert shop.releases.get(number=4).artifacts.get(name=f"{logo[:8]}.logo.png").content.body == png(120, 40)


def test_what_is_refused_is_said_beside_the_field(alice, login, shop, at):
    page = upload(alice, at("banner_files"), "logo.png", b"<svg onload=alert(1)>")
    assert page.partition('id="file_error"')[2].partition("</ul>")[0].count("An SVG can hold code") == 1
    assert "Choose a file." in alice.post(at("banner_files")).content.decode()
    assert "more than any may have" in upload(alice, at("banner_files"), "logo.png", bytes(300_001))
    vera = login("vera")
    assert vera.post(at("banner_files"), {"file": SimpleUploadedFile("a.png", png())}).status_code == 403
    assert BannerFile.objects.count() == 0


def test_a_file_is_served_as_what_it_is_and_runs_nothing(alice, shop, at):
    file = actions.add_file(shop, "x", "logo.png", png())
    answer = alice.get(at("banner_file", upload=file.pk))
    assert (answer["Content-Type"], answer["X-Content-Type-Options"]) == ("image/png", "nosniff")
    assert answer["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_no_other_sites_file_no_font_as_logo_and_nothing_that_is_shown_is_removed(shop, foreign):
    theirs = actions.add_file(foreign, "x", "logo.png", png(3, 3))
    font = actions.add_file(shop, "x", "brand.woff2", woff2())
    for sha256 in (theirs.sha256, font.sha256, "0" * 64):
        with pytest.raises(InvalidChange, match="no uploaded file"):
            actions.edit_banner(shop, "x", theme={"logo": sha256})
    logo = actions.add_file(shop, "x", "logo.png", png())
    assert actions.add_file(shop, "y", "other.png", png()) == logo
    assert actions.add_file(shop, "y", "logo.png", png(2, 2)).name == "logo-2.png"
    actions.edit_banner(shop, "x", theme={"logo": logo.sha256})
    with pytest.raises(InvalidChange, match="shows logo.png"):
        actions.remove_file(shop, "x", logo)
    assert json.dumps(draft(shop)["banner"]["files"]) == json.dumps(
        {logo.sha256: {"name": "logo.png", "content_type": "image/png", "width": 120, "height": 40}}
    )


def test_rules_of_ones_own_are_refused_beside_their_field_and_else_published(alice, client, shop, at):
    actions.add_file(shop, "x", "paper.png", png())
    look = {"what": "look", "floating_button": "on", "place": "card bottom-left"}
    bad = ".fg-b { border-radius: 0 }\n.fg-b { display: none }\nh2 { background: url(other.png) }"
    page = alice.post(at("banner"), {**look, "css": bad}).content.decode()
    said = page.partition('id="id_css_error"')[2].partition("</ul>")[0]
    assert (said.count("<li>Line 2: display is not"), said.count("<li>Line 3: other.png is no uploaded file")) == (1, 1)
    assert ".fg-b { display: none }" in page
    errors = alice.post(at("banner_draft"), {**look, "css": bad})
    assert (errors.status_code, len(errors.json()["errors"]["css"])) == (422, 2)
    with pytest.raises(InvalidChange, match="Line 1: opacity"):
        actions.edit_banner(shop, "x", css="p{opacity:0}")
    alice.post(at("banner"), {**look, "css": "h2 {\r\n  background: url(paper.png)\r\n}\r\n"})
    assert Banner.objects.get(site=shop).css == "h2 {\n  background: url(paper.png)\n}"
    paper = BannerFile.objects.get(site=shop)
    with pytest.raises(InvalidChange, match="“Main” shows paper.png"):
        actions.remove_file(shop, "x", paper)
    assert [line.what for _, lines in differences(present(snapshot_of(shop)), draft(shop)) for line in lines] == [
        "Style sheet"
    ]
    publish(shop, "alice@example.net", "With rules")
    address = f"{paper.sha256[:16]}/{paper.sha256[:8]}.paper.png"
    assert f'"css":"~h2{{background:url(`{address});}}"' in gate_of(client, shop)
    assert client.get(f"/v1/{shop.uuid}/a/{address}").content == png()
