"""Machines that come, move their shards, and die, while answers are written. On machines of this test's own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from psycopg2 import connect

from tests.citus.cluster import run, standby_of
from tests.citus.rig import SpreadRig
from tests.faults.rig import ROOT, Clients
from tests.faults.test_crashes import start_after_crash
from tests.postgres import Cluster

pytestmark = pytest.mark.faults
NOBODY = "ALTER SYSTEM SET synchronous_standby_names = 'nobody'"  # whoever commits waits, after it is on disk
ANYBODY = "ALTER SYSTEM RESET synchronous_standby_names"
RELOAD = "SELECT pg_reload_conf()"
SHARDS = (
    "SELECT shardid, nodename FROM pg_dist_shard JOIN pg_dist_placement USING (shardid) JOIN pg_dist_node USING (groupid) "
    "WHERE logicalrelid = 'consent_loghead'::regclass"
)
RESHARD = (  # as docs/operate.md says
    "SET LOCAL citus.multi_shard_modify_mode = 'sequential'",
    "LOCK TABLE consent_loghead IN ACCESS EXCLUSIVE MODE",
    "SELECT alter_distributed_table('consent_loghead', shard_count := 12, cascade_to_colocated := true)",
)
PUBLISHING = "SELECT pid, wait_event FROM pg_stat_activity WHERE application_name = 'publishing'"
# A release is a row of the coordinator's and an entry of a log that lies on a worker: both or neither.
RELEASE = """
import django; django.setup()
import uuid
from django.db import transaction
from consent.ledger.append import append, draft_of
from consent.models import Release, Site
from tests import corpus
site = Site.objects.get(pk={site})
with transaction.atomic():
    corpus.release(site, 50)
    digest = Release.objects.get(site=site, number=50).sha256
    append([draft_of(site.pk, site.uuid, "release", {{"number": 50}}, uuid.UUID("{record}"), release=50, release_hash=digest)])
"""
RECORD = "5a1e0000-0000-4000-8000-000000000050"


def until(true: Callable[[], bool], seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def publishing(rig: SpreadRig) -> subprocess.Popen:
    rig.also_sent.add(RECORD)
    code, env = RELEASE.format(site=rig.site_id, record=RECORD), {**rig.env, "PGAPPNAME": "publishing"}
    return subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True)


def prepared(rig: SpreadRig, worker: Cluster) -> bool:
    """Whether a worker has prepared the release. The server's counts are prepared there, too, every few seconds."""
    return any(
        run(worker.url, f"SELECT gid FROM pg_prepared_xacts WHERE gid LIKE 'citus_0_{pid}_%'")
        for pid, _ in run(rig.cluster.url, PUBLISHING)
    )


def waits(rig: SpreadRig) -> bool:
    """Whether the coordinator has the release's commit on its disk, and tells no worker of it yet."""
    return [event for _, event in run(rig.cluster.url, PUBLISHING)] == ["SyncRep"]


def published(rig: SpreadRig) -> tuple[bool, bool]:
    """Whether the release is there, and whether its entry is."""
    [[rows]] = run(rig.cluster.url, "SELECT count(*) FROM consent_release WHERE number = 50")
    return bool(rows), RECORD in {record for _, record in rig.rows()}


def others(rig: SpreadRig, down: Cluster) -> list[str]:
    return [site for site in rig.sites if site not in rig.on(down)]


def test_another_machine_takes_over_sites_while_their_answers_come(tmp_path: Path):
    with SpreadRig(tmp_path, workers=3) as rig:
        new = rig.machines.clusters[3]
        with Clients(rig) as clients:
            clients.wait_for(150)
            before = len(clients.acknowledged)
            run(
                rig.cluster.url, f"SELECT citus_add_node('{new.folder}', 5432)", "SELECT citus_rebalance_start()",
                "SELECT citus_rebalance_wait()",
            )  # fmt: skip
            assert len(clients.acknowledged) > before
            clients.wait_for(150)
        assert rig.on(new) != []
        assert run(new.url, "SELECT count(*) > 0 FROM pg_trigger WHERE tgname ~ '^fairgate_no_truncate_'") == [(True,)]
        rig.check(clients)
        assert "append-only" not in rig.manage("check", "--database", "default")
        earlier = clients

        # And back: a machine that is to go is emptied first.
        with Clients(rig) as clients:
            clients.wait_for(50)
            run(rig.cluster.url, f"SELECT citus_drain_node('{new.folder}', 5432)",
                "CALL citus_cleanup_orphaned_resources()",
                f"SELECT citus_remove_node('{new.folder}', 5432)")  # fmt: skip
            # It learns of no later move, and the server does not know yet that it is gone.
            one, other = (str(cluster.folder) for cluster in rig.machines.clusters[1:3])
            for shard, place in run(rig.cluster.url, SHARDS):
                run(rig.cluster.url, f"SELECT citus_move_shard_placement({shard}, '{place}', 5432, "
                    f"'{other if place == one else one}', 5432, shard_transfer_mode := 'block_writes')")  # fmt: skip
            clients.wait_for(50)
        assert rig.on(new) == []
        assert clients.refusals == {}
        clients.acknowledged |= earlier.acknowledged
        clients.sent |= earlier.sent
        rig.check(clients)


def test_the_number_of_shards_changes_while_answers_come(tmp_path: Path):
    with SpreadRig(tmp_path) as rig:
        with Clients(rig) as clients:
            clients.wait_for(100)
            with connect(rig.cluster.url) as connection, connection.cursor() as cursor:
                for statement in RESHARD:
                    cursor.execute(statement)
            connection.close()
            rig.manage("migrate", "-v0", "--skip-checks")
            clients.wait_for(100)
        assert len(run(rig.cluster.url, SHARDS)) == 12
        rig.check(clients)
        assert "append-only" not in rig.manage("check", "--database", "default")


def test_kill_9_of_a_worker_under_load(tmp_path: Path):
    with SpreadRig(tmp_path) as rig:
        with Clients(rig) as clients:
            for down in rig.machines.clusters[1:]:
                lost, well = rig.on(down), others(rig, down)
                assert lost and well
                clients.wait_for(150)
                down.kill()
                time.sleep(1)
                assert {rig.answer(site) for site in lost} == {(503, "5")}
                assert {rig.answer(site)[0] for site in well} == {201}
                assert rig.ask("GET", "/livez")[0] == 200
                start_after_crash(down)
            clients.wait_for(150)
        assert clients.refusals[503] > 0
        rig.check(clients)


def test_a_standby_takes_the_place_of_a_worker_that_comes_back(tmp_path: Path):
    with SpreadRig(tmp_path) as rig:
        down = rig.machines.clusters[1]
        standby = standby_of(str(down.folder), 5432)
        try:
            run(down.url, "ALTER SYSTEM SET synchronous_standby_names = '*'", RELOAD)
            with Clients(rig) as clients:
                clients.wait_for(150)
                down.kill()
                standby.run("pg_ctl", "-D", str(standby.data), "-w", "promote")
                run(rig.cluster.url, f"SELECT citus_update_node(nodeid, '{standby.folder}', 5432) FROM pg_dist_node "
                    f"WHERE nodename = '{down.folder}'")  # fmt: skip
                (down.data / "postgresql.auto.conf").write_text("")  # so that it would store what is sent to it
                start_after_crash(down)
                clients.wait_for(300)
            rig.check(clients)
        finally:
            standby.remove()


def test_kill_9_of_a_worker_that_had_prepared_what_the_coordinator_then_committed(tmp_path: Path):
    with SpreadRig(tmp_path) as rig:
        with Clients(rig, 4) as clients:
            clients.wait_for(100)
        down = rig.place(rig.site_id)
        site, *_ = rig.on(down)
        run(rig.cluster.url, NOBODY, RELOAD)
        release = publishing(rig)
        until(lambda: prepared(rig, down) and waits(rig))
        assert {rig.answer(one)[0] for one in others(rig, down)} == {201}  # the coordinator writes nothing for them
        down.kill()
        run(rig.cluster.url, ANYBODY, RELOAD)
        assert release.wait(30) == 0, release.stderr and release.stderr.read()
        assert rig.answer(site) == (503, "5")
        start_after_crash(down)
        assert rig.answer(site)[0] == 201  # waits for what holds its log, which is settled without anybody's doing
        until(lambda: rig.prepared(down) == 0)
        assert published(rig) == (True, True)
        rig.check(clients)


def test_kill_9_of_a_worker_that_had_prepared_what_nobody_then_committed(tmp_path: Path):
    with SpreadRig(tmp_path) as rig:
        with Clients(rig, 4) as clients:
            clients.wait_for(100)
        down = rig.place(rig.site_id)
        run(down.url, NOBODY, RELOAD)
        release = publishing(rig)
        until(lambda: prepared(rig, down))
        run(down.url, ANYBODY)  # holds from the next start on
        down.kill()
        assert release.wait(30) == 1
        start_after_crash(down)
        until(lambda: rig.prepared(down) == 0)
        assert published(rig) == (False, False)
        again = publishing(rig)
        assert again.wait(30) == 0
        assert published(rig) == (True, True)
        rig.check(clients)
