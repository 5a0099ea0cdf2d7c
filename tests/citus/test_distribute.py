"""`manage.py distribute` on a cluster, from the first refusal to a machine that came later."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psycopg2
import pytest

from consent.citus import DISTRIBUTED
from tests.citus.cluster import at, database, manage, nodes, run, shards
from tests.postgres import ROOT

NAME = "fairgate_distribute"
FILL = """
import django; django.setup()
from consent.ledger.append import append
from tests.consent.ledger.sample_ledger import answer, full_ledger
site, other = full_ledger(), full_ledger()
append([answer(one) for one in (site, other) for _ in range(300)])
"""


def fill(url: str, folder: Path) -> None:
    """Two more sites with a ledger of everything."""
    env = {"DATABASE_URL": url, "FAIRGATE_DATA": str(folder), "SECRET_KEY": "x", "FAIRGATE_UNSAFE": "1",
           "DJANGO_SETTINGS_MODULE": "cookiebanner.settings", "PATH": "/usr/bin:/bin"}  # fmt: skip
    subprocess.run([sys.executable, "-c", FILL], cwd=ROOT, env=env, check=True)


def allow_triggers(url: str, host: str, port: int) -> None:
    run(
        at(url, host, port, NAME), "SET citus.enable_ddl_propagation = off",
        f"ALTER DATABASE {NAME} SET citus.enable_unsafe_triggers = on",
    )  # fmt: skip


def lacking(url: str, folder: Path) -> str:
    return manage(url, "verify_ledger", folder=folder, check=False).stdout


def test_the_whole_way(coordinator: str, tmp_path: Path):
    url = database(coordinator, NAME, workers=1, triggers=False)
    known = nodes(coordinator)
    manage(url, "migrate", "-v0", "--skip-checks", folder=tmp_path)
    fill(url, tmp_path)

    # 1. What is not set is said of each machine, and nothing is changed.
    refused = manage(url, "distribute", folder=tmp_path, check=False)
    said = [line for line in refused.stderr.splitlines() if "citus.enable_unsafe_triggers is off" in line]
    assert (refused.returncode, len(said)) == (1, 2)
    assert [f"{host}:{port}" in line for (host, port), line in zip(known, said, strict=False)] == [True, True]
    for host, port in known:
        allow_triggers(url, host, port)

    # 2. A dry run says what would be done.
    dry = manage(url, "distribute", "--dry-run", folder=tmp_path).stdout
    assert [line.split(":")[0] for line in dry.splitlines()[:-1]] == list(DISTRIBUTED)
    assert run(url, "SELECT count(*) FROM pg_dist_partition WHERE partmethod = 'h'") == [(0,)]

    # 3. What was there is there, and proved; another run has nothing to do.
    manage(url, "distribute", folder=tmp_path)
    assert "There was nothing to distribute." in manage(url, "distribute", folder=tmp_path).stdout
    colocated = "SELECT count(DISTINCT colocationid) FROM pg_dist_partition WHERE partmethod = 'h'"
    assert run(url, colocated) == [(1,)]
    manage(url, "verify_ledger", folder=tmp_path)
    fill(url, tmp_path)

    # 4. Every shard refuses what the whole table refuses, that of a new month, too.
    make = "import django; django.setup()\nfrom datetime import date\nfrom consent.ledger import partitions\n"
    made = manage(
        url, "shell", "-v0", "-c", f"{make}print(*partitions.make(date(2041, 5, 1), ahead=1))", folder=tmp_path
    )
    assert made.stdout.split()[-2:] == ["consent_consentrecord_y2041m05", "consent_consentrecord_y2041m06"]
    for table in ("consent_logentry", "consent_consentrecord_y2041m05", "consent_logtile", "consent_loghead"):
        for where, shard in shards(url, table):
            on = f"SELECT count(*) FROM pg_trigger WHERE tgrelid = '{shard}'::regclass AND tgenabled = 'A'"
            assert run(where, on) == [(2,)], shard
    held = 0
    for where, shard in shards(url, "consent_logentry"):
        if run(where, f"SELECT count(*) FROM {shard}") != [(0,)]:
            held += 1
            with pytest.raises(psycopg2.Error, match="append-only"):
                run(where, "SET citus.enable_manual_changes_to_shards = on", f"UPDATE {shard} SET type = 'x'")
    assert held > 1
    for host, port in known[:2]:
        with pytest.raises(psycopg2.Error, match="append-only"):
            run(at(url, host, port, NAME), "TRUNCATE consent_logentry")
    with pytest.raises(psycopg2.Error, match="append-only"):
        run(url, "DELETE FROM consent_consentrecord")
    with pytest.raises(psycopg2.Error, match="append-only"):
        run(url, "UPDATE consent_logentry SET type = 'x' WHERE site_id = (SELECT min(site_id) FROM consent_loghead)")

    # 5. A machine that came later gets shards, with their triggers.
    host, port = known[2]
    run(
        url,
        f"SELECT citus_add_node('{host}', {port})",
        "SELECT citus_rebalance_start()",
        "SELECT citus_rebalance_wait()",
    )
    assert {where for where, _ in shards(url, "consent_logentry")} >= {at(url, host, port, NAME)}
    manage(url, "verify_ledger", folder=tmp_path)

    # 6. A trigger that lacks on one shard is noticed, and put back.
    where, shard = next(shards(url, "consent_logentry"))
    number = shard.rpartition("_")[2]
    run(where, "SET citus.enable_manual_changes_to_shards = on",
        f"ALTER TABLE {shard} DISABLE TRIGGER fairgate_append_only_{number}")  # fmt: skip
    assert "consent_logentry.fairgate_append_only is missing" in lacking(url, tmp_path)
    manage(url, "migrate", "-v0", "--skip-checks", folder=tmp_path)
    manage(url, "verify_ledger", folder=tmp_path)
