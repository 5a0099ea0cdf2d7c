"""A release's pictures on its page, and what happened to a log on the ledger page and the overview."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from django.urls import reverse

from consent.jobs import actions as jobs
from consent.ledger import checkpoint
from consent.ledger.append import append, draft_of
from consent.models import Job, Site
from consent.publishing import pictures
from consent.publishing.actions import waive

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG a banner"
DIGEST = hashlib.sha256(PNG).hexdigest()


def page(client: Any, site: Site, name: str = "release", **keys: Any) -> Any:
    return client.get(reverse(f"dashboard:{name}", kwargs={"uuid": site.uuid, "number": 1, **keys}))


def words(response: Any) -> str:
    return " ".join(response.content.decode().split())


@pytest.fixture
def pictured(shop, settings, tmp_path) -> Site:
    settings.FAIRGATE_DATA = tmp_path
    settings.FAIRGATE_PICTURES = True
    return shop


def log(site: Site) -> None:
    pictures.folder().mkdir(parents=True)
    pictures.path(DIGEST).write_bytes(PNG)
    look = {"variant": "eu_opt_in", "language": "de", "form": "phone", "scheme": "light"}
    one = {
        **look, "sha256": DIGEST, "bytes": len(PNG), "width": 360, "height": 740, "layer": "banner",
        "text": {"title": "Ihre Wahl", "body": "Text", "buttons": ["Ja", "Nein"]},
        "shows": [look, {**look, "variant": "ca_qc"}],
    }  # fmt: skip
    missing = [{**look, "form": "desktop", "why": "The banner does not come."}]
    pictures.log(site.releases.get(number=1), {"pictures": [one], "browser": "Chromium 1", "missing": missing})


def test_a_releases_page_shows_its_pictures_in_words(alice, pictured):
    log(pictured)
    said = words(page(alice, pictured))
    assert "Taken by Chromium 1 from a server of this release." in said
    assert "Banner, phone, light" in said
    assert 'alt="Ihre Wahl. Ja, Nein"' in said
    assert said.count('<li class="pill">') == 2
    assert "desktop, light: The banner does not come." in said
    shown = page(alice, pictured, "picture", sha256=DIGEST)
    assert (shown.status_code, shown["Content-Type"], b"".join(shown.streaming_content)) == (200, "image/png", PNG)


def test_a_picture_is_shown_to_members_only_and_only_when_the_log_names_it(alice, login, pictured, foreign):
    log(pictured)
    other = hashlib.sha256(b"another").hexdigest()
    pictures.path(other).write_bytes(b"another")
    assert page(alice, pictured, "picture", sha256=other).status_code == 404
    assert page(alice, pictured, "picture", sha256="..").status_code == 404
    assert page(login("charlie"), pictured, "picture", sha256=DIGEST).status_code == 404
    pictures.path(DIGEST).unlink()
    assert page(alice, pictured, "picture", sha256=DIGEST).status_code == 404


def test_the_page_tells_how_far_the_pictures_are_and_asks_again(alice, pictured):
    job = jobs.enqueue("pictures", site=pictured, params={"release": 1})
    assert "They are taken when nothing else is to be done." in words(page(alice, pictured, "pictures"))
    Job.objects.filter(pk=job.pk).update(state="running", done=3, total=16, message="eu_opt_in, de, phone, light")
    said = words(page(alice, pictured, "pictures"))
    assert '<progress value="3" max="16"' in said
    assert "3 of 16 eu_opt_in, de, phone, light" in said
    assert f'hx-get="{reverse("dashboard:pictures", kwargs={"uuid": pictured.uuid, "number": 1})}"' in said
    Job.objects.filter(pk=job.pk).update(state="failed", message="No picture shows the banner: it does not come.")
    said = words(page(alice, pictured, "pictures"))
    assert "No picture shows the banner: it does not come." in said
    assert "hx-get" not in said


def test_without_a_browser_the_page_says_what_is_lost(alice, pictured):
    job = jobs.enqueue("pictures", site=pictured, params={"release": 1})
    Job.objects.filter(pk=job.pk).update(state="done", result={"taken": 0, "why": "Chromium is not installed"})
    assert (
        "None are taken: Chromium is not installed.</strong> Auditors get every text of the release word by word, and no "
        "picture of what visitors saw."
    ) in words(page(alice, pictured))


def test_the_ledger_page_tells_what_happened_to_the_log_and_the_overview_of_a_restart(alice, shop):
    waive(shop, "L05", "", "Carol Counsel", "It was asked for.", "alice@example.net")
    note = "log/site\n813\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u2014 x y\n"
    held = {"size": 813, "root": "A", "note": note}
    record = {"abandoned": held, "lost_from": 2, "reason": "An old dump.", "actor": "command"}
    append([draft_of(shop.pk, shop.uuid, "restart", record, shop.uuid)])
    checkpoint.make(shop)
    restarted = "RESTARTED at 2: a log of 813 entries was signed before; up to 811 are gone. Reason given: An old dump."
    ledger = words(alice.get(reverse("audit:ledger", kwargs={"uuid": shop.uuid})))
    assert f'<div class="note bad"> <strong>{restarted}</strong></div>' in ledger
    assert "RULE L05 WAIVED at 1 for every law, signed off by Carol Counsel. Reason given: It was asked for." in ledger
    assert restarted in words(alice.get(reverse("dashboard:overview", kwargs={"uuid": shop.uuid})))
    assert set(checkpoint.issued_sizes(shop.pk)) == {3}  # its note is on the page
