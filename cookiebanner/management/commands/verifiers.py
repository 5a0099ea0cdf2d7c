from __future__ import annotations

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from consent.exports import verifiers


class Command(BaseCommand):
    help = "Prints the SHA-256 of verify.py and verify.html, as sha256sum does; --to writes them to a folder."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, help="a folder to write them to")

    def handle(self, *arguments: Any, **options: Any) -> None:
        folder: Path | None = options["to"]
        for name, digest in verifiers.hashes().items():
            if folder:
                folder.mkdir(parents=True, exist_ok=True)
                (folder / name).write_bytes(verifiers.content(name))
            self.stdout.write(f"{digest}  {name}")
