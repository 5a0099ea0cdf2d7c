from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from consent.ledger import distribution


class Command(BaseCommand):
    help = (
        "Spreads the large tables over the machines of a Citus cluster by site, and puts the append-only triggers back "
        "on every shard. Says first what is not set on which machine. May be repeated. Stop every server meanwhile."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and change nothing")

    def handle(self, *arguments: Any, **options: Any) -> None:
        problems = distribution.problems(connection)
        if problems:
            raise CommandError("\n".join(problems))
        for table, done, size, keys in distribution.plan(connection):
            if done:
                self.stdout.write(f"{table}: is distributed.")
                continue
            without = f", without {', '.join(keys)}" if keys else ""
            self.stdout.write(f"{table}: to be distributed by site, {size / 1e6:,.1f} MB{without}.")
        self.stdout.write("All other tables stay on the coordinator.")
        if options["dry_run"]:
            return
        try:
            made = distribution.distribute(connection, lambda table: self.stdout.write(f"{table} …"))
        except (DatabaseError, RuntimeError) as error:
            raise CommandError(f"{error}\nWhat is done stays; run this again when it is mended.") from error
        self.stdout.write(
            f"{len(made)} tables distributed. Start the servers again." if made else "There was nothing to distribute."
        )
