"""The backup and the restore of docs/operate.md, of a coordinator and its workers."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.citus.cluster import database, run
from tests.citus.rig import SpreadRig
from tests.faults.rig import Clients
from tests.faults.test_backup import stop
from tests.postgres import Cluster

pytestmark = pytest.mark.faults


def copy(cluster: Cluster) -> None:
    """Of a machine, while it works."""
    cluster.run("pg_basebackup", "-h", str(cluster.folder), "-U", "postgres", "-D", f"{cluster.folder}/copy",
                "-c", "fast", "-X", "none")  # fmt: skip


def restore(cluster: Cluster, archive: Path, point: str) -> None:
    """Brings a stopped machine back to a point of its archived WAL."""
    shutil.rmtree(cluster.data)
    shutil.copytree(cluster.folder / "copy", cluster.data, copy_function=shutil.copy2)
    (cluster.data / "recovery.signal").touch()
    with (cluster.data / "postgresql.auto.conf").open("a") as settings:
        settings.write(
            f"restore_command = 'cp {archive}/{cluster.folder.name}/%f %p'\nrecovery_target_name = '{point}'\n"
            "recovery_target_action = 'promote'\n"
        )
    if cluster.user:
        subprocess.run(["chown", "-R", "postgres:", str(cluster.data)], check=True)
    cluster.data.chmod(0o700)


def test_every_machine_is_restored_to_one_point(tmp_path: Path):
    archive = Path(tempfile.mkdtemp(prefix="archive-", dir="/tmp"))  # pytest's own folders are closed to other users
    try:
        rig = SpreadRig(tmp_path, options=("-c", "archive_mode=on"))
        for cluster in rig.machines.clusters:
            place = archive / cluster.folder.name
            place.mkdir()
            if cluster.user:
                shutil.chown(archive, "postgres")
                shutil.chown(place, "postgres")
            cluster.options = (*cluster.options, "-c", f"archive_command=cp %p {place}/%f")
        with rig:
            with Clients(rig) as clients:
                clients.wait_for(100)
                for cluster in rig.machines.clusters:
                    copy(cluster)
                    clients.wait_for(50)  # the copies are of as many moments
                rig.manage("checkpoint")
                shutil.copytree(tmp_path / "data", tmp_path / "kept")
                told = dict(clients.acknowledged)
                run(rig.cluster.url, "SELECT citus_create_restore_point('yesterday')")
                clients.wait_for(100)
            for cluster in rig.machines.clusters:
                run(cluster.url, "SELECT pg_switch_wal()", "CHECKPOINT")
            stop(rig)
            for cluster in rig.machines.clusters:
                cluster.stop("fast")  # waits until the last of the WAL is archived
                restore(cluster, archive, "yesterday")
            shutil.rmtree(tmp_path / "data")
            shutil.copytree(tmp_path / "kept", tmp_path / "data")
            for cluster in rig.machines.clusters:
                cluster.start()
            clients.acknowledged = told
            rig.check(clients)
            rig.start()
            assert {rig.answer(site)[0] for site in rig.sites} == {201}
            rig.manage("checkpoint")
            rig.check(clients)
    finally:
        shutil.rmtree(archive)


def test_a_dump_of_the_coordinator_is_of_all_machines_and_is_distributed_anew(tmp_path: Path):
    dump = tmp_path / "fairgate.dump"
    with SpreadRig(tmp_path) as rig:
        with Clients(rig) as clients:
            clients.wait_for(200)
        stop(rig)
        programs = rig.machines.clusters[0].bin
        subprocess.run([programs / "pg_dump", "--format=custom", f"--file={dump}", rig.cluster.url], check=True)
        database(rig.cluster.url, "restored")
        rig.machines.database = "restored"
        rig.env["DATABASE_URL"] = rig.cluster.url
        subprocess.run([programs / "pg_restore", "--no-owner", f"--dbname={rig.cluster.url}", dump], check=True)
        rig.prepare()
        rig.check(clients)
        rig.start()
        assert {rig.answer(site)[0] for site in rig.sites} == {201}
        assert {len(rig.on(worker)) > 0 for worker in rig.machines.clusters[1:]} == {True}
