from __future__ import annotations

import os
import secrets
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from consent import private_files
from cookiebanner import data
from cookiebanner.demo import choices, documents, people, seed, trackers
from cookiebanner.staff import mail
from cookiebanner.staff.accounts import DEMO_EMAIL


class Command(BaseCommand):
    help = "A shop with the banner, the dashboard and the API, with 90 days of made-up history. Repeatable."
    requires_system_checks = []  # noqa: RUF012 - the tables may not be there yet

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--seed-only", action="store_true", help="make the data, don't serve")

    def handle(self, *arguments: Any, **options: Any) -> None:
        if not settings.FAIRGATE_DEMO:
            raise CommandError("The demo has a login that everybody knows. Set FAIRGATE_DEMO=1, or run `make demo`.")
        port: int = options["port"]
        data.make_private()
        call_command("migrate", verbosity=0, interactive=False)
        password = demo_password()
        seed.person(password)
        shop = seed.site()
        columns = [TextColumn("{task.description}"), BarColumn(), TextColumn("day {task.completed} of {task.total}")]
        with Progress(*columns, TimeElapsedColumn()) as bar:
            task = bar.add_task("Making 90 days of history", total=seed.DAYS)
            written = seed.history(shop, lambda done, total: bar.update(task, completed=done, total=total))
            bar.update(task, completed=seed.DAYS)
        if not shop.releases.exists():
            seed.publish(shop, "demo", "First release")
        asked = people.ask(shop)
        if asked:
            self.stdout.write(f"{asked} people's requests written.")
        if documents.write(shop):
            self.stdout.write("A privacy policy in two versions written.")
        if said := choices.say(shop):
            self.stdout.write(f"{said} choices beyond cookies written.")
        self.stdout.write(f"{written} answers written." if written else "The history is there already.")
        if options["seed_only"]:
            return
        try:
            trackers.start(port + 1)
        except OSError as error:
            raise CommandError(
                f"The fake trackers need port {port + 1}: {error}. Choose another with PORT=…"
            ) from error
        if not settings.FAIRGATE_URL:  # the server is another process, which reads its settings anew
            os.environ["FAIRGATE_URL"] = f"http://localhost:{port}"
        self.stdout.write(
            f"\n  Shop with banner  http://127.0.0.1:{port}/demo/\n"
            f"  Dashboard         http://localhost:{port}/dashboard/\n"
            f"  API docs          http://localhost:{port}/api/docs/\n"
            f"  Login             {DEMO_EMAIL} / {password}\n"
            f"  Mails             {mail.folder() or f'sent by {settings.EMAIL_HOST}'}\n\n"
            "  Ctrl-C stops it.\n"
        )
        self.stdout.flush()
        call_command("serve", port=port)


def demo_password() -> str:
    """Made once and kept, so that the printed login stays the same."""
    path = settings.FAIRGATE_DATA / "demo_password"
    if not path.exists():
        private_files.folder(path.parent)
        with private_files.open_file(path) as file:
            file.write(secrets.token_urlsafe(9))
    return str(path.read_text().strip())
