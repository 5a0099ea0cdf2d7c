"""A PostgreSQL cluster of one's own in a temporary folder: for the test run, for benchmarks, for fault tests.

Works as root (the server then runs as the user `postgres`) and as an ordinary user; needs no service, no password,
no TCP port. `python -m tests.postgres COMMAND …` runs a command with DATABASE_URL set.
"""

from __future__ import annotations

import atexit
import fcntl
import glob
import hashlib
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path
from urllib.parse import quote

TEMPLATE = "migrated"  # a database that nobody connects to, with our tables
ROOT = Path(__file__).resolve().parents[1]
FAST = ("-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off")


def bindir() -> Path:
    """The folder of initdb and postgres. Raises SystemExit with the package to install."""
    found = [os.environ.get("PG_BINDIR", ""), *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)]
    found += glob.glob("/opt/homebrew/opt/postgresql@*/bin") + glob.glob("/usr/local/opt/postgresql@*/bin")
    if on_path := shutil.which("initdb"):
        found.append(str(Path(on_path).resolve().parent))
    for folder in filter(None, found):
        if all((Path(folder) / name).exists() for name in ("initdb", "postgres", "pg_ctl")):
            return Path(folder)
    raise SystemExit("PostgreSQL's server programs are missing: sudo apt-get install -y postgresql")


class Cluster:
    """`stock=True` leaves durability as PostgreSQL ships it; otherwise it is off, for speed. `migrated`: its database
    has our tables already, and so has TEMPLATE, of which others can be made."""

    def __init__(
        self, stock: bool = False, options: tuple[str, ...] = (), folder: str | None = None, migrated: bool = False
    ) -> None:
        self.bin = bindir()
        self.stock = stock
        self.options = options
        self.folder = Path(folder or tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
        self.user: dict = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.folder, owner.pw_uid, owner.pw_gid)
            self.user = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}
        if migrated:
            subprocess.run(["cp", "-a", str(kept()), str(self.data)], check=True)
        else:
            self.run(
                "initdb", "-D", str(self.data), "-A", "trust", "-U", "postgres", "--no-sync", "--locale=C", "-E", "UTF8"
            )
        self.process: subprocess.Popen | None = None
        atexit.register(self.remove)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def url(self) -> str:
        return f"postgresql://postgres@{quote(str(self.folder), safe='')}/postgres"

    @property
    def pid(self) -> int:
        """Raises RuntimeError when it does not run."""
        if self.process is None:
            raise RuntimeError("The cluster does not run.")
        return self.process.pid

    def run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self.bin / program), *arguments], cwd="/", capture_output=True, text=True, **self.user
        )
        if done.returncode:
            raise SystemExit(f"{program} failed: {done.stderr or done.stdout}")

    def start(self) -> Cluster:
        """Starts the server and waits until it answers (at most 60 seconds)."""
        options = self.options if self.stock else (*FAST, *self.options)
        command = [str(self.bin / "postgres"), "-D", str(self.data), "-k", str(self.folder)]
        log = open(self.folder / "log", "ab")  # noqa: SIM115 - lives as long as the server
        self.process = subprocess.Popen(
            [*command, "-c", "listen_addresses=", "-c", "max_connections=200", *options],
            cwd="/",
            stdout=log,
            stderr=log,
            **self.user,
        )
        import psycopg2

        deadline = time.monotonic() + 60
        while True:
            try:
                psycopg2.connect(self.url).close()
                return self
            except psycopg2.OperationalError:
                if time.monotonic() > deadline or self.process.poll() is not None:
                    raise SystemExit((self.folder / "log").read_text()) from None
                time.sleep(0.05)

    def stop(self, mode: str = "immediate") -> None:
        if self.process and self.process.poll() is None:
            self.run("pg_ctl", "-D", str(self.data), "-m", mode, "-w", "stop")
            self.process.wait()
        self.process = None

    def kill(self) -> None:
        """`kill -9` of the whole server, as a power cut would."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def remove(self) -> None:
        try:
            self.stop()
        except SystemExit:
            self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)


def kept() -> Path:
    """The data of a stopped cluster with our tables, made once for these migrations, this day (partitions are of months)
    and this PostgreSQL; below build/."""
    told = hashlib.sha256(f"{bindir()} {date.today()}".encode())
    sources = [path for name in ("consent/migrations", "consent/ledger") for path in (ROOT / name).glob("*.py")]
    for path in sorted([*sources, ROOT / "requirements.lock", Path(__file__)]):
        told.update(path.read_bytes())
    place = ROOT / "build" / f"postgres-{told.hexdigest()[:16]}"
    place.parent.mkdir(exist_ok=True)
    with (place.parent / "postgres.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not place.exists():
            for old in place.parent.glob("postgres-*"):
                shutil.rmtree(old)
            _make(place)
    return place


def _make(place: Path) -> None:
    cluster = Cluster().start()
    try:
        env = {
            **os.environ, "DATABASE_URL": cluster.url, "FAIRGATE_DATA": str(cluster.folder / "our"), "SECRET_KEY": "x",
            "FAIRGATE_UNSAFE": "1", "DJANGO_SETTINGS_MODULE": "cookiebanner.settings",
        }  # fmt: skip
        for command in (
            [sys.executable, "manage.py", "migrate", "-v0", "--skip-checks"],
            [str(cluster.bin / "psql"), "-q", f"{cluster.url.rpartition('/')[0]}/template1", "-c",
             f"CREATE DATABASE {TEMPLATE} TEMPLATE postgres"],
        ):  # fmt: skip
            subprocess.run(command, cwd=ROOT, env=env, check=True)
        cluster.stop("fast")
        fresh = place.with_suffix(".new")
        shutil.rmtree(fresh, ignore_errors=True)
        subprocess.run(["cp", "-a", str(cluster.data), str(fresh)], check=True)
        fresh.rename(place)
    finally:
        cluster.remove()


if __name__ == "__main__":
    cluster = Cluster(stock="--stock" in sys.argv).start()
    command = [word for word in sys.argv[1:] if word != "--stock"]
    unsafe = {} if cluster.stock else {"FAIRGATE_UNSAFE": "1"}
    sys.exit(subprocess.call(command, env={**os.environ, **unsafe, "DATABASE_URL": cluster.url}))
