"""`python -m bench.growth [sites] [releases] [shapes] [past]`: what more sites, releases, services and languages cost,
and a longer past.

Into docs/performance.*, as its section (l). Sites beside the first share its release but for the gate, whose bytes are
each site's own; all of them are visited once before memory is read.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any
from urllib.request import Request, urlopen
from uuid import uuid4

from bench.report import table
from tests.postgres import Cluster

SITES = (1, 100, 1_000, 5_000)
RELEASES = (1, 10, 100, 1_000)
SERVICES, LANGUAGES = (20, 100, 500), (1, 7, 40)
CODES = (
    "en", "de", "fr", "es", "it", "nl", "ar", "bg", "bs", "ca", "cs", "da", "el", "et", "eu", "fa", "fi", "ga", "gl",
    "he", "hr", "hu", "is", "ja", "ko", "lt", "lv", "mk", "mt", "nb", "pl", "pt", "ro", "sk", "sl", "sq", "sr", "sv",
    "tr", "uk",
)  # fmt: skip
TOGETHER = 250  # sites stored at once
PARTS = ("sites", "releases", "shapes", "past")
RECORDS = (100_000, 1_000_000, 4_000_000)
TOLD = 10  # records for each job that told a webhook of an opt-out, which are kept for two days


def main() -> None:
    """Measures what was asked for, and writes the report."""
    parser = argparse.ArgumentParser(prog="python -m bench.growth", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"of {', '.join(PARTS)}; all by default")
    parser.add_argument("--most", type=int, default=5_000, help="of sites, and of releases where they are fewer")
    given = parser.parse_args()
    if len(given.parts) != 1:  # each begins with an empty database
        for part in given.parts or PARTS:
            subprocess.run([sys.executable, "-m", "bench.growth", part, "--most", str(given.most)], check=True)
        return
    folder = Path(tempfile.mkdtemp(prefix="bench-"))
    cluster = Cluster(stock=True).start()
    os.environ |= {
        "DATABASE_URL": cluster.url, "FAIRGATE_DATA": str(folder), "FAIRGATE_RATE_LIMIT": "0", "SECRET_KEY": "bench",
        "DJANGO_SETTINGS_MODULE": "cookiebanner.settings", "FAIRGATE_PICTURES": "0",
    }  # fmt: skip
    try:
        from bench import report

        measured = measure(cluster, folder, given.parts, given.most)
        print("\n".join(text(measured)))
        report.write({"growth": measured})
    finally:
        cluster.remove()


def measure(cluster: Cluster, folder: Path, parts: list[str], most: int) -> dict[str, Any]:
    """{part: rows}, as `text` shows them."""
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    env = {name: os.environ[name] for name in ("DATABASE_URL", "FAIRGATE_DATA", "FAIRGATE_RATE_LIMIT", "SECRET_KEY")}
    made: dict[str, Callable[[], Any]] = {
        "sites": lambda: [sites(env, folder, count) for count in SITES if count <= most],
        "releases": lambda: list(releases(env, folder, [count for count in RELEASES if count <= most])),
        "shapes": lambda: list(shapes()),
        "past": lambda: list(past()),
    }
    return {part: made[part]() for part in parts}


# --- sites ------------------------------------------------------------------------------------------------------------


def sites(env: dict[str, str], folder: Path, count: int) -> dict[str, Any]:
    """The cost of `count` sites, of which those that are not there are made."""
    from bench import history, sample_sites
    from consent.models import Site

    first = Site.objects.order_by("pk").first() or sample_sites.make(1)
    add_sites(first, count - Site.objects.count())
    found = {
        "count": count,
        **serving(env, folder, [str(uuid) for uuid in Site.objects.order_by("pk").values_list("uuid", flat=True)]),
        "publish": publishing(first),
        "overview": history.dashboard(first, days=30),
        "list": listed(),
        **daily(),
    }
    print(found, file=sys.stderr, flush=True)
    return found


def add_sites(first: Any, missing: int) -> None:
    """Sites with the content of the first: an entry each in their ledgers, and a gate of their own bytes."""
    from consent.models import Artifact, Content
    from consent.publishing import streams

    like = first.releases.order_by("number")[0]
    files = list(like.artifacts.select_related("content"))
    while missing > 0:
        contents, artifacts = [], []
        for _ in range(min(TOGETHER, missing)):
            site, release = add_site(first, like)
            for file in files:
                content = file.content
                if file.name == "gate.eu_opt_in.js":
                    body = content.body + f"/*{site.uuid}*/".encode()
                    digest, packed = hashlib.sha256(body).hexdigest(), streams.to_brotli(body, 1)
                    content = Content(sha256=digest, size=len(body), brotli=packed, effort=11)
                    contents.append(content)
                artifacts.append(
                    Artifact(release=release, name=file.name, content_type=file.content_type, content_id=content.pk)
                )
        Content.objects.bulk_create(contents)
        Artifact.objects.bulk_create(artifacts)
        missing -= TOGETHER


def add_site(first: Any, like: Any) -> tuple[Any, Any]:
    """A site and its release, on a host of its own."""
    from bench.sample_sites import HOST
    from consent.ledger.append import append, draft_of
    from consent.models import Host, Release, Site
    from tests.values import RESPONSIBLE

    site = Site.objects.create(name="Bench", languages=first.languages, **RESPONSIBLE)
    host = f"s{site.pk}.example"
    Host.objects.create(site=site, name=host)
    text = like.snapshot.replace(str(first.uuid), str(site.uuid)).replace(f'"{HOST}"', f'"{host}"')
    release = Release.objects.create(
        site=site, number=1, sha256=hashlib.sha256(text.encode()).hexdigest(), snapshot=text, published_by="bench",
        published_at=like.published_at, numbering=like.numbering,
    )  # fmt: skip
    record = {"number": 1, "sha256": release.sha256}
    append([draft_of(site.pk, site.uuid, "release", record, uuid4(), release=1, release_hash=release.sha256)])
    return site, release


def serving(env: dict[str, str], folder: Path, uuids: list[str]) -> dict[str, float]:
    """Of a server process: seconds until it answers; ms of its first gate; MB when it has loaded what it loads by
    itself, and when every site was visited; ms of CPU that it then takes each second without a visitor."""
    from bench.machine import cpu_ms, fairgate, family, peak_mb

    begun = time.perf_counter()
    with fairgate(env, folder) as server:
        start = time.perf_counter() - begun

        def visit(uuid: str) -> float:
            asked = time.perf_counter()
            address = f"{server.url}/v1/{uuid}/regime/eu_opt_in/gate.js"
            urlopen(Request(address, headers={"Accept-Encoding": "br"}), timeout=60).read()
            return (time.perf_counter() - asked) * 1000

        def memory() -> float:
            return max(map(peak_mb, family(server.pid)))  # the process that serves; the other only watches it

        answer = visit(uuids[-1])
        settled(lambda: cpu_ms(server.pid))
        loaded = memory()
        visits = [visit(uuid) for uuid in uuids]
        settled(lambda: cpu_ms(server.pid))
        before, seconds = cpu_ms(server.pid), 6.0
        time.sleep(seconds)
        idle = (cpu_ms(server.pid) - before) / seconds
        return {"start": start, "first": answer, "loaded": loaded, "visited": memory(), "visit": median(visits),
                "idle": idle}  # fmt: skip


def settled(cpu: Callable[[], float], calm: float = 300.0) -> None:
    """Waits, at most a minute, until what a process does by itself takes less than `calm` ms of CPU in two seconds."""
    for _ in range(30):
        before = cpu()
        time.sleep(2)
        if cpu() - before < calm:
            return


def publishing(site: Any) -> float:
    """Seconds of one more release of a site."""
    from cookiebanner.releases.publish import publish

    begun = time.perf_counter()
    publish(site, "bench", force=True)
    return time.perf_counter() - begun


def listed() -> dict[str, float]:
    """The page of all sites: ms, queries, and kB of HTML."""
    from django.contrib.auth import get_user_model
    from django.db import connection, reset_queries
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.urls import reverse

    client, times = Client(), []
    client.force_login(get_user_model().objects.get(username="bench"))
    for _ in range(4):
        reset_queries()
        with CaptureQueriesContext(connection) as captured:
            begun = time.perf_counter()
            answer = client.get(reverse("dashboard:sites"))
            times.append((time.perf_counter() - begun) * 1000)
    return {"whole": median(times[1:]), "queries": len(captured), "kB": len(answer.content) / 1000}


def daily() -> dict[str, float]:
    """Seconds of what the worker does for all sites: checkpoints, each minute, when no log has grown; and the daily
    look at what is to be told."""
    from consent.ledger import checkpoint
    from consent.models import Site
    from consent.notices import actions as notices
    from consent.watch import conditions

    for _ in range(2):  # an entry of the trail is one more to be signed
        checkpoint.make_all()
    with taken() as minute:
        checkpoint.make_all()
    some = list(Site.objects.order_by("pk")[:100])
    with taken() as watch:
        for site in some:
            notices.see(site, conditions.of(site))
    return {"minute": minute[0], "watch": watch[0] / len(some) * Site.objects.count()}


@contextmanager
def taken() -> Iterator[list[float]]:
    """[seconds] of what is done inside."""
    found: list[float] = []
    begun = time.perf_counter()
    yield found
    found.append(time.perf_counter() - begun)


# --- releases of one site ---------------------------------------------------------------------------------------------


def releases(env: dict[str, str], folder: Path, counts: list[int]) -> Iterator[dict[str, Any]]:
    """The cost of a site that was published so often, each time with a change."""
    from bench import history, sample_sites
    from consent.banners.actions import edit_banner
    from consent.models import Release

    site = sample_sites.make(1)
    for count in counts:
        seconds = []
        while (number := Release.objects.filter(site=site).count()) < count:
            edit_banner(site, "bench", theme={"radius": number % 30})
            seconds.append(publishing(site))
        found = {
            "count": count,
            "publish": median(seconds[-20:]) if seconds else None,
            **stored(site),
            **serving(env, folder, [str(site.uuid)]),
            "page": history.dashboard(site, "releases"),
            "overview": history.dashboard(site, days=30),
        }
        print(found, file=sys.stderr, flush=True)
        yield found


def stored(site: Any) -> dict[str, float]:
    """MB of a site's contents and of the texts of its releases, as the database keeps them; how many contents its
    artifacts share."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_column_size(c.brotli)) / 1e6, count(*), (SELECT count(*) FROM consent_artifact a JOIN "
            "consent_release r ON r.id = a.release_id WHERE r.site_id = %s) FROM consent_content c WHERE c.sha256 IN "
            "(SELECT a.content_id FROM consent_artifact a JOIN consent_release r ON r.id = a.release_id "
            "WHERE r.site_id = %s)", [site.pk, site.pk],
        )  # fmt: skip
        files, contents, artifacts = cursor.fetchone()
        cursor.execute("SELECT sum(pg_column_size(snapshot)) / 1e6 FROM consent_release WHERE site_id = %s", [site.pk])
        [texts] = cursor.fetchone()
    return {"files": float(files), "texts": float(texts), "contents": contents, "artifacts": artifacts}


# --- services and languages -------------------------------------------------------------------------------------------


def shapes() -> Iterator[dict[str, float]]:
    """What a publish makes of a site with so many services and languages, with all variants."""
    from consent.publishing import streams
    from cookiebanner.releases.compile import compile as compile_release
    from tests.browser import shop
    from tests.cookiebanner.releases.test_compile import own

    for services in SERVICES:
        for languages in LANGUAGES:
            release = shop.snapshot(languages=CODES[:languages])
            release["services"] = [own(n) for n in range(services)]
            with taken() as compiling:
                made = compile_release(release, 1, "0" * 64)
            with taken() as quickly:
                quick = sum(len(streams.to_brotli(body, streams.QUICK)) for _, _, body in made)
            with taken() as well:
                packed = {name: streams.to_brotli(body, 11) for name, _, body in made}
            bodies = {name: body for name, _, body in made}
            gate = packed["gate.eu_opt_in.js"]
            yield {
                "services": services, "languages": languages, "gate": len(gate),
                "with first layer": len(streams.join_brotli(gate, bodies["first.en.js"])), "compile": compiling[0],
                "quickly": quickly[0], "well": well[0], "files": len(made), "quick": quick / 1e6,
                "small": sum(map(len, packed.values())) / 1e6,
                "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }  # fmt: skip


# --- the past of one site ---------------------------------------------------------------------------------------------


def past() -> Iterator[dict[str, float]]:
    """What a site of so many records costs the worker and those who look something up that is not there. Seconds, of
    jobs and look-ups ms."""
    from bench import fill, sample_sites

    first = sample_sites.make(1)
    for count in RECORDS:
        site = sample_sites.another(first)
        fill.fill(site, count, sample_sites.HOST)
        found = {"count": count, **pass_over(site), **turns(site, count // TOLD), **searched(site)}
        print(found, file=sys.stderr, flush=True)
        yield found


def pass_over(site: Any) -> dict[str, float]:
    """Seconds of a pass of retention over everything, as once a month, and of one over what a day made due."""
    from datetime import UTC, datetime, timedelta

    from consent.ledger import retention

    now = datetime.now(UTC)
    with taken() as whole:
        due = retention.retain(site, now, dry=True).count
    with taken() as daily:
        new = retention.retain(site, now, dry=True, since=now - timedelta(days=1)).count
    return {"whole": whole[0], "due": due, "daily": daily[0], "new": new}


def turns(site: Any, told: int) -> dict[str, float]:
    """ms of taking the next job, when so many of the site's were done."""
    from django.utils import timezone

    from consent.answers.optouts import KIND
    from consent.jobs import actions, registry, runner
    from consent.jobs.models import Job

    registry.discover()
    now = timezone.now()
    done = {"state": Job.Status.DONE, "run_after": now, "started_at": now, "finished_at": now}
    for start in range(0, told, 10_000):
        Job.objects.bulk_create(
            Job(kind=KIND, site=site, params={"indexes": [one]}, **done)
            for one in range(start, min(start + 10_000, told))
        )
    times = []
    for _ in range(9):
        job = actions.enqueue(KIND, site=site)
        with taken() as claimed:
            assert runner.claim(queue=registry.DELIVERIES) == job
        times.append(claimed[0])
        Job.objects.filter(pk=job.pk).update(state=Job.Status.DONE)
    return {"jobs": told, "claim": median(times) * 1000}


def searched(site: Any) -> dict[str, float]:
    """ms of looking for a number that nobody has, and of the first page of a search for what no record says."""
    from consent.answers import references
    from consent.ledger import search

    with taken() as number:
        assert not references.found(site, str(uuid4()))
    with taken() as page:
        assert not search.find(site.pk, search.Query(jurisdiction="XX")).rows
    return {"number": number[0] * 1000, "page": page[0] * 1000}


# --- the report -------------------------------------------------------------------------------------------------------

METHOD = "Made by `python -m bench.growth`."
COLUMNS = """\
A site of twenty services in four languages with all variants; one server process.
`start` is until it answers, `first gate` the first answer of the site that was made last, asked for at once, `loaded`
and `visited` the most memory of the process when it has read what it reads by itself, and when somebody has been on
every site; `idle` is its CPU without a visitor. `each minute` and `each day` are what the worker does for all sites
when nothing has happened."""


def text(found: dict[str, Any]) -> list[str]:
    """The part of docs/performance.md."""
    out = ["## (l) Growth", "", METHOD, ""]
    if "sites" in found or "releases" in found:
        out += [COLUMNS, ""]
    if "sites" in found:
        head = ["sites", "start s", "first gate ms", "a visit ms", "MB loaded", "MB visited", "idle ms/s", "publish s",
                "overview ms", "queries", "all sites ms", "queries", "kB", "each minute s", "each day s"]  # fmt: skip
        out += table(head, [_site(row) for row in found["sites"]])
    if "releases" in found:
        head = ["releases", "publish s", "artifacts", "contents", "MB of them", "MB of texts", "first gate ms",
                "MB loaded", "releases ms", "queries", "overview ms"]  # fmt: skip
        out += ["Releases of one site, each with a change of the look:", "",
                *table(head, [_release(row) for row in found["releases"]])]  # fmt: skip
    if "shapes" in found:
        head = ["services", "languages", "gate", "with first layer", "compile s", "compress quickly s", "well, later s",
                "files", "MB stored at once", "later", "MB of memory"]  # fmt: skip
        out += [SHAPES, "", *table(head, [_shape(row) for row in found["shapes"]])]
    if "past" in found:
        head = ["records", "retention of all s", "due", "of a day s", "due", "finished jobs", "next job ms",
                "unknown number ms", "a page of a search ms"]  # fmt: skip
        out += ["A longer past of one site (PostgreSQL, tables in memory):", "",
                *table(head, [_past(row) for row in found["past"]])]  # fmt: skip
    return out


SHAPES = """\
Services of one's own that are alike, texts of languages that we do not ship in English; bytes in brotli; the memory is
the largest that the compiling process had."""


def _site(row: dict[str, Any]) -> list[str]:
    return [
        f"{row['count']:,}", f"{row['start']:.1f}", f"{row['first']:.0f}", f"{row['visit']:.1f}",
        f"{row['loaded']:.0f}", f"{row['visited']:.0f}", f"{row['idle']:.0f}", f"{row['publish']:.2f}",
        f"{row['overview']['whole']:.0f}", f"{row['overview']['queries']}", f"{row['list']['whole']:.0f}",
        f"{row['list']['queries']}", f"{row['list']['kB']:,.0f}", f"{row['minute']:.2f}", f"{row['watch']:.1f}",
    ]  # fmt: skip


def _release(row: dict[str, Any]) -> list[str]:
    return [
        f"{row['count']:,}", f"{row['publish']:.2f}" if row["publish"] else "", f"{row['artifacts']:,}",
        f"{row['contents']:,}", f"{row['files']:.1f}", f"{row['texts']:.1f}", f"{row['first']:.0f}",
        f"{row['loaded']:.0f}", f"{row['page']['whole']:.0f}", f"{row['page']['queries']}",
        f"{row['overview']['whole']:.0f}",
    ]  # fmt: skip


def _past(row: dict[str, float]) -> list[str]:
    return [
        f"{row['count']:,}", f"{row['whole']:.1f}", f"{row['due']:,}", f"{row['daily']:.2f}", f"{row['new']:,}",
        f"{row['jobs']:,}", f"{row['claim']:.1f}", f"{row['number']:.1f}", f"{row['page']:.0f}",
    ]  # fmt: skip


def _shape(row: dict[str, float]) -> list[str]:
    whole = [f"{row[name]:,}" for name in ("services", "languages", "gate", "with first layer")]
    return [
        *whole, f"{row['compile']:.2f}", f"{row['quickly']:.2f}", f"{row['well']:.1f}", f"{row['files']}",
        f"{row['quick']:.1f}", f"{row['small']:.1f}", f"{row['memory']:.0f}",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
