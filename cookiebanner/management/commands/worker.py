"""`manage.py worker [--once]`: does background jobs until it is told to stop."""

from __future__ import annotations

import os
import signal
import threading
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, close_old_connections, connection

from consent.jobs import registry, runner
from cookiebanner import data

# Threads of each queue, each with a database connection. A site has one job at a time in a queue, so that with two
# threads a second site's export need not wait for the first one's.
THREADS = {
    registry.UPKEEP: 1, registry.DAILY: 1, registry.WORK: 2, registry.DELIVERIES: 4, registry.PICTURES: 1,
    registry.SCANS: 1,
}  # fmt: skip


class Command(BaseCommand):
    help = "Does background jobs: exports, retention, anchors, pictures, scans."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due now, then end")
        parser.add_argument("--pause", type=float, default=1.0, help="seconds between looks into an empty queue")

    def handle(self, *args: Any, once: bool, pause: float, **options: Any) -> None:
        data.make_private()
        registry.discover()
        if once:
            count = runner.work_off()
            self.stdout.write(f"{count} job{'' if count == 1 else 's'} done.")
            return
        stop = threading.Event()
        for name in (signal.SIGTERM, signal.SIGINT):
            signal.signal(name, lambda *_: stop.set())
        # Checkpoints must not wait for an export of ten million records or the retention of as many, and neither for
        # somebody's webhook.
        queues = [queue for queue, count in THREADS.items() for _ in range(count)]
        threads = [
            threading.Thread(target=self.work, args=(stop, pause, queue), name=f"fairgate-{queue}-{number}")
            for number, queue in enumerate(queues)
        ]
        for thread in threads:
            thread.start()
        try:
            while not stop.wait(pause) and any(thread.is_alive() for thread in threads):
                pass
        finally:
            stop.set()
            for thread in threads:
                thread.join()

    def work(self, stop: threading.Event, pause: float, queue: str) -> None:
        """Does the jobs of one queue until `stop` is set."""
        looks: dict[str, float] = {}
        parent = os.getppid()  # a killed `manage.py serve` must not leave a worker behind
        while not stop.is_set() and os.getppid() == parent:
            try:
                close_old_connections()
                if queue == registry.UPKEEP:
                    runner.enqueue_periodic(looks)
                runner.work_off(stop.is_set, queue=queue)
            except DatabaseError as error:
                # The database may be restarting; leases keep what was under way.
                self.stderr.write(f"The database is not there: {error}".strip())
                close_old_connections()
            stop.wait(pause)
        connection.close()
