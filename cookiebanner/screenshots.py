"""Pictures of each release's banners, taken by Chromium and named in the ledger by their SHA-256.

CNIL recommendation 2020-092 asks for a timestamped screenshot of each version. A job takes them after a publish, one a
regime and language, on a machine that has Chromium; the pictures lie in FAIRGATE_DATA/screenshots.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from uuid import uuid5

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from consent import private_files
from consent.banners import texts
from consent.jobs.actions import enqueue
from consent.jobs.registry import handler
from consent.jobs.runner import Run
from consent.ledger.append import append, draft_of
from consent.ledger.models import LogEntry
from consent.publishing import queries
from consent.publishing.models import Release

SIZE = (1280, 800)  # CSS pixels
SECONDS = 40  # for one picture
PATIENCE = timedelta(minutes=10)  # a publish is followed by visitors; Chromium keeps out of their way


def chromium() -> str | None:
    """The browser's path; None when there is none."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def wanted(release: Release) -> list[tuple[str, str]]:
    """(regime, language) of each banner that a release can show."""
    snapshot = queries.snapshot_of(release.site, release.number) or {}
    shown = [name for name, terms in snapshot["variants"].items() if terms["banner"] != "none" and "-" not in name]
    return [(regime, language) for regime in shown for language in snapshot["languages"]]


def ask_for(release: Release) -> None:
    """Puts the pictures of a release into the queue, when this installation takes them."""
    if settings.FAIRGATE_SCREENSHOTS:
        later = timezone.now() + PATIENCE
        enqueue("screenshots", site=release.site, params={"release": release.number}, run_after=later, once=True)


@contextmanager
def served(release: Release) -> Iterator[str]:
    """The release's files and a plain page with its gate on a port of this machine; gives the base URL."""
    files = {a.name: a for a in release.artifacts.all()}
    hashed = {f"{a.sha256}/{a.name}": a for a in files.values()}
    site = release.site.uuid

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            name = path.removeprefix(f"/v1/{site}/")
            found = hashed.get(name.removeprefix("a/"))
            if name.startswith("regime/"):
                found = files.get(f"gate.{name.split('/')[1]}.js")
            if path.startswith("/page/"):
                _, _, regime, language = path.split("/")
                self.say("text/html; charset=utf-8", page(release, regime, language).encode())
            elif found:
                self.say(found.content_type, bytes(found.body))
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            self.send_error(404)

        def say(self, kind: str, body: bytes) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()


def page(release: Release, regime: str, language: str) -> str:
    """A plain page in the language, with the gate of one regime."""
    gate = f"/v1/{release.site.uuid}/regime/{regime}/gate.js"
    return (
        f'<!doctype html><html lang="{escape(language)}" dir="{texts.direction(language)}"><head>'
        f'<script src="{gate}"></script><meta charset="utf-8"><title>{escape(release.site.name)}</title></head>'
        f'<body style="font:18px system-ui;margin:40px"><h1>{escape(release.site.name)}</h1>'
        f"<p>Release {release.number}, {escape(regime)}, {escape(language)}</p></body></html>"
    )


def take(browser: str, url: str) -> bytes:
    """A PNG of the page after its banner showed. Raises RuntimeError when Chromium gives none."""
    with tempfile.TemporaryDirectory(prefix="fairgate-shot-") as folder:
        file = Path(folder) / "shot.png"
        command = [
            "nice", browser, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync",
            f"--user-data-dir={folder}/profile", f"--window-size={SIZE[0]},{SIZE[1]}", "--virtual-time-budget=4000",
            f"--screenshot={file}", url,
        ]  # fmt: skip
        try:
            done = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except subprocess.TimeoutExpired as error:
            raise RuntimeError(f"Chromium took longer than {SECONDS} seconds.") from error
        if not file.exists():
            raise RuntimeError(f"Chromium made no picture: {done.stderr.decode(errors='replace')[-300:]}")
        return file.read_bytes()


@handler("screenshots")
def picture(run: Run) -> dict[str, Any]:
    """Pictures what is still missing of a release and names each in the ledger. Resumes where it was."""
    site = run.job.site
    release = Release.objects.get(site=site, number=run.params["release"])
    browser = chromium()
    if browser is None:
        return {"taken": 0, "why": "Chromium is not installed"}
    folder = Path(settings.FAIRGATE_DATA) / "screenshots"
    private_files.folder(folder)
    todo, taken = wanted(release), 0
    with served(release) as base:
        for number, (regime, language) in enumerate(todo):
            run.progress(number, len(todo), message=f"{regime}, {language}")
            record_id = uuid5(release.site.uuid, f"screenshot/{release.number}/{regime}/{language}")
            if LogEntry.objects.filter(site_id=release.site_id, record_id=record_id).exists():
                continue
            png = take(browser, f"{base}/page/{regime}/{language}")
            digest = hashlib.sha256(png).hexdigest()
            with private_files.open_file(folder / f"{digest}.png", "wb") as file:
                file.write(png)
            record = {"sha256": digest, "number": release.number, "for": f"{regime} {language}", "size": list(SIZE)}
            place = {"release": release.number, "release_hash": release.sha256}
            with transaction.atomic():
                append([draft_of(release.site_id, release.site.uuid, "screenshot", record, record_id, **place)])
            taken += 1
    return {"taken": taken, "of": len(todo)}
