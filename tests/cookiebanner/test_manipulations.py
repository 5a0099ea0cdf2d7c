"""Whoever can write to the database and the data folder changes one thing: `verify_ledger` says which."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import brotli
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test import override_settings
from django.utils import timezone

from consent.banners.actions import sign_texts
from consent.jurisdictions.actions import override
from consent.ledger import anchors, canonical, checkpoint, erasure, guards, kept, merkle, signing
from consent.ledger.append import append
from consent.ledger.verify import UNPROVED
from consent.models import (
    Anchor,
    Artifact,
    AuditEvent,
    Checkpoint,
    ChoiceState,
    ConsentRecord,
    Content,
    DailyTotal,
    DocumentVersion,
    ImpressionTotal,
    JurisdictionOverride,
    LintWaiver,
    LogEntry,
    LogHead,
    PublishRequest,
    Release,
    Scan,
    Site,
    SubjectRequest,
    TextReview,
    Topic,
    TopicWording,
    TrailHead,
)
from consent.preferences.actions import add_topic, set_wording
from consent.preferences.collecting import Offer, choice_of, collect
from consent.publishing import pictures
from consent.publishing.actions import approve, ask_to_publish, end_request, revoke_waiver, waive
from consent.requests import actions as requests
from consent.scanner import pictures as scan_pictures
from consent.sites.actions import change_settings, create_site, set_hosts
from consent.trail import chain
from consent.trail.actions import audit
from cookiebanner.releases.publish import publish, rollback
from tests import append_only
from tests.consent.ledger.sample_ledger import answer
from tests.consent.policies import sample_documents as documents
from tests.consent.preferences.sample_topics import WORDS
from tests.consent.scanner.sample_scans import BEFORE, HOTJAR, finished, made
from tests.cookiebanner.sample_releases import artifact
from tests.values import present

pytestmark = pytest.mark.django_db
PICTURE = b"\x89PNG a banner"
JPEG = b"a page"
DIGEST = hashlib.sha256(PICTURE).hexdigest()
CHOSEN = (("c-1", "yes", "2026-05-01"), ("c-1", "no", "2026-05-02"), ("c-2", "yes", "2026-05-03"))


def signed(site: Site) -> Checkpoint:
    """A checkpoint, kept outside at once: the transaction of these tests never ends."""
    point = present(checkpoint.make(site))
    kept.keep(str(site.uuid), point.note)
    return point


def build() -> Site:
    """A site with one of everything that is proved."""
    site = create_site(["shop.test"], "alice@example.org", languages=["en"])
    change_settings(site, "alice@example.org", controller="Shop Ltd", policy_url="https://shop.test/privacy")
    for signer in ("Carol Counsel", "Dora Counsel"):
        waive(site, "L05", "", signer, "It was asked for.", "alice@example.org")
    revoke_waiver(LintWaiver.objects.get(signed_by="Dora Counsel"), "alice@example.org")
    publish(site, "alice@example.org", "the first")
    signed(site)
    change_settings(site, "bob@example.org", controller="Shop Limited")
    second = publish(site, "bob@example.org", "the second")
    rollback(site, 1, "bob@example.org", "back")
    append([answer(site, language="en") for _ in range(8)])
    append([answer(site, language="en", action=action) for action in ("import", "receipt", "signal")])
    point = signed(site)
    with transaction.atomic():
        made = Anchor.objects.create(site_id=site.pk, size=point.size, method="email", target="law@example.org",
                                     evidence=b"<id@example.org>")  # fmt: skip
        audit(site, "anchors", "ledger.anchor", **anchors.facts(made))
    pictures.folder().mkdir()
    pictures.path(DIGEST).write_bytes(PICTURE)
    pictures.log(second, {"pictures": [{"sha256": DIGEST, "layer": "banner"}], "browser": "x", "missing": []})
    one = ConsentRecord.objects.filter(site_id=site.pk, type="consent").first()
    erasure.erase(site, record_id=present(one).record_id, actor="alice@example.org", reason="asked")
    signed(site)
    asked_for(site)
    change_settings(site, "alice@example.org", imprint_url="https://shop.test/imprint")
    checkpoint.commit_trail(site)
    signed(site)
    audit(None, "command", "person.reset_password", person="alice@example.org")
    ImpressionTotal.objects.create(site_id=site.pk, day=timezone.now().date(), release=1, regime="eu_opt_in",
                                   jurisdiction="DE", language="en", kind="banner", count=40)  # fmt: skip
    return site


def asked_for(site: Site) -> None:
    """What the audit trail tells of, and what a scan found."""
    for signer in ("Erin Editor", "Frank Editor"):
        sign_texts(site, "alice@example.org", "en", signer)
    first = ask_to_publish(site, "alice@example.org", "not this one")
    end_request(first, "alice@example.org")
    approve(ask_to_publish(site, "alice@example.org", "this one"), "bob@example.org")
    set_hosts(site, ["shop.test", "shop.example"], "alice@example.org")
    override(site, "alice@example.org", "DE", {"preset": "opt_in_generic"}, "Counsel says so.")
    news = add_topic(site, "alice@example.org", key="news", kind="email", basis="opt_in", texts=WORDS)
    set_wording(news, "alice@example.org", {"en": {"name": "News", "text": "Daily."}})
    said_of = Offer.of(site)
    for person, value, at in CHOSEN:
        fields = {"id": person, "topic": "news", "value": value, "at": at, "method": "app", "wording": 1}
        collect(said_of, [choice_of(said_of, fields, timezone.now())])
    scan_pictures.keep(JPEG, hashlib.sha256(JPEG).hexdigest())
    for _ in range(2):
        report = made((HOTJAR, BEFORE))
        report["pages"][0]["picture"] = hashlib.sha256(JPEG).hexdigest()
        finished(site, report)
    given: dict[str, Any] = {"kind": "access", "place": "DE", "language": "en", "actor": "alice@example.org"}
    requests.file_request(site, **given)
    requests.close(requests.file_request(site, **given), "complied", "Here.", "alice@example.org")
    terms = documents.written(site, "Be kind.", kind="terms", title="Terms")
    documents.published(terms)
    documents.published(terms, "Be kinder.")


@pytest.fixture(scope="module")
def built(django_db_setup, django_db_blocker, tmp_path_factory) -> Iterator[tuple[Site, Path]]:
    data = tmp_path_factory.mktemp("data")
    with django_db_blocker.unblock(), override_settings(FAIRGATE_DATA=data), transaction.atomic():
        yield build(), data
        transaction.set_rollback(True)


@pytest.fixture
def site(built: tuple[Site, Path], settings, tmp_path) -> Iterator[Site]:
    """The site without triggers; all that a test changes is taken back, the triggers too."""
    made, data = built
    settings.FAIRGATE_DATA = tmp_path / "data"
    shutil.copytree(data, settings.FAIRGATE_DATA)
    with transaction.atomic():
        connection.check_constraints()  # PostgreSQL alters no table that has checks to come
        append_only.drop(connection)
        yield made
        transaction.set_rollback(True)


def said(site: Site, capsys: Any) -> tuple[list[str], list[str]]:
    """What the command finds wrong, and what it calls unproved, once the triggers are back."""
    capsys.readouterr()
    connection.check_constraints()
    guards.install(connection)
    try:
        call_command("verify_ledger")
        code = 0
    except CommandError as error:
        code = error.returncode
    lines = [line.removeprefix(f"{site.name}: ") for line in capsys.readouterr().out.splitlines()]
    unproved = [line.removeprefix("not proved: ") for line in lines if line.startswith("not proved: ")]
    events = ("RULE ", "1 record erased", "SCANNED", "DOCUMENT ", "REQUESTS ")
    wrong = [line for line in lines if "not proved: " not in line and not line.startswith(events)]
    holds = [line for line in wrong if "entries hold together" in line]
    assert (code, len(holds) or code) == (0 if wrong == holds else 1, 1), lines
    return [line for line in wrong if line not in holds], unproved


def test_an_untouched_site_holds_and_what_is_not_proved_is_named(site, capsys):
    wrong, unproved = said(site, capsys)
    assert wrong == []
    assert unproved == ["Who gave the evidence of anchors (1 by email): ask those who keep them.", UNPROVED]
    assert "Impressions" in UNPROVED


# --- the manipulations ------------------------------------------------------------------------------------------------


def replace_gate(site: Site, packed: bytes = brotli.compress(b"steal()")) -> None:
    gate = Artifact.objects.get(release__site=site, release__number=2, name="gate.eu_opt_in.js")
    assert Content.objects.filter(pk=gate.content_id).update(brotli=packed) == 1


def spoil_gate(site: Site) -> None:
    replace_gate(site, b"steal()")


def replace_gate_with_all_that_belongs_to_it(site: Site) -> None:
    other = artifact(Release.objects.get(site=site, number=1), "other.js", b"steal()").content
    gate = Artifact.objects.filter(release__site=site, release__number=2, name="gate.eu_opt_in.js")
    assert gate.update(content=other) == 1
    Artifact.objects.filter(name="other.js").delete()


def add_file(site: Site) -> None:
    artifact(Release.objects.get(site=site, number=1), "more.js", b"steal()")


def invent_waiver(site: Site) -> None:
    LintWaiver.objects.create(site=site, rule="L01", signed_by="Nobody", reason="None")


def invent_anchor(site: Site) -> None:
    size = present(checkpoint.latest(site.pk)).size
    Anchor.objects.create(site_id=site.pk, size=size, method="email", target="law@example.org", evidence=b"<x@y>")


def shorten_trail(site: Site) -> None:
    """The last line goes, and the head with it."""
    last = present(AuditEvent.objects.filter(site=site).order_by("-number").first())
    before = AuditEvent.objects.get(site=site, number=present(last.number) - 1)
    last.delete()
    TrailHead.objects.filter(site_id=site.pk).update(count=before.number, hash=before.hash)


def write_trail_anew(site: Site) -> None:
    """Another author, and every link after it made anew."""
    AuditEvent.objects.filter(site=site, number=2).update(actor="mallory@example.org")
    end = ""
    for line in AuditEvent.objects.filter(site=site).order_by("number"):
        end = chain.link(end, site=str(site.uuid), actor=line.actor, verb=line.verb, detail=line.detail, at=line.at)
        AuditEvent.objects.filter(pk=line.pk).update(hash=end)
    TrailHead.objects.filter(site_id=site.pk).update(hash=end)


def empty_trail(site: Site) -> None:
    AuditEvent.objects.filter(site=site).delete()
    TrailHead.objects.filter(site_id=site.pk).delete()


def remove_checkpoint(site: Site) -> None:
    Checkpoint.objects.filter(site_id=site.pk, size=present(Checkpoint.objects.order_by("size").first()).size).delete()


def remove_checkpoint_and_link_the_rest(site: Site) -> None:
    remove_checkpoint(site)
    end = b""
    for point in Checkpoint.objects.filter(site_id=site.pk).order_by("size"):
        end = hashlib.sha256(end + point.note.encode()).digest()
        Checkpoint.objects.filter(site_id=site.pk, size=point.size).update(chain=end)


def keep_an_older_note(site: Site) -> None:
    first = present(Checkpoint.objects.filter(site_id=site.pk).order_by("size").first())
    kept.path(str(site.uuid)).write_text(first.note)


def cut_off_the_end(site: Site) -> None:
    """The last entry goes, with a head that fits."""
    size = LogHead.objects.get(site_id=site.pk).size - 1
    LogEntry.objects.filter(site_id=site.pk, index=size).delete()
    ConsentRecord.objects.filter(site_id=site.pk, index=size).delete()
    Checkpoint.objects.filter(site_id=site.pk, size__gt=size).delete()
    edge: list[bytes] = []
    for index, leaf in enumerate(checkpoint_tree(site).hashes(0, 0, size)):
        merkle.push(edge, index, leaf)
    last = ConsentRecord.objects.get(site_id=site.pk, index=size - 1).received_at
    LogHead.objects.filter(site_id=site.pk).update(size=size, edge=b"".join(edge), last_received_at=last)


def checkpoint_tree(site: Site) -> Any:
    from consent.ledger.proofs import Tree

    return Tree(site.pk, site.uuid)


def first_answer(site: Site) -> Any:
    """One that is still whole."""
    rows = ConsentRecord.objects.filter(site_id=site.pk, type="consent", payload__isnull=False)
    return rows.filter(index=present(rows.order_by("index").first()).index)


def forge_note(site: Site) -> None:
    """A note of another root under another key."""
    point = present(checkpoint.latest(site.pk))
    other = signing.Ed25519PrivateKey.generate()
    note = signing.sign(point.note.split("\n")[0], point.size, bytes(32), other)
    kept.path(str(site.uuid)).write_text(note)


def answer_past_the_ledger(site: Site) -> None:
    row = present(first_answer(site).first())
    row.pk, row.index, row.record_id = (site.pk, 500), 500, uuid4()
    ConsentRecord.objects.bulk_create([row])


def change_scan(**values: Any) -> Callable[[Site], None]:
    """The first of the two scans, changed."""

    def changing(site: Site) -> None:
        assert Scan.objects.filter(pk=present(Scan.objects.order_by("pk").first()).pk).update(**values) == 1

    return changing


def replace_report(site: Site) -> None:
    """Another report, with a hash that fits it."""
    report = made()
    change_scan(report=report, sha256=hashlib.sha256(canonical.encode(report)).hexdigest())(site)


def change_version(**values: Any) -> Callable[[Site], None]:
    """The first of the two versions of a document, changed."""

    def changing(site: Site) -> None:
        assert DocumentVersion.objects.filter(document__site=site, number=1).update(**values) == 1

    return changing


def replace_text(site: Site, part: str = "text") -> None:
    """Other words in a published version."""
    version = DocumentVersion.objects.get(document__site=site, number=2)
    texts = {"en": {**version.texts["en"], part: "We may do anything."}}
    assert DocumentVersion.objects.filter(pk=version.pk).update(texts=texts) == 1


def invent_version(site: Site) -> None:
    version = DocumentVersion.objects.get(document__site=site, number=2)
    version.pk, version.number = None, 3
    DocumentVersion.objects.bulk_create([version])


def forget_scan(site: Site) -> None:
    """As if it had found nothing."""
    change_scan(report={}, sha256="", entry=None)(site)


def change_asked(status: str, /, **values: Any) -> Callable[[Site], None]:
    """What a person asked, with this status, changed."""

    def changing(site: Site) -> None:
        assert SubjectRequest.objects.filter(site=site, status=status).update(**values) == 1

    return changing


def change_request(of: str, **values: Any) -> Callable[[Site], None]:
    """The request that is open ("") or was withdrawn, changed."""

    def changing(site: Site) -> None:
        assert PublishRequest.objects.filter(site=site, outcome=of).update(**values) == 1

    return changing


def approve_in_silence(site: Site) -> None:
    change_request("", approved_by="eve@example.org")(site)


def open_again(site: Site) -> None:
    """What was withdrawn waits again, instead of what waits."""
    rows = PublishRequest.objects.filter(site=site)
    rows.filter(outcome="").delete()
    assert rows.update(outcome="", ended_at=None) == 1


def invent_request(site: Site) -> None:
    PublishRequest.objects.filter(site=site, outcome="").update(ended_at=timezone.now(), outcome="failed")
    text = '{"site":"evil"}'
    PublishRequest.objects.create(site=site, snapshot=text, sha256=hashlib.sha256(text.encode()).hexdigest(), base=3,
                                  requested_by="alice@example.org", approved_by="bob@example.org")  # fmt: skip


def change_choice(said: str, **values: Any) -> Callable[[Site], None]:
    """The state of the one who said so, changed."""

    def changing(site: Site) -> None:
        assert ChoiceState.objects.filter(site=site, value=said).update(**values) == 1

    return changing


def invent_choice(site: Site) -> None:
    topic = Topic.objects.get(site=site)
    ChoiceState.objects.create(site=site, subject=uuid4(), topic=topic, value="yes", acted_at=timezone.now(), entry=3,
                               method="app")  # fmt: skip
    Topic.objects.update(yes=2)


def exchange_wordings(site: Site) -> None:
    """What was asked first is what is asked now."""
    first, second = TopicWording.objects.filter(topic__site=site)
    TopicWording.objects.filter(pk=first.pk).update(texts=second.texts, sha256=second.sha256)


def change(model: Any, **values: Any) -> Callable[[Site], None]:
    """A change of one row's columns: of the second release, of the last total …"""

    def changing(site: Site) -> None:
        rows = model.objects.filter(site=site, number=2) if model is Release else model.objects.filter(site_id=site.pk)
        assert rows.filter(pk=rows.order_by("pk").values_list("pk", flat=True)[0]).update(**values) == 1

    return changing


MANIPULATIONS: dict[str, tuple[Callable[[Site], object], str]] = {
    "gate code replaced": (replace_gate, "Release 2: gate.eu_opt_in.js was replaced"),
    "gate code replaced, its hash too": (
        replace_gate_with_all_that_belongs_to_it,
        "Release 2: gate.eu_opt_in.js was replaced: it does not have the hash that was committed to.",
    ),
    "gate code made unreadable": (spoil_gate, "Release 2: gate.eu_opt_in.js was replaced"),
    "a file removed": (
        lambda site: Artifact.objects.filter(release__site=site, release__number=2, name="late.js").delete(),
        "Release 2: late.js is gone.",
    ),
    "a file added": (add_file, "Release 1: more.js is no file of this release."),
    "a picture replaced": (lambda site: pictures.path(DIGEST).write_bytes(b"\x89PNG"), "logged was replaced."),
    "a picture deleted": (lambda site: pictures.path(DIGEST).unlink(), "logged is gone."),
    "a waiver invented": (invent_waiver, "The sign-off of L01 by Nobody was invented or changed"),
    "a waiver changed": (
        change(LintWaiver, signed_by="Nobody"), "The sign-off of L05 by Nobody was invented or changed",
    ),
    "a waiver removed": (
        lambda site: LintWaiver.objects.filter(signed_by="Carol Counsel").delete(),
        "A sign-off that the ledger tells of is gone: L05 by Carol Counsel.",
    ),
    "a waiver's end undone": (
        lambda site: LintWaiver.objects.update(revoked_at=None),
        "A sign-off that was taken back counts again: L05 by Dora Counsel.",
    ),
    "a waiver ended by nobody": (
        lambda site: LintWaiver.objects.update(revoked_at=timezone.now()),
        "The sign-off of L05 by Carol Counsel counts as taken back, though nobody did.",
    ),
    "an anchor invented": (invent_anchor, "was invented or changed: the audit trail tells of none such."),
    "an anchor removed": (lambda site: Anchor.objects.all().delete(), "An anchor that the audit trail tells of is gone"),
    "an anchor's evidence changed": (change(Anchor, evidence=b"<x@y>"), "the audit trail tells of none such."),
    "the audit trail emptied": (empty_trail, "The audit trail does not hold: entry "),
    "a line of the audit trail changed": (
        change(AuditEvent, actor="mallory@example.org"),
        "The audit trail does not hold: line 1 (site.create by mallory@example.org) was changed",
    ),
    "a line of the audit trail removed": (
        lambda site: AuditEvent.objects.filter(site=site, number=3).delete(),
        "The audit trail does not hold: line 3 is missing.",
    ),
    "the last line of the audit trail removed": (shorten_trail, "names an end that it does not have."),
    "the audit trail written anew": (write_trail_anew, "names an end that it does not have."),
    "a line of the audit trail invented": (
        lambda site: AuditEvent.objects.create(site=site, actor="x", verb="site.hosts"),
        "The audit trail does not hold: 1 of its lines are in no order.",
    ),
    "a line of nobody's audit trail changed": (
        lambda site: AuditEvent.objects.filter(site=None).update(actor="x"),
        "The audit trail of what belongs to no site does not hold: line 1 (person.reset_password by x) was changed",
    ),
    "a checkpoint removed": (remove_checkpoint, "does not follow those before it: one was removed"),
    "a checkpoint removed, the rest linked": (remove_checkpoint_and_link_the_rest, "it names other checkpoints than"),
    "the kept note removed": (lambda site: kept.path(str(site.uuid)).unlink(), "is missing."),
    "the kept note replaced by an older one": (keep_an_older_note, "the one kept outside"),
    "the kept note forged": (forge_note, "is not signed by the log's key."),
    "a release's note changed": (
        change(Release, note="nothing"), "Release 2: note is 'nothing', but 'the second' was committed to.",
    ),
    "a release's author changed": (
        change(Release, published_by="eve@example.org"), "Release 2: published_by is 'eve@example.org', but",
    ),
    "a release's time changed": (change(Release, published_at=timezone.now()), "Release 2: published_at is"),
    "a release called a rollback": (change(Release, rolled_back_to=1), "Release 2: rolled_back_to is 1, but None"),
    "a release's hosts changed": (change(Release, hosts=["x.test"]), "Release 2: its hosts are not those of its text."),
    "a release's numbering changed": (
        change(Release, numbering={"names": ["x"], "steps": [1]}), "Release 2: its numbering does not continue",
    ),
    "the site's controller renamed": (
        lambda site: Site.objects.filter(pk=site.pk).update(controller="Evil Ltd"),
        "The site's controller is 'Evil Ltd', though what was published or noted in the audit trail last is",
    ),
    "an answer changed": (lambda site: first_answer(site).update(language="fr"), "language is 'fr', but 'en'"),
    "an answer erased past the ledger": (
        lambda site: first_answer(site).update(visitor=None, replaces=None, payload=None, salt=None),
        "it was erased, but no erasure entry names it.",
    ),
    "an answer added past the ledger": (answer_past_the_ledger, "at index 500 without an entry."),
    "the log cut off at its end": (cut_off_the_end, "the database is older than its last checkpoint."),
    "an import called a click": (
        lambda site: ConsentRecord.objects.filter(site_id=site.pk, action="import").update(action="accept_all"),
        "action is 'accept_all', but 'import' was committed to.",
    ),
    "a receipt taken out of the totals": (
        lambda site: DailyTotal.objects.filter(site_id=site.pk, action="receipt").delete(), "is 0; the records make 1.",
    ),
    "a signal counted as a click": (
        lambda site: DailyTotal.objects.filter(site_id=site.pk, action="signal").update(action="custom"),
        "the records make",
    ),
    "the report of a scan changed": (change_scan(report={}), "was changed: it does not have its hash."),
    "the report of a scan replaced": (replace_report, "was replaced: entry "),
    "the report of a scan said to be named by no entry": (change_scan(entry=None), "is said to be named by entry None"),
    "a scan emptied": (forget_scan, "The report of a scan that entry "),
    "a scan removed": (
        lambda site: Scan.objects.filter(pk=present(Scan.objects.order_by("pk").first()).pk).delete(),
        "The report of a scan that entry ",
    ),
    "the picture of a scan replaced": (
        lambda site: scan_pictures.path(hashlib.sha256(JPEG).hexdigest()).write_bytes(b"x"), " was replaced.",
    ),
    "the picture of a scan deleted": (
        lambda site: scan_pictures.path(hashlib.sha256(JPEG).hexdigest()).unlink(), " is gone.",
    ),
    "a person's request answered by nobody": (
        change_asked("open", status="closed", outcome="complied"), "counts as answered, though no entry says so.",
    ),
    "a person's request opened again": (
        change_asked("closed", status="open"), "was answered by entry ",
    ),
    "a person's request said to have come later": (
        change_asked("open", received_at=timezone.now() + timedelta(days=9)), ": came is '",
    ),
    "a person's request said to be due later": (
        change_asked("open", due=timezone.now().date() + timedelta(days=90)), ": due is '",
    ),
    "a person's request called one of another kind": (change_asked("open", kind="erasure"), ": kind is 'erasure', but"),
    "the outcome of a person's request changed": (
        change_asked("closed", outcome="denied"), ": outcome is 'denied', but entry ",
    ),
    "a person's request removed": (
        lambda site: SubjectRequest.objects.filter(site=site, status="closed").delete(), "The request that entry ",
    ),
    "a person's request cut from its entries": (change_asked("open", log_key=None), "The request that entry "),
    "a person's request given to other entries": (
        change_asked("open", log_key=uuid4()), ": the log does not tell that it came.",
    ),
    "the text of a document changed": (replace_text, "of the document terms: its text (en) is not what entry "),
    "the title of a document changed": (
        lambda site: replace_text(site, "title"), "of the document terms: its text (en) is not what entry ",
    ),
    "what a version says that it changed": (
        lambda site: replace_text(site, "summary"), "of the document terms: summary is not what entry ",
    ),
    "a version of a document removed": (
        lambda site: DocumentVersion.objects.filter(number=1).delete(),
        "Version 1 of the document terms is in the ledger and nowhere else.",
    ),
    "a version of a document invented": (
        invent_version, "Version 3 of the document terms: the ledger has no entry for it.",
    ),
    "a version of a document in force earlier": (
        change_version(effective_at=datetime(2020, 1, 1, tzinfo=UTC)),
        "Version 1 of the document terms: the moment from which it is in force was changed.",
    ),
    "a version of a document in force on another day": (
        change_version(effective_on=date(2020, 1, 1)), "of the document terms: effective_on is not what entry ",
    ),
    "a version of a document published earlier": (
        change_version(published_at=datetime(2020, 1, 1, tzinfo=UTC)), "Version 1 of the document terms is said to be of ",
    ),
    "a version of a document made material": (
        change_version(material=["category C0002"]), "of the document terms: material is not what entry ",
    ),
    "a version of a document named by another entry": (
        change_version(entry=0), "Version 1 of the document terms is said to be named by entry 0",
    ),
    "a review of texts invented": (
        lambda site: TextReview.objects.create(site=site, language="de", signed_by="Nobody", texts="ab" * 32),
        "The review of our words in de by Nobody was invented or changed",
    ),
    "a review's reader changed": (
        lambda site: TextReview.objects.filter(revoked_at=None).update(signed_by="Dr. Nobody"),
        "The review of our words in en by Dr. Nobody was invented or changed",
    ),
    "a review moved to other words": (
        lambda site: TextReview.objects.filter(revoked_at=None).update(texts="ab" * 32),
        "The review of our words in en by Frank Editor was invented or changed",
    ),
    "a review removed": (
        lambda site: TextReview.objects.filter(revoked_at=None).delete(),
        "The review of our words in en by Frank Editor does not hold, though nobody took it back.",
    ),
    "a review brought back": (
        lambda site: (
            TextReview.objects.filter(revoked_at=None).update(revoked_at=timezone.now()),
            TextReview.objects.filter(signed_by="Erin Editor").update(revoked_at=None),
        ),
        "The review of our words in en by Erin Editor holds, though it was taken back or followed by another one.",
    ),
    "a correction of the law changed": (
        lambda site: JurisdictionOverride.objects.update(fields={"preset": "notice"}),
        "The correction of DE was invented or changed",
    ),
    "a correction of the law invented": (
        lambda site: JurisdictionOverride.objects.create(site=site, jurisdiction="FR", fields={}, reason="r"),
        "The correction of FR was invented or changed",
    ),
    "a correction of the law removed": (
        lambda site: JurisdictionOverride.objects.all().delete(), "The correction of DE is gone",
    ),
    "a host added": (
        lambda site: site.hosts.create(name="evil.test"),
        "The site's hosts are evil.test, shop.example, shop.test; the audit trail says shop.example, shop.test.",
    ),
    "the gate switched off by nobody": (
        lambda site: Site.objects.filter(pk=site.pk).update(killed_at=timezone.now()),
        "The site's gate is switched off, or on, otherwise than the audit trail says.",
    ),
    "what is to be published changed": (
        change_request("", snapshot="{}"), "its content was changed, it does not have its hash.",
    ),
    "what is to be published approved by nobody": (
        approve_in_silence, "counts as approved by eve@example.org, though nobody did.",
    ),
    "what is to be published set to a time": (
        change_request("", publish_at=timezone.now()), "was invented or changed: the audit trail tells of none such.",
    ),
    "what is to be published invented": (invent_request, "was invented or changed: the audit trail tells of none such."),
    "what was withdrawn opened again": (open_again, "was ended and is open again, or gone."),
    "what is to be published called published": (
        change_request("", outcome="published", ended_at=timezone.now()), "though there is no such release.",
    ),
    "a no made a yes": (change_choice("no", value="yes"), " led to says something older than it."),
    "a no forgotten": (change_choice("no", acted_at=datetime(2026, 5, 1, tzinfo=UTC)), " led to says something older"),
    "a choice said to come from elsewhere": (change_choice("yes", source="CRM"), " led to says something else."),
    "a choice removed": (lambda site: ChoiceState.objects.filter(value="yes").delete(), " led to is gone."),
    "a choice invented": (invent_choice, "1 states of choices are not what their entries made of them."),
    "totals of choices changed": (
        lambda site: Topic.objects.update(yes=900), "The totals of the topic news are 900 and 1; its states make 1 and 1.",
    ),
    "what people were asked changed": (
        lambda site: TopicWording.objects.filter(version=1).update(texts={"en": {"name": "N", "text": "Sold."}}),
        "Wording 1 of the topic news was changed: it does not have its hash.",
    ),
    "what people were asked removed": (
        lambda site: TopicWording.objects.filter(version=1).delete(), "Wording 1 of the topic news is gone.",
    ),
    "what people were asked exchanged": (exchange_wordings, "Wording 1 of the topic news was replaced: entry "),
    "an entry of a choice changed": (
        lambda site: ConsentRecord.objects.filter(type="choice").update(action="yes"), "action is 'yes', but 'no' was",
    ),
    "a total of answers changed": (change(DailyTotal, count=80), "is 80; the records make 8."),
}  # fmt: skip


@pytest.mark.parametrize(("manipulate", "words"), MANIPULATIONS.values(), ids=MANIPULATIONS.keys())
def test_a_manipulation_is_refused_in_words(site, capsys, manipulate, words):
    manipulate(site)
    wrong, _ = said(site, capsys)
    assert [line for line in wrong if words in line] != [], wrong


def test_what_can_not_be_proved_is_not_said_to_hold(site, capsys):
    ImpressionTotal.objects.filter(site_id=site.pk).update(count=400)
    wrong, unproved = said(site, capsys)
    assert (wrong, unproved[-1]) == ([], UNPROVED)


def test_triggers_that_are_gone_are_missed(site, capsys):
    with pytest.raises(CommandError):
        call_command("verify_ledger")
    missed = [line for line in capsys.readouterr().out.splitlines() if "append-only trigger" in line]
    assert len(missed) == len(guards.missing(connection)) > 10
