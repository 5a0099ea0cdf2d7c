"""Made the files beside it: what revision 1b79d33 stored, by that revision's own server, browser and commands.

    git worktree add old 1b79d33 && cd old && python ../tests/stored/make.py FOLDER [postgresql://…]

It is kept to say what the files are, and for the next revision whose storage has to be understood for ever.
"""

from __future__ import annotations

import json
import lzma
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path.cwd()))
SITE = "5d0c0d1e-79b1-4d33-8f00-1b79d3300001"
OTHER = "5d0c0d1e-79b1-4d33-8f00-1b79d3300002"
HOST, OTHER_HOST, CONSENT = "shop.parent.example", "parent.example", "consent.example"
PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<script src="https://{consent}/v1/{site}/gate.js"></script>
<script src="https://www.googletagmanager.com/gtag/js?id=G-1"></script></head>
<body><h1>A shop</h1><script src="https://static.hotjar.com/c/hotjar-1.js"></script></body></html>"""
DROP_IN = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>A shop</title>
<script src="https://{consent}/consent/{site}/OtAutoBlock.js"></script>
<script src="https://{consent}/scripttemplates/otSDKStub.js" data-domain-script="{site}"></script>
<script>function OptanonWrapper() {{}}</script></head><body><h1>A shop</h1></body></html>"""

# name → (country headers, GPC?, page, what the visitor does)
VISITORS: dict[str, tuple[dict[str, str], bool, str, str]] = {
    "eu_accept": ({"cf-ipcountry": "DE"}, False, "/", "fairgate.accept()"),
    "eu_reject": ({"cf-ipcountry": "DE"}, False, "/", "fairgate.reject()"),
    "eu_category": ({"cf-ipcountry": "DE"}, False, "/", "fairgate.set({categories: {C0002: true, C0004: false}})"),
    "eu_service": (
        {"cf-ipcountry": "DE"}, False, "/", "fairgate.set({categories: {C0002: true}, services: {hotjar: false}})",
    ),
    "eu_purpose": ({"cf-ipcountry": "DE"}, False, "/", "fairgate.set({purposes: {newsletter: true}})"),
    "eu_withdraw": ({"cf-ipcountry": "DE"}, False, "/", "fairgate.accept().then(() => fairgate.withdraw())"),
    "eu_drop_in": ({"cf-ipcountry": "DE"}, False, "/one", "OneTrust.AllowAll()"),
    "gb_accept": ({"cf-ipcountry": "GB"}, False, "/", "fairgate.accept()"),
    "ca_opt_out": ({"cf-ipcountry": "US", "cf-region-code": "CA"}, False, "/", "fairgate.optOut()"),
    "ca_gpc": ({"cf-ipcountry": "US", "cf-region-code": "CA"}, True, "/", ""),
    "tx_accept": ({"cf-ipcountry": "US", "cf-region-code": "TX"}, False, "/", "fairgate.accept()"),
    "jp_reject": ({"cf-ipcountry": "JP"}, False, "/", "fairgate.reject()"),
}  # fmt: skip


def manage(*words: str) -> str:
    done = subprocess.run([sys.executable, "manage.py", *words], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"{words}: {done.stdout}{done.stderr}")
    return done.stdout


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def main() -> None:
    out = Path(sys.argv[1]).resolve()
    data = out / "data"
    url = sys.argv[2] if len(sys.argv) > 2 else ""
    os.environ |= {
        "FAIRGATE_DATA": str(data), "DATABASE_URL": url, "SECRET_KEY": "stored", "FAIRGATE_LOG_NAME": CONSENT,
        "FAIRGATE_URL": f"https://{CONSENT}", "FAIRGATE_TRUSTED_PROXIES": "127.0.0.1", "FAIRGATE_SCREENSHOTS": "0",
        "FAIRGATE_RATE_LIMIT": "0", "FAIRGATE_OWNER_PASSWORD": "correct horse battery", "FAIRGATE_UNSAFE": "1",
        "DJANGO_SETTINGS_MODULE": "cookiebanner.settings",
    }  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    manage("setup", "--email", "owner@parent.example")
    make_sites()
    manage("publish", "--site", SITE, "--note", "First")
    manage("publish", "--site", OTHER)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "manage.py", "serve", "--port", str(port), "--no-worker"], start_new_session=True
    )
    base = f"http://127.0.0.1:{port}"
    wait(base)
    try:
        visits = visit(base, ("eu_accept", "eu_reject", "eu_category", "eu_service", "ca_opt_out"))
        change()
        manage("publish", "--site", SITE, "--note", "Second: a new tracker")
        time.sleep(6)  # both memories of the server ask again
        visits |= {f"{name}_2": seen for name, seen in visit(base, tuple(VISITORS)).items()}
        manage("rollback", "--site", SITE, "--to", "1", "--note", "Back to the first")
        time.sleep(6)
        visits |= {f"{name}_3": seen for name, seen in visit(base, ("eu_accept",)).items()}
        receipts = {
            name: json.load(urllib.request.urlopen(f"{base}/api/v1/consents/{seen['consent']['id']}/receipt"))
            for name, seen in visits.items() if seen["consent"]["id"]
        }  # fmt: skip
    finally:
        server.terminate()
        server.wait(30)
    early = manage("checkpoint", "--site", SITE)
    erased = visits["eu_service"]["consent"]["visitor"]
    manage("erase", "--site", SITE, "--visitor", erased, "--reason", "asked by mail")
    manage("checkpoint", "--rotate-key", "yearly")
    late = manage("checkpoint", "--site", SITE)
    today = datetime.now(UTC).date().isoformat()
    bundle = out / "bundle.zip"
    manage("export", "--site", SITE, "--from", today, "--to", today, "--format", "bundle", "--out", str(bundle))
    manage(
        "export", "--site", SITE, "--from", today, "--to", today, "--format", "csv", "--out", str(out / "records.csv")
    )
    write(out / "visitors.json", visits)
    write(out / "receipts.json", receipts)
    write(
        out / "log.json",
        {"early": early, "late": late, "vkey": manage("checkpoint", "--key").strip(), "erased": erased,
         "verify_ledger": manage("verify_ledger"), "day": today, "site": SITE, "other": OTHER},
    )  # fmt: skip
    prune()
    if url:
        dump = subprocess.run(["pg_dump", "--no-owner", "--no-privileges", url], capture_output=True, check=True)
        (out / "database.postgresql.sql.xz").write_bytes(lzma.compress(dump.stdout))
    else:
        with sqlite3.connect(data / "fairgate.sqlite3") as database:
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            database.execute("PRAGMA journal_mode=DELETE")
        file = (data / "fairgate.sqlite3").read_bytes()
        (out / "database.sqlite3.xz").write_bytes(lzma.compress(file))
    print(sorted(str(path.relative_to(data)) for path in data.rglob("*") if "static" not in str(path)))
    shutil.rmtree(data / "static", ignore_errors=True)


def make_sites() -> None:
    import django

    django.setup()
    from consent.catalogue.actions import add_service
    from consent.catalogue.models import Purpose
    from consent.sites.actions import change_settings, create_site
    from consent.stats.actions import add_impressions, add_reports

    for uuid, host in ((SITE, HOST), (OTHER, OTHER_HOST)):
        site = create_site([host], "maker", uuid=uuid, name=f"The shop {host}", languages=["en", "de"])
        change_settings(
            site, "maker", controller="Parent Ltd", controller_contact=f"privacy@{host}",
            policy_url=f"https://{host}/privacy", imprint_url=f"https://{host}/imprint", record_path=True,
        )  # fmt: skip
        for key in ("google-analytics", "google-tag-manager", "hotjar", "youtube"):
            service(site, key)
        Purpose.objects.create(
            site=site, key="newsletter", texts={"en": {"name": "Newsletter", "description": "Mail."}}
        )
        now = datetime.now(UTC)
        day = now.date()
        add_impressions({(site.pk, day, 1, "eu_opt_in", "DE", "en", "banner"): 7})
        add_reports({(site.pk, "unknown", "cdn.unknown.example"): (3, host)}, now)
    add_service  # noqa: B018 - the name is used by service()


def service(site, key: str) -> None:
    from consent.catalogue import known
    from consent.catalogue.actions import add_service

    fact = known.by_key()[key]
    add_service(
        site, "maker", name=fact["name"], key=key, category=fact["category"], patterns=fact["rules"],
        cookies=fact["cookies"], sells_or_shares=fact.get("sells_or_shares"), inline=fact.get("inline"),
        adapter=fact.get("adapter", ""),
    )  # fmt: skip


def prune() -> None:
    """Leaves the files of three regimes: what the others hold is of the same kind, and forty times as large."""
    from django.db import connection

    from consent.models import Artifact

    kept = ("gate.eu_opt_in.js", "gate.us_ca.js", "gate.jp_notice.js")
    Artifact.objects.filter(name__startswith="gate.").exclude(name__in=kept).delete()
    if connection.vendor == "sqlite":
        connection.cursor().execute("VACUUM")
    connection.close()


def change() -> None:
    from django.db import connection

    from consent.models import Site

    service(Site.objects.get(uuid=SITE), "meta-pixel")
    connection.close()


def wait(base: str) -> None:
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{base}/livez").read()
            return
        except OSError:
            time.sleep(0.1)
    raise SystemExit("The server did not start.")


def visit(base: str, names: tuple[str, ...]) -> dict:
    """Each visitor in a context of his own: what his browser holds afterwards, and what our API says of it."""
    from playwright.sync_api import sync_playwright

    from tests.browser.internet import open_world

    seen = {}
    with open_world() as world, sync_playwright() as playwright:
        world.upstream[CONSENT] = base
        for host, site in ((HOST, SITE), (OTHER_HOST, OTHER)):
            world.pages[(host, "/favicon.ico")] = (204, "image/x-icon", b"")
            for path, html in (("/", PAGE), ("/one", DROP_IN)):
                text = html.format(consent=CONSENT, site=site)
                world.pages[(host, path)] = (200, "text/html; charset=utf-8", text.encode())
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium-headless-shell") or shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", *world.chromium_arguments],
        )
        for name in names:
            headers, gpc, path, act = VISITORS[name]
            world.extra_headers[CONSENT] = headers
            context = browser.new_context(ignore_https_errors=True)
            if gpc:
                context.add_init_script(
                    "Object.defineProperty(Navigator.prototype,'globalPrivacyControl',{get:()=>true})"
                )
            page = context.new_page()
            page.goto(f"https://{HOST}{path}")
            page.wait_for_function(
                "window.fairgate && fairgate.optOut && (!location.pathname.includes('one') || window.OneTrust?.AllowAll)"
            )
            stored = page.evaluate(
                "act => new Promise(resolve => { fairgate.on('stored', resolve); setTimeout(resolve, 2500); if (act) eval(act) })",
                act,
            )
            if "withdraw" in act:
                page.wait_for_timeout(1500)
            seen[name] = {
                "headers": headers, "gpc": gpc, "path": path, "act": act, "stored": stored,
                "consent": page.evaluate("fairgate.consent()"), "cookie": page.evaluate("document.cookie"),
                "cookies": [
                    cookie for cookie in context.cookies() if re.match("fairgate|Opt|euconsent", cookie["name"])
                ],
                "local": page.evaluate("({...localStorage})"), "session": page.evaluate("({...sessionStorage})"),
            }  # fmt: skip
            context.close()
        browser.close()
    return seen


def write(path: Path, what: object) -> None:
    path.write_text(json.dumps(what, indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
