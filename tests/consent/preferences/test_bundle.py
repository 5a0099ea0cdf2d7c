"""An audit bundle of a log with choices: verify.py holds it, counts them in words, and refuses what was left out."""

from __future__ import annotations

import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from consent.exports import actions as exports
from consent.exports.verify import verify as verifier
from consent.ledger.verify import verify
from consent.preferences import erasing
from consent.preferences import verify as beside
from tests.consent.ledger.sample_ledger import make_site
from tests.consent.preferences.sample_topics import choice, said, topic

pytestmark = pytest.mark.django_db


@pytest.fixture
def bundle(settings, tmp_path) -> Path:
    settings.FAIRGATE_DATA = tmp_path / "data"
    site = make_site()
    topic(site)
    topic(site, "cpni", kind="cpni", basis="opt_out")
    said(
        site,
        choice(site),
        choice(site, "no", "2026-05-02"),
        choice(site, id="c-2"),
        choice(site, "notice", topic="cpni"),
    )
    said(site, choice(site, id="c-3", wording=""), choice(site, id="c-4", at="2027-05-01"))
    erasing.erase(site, "c-2", "alice@example.org", "asked by letter")
    assert (verify(site).wrong, beside.wrong(site)) == ([], [])
    out, today = tmp_path / "bundle.zip", datetime.now(UTC).date()
    exports.export(site, today - timedelta(days=1), today, "bundle", out, "alice@example.org")
    return out


def lines(path: Path) -> list[str]:
    found: list[str] = []
    assert verifier.check(str(path), say=found.append) == verifier.UNKNOWN_SIGNER
    return found


def test_the_bundle_holds_and_says_how_many_said_what(bundle: Path) -> None:
    found = lines(bundle)
    assert "CHOICES beyond cookies in the period: 6. cpni: 1 notice. news: 3 yes, 1 no. Erased: 1." in found
    assert [line.partition(" by entry")[0] for line in found if line.startswith("WORDING")] == [
        "WORDING 1 of the choice news", "WORDING 1 of the choice cpni",
    ]  # fmt: skip
    with zipfile.ZipFile(bundle) as archive:
        rows = [json.loads(line) for line in archive.read("records.jsonl").splitlines()]
        assert "CHOICES beyond cookies in the period: 6." in archive.read("report.html").decode()
    assert [row["type"] for row in rows].count("choice") == 6
    assert not any(re.search(r"\bc-1\b", str(row["record"])) for row in rows)  # the id; a UUID may hold "c-1"
