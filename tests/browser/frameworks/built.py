"""Whether what is in `built/` was made from what is in `sources/`: the hashes of build.mjs, counted again."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path

HERE = Path(__file__).resolve().parent
LEFT_BEHIND = re.compile(r"(^|/)(node_modules|\.next|\.nuxt|\.output|\.astro|dist|out)/")


def files_in(folder: Path) -> list[str]:
    """Every file under a folder, as build.mjs lists them."""
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    # JavaScript sorts by UTF-16 units; these names are ASCII.
    return sorted(path for path in paths if not LEFT_BEHIND.search(path) and path != "next-env.d.ts")


def hash_of(folder: Path, paths: list[str]) -> str:
    """One hash of files and their names."""
    made = hashlib.sha256()
    for path in paths:
        made.update(f"{path}\n".encode())
        made.update((folder / path).read_bytes())
    return made.hexdigest()


def stale() -> list[str]:
    """Pages whose inputs or whose files are not those of `hashes.json`, and pages that only one side has."""
    hashes = json.loads((HERE / "built/hashes.json").read_text())
    kit = ["package-lock.json", *(f"sources/shared/{path}" for path in files_in(HERE / "sources/shared"))]
    shared = hash_of(HERE, kit)
    names = {folder.name for folder in (HERE / "sources").iterdir() if folder.is_dir()} - {"shared"}
    found = sorted(names ^ set(hashes))
    for name in sorted(names & set(hashes)):
        source, out = HERE / "sources" / name, HERE / "built" / name
        made_of = hashlib.sha256((shared + hash_of(source, files_in(source))).encode()).hexdigest()
        if hashes[name] != {"made_of": made_of, "came_out": hash_of(out, files_in(out))}:
            found.append(name)
    return found
