"""`manage.py serve`: the production server (the lane in front of Django) and the worker beside it."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor


class Command(BaseCommand):
    help = "Serves Fairgate: scripts, answers, dashboard and API; keeps the background worker running."
    requires_system_checks = []  # ours below: all that would lose or leak data

    def add_arguments(self, parser):
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="server processes (SQLite: always 1)")
        parser.add_argument("--uds", help="listen on this unix socket instead")
        parser.add_argument("--no-worker", action="store_true", help="no background worker: it runs elsewhere")

    def handle(self, *args, host: str, port: int, workers: int, uds: str | None, no_worker: bool, **options):
        refuse_what_is_wrong()
        call_command("collectstatic", interactive=False, verbosity=0)
        if connection.vendor == "sqlite" and workers != 1:
            self.stderr.write("SQLite has one writer: serving with one process.")
            workers = 1
        connections.close_all()
        worker = None if no_worker else Supervised([sys.executable, sys.argv[0], "worker"])
        if worker:
            worker.start()
        self.stdout.write(f"Fairgate serves {f'unix:{uds}' if uds else f'http://{host}:{port}'}")
        self.stdout.flush()
        try:
            server(host, port, workers, uds).serve()
        finally:
            if worker:
                worker.end()


def refuse_what_is_wrong() -> None:
    """Raises CommandError for each error of the system checks, the database's included, and missing migrations."""
    errors = [check for check in run_checks(databases=["default"]) if check.level >= ERROR]
    if errors:
        raise CommandError("\n".join(f"{e.id}: {e.msg}{f' {e.hint}' if e.hint else ''}" for e in errors))
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is not up to date: run `manage.py migrate` first.")


def server(host: str, port: int, workers: int, uds: str | None = None):
    """Granian with the lane; its own processes are restarted when they die."""
    from pathlib import Path

    from granian import Granian
    from granian.constants import HTTPModes, Interfaces, Loops
    from granian.http import HTTP1Settings
    from granian.log import LogLevels

    try:
        import uvloop  # noqa: F401

        loop = Loops.uvloop
    except ImportError:
        loop = Loops.asyncio
    return Granian(
        "cookiebanner.asgi:application",
        address=host,
        port=port,
        uds=Path(uds) if uds else None,
        interface=Interfaces.ASGI,
        workers=workers,
        loop=loop,
        http=HTTPModes.http1,  # what proxies speak; looking for more costs each request
        http1_settings=HTTP1Settings(header_read_timeout=30_000, keep_alive=True, pipeline_flush=True),
        websockets=False,
        backlog=2048,
        backpressure=1024,  # requests under way in one process; a full queue of answers is refused before that
        log_level=LogLevels.warning,
        log_access=False,  # it would hold visitors' addresses
        respawn_failed_workers=True,
        respawn_interval=1.0,
        workers_kill_timeout=30,
        working_dir=Path(settings.BASE_DIR),
    )


class Supervised(threading.Thread):
    """A child process that is started again whenever it ends, more slowly when it keeps on ending."""

    def __init__(self, command: list[str]) -> None:
        super().__init__(name="fairgate-supervisor", daemon=True)
        self.command = command
        self.process: subprocess.Popen | None = None
        self._ended = threading.Event()

    def run(self) -> None:
        pause = 1.0
        while not self._ended.is_set():
            started = time.monotonic()
            # A session of its own: Ctrl-C reaches only us, and we end it in order.
            self.process = subprocess.Popen(self.command, start_new_session=True)
            code = self.process.wait()
            if self._ended.is_set():
                return
            pause = 1.0 if time.monotonic() - started > 60 else min(pause * 2, 60.0)
            print(f"The worker ended with {code}; it starts again in {pause:.0f} s.", file=sys.stderr, flush=True)
            self._ended.wait(pause)

    def end(self) -> None:
        """Ends the child: SIGTERM, and SIGKILL when it has not ended after 20 seconds."""
        self._ended.set()
        self.join(0.2)  # it may be just about to start it again
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
