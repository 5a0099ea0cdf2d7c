"""What is acknowledged is durable: the server, the database and the disk are taken away in the middle of load."""

from __future__ import annotations

import json
import subprocess
import tempfile
import time
import uuid
from pathlib import Path

import pytest

from tests import corpus
from tests.faults.rig import Clients, Rig
from tests.postgres import Cluster
from tests.values import present

pytestmark = pytest.mark.faults


def test_kill_9_of_the_server_under_load(tmp_path):
    """In the middle of batches of several sites, of two processes."""
    with Rig(tmp_path, workers=2, sites=4) as rig:
        with Clients(rig) as clients:
            for _ in range(3):
                clients.wait_for(150)
                rig.kill_server()
                time.sleep(0.3)  # clients meet nobody
                rig.start()
            clients.wait_for(150)
        rig.check(clients)


def test_kill_9_of_the_database_under_load(tmp_path):
    """Of which several connections of one process write, each for one site."""
    with Rig(tmp_path, sites=4, writers=4) as rig:
        with Clients(rig) as clients:
            for _ in range(3):
                clients.wait_for(150)
                rig.cluster.kill()
                time.sleep(1)  # clients meet a server without a database
                status, headers, _ = answer_once(rig)
                assert (status, headers.get("retry-after")) == (503, "5")
                assert rig.ask("GET", "/livez")[0] == 200
                start_after_crash(rig.cluster)
            clients.wait_for(150)
        assert clients.refusals[503] > 0
        rig.check(clients)


def test_storm_of_refusals_and_retries(tmp_path):
    with Rig(tmp_path, workers=2) as rig:
        with Clients(rig, 32) as clients:
            for _ in range(6):
                clients.wait_for(60)
                rig.cluster.stop("immediate")
                time.sleep(0.5)  # as long as answers are refused
                rig.cluster.start()
            clients.wait_for(100)
        assert clients.refusals[503] > 32
        rig.check(clients)


def test_eight_processes_on_one_site(tmp_path):
    with Rig(tmp_path, workers=8) as rig:
        with Clients(rig, 32) as clients:
            clients.wait_for(1500, 120)
        assert clients.refusals == {}
        rig.check(clients)


def test_a_stopped_server_answers_what_it_has_accepted(tmp_path):
    with Rig(tmp_path) as rig:
        with Clients(rig) as clients:
            clients.wait_for(200)
            present(rig.server).terminate()
            assert present(rig.server).wait(30) == 0
            before = dict(clients.acknowledged)
            rig.start()
            clients.wait_for(50)
        assert before.items() <= clients.acknowledged.items()
        rig.check(clients)


@pytest.mark.root
def test_full_disk(tmp_path):
    disk = Path(tempfile.mkdtemp(dir="/tmp", prefix="tiny-"))  # pytest's own folders are closed to other users
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=160m,mode=755", "tmpfs", str(disk)], check=True)
    try:
        (disk / "pg").mkdir()
        options = ("-c", "max_wal_size=48MB", "-c", "min_wal_size=32MB", "-c", "max_connections=50")
        with Rig(tmp_path, cluster=Cluster(stock=True, options=options, folder=str(disk / "pg"))) as rig:
            with Clients(rig) as clients:
                clients.wait_for(100)
                ballast = disk / "ballast"
                fill(ballast)
                wait_until_refused(rig)
                assert rig.ask("GET", "/livez")[0] == 200
                status, _, said = rig.ask("GET", "/readyz")
                assert (status, len(json.loads(said)["reasons"])) == (503, 1)
                ballast.unlink()
                start_after_crash(rig.cluster)
                clients.wait_for(100)
            status, _, said = rig.ask("GET", "/readyz")
            assert (status, json.loads(said).get("reasons")) == (200, None)
            rig.check(clients)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
        disk.rmdir()


def answer_once(rig: Rig):
    record = str(uuid.uuid4())
    rig.also_sent.add(record)
    body = json.dumps(corpus.DATA["body"] | {"id": record}).encode()
    status, headers, said = rig.ask("POST", "/api/v1/consents", body, corpus.DATA["headers"])
    return status, {name.lower(): value for name, value in headers.items()}, said


def wait_until_refused(rig: Rig) -> None:
    """The disk is full when the server says 503, over and over."""
    deadline, refused = time.monotonic() + 60, 0
    while refused < 5:
        assert time.monotonic() < deadline
        refused = refused + 1 if answer_once(rig)[0] == 503 else 0
        time.sleep(0.1)


def fill(path: Path) -> None:
    block = b"\0" * 65536
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(block)
        except OSError:
            pass


def start_after_crash(cluster: Cluster) -> None:
    """Processes of the killed server may live for a moment; they hold its shared memory."""
    if cluster.process is not None and cluster.process.poll() is None:
        return
    deadline = time.monotonic() + 60
    while True:
        try:
            cluster.start()
            return
        except SystemExit:
            assert time.monotonic() < deadline
            time.sleep(0.3)
