"""The commands that make and publish sites, as scripts call them."""

import json
from io import StringIO
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command, get_commands, load_command_class

from consent.models import Artifact, AuditEvent, Release, Site
from consent.sites import actions
from consent.sites.queries import role_of
from cookiebanner.releases.compile import names
from tests.consent.scanner.test_tenant import FILES
from tests.values import present

pytestmark = pytest.mark.django_db
UUID = "de507273-db36-4f1c-9575-6e6ea429f7c6"
SAYS_WHO = (
    "--controller", "Shop Ltd", "--policy-url", "https://shop.example/p", "--imprint-url", "https://shop.example/i",
)  # fmt: skip


def run(*words):
    out = StringIO()
    call_command(*words, stdout=out, stderr=StringIO())
    return out.getvalue()


def test_from_an_empty_database_to_a_release(tmp_path):
    get_user_model().objects.create_user("alice", "alice@example.com", "x")
    run(
        "site",
        "--host",
        "shop.example",
        "--host",
        "www.shop.example",
        "--site-id",
        UUID,
        "--owner",
        "Alice@example.com",
        *SAYS_WHO,
    )
    site = Site.objects.get()
    assert str(site.uuid) == UUID
    assert role_of(get_user_model().objects.get(), site) == "owner"
    said = run(
        "service", "--site", UUID, "--name", "Ad Net", "--category", "C0004", "--pattern", "ads.example/x", "px.example",
        "--pattern", "127.0.0.1:9001/ads.js", "--cookie", "_ad=1 day", "--cookie", "_ad_*=90 days", "--targeted", "--sells",
    )  # fmt: skip
    assert said == "Ad Net (ad-net) is in the draft of shop.example under C0004.\n"
    service = site.services.get()
    assert list(service.rules.values_list("pattern", flat=True)) == [
        "127.0.0.1:9001/ads.js",
        "ads.example/x",
        "px.example",
    ]
    assert (service.targeted_ads, service.sells_or_shares, service.container) == (True, True, False)
    assert run("publish", "--site", UUID, "--note", "first").startswith("Release 1 of shop.example is published (")
    assert run("publish", "--site", UUID) == "There is nothing to publish: release 1 is current.\n"
    names = set(Artifact.objects.values_list("name", flat=True))
    assert {"gate.eu_opt_in.js", "gate.us_ca.js", "ui.en.js", "ui.ar.js"} <= names
    run("service", "--site", UUID, "--name", "Ad Net", "--category", "C0002", "--pattern", "ads.example", "--replace")
    assert run("publish", "--site", UUID).startswith("Release 2 of")
    assert run("rollback", "--site", UUID, "--to", "1") == (
        "Release 3 of shop.example is published, with the content of release 1.\n"
    )
    assert list(Release.objects.order_by("number").values_list("number", "rolled_back_to", "note")) == [
        (1, None, "first"), (2, None, ""), (3, 1, ""),
    ]  # fmt: skip
    assert "shop.example may be published" in run("lint", "--site", UUID)
    run("kill", "--site", UUID, "--reason", "It breaks the till")
    assert Site.objects.get().kill_reason == "It breaks the till"
    assert run("site", "--list") == f"{UUID}  shop.example  shop.example, www.shop.example  (switched off)\n"
    run("kill", "--site", UUID, "--revive")
    assert Site.objects.get().killed_at is None


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["publish", "--site", "x"], "'x' is not a site id"),
        (["publish", "--site", "11111111-1111-4111-8111-111111111111"], "There is no site 11111111"),
        (["service", "--site", UUID, "--name", "A", "--category", "C9", "--pattern", "a.example"], "no category 'C9'"),
        (["service", "--site", UUID, "--name", "A", "--category", "C0004", "--pattern", "com"], "top-level domain"),
        (["site", "--host", "shop.example"], "already has the host shop.example"),
        (["site", "--host", "other.example", "--site-id", UUID], "already a site"),
        (["site"], "at least one host"),
        (["site", "--host", "b.example", "--owner", "nobody@example.com"], "no account nobody@example.com"),
        (["rollback", "--site", UUID, "--to", "7"], "has no release 7"),
        (["kill", "--site", UUID, "--reason", ""], "Say why"),
        (["kill", "--site", UUID, "--revive"], "not switched off"),
        (["adopt", "/no/such/page.html", "--host", "a.example"], "No such file"),
    ],
)
def test_a_wrong_command_says_what_is_wrong(words, says):
    run("site", "--host", "shop.example", "--site-id", UUID)
    with pytest.raises(CommandError, match=says):
        run(*words)
    assert (Site.objects.count(), Release.objects.count()) == (1, 0)


STORED = (
    "--cookie", "_ad=1 day", "--local-storage", "_ad", "ad.*", "--session-storage", "ad_visit", "--indexeddb", "ad-events*",
)  # fmt: skip
ROWS = [
    ("_ad", "cookie"), ("ad-events*", "indexeddb"), ("_ad", "local"), ("ad.*", "local"), ("ad_visit", "session"),
]  # fmt: skip


def test_a_service_may_name_keys_and_databases():
    run("site", "--host", "shop.example", "--site-id", UUID, *SAYS_WHO)
    ads = ("service", "--site", UUID, "--name", "Ads", "--category", "C0004", "--pattern", "ads.example")
    run(*ads, *STORED)
    run("publish", "--site", UUID)
    release = Release.objects.get()
    [service] = json.loads(release.snapshot)["services"]
    assert [(cookie["name"], cookie["kind"]) for cookie in service["cookies"]] == ROWS
    assert names(service["cookies"]) == ["_ad", "i=ad-events*", "l=_ad", "l=ad.*", "s=ad_visit"]
    listed = Artifact.objects.get(name="ui.en.js").content.body.decode()
    assert [name for name, _ in ROWS if f'["{name}"' not in listed] == []
    # Of another kind it is another thing, and the trail says so.
    run(*ads, "--replace", "--local-storage", "_ad")
    event = present(AuditEvent.objects.filter(verb="service.update").first())
    assert event.detail["changed"]["cookies"] == [
        ["_ad", "_ad (local)", "ad-events* (indexeddb)", "ad.* (local)", "ad_visit (session)"],
        ["_ad (local)"],
    ]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--local-storage", "*"], "A localStorage key called '\\*' would stand for every key in localStorage; name"),
        (
            ["--session-storage", " "],
            "A sessionStorage key called ' ' would stand for every key in sessionStorage; name",
        ),
        (["--indexeddb", "**"], "A database called '\\*\\*' would stand for every database in IndexedDB; name"),
        (["--local-storage", "k" * 201], "name: .*at most 200 characters"),
    ],
)
def test_a_key_that_cannot_be_is_refused_in_words(words, says):
    run("site", "--host", "shop.example", "--site-id", UUID)
    with pytest.raises(CommandError, match=says):
        run("service", "--site", UUID, "--name", "Ads", "--category", "C0004", "--pattern", "ads.example", *words)
    assert Site.objects.get().services.count() == 0


def test_what_the_law_forbids_is_not_published():
    run("site", "--host", "shop.example", "--site-id", UUID, *SAYS_WHO)
    stats = ("service", "--site", UUID, "--name", "Stats", "--category", "C0001", "--pattern", "google-analytics.com")
    for reason in ((), ("--necessary-reason", " "), ("--necessary-reason", "needed")):
        with pytest.raises(CommandError, match="so it needs a reason .* Give it with --necessary-reason"):
            run(*stats, *reason)
    run(*stats, "--necessary-reason", "Counts what the visitor asked us to count")
    with pytest.raises(CommandError, match="L08 Stats is filed as strictly necessary"):
        run("publish", "--site", UUID)
    with pytest.raises(CommandError, match="1 of 3 findings forbid publishing"):
        run("lint", "--site", UUID)


def test_adopt_and_publish_twice(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        f'<script src="https://x.example/otSDKStub.js" data-domain-script="{UUID}"></script>'
        "<script src=https://plausible.io/js/plausible.js></script><script src=https://new.example/x.js></script>"
    )
    said = run("adopt", str(page), "--host", "shop.example", "--publish", *SAYS_WHO)
    assert f"Site {UUID} (shop.example, shop.example) is made." in said
    assert "C0002  Plausible Analytics: line 1: script https://plausible.io/js/plausible.js" in said
    assert "new.example: line 1: script https://new.example/x.js" in said
    assert "Release 1 is published" in said
    again = run("adopt", str(page), "--host", "shop.example", "--publish")
    assert f"Site {UUID} (shop.example, shop.example) was there already." in again
    assert "There is nothing to publish: release 1 is current." in again
    page.write_text("<script src=https://plausible.io/js/plausible.js></script>")
    with pytest.raises(CommandError, match="L11 Nobody is named as responsible(.|\n)*manage.py site --change"):
        run("adopt", str(page), "--host", "other.example", "--publish")
    again = run("adopt", str(page), "--host", "other.example", "--publish", *SAYS_WHO)
    assert "Release 1 is published" in again


def test_adopt_takes_a_tenant_s_files_and_where_from(tmp_path):
    for name, body in FILES:
        (tmp_path / name).write_bytes(body)
    files = [word for name, _ in FILES for word in ("--file", str(tmp_path / name))]
    said = run("adopt", *files, "--from", "klaro", "--map", "matomo=C0002", "--days", "120")
    site = Site.objects.get()
    assert f"Site {site.uuid} (shop.example, shop.example) is made." in said
    assert "Categories: C0001, C0002, C0009, C0010." in said
    assert "Left out: 3 descriptions of the vendor's database." in said
    assert site.moved_from == {"manager": "klaro", "names": [["matomo", "C0002"]], "days": 120, "key": "klaro"}
    again = run("adopt", *files, "--from", "cookiebot")
    assert "was there already" in again
    site.refresh_from_db()
    assert site.moved_from["manager"] == "cookiebot"


def test_adopt_says_what_is_wrong_with_files(tmp_path):
    (tmp_path / "bad.json").write_text("{")
    for words, says in (
        ([], "Name a saved page, or files with --file."),
        (["--file", str(tmp_path / "none.json")], "No such file"),
        (["--file", str(tmp_path / "bad.json")], "bad.json can't be read: it is no JSON"),
    ):
        with pytest.raises(CommandError, match=says):
            run("adopt", *words)
    assert Site.objects.count() == 0


def test_who_is_responsible_is_said_later_and_the_rest_is_signed_off():
    run("site", "--host", "shop.example", "--site-id", UUID, "--language", "de")
    run("service", "--site", UUID, "--name", "Old", "--category", "C0002", "--pattern", "old.example", "--cookie", "o")
    with pytest.raises(
        CommandError, match=r"(?s)L11 .*L18 .*L21 .*manage.py site --change .* manage.py sign_off"
    ) as refused:
        run("publish", "--site", UUID)
    assert UUID in str(refused.value)
    said = run("site", "--change", UUID, "--controller", "Shop Ltd", "--policy-url", "https://shop.example/p")
    assert said == "Changed in the draft of shop.example: controller, policy_url.\n"
    listed = run("sign_off", "--site", UUID).splitlines()
    assert [line[:6] for line in listed] == ["1. L18", "2. L21"]
    with pytest.raises(CommandError, match="There is no finding 3; there are 2"):
        run("sign_off", "--site", UUID, "--finding", "3", "--by", "Dr. Law", "--reason", "Read")
    with pytest.raises(CommandError, match="Give them with --by and --reason"):
        run("sign_off", "--site", UUID, "--finding", "1")
    run("sign_off", "--site", UUID, "--finding", "2", "--by", "Dr. Law", "--reason", "Trades in Austria only")
    run("sign_off", "--site", UUID, "--finding", "1", "--by", "Dr. Law", "--reason", "Session only, says the vendor")
    assert run("sign_off", "--site", UUID) == "Nothing in the draft of shop.example needs a sign-off.\n"
    assert run("publish", "--site", UUID).startswith("Release 1 of shop.example is published (")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (["--category", "C0004"], (True, True)),
        (["--category", "C0005"], (True, False)),
        (["--category", "C0002"], (False, False)),
        (["--category", "C0004", "--no-sells", "--no-targeted"], (False, False)),
        (["--category", "C0004", "--container"], (False, False)),
    ],
)
def test_what_is_filed_under_advertising_is_held_by_an_opt_out_signal(more, expected):
    call_command("site", host=["gpc.example"])
    site = Site.objects.get(hosts__name="gpc.example")
    call_command("service", "--site", str(site.uuid), "--name", "Ads", "--pattern", "ads.example", *more)
    service = site.services.get(name="Ads")
    assert (service.sells_or_shares, service.targeted_ads) == expected


WITH_A_SITE = {
    "checkpoint": [], "sign_off": [], "edge": ["--for", "nginx", "--out", "x"], "erase": ["--visitor", str(uuid4())],
    "export": ["--from", "2026-01-01", "--to", "2026-01-02", "--out", "x"], "invite": ["--email", "a@b.example", "--role", "viewer"],
    "kill": ["--reason", "x"], "lint": [], "publish": [], "repair_clock": [], "restart_log": [], "retain": [],
    "rollback": ["--to", "1"], "service": ["--name", "X", "--category", "C0002"], "verify_ledger": [],
    "artifacts": ["--to", "x"], "import_cookie_db": ["open-cookie-database.csv"], "pictures": [],
    "import_choices": ["x.csv", "--source", "x"], "plan": ["x.yaml"], "apply": ["x.yaml"],
}  # fmt: skip


def test_each_command_that_takes_a_site_is_asked_below():
    takes = set()
    for name in get_commands():
        if get_commands()[name] == "cookiebanner":
            options = load_command_class("cookiebanner", name).create_parser("manage.py", name)._option_string_actions
            takes |= {name} if "--site" in options else set()
    assert takes == set(WITH_A_SITE)


@pytest.mark.parametrize("command", WITH_A_SITE)
def test_every_command_looks_a_site_up_in_one_way(command):
    """The same words for an id that is none and for one that nobody has; the sites that there are, with it."""
    here = actions.create_site("shop.example", "x", name="Tea shop")
    other = "11111111-1111-4111-8111-111111111111"
    with pytest.raises(CommandError, match=f"There is no site {other}. There are:\n  {here.uuid}  Tea shop"):
        call_command(command, "--site", other, *WITH_A_SITE[command])
    # An empty variable of a script's means no site, never all of them.
    for junk in ("shop.example", ""):
        with pytest.raises(CommandError, match=f"{junk!r} is not a site id"):
            call_command(command, "--site", junk, *WITH_A_SITE[command])
