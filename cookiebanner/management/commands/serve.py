"""`manage.py serve`: the production server (the lane in front of Django) and the worker beside it."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import ERROR, run_checks
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, connections
from django.db.migrations.executor import MigrationExecutor

from cookiebanner import data
from cookiebanner.visitors import rate_limit_table

BACKLOG = 2048  # connections that may wait to be taken


class Command(BaseCommand):
    help = "Serves Fairgate: scripts, answers, dashboard and API; keeps the background worker running."
    requires_system_checks = []  # ours below: all that would lose or leak data

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default 127.0.0.1)")
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--workers", type=int, default=1, help="server processes (SQLite: always 1)")
        parser.add_argument("--uds", help="listen on this unix socket instead")
        parser.add_argument("--no-worker", action="store_true", help="no background worker: it runs elsewhere")

    def handle(
        self, *args: Any, host: str, port: int, workers: int, uds: str | None, no_worker: bool, **options: Any
    ) -> None:
        refuse_any_host(uds or "", host)
        data.make_private()
        refuse_what_is_wrong()
        call_command("collectstatic", interactive=False, verbosity=0)
        if connection.vendor == "sqlite" and workers != 1:
            self.stderr.write("SQLite has one writer: serving with one process.")
            workers = 1
        connections.close_all()
        sockets = listen(host, port, workers, uds)
        # They outlive a server process that is started again.
        limits = [rate_limit_table.make(), rate_limit_table.make()] if workers > 1 else []
        children = [
            Supervised(
                [sys.executable, "-m", "cookiebanner.lane.server", str(fd)],
                fds=[fd, *limits], longest=2.0,  # visitors' connections wait for it
                env={rate_limit_table.FD: ",".join(map(str, limits))} if limits else None,
            )
            for fd in islice(cycle(one.fileno() for one in sockets), workers)
        ]  # fmt: skip
        if not settings.FAIRGATE_URL and not settings.FAIRGATE_DEMO:
            self.stderr.write("FAIRGATE_URL is not set: links in mails can't be made. Set it to the public base URL.")
        if not no_worker:
            children.append(Supervised([sys.executable, sys.argv[0], "worker"]))
        ended = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: ended.set())
        for child in children:
            child.start()
        address = f"[{host}]" if ":" in host else host
        self.stdout.write(f"Fairgate serves {f'unix:{uds}' if uds else f'http://{address}:{port}'}")
        self.stdout.flush()
        try:
            ended.wait()
        finally:
            for one in sockets:
                one.close()  # whoever comes now is refused, and does not wait for processes that end
            if uds:
                Path(uds).unlink(missing_ok=True)
            end(children)


def refuse_any_host(uds: str, host: str) -> None:
    """Raises CommandError when every Host header would be accepted from other machines than this one."""
    if "*" in settings.ALLOWED_HOSTS and not uds and not is_loopback(host):
        raise CommandError(
            f"Fairgate would answer to any Host on {host or 'every address'}: set FAIRGATE_HOSTS to its host names "
            "(FAIRGATE_HOSTS=consent.example.org), or listen on 127.0.0.1."
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to what listens there; a name is looked up."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM) if host else []
        addresses = [ip_address(str(info[4][0]).partition("%")[0]) for info in found]
    except (OSError, ValueError):
        return False
    return bool(addresses) and all((getattr(a, "ipv4_mapped", None) or a).is_loopback for a in addresses)


def refuse_what_is_wrong() -> None:
    """Raises CommandError for each error of the system checks, the database's included, and missing migrations."""
    errors = [check for check in run_checks(databases=["default"]) if check.level >= ERROR]
    if errors:
        raise CommandError("\n".join(f"{e.id}: {e.msg}{f' {e.hint}' if e.hint else ''}" for e in errors))
    executor = MigrationExecutor(connection)
    if executor.migration_plan(executor.loader.graph.leaf_nodes()):
        raise CommandError("The database is not up to date: run `manage.py migrate` first.")


def listen(host: str, port: int, workers: int, uds: str | None = None, patience: float = 3.0) -> list[socket.socket]:
    """The listening sockets: one a process where the kernel shares connections out, else one for all.

    Waits `patience` seconds for a server that is just ending. Raises CommandError when the address can't be had.
    """
    deadline = time.monotonic() + patience
    while True:
        try:
            return [_unix(Path(uds))] if uds else _tcp(host, port, workers)
        except (OSError, OverflowError) as error:
            if time.monotonic() > deadline or getattr(error, "errno", None) != errno.EADDRINUSE:
                where = uds or f"{host}:{port}"
                raise CommandError(f"Can't listen on {where}: {error}. Choose another address.") from error
            time.sleep(0.1)


def _tcp(host: str, port: int, workers: int) -> list[socket.socket]:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Without SO_REUSEPORT at first: it would let us in beside a server that is there already.
    both = host == "::" and socket.has_dualstack_ipv6()
    make = partial(socket.create_server, family=family, backlog=BACKLOG, dualstack_ipv6=both)
    first = make((host, port))
    if workers == 1 or sys.platform != "linux":
        return [first]
    address = first.getsockname()[:2]
    first.close()
    return [make(address, reuse_port=True) for _ in range(workers)]


def _unix(path: Path) -> socket.socket:
    """A socket file that every user may connect to; one that a killed server left behind is taken over."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    if path.is_socket():
        try:
            made.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()
        else:
            made.close()
            raise OSError(errno.EADDRINUSE, "another server is there")
    made.bind(str(path))
    path.chmod(0o666)
    made.listen(BACKLOG)
    return made


class Supervised(threading.Thread):
    """A child process that is started again whenever it ends, more slowly (s) when it keeps on ending.

    It works in the same folder, so that relative paths in the settings mean the same, and finds our modules from there.
    """

    def __init__(
        self, command: list[str], fds: Sequence[int] = (), longest: float = 60.0, env: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(name="fairgate-supervisor", daemon=True)
        self.command, self.fds, self.longest = command, fds, longest
        modules = os.pathsep.join(filter(None, (str(settings.BASE_DIR), os.environ.get("PYTHONPATH"))))
        self.env = {**os.environ, "FAIRGATE_PARENT": str(os.getpid()), "PYTHONPATH": modules, **(env or {})}
        self.process: subprocess.Popen | None = None
        self._ended = threading.Event()

    def run(self) -> None:
        pause = 1.0
        while not self._ended.is_set():
            started = time.monotonic()
            code: int | OSError
            try:
                # A session of its own: Ctrl-C reaches only us, and we end it in order.
                self.process = subprocess.Popen(self.command, start_new_session=True, pass_fds=self.fds, env=self.env)
                if self._ended.is_set():  # meanwhile
                    self.process.terminate()
                code = self.process.wait()
            except OSError as error:  # no memory, no interpreter: perhaps again soon
                code = error
            if self._ended.is_set():
                return
            pause = 1.0 if time.monotonic() - started > 60 else min(pause * 2, self.longest)
            with suppress(OSError):
                name = " ".join(self.command[1:])
                print(f"{name} ended with {code}; it starts again in {pause:.0f} s.", file=sys.stderr, flush=True)
            self._ended.wait(pause)

    def ask(self) -> None:
        """Asks the child to end (SIGTERM) and starts it no more."""
        self._ended.set()
        self.join(0.2)  # it may be just about to start it again
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def end(self, timeout: float) -> None:
        """Waits; SIGKILL when the child has not ended in time (s)."""
        if self.process and self.process.poll() is None:
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def end(children: Sequence[Supervised], timeout: float = 40.0) -> None:
    """Ends all of them at once, each in order."""
    for child in children:
        child.ask()
    deadline = time.monotonic() + timeout
    for child in children:
        child.end(max(0.0, deadline - time.monotonic()))
