"""The backup and the restore of docs/operate.md, with a real dump and a real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import uuid

import psycopg2
import pytest

from tests import corpus
from tests.faults.rig import VERIFY, Clients, Rig
from tests.values import present

pytestmark = pytest.mark.faults


def post(rig: Rig):
    body = json.dumps(corpus.DATA["body"] | {"id": str(uuid.uuid4())}).encode()
    status, _, said = rig.ask("POST", "/api/v1/consents", body, corpus.DATA["headers"])
    return status, json.loads(said)


def stop(rig: Rig) -> None:
    present(rig.server).terminate()
    assert present(rig.server).wait(40) == 0


def into_an_empty_database(rig: Rig, dump) -> None:
    connection = psycopg2.connect(host=str(rig.cluster.folder), user="postgres", dbname="template1")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE postgres WITH (FORCE)")
        cursor.execute("CREATE DATABASE postgres")
    connection.close()
    restore = [str(rig.cluster.bin / "pg_restore"), "--no-owner", f"--dbname={rig.cluster.url}", str(dump)]
    subprocess.run(restore, check=True)
    rig.manage("migrate", "-v0")


def test_backup_and_restore(tmp_path):
    dump, kept, data = tmp_path / "fairgate.dump", tmp_path / "kept", tmp_path / "data"
    with Rig(tmp_path) as rig:
        with Clients(rig, 4) as clients:
            clients.wait_for(300)
        rig.manage("checkpoint")
        pg_dump = [str(rig.cluster.bin / "pg_dump"), "--format=custom", f"--file={dump}", rig.cluster.url]
        subprocess.run(pg_dump, check=True)
        shutil.copytree(data, kept)
        size = len(rig.rows())

        # The dump and the folder of the same time: everything holds, and goes on.
        stop(rig)
        into_an_empty_database(rig, dump)
        rig.check(clients)
        rig.start()
        assert post(rig)[1]["index"] == size

        # A newer checkpoint is kept in the folder than the dump knows: the log stops, and says so.
        rig.manage("checkpoint")
        stop(rig)
        into_an_empty_database(rig, dump)
        rig.start()
        status, said = post(rig)
        assert (status, said["code"]) == (503, "log_restarted")
        assert len(rig.rows()) == size
        rig.manage("restart_log", "--reason", "The disk died; the dump was of yesterday.")
        status, said = post(rig)
        assert (status, said["index"]) == (201, size + 1)  # after the entry that says what happened
        assert rig.python(VERIFY) == f"{size + 2} []\n"

        # The folder of the time of the dump brings the same log back.
        stop(rig)
        shutil.rmtree(data)
        shutil.copytree(kept, data)
        into_an_empty_database(rig, dump)
        rig.check(clients)
