"""A cluster with stock durability, a real server, and clients that keep on asking until they are answered."""

from __future__ import annotations

import http.client
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
import uuid
from pathlib import Path
from typing import Self

import psycopg2

from tests import corpus
from tests.postgres import Cluster
from tests.values import present

ROOT = Path(__file__).parent.parent.parent
VERIFY_ALL = (
    "from consent.models import Site; from consent.ledger.verify import verify; "
    "print([(report.size, report.wrong) for report in map(verify, Site.objects.exclude(releases=None).order_by('pk'))])"
)
VERIFY = (
    "from consent.models import Site; from consent.ledger.verify import verify; from tests import corpus; "
    "report = verify(Site.objects.get(uuid=corpus.DATA['site'])); print(report.size, report.wrong)"
)
MAKE_WORLD = (
    "from tests import corpus; from consent.models import Host, Site; sites = [corpus.make_world()]\n"
    "for number in range({more}):\n"
    "    sites.append(Site.objects.create(name='More', languages=['en']))\n"
    "    [Host.objects.create(site=sites[-1], name=name) for name in corpus.DATA['hosts']]\n"
    "    [corpus.release(sites[-1], 1 + n) for n in range(len(corpus.DATA['releases']))]\n"
    "print(*(f'{{site.pk}}={{site.uuid}}' for site in sites))"
)


class Rig:
    """`with Rig(folder) as rig`: an empty database, migrated, with the corpus's site and others that are like it, and a
    server on it whose processes have so many `writers` (as the setting)."""

    def __init__(
        self, folder: Path, workers: int = 1, cluster: Cluster | None = None, sites: int = 1, writers: int = 0
    ) -> None:
        self.folder, self.workers = folder, workers
        self.empty = cluster is not None
        self._count = sites
        self.cluster = cluster or Cluster(stock=True, options=("-c", "max_connections=300"), migrated=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.server: subprocess.Popen | None = None
        self.also_sent: set[str] = set()
        self.env = {
            **os.environ,
            "DATABASE_URL": self.cluster.url, "FAIRGATE_DATA": str(folder / "data"), "FAIRGATE_RATE_LIMIT": "0",
            "FAIRGATE_THREADS": "2", "FAIRGATE_WRITERS": str(writers), "SECRET_KEY": "faults", "DJANGO_SETTINGS_MODULE": "cookiebanner.settings",
        }  # fmt: skip
        for name in ("FAIRGATE_UNSAFE", "DJANGO_ALLOW_ASYNC_UNSAFE"):
            self.env.pop(name, None)

    def __enter__(self) -> Self:
        self.cluster.start()
        if self.empty:
            self.prepare()
        made = self.python(MAKE_WORLD.format(more=self._count - 1)).split()
        self.sites = {uuid: int(pk) for pk, _, uuid in (one.partition("=") for one in made)}
        self.site_id = next(iter(self.sites.values()))
        self.start()
        return self

    def prepare(self) -> None:
        """Makes our tables in an empty database."""
        self.manage("migrate", "-v0")

    def __exit__(self, *exc: object) -> None:
        if self.server and self.server.poll() is None:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
        self.cluster.remove()

    def manage(self, *arguments: str) -> str:
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=self.env, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def python(self, code: str) -> str:
        whole = f"import django; django.setup(); {code}"
        done = subprocess.run([sys.executable, "-c", whole], cwd=ROOT, env=self.env, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def start(self) -> None:
        """Starts the server and waits until it lives; the port of a killed one may be held for a moment."""
        log = open(self.folder / "serve.log", "ab")
        command = [sys.executable, "manage.py", "serve", "--port", str(self.port), "--workers", str(self.workers)]
        self.server = subprocess.Popen(
            [*command, "--no-worker"], cwd=ROOT, env=self.env, stdout=log, stderr=log, start_new_session=True
        )
        deadline = time.monotonic() + 60
        while True:
            try:
                if self.ask("GET", "/livez")[0] == 200:
                    return
            except OSError:
                pass
            assert self.server.poll() is None and time.monotonic() < deadline, (self.folder / "serve.log").read_text()
            time.sleep(0.1)

    def kill_server(self) -> None:
        """`kill -9` of the server and each of its processes."""
        os.killpg(present(self.server).pid, signal.SIGKILL)
        present(self.server).wait()

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict[str, str] | None = None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return response.status, dict(response.headers), response.read()
        finally:
            connection.close()

    def rows(self, site_id: int | None = None) -> list[tuple[int, str]]:
        """(index, record id) of every answer of a site (the first), by index."""
        connection = psycopg2.connect(self.cluster.url)
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT leaf_index, record_id FROM consent_logentry WHERE site_id = %s ORDER BY leaf_index",
                [site_id or self.site_id],
            )
            found = [(index, str(record)) for index, record in cursor.fetchall()]
        connection.close()
        return found

    def check(self, clients: Clients) -> None:
        """Each acknowledged answer is there once, in its site's log at the index it was told; no index is missing; the
        trees verify."""
        assert clients.acknowledged
        verified: list[tuple[int, list[str]]] = []
        for site, site_id in self.sites.items():
            rows = self.rows(site_id)
            assert [index for index, _ in rows] == list(range(len(rows)))
            stored = {record: index for index, record in rows}
            assert len(stored) == len(rows)
            told = {record: index for record, index in clients.acknowledged.items() if clients.sent[record] == site}
            assert {record: stored.get(record) for record in told} == told
            here = {record for record, whose in clients.sent.items() if whose == site}
            assert stored.keys() <= here | self.also_sent
            verified.append((len(rows), []))
        assert self.python(VERIFY_ALL) == f"{verified}\n"


class Clients:
    """Threads that send answers and repeat each, with its id, until it is acknowledged (200 or 201)."""

    def __init__(self, rig: Rig, count: int = 12) -> None:
        self.rig = rig
        self.acknowledged: dict[str, int] = {}
        self.sent: dict[str, str] = {}  # record → its site's uuid
        self.refusals: dict[int | str, int] = {}
        self.wrong: list[tuple[int, bytes]] = []
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._run, args=(number,)) for number in range(count)]

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self.end()

    def end(self) -> None:
        """Each client finishes the answer it is at: by now the server must be well again (60 seconds)."""
        self._stop.set()
        for thread in self._threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in self._threads), f"never acknowledged; {self.refusals}"
        assert self.wrong[:3] == []

    def wait_for(self, more: int, seconds: float = 60) -> None:
        """Until this many more answers are acknowledged."""
        goal, deadline = len(self.acknowledged) + more, time.monotonic() + seconds
        while len(self.acknowledged) < goal:
            assert time.monotonic() < deadline, f"{len(self.acknowledged)} of {goal}; {self.refusals}"
            time.sleep(0.02)

    def _run(self, number: int) -> None:
        dice = random.Random(number)
        connection: http.client.HTTPConnection | None = None
        while not self._stop.is_set():
            record = str(uuid.UUID(int=dice.getrandbits(128), version=4))
            site = dice.choice(list(self.rig.sites))
            body = json.dumps(corpus.DATA["body"] | {"id": record, "site": site}).encode()
            with self._lock:
                self.sent[record] = site
            status: int | str
            while True:
                try:
                    connection = connection or http.client.HTTPConnection("127.0.0.1", self.rig.port, timeout=10)
                    connection.request("POST", "/api/v1/consents", body, corpus.DATA["headers"])
                    response = connection.getresponse()
                    status, said = response.status, response.read()
                except (OSError, http.client.HTTPException) as error:
                    connection = None
                    status, said = type(error).__name__, b""
                if status in (200, 201):
                    with self._lock:
                        self.acknowledged[record] = json.loads(said)["index"]
                    break
                with self._lock:
                    self.refusals[status] = self.refusals.get(status, 0) + 1
                    if isinstance(status, int) and status != 503:
                        self.wrong.append((status, said))
                        return
                time.sleep(0.05)  # a client's pause before it tries again
