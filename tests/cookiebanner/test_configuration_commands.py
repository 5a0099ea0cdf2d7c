"""plan, apply and export of a site's file, as an operator calls them."""

from __future__ import annotations

import io
import json
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from django.core.management import CommandError, call_command

from consent.models import AuditEvent, Site
from consent.sites import actions
from cookiebanner.staff.accounts import add_person
from tests.cookiebanner.dashboard.conftest import people, shop  # noqa: F401

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = io.StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.fixture
def path(shop, tmp_path) -> Path:  # noqa: F811
    """The shop's file."""
    name = tmp_path / "site.yaml"
    assert run("export", str(name), "--site", str(shop.uuid)) == f"Tea shop is in {name}.\n"
    return name


def edit(path: Path, change) -> None:
    value = yaml.safe_load(path.read_text())
    change(value)
    path.write_text(yaml.safe_dump(value))


def events() -> int:
    return AuditEvent.objects.count()


def test_what_was_exported_changes_nothing(path):
    before = events()
    assert run("plan", str(path), "--drift") == "Nothing to do: the draft is what the file says.\n"
    assert run("apply", str(path)) == "Nothing to do: the draft is what the file says.\n"
    assert events() == before


def test_a_plan_says_in_words_what_it_would_do_and_does_nothing(path, shop):  # noqa: F811
    def change(value):
        value["services"]["counter"] |= {"category": "C0003", "cookies": []}
        value["services"]["matomo"] = {"name": "Matomo", "category": "C0002", "patterns": ["matomo.example"]}
        value["settings"]["record_path"] = True
        value["texts"] = {"en": {"title": "Tea and cookies"}}
        del value["services"]["adverts"]

    edit(path, change)
    before = events()
    said = run("plan", str(path))
    assert said.splitlines() == [
        "Settings",
        "  ~ Keep the page's path in records: no → yes",
        "Services",
        "  ~ Counter (counter): Category: C0002 → C0003",
        "  ~ Counter (counter): Cookies and storage: _c → nothing",
        "  + Matomo (matomo)",
        "Words",
        "  + en",
        "Only the site has (kept; --delete deletes it)",
        "  Services",
        "    - Adverts (adverts)",
    ]
    assert (events(), shop.services.count()) == (before, 2)
    with pytest.raises(CommandError, match="Site and file differ") as error:
        run("plan", str(path), "--drift")
    assert error.value.returncode == 2
    assert run("apply", str(path)) == said
    assert {row.key for row in shop.services.all()} == {"adverts", "counter", "matomo"}
    assert {event.actor for event in AuditEvent.objects.filter(site=shop)[:4]} == {"command"}
    assert "Deleted, since the file has not" in run("apply", str(path), "--delete")
    assert {row.key for row in shop.services.all()} == {"counter", "matomo"}


def test_a_section_that_is_not_there_is_not_touched(path, shop):  # noqa: F811
    path.write_text(f"format: fairgate-site/1\nsite: {shop.uuid}\nbanner: {{layout: bar, position: top}}\n")
    assert run("apply", str(path), "--delete").splitlines() == [
        "Banner", "  ~ Layout: Card → Bar", "  ~ Position: bottom left → top",
    ]  # fmt: skip
    assert (shop.services.count(), shop.categories.count()) == (2, 5)


def test_all_of_it_or_nothing(path, shop):  # noqa: F811
    before = events()
    edit(path, lambda value: value["services"].update(
        new={"name": "New", "category": "C0002"}, bad={"name": "Bad", "category": "C0077"}
    ))  # fmt: skip
    for command in ("plan", "apply"):
        with pytest.raises(CommandError, match="has no category 'C0077'"):
            run(command, str(path))
    assert (events(), shop.services.filter(key="new").count()) == (before, 0)


def test_a_site_that_is_not_there_is_made_with_its_id_and_an_owner(path, shop):  # noqa: F811
    uuid = str(uuid4())
    edit(path, lambda value: value.update(site=uuid, hosts=["new.example"]))
    assert run("plan", str(path)).startswith(f"+ The site Tea shop ({uuid})\n")
    assert Site.objects.count() == 1
    with pytest.raises(CommandError, match="Nobody has an account"):
        run("apply", str(path), "--owner", "nobody@example.net")
    owner = add_person("owner@example.net", "correct horse battery")
    run("apply", str(path), "--owner", "owner@example.net")
    made = Site.objects.get(uuid=uuid)
    assert list(made.memberships.values_list("user", "role")) == [(owner.pk, "owner")]
    assert {row.key for row in made.services.all()} == {"adverts", "counter"}


def test_publishing_is_refused_with_the_change_by_what_the_lint_finds(path, shop):  # noqa: F811
    edit(path, lambda value: value["settings"].update(policy_url="", record_path=True))
    assert "This draft could not be published:" in run("plan", str(path))
    with pytest.raises(CommandError, match="Nothing was changed. This draft may not be published"):
        run("apply", str(path), "--publish")
    shop.refresh_from_db()
    assert (shop.record_path, shop.releases.count()) == (False, 1)
    edit(path, lambda value: value["settings"].update(policy_url="https://shop.example/privacy"))
    assert run("apply", str(path), "--publish", "--note", "From the file").endswith("Release 2 is live.\n")
    assert run("apply", str(path), "--publish").endswith("There is nothing to publish: release 2 is current.\n")


def test_an_address_with_a_secret_is_a_reference(path, shop, monkeypatch):  # noqa: F811
    actions.change_settings(shop, "x", webhook_url="https://crm.example/secret-path")
    run("export", str(path), "--site", str(shop.uuid))
    text = path.read_text()
    assert ("secret-path" in text, "webhook_url: ${env:FAIRGATE_WEBHOOK_URL}" in text) == (False, True)
    with pytest.raises(CommandError, match="asks for the variable FAIRGATE_WEBHOOK_URL"):
        run("plan", str(path))
    monkeypatch.setenv("FAIRGATE_WEBHOOK_URL", "https://crm.example/secret-path")
    assert run("plan", str(path), "--drift").startswith("Nothing to do")


def test_the_schema_of_the_docs_is_that_of_the_definition():
    stored = Path(__file__).resolve().parents[2] / "docs" / "site.schema.json"
    assert json.loads(stored.read_text()) == json.loads(run("plan", "--schema"))


def test_export_without_a_file_asks_for_what_it_needs(shop):  # noqa: F811
    with pytest.raises(CommandError, match="Name --from, --to, --out"):
        run("export", "--site", str(shop.uuid))
