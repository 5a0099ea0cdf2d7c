"""`manage.py worker [--once]`: does background jobs until it is told to stop."""

from __future__ import annotations

import os
import signal
import threading

from django.core.management.base import BaseCommand
from django.db import DatabaseError, close_old_connections, connection

from consent.jobs import registry, runner
from cookiebanner import data


class Command(BaseCommand):
    help = "Does background jobs: exports, retention, anchors."

    def add_arguments(self, parser):
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")
        parser.add_argument("--pause", type=float, default=1.0, help="seconds between looks into an empty queue")

    def handle(self, *args, once: bool, pause: float, **options):
        data.make_private()
        registry.discover()
        if once:
            count = runner.work_off()
            self.stdout.write(f"{count} job{'' if count == 1 else 's'} done.")
            return
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        # Checkpoints and anchors must not wait for an export of ten million records: they have a thread of their own.
        house_keeping = threading.Thread(target=self.work, args=(stop, pause, True), name="fairgate-house-keeping")
        house_keeping.start()
        try:
            self.work(stop, pause, False)
        finally:
            stop.set()
            house_keeping.join()

    def work(self, stop: threading.Event, pause: float, periodic: bool) -> None:
        """Does the periodic jobs, or the others, until `stop` is set."""
        parent = os.getppid()  # a killed `manage.py serve` must not leave a worker behind
        while not stop.is_set() and os.getppid() == parent:
            try:
                close_old_connections()
                if periodic:
                    runner.enqueue_periodic()
                runner.work_off(stop.is_set, periodic)
            except DatabaseError as error:
                # The database may be restarting; leases keep what was under way.
                self.stderr.write(f"The database is not there: {error}".strip())
                close_old_connections()
            stop.wait(pause)
        connection.close()
