"""docs/map.md names every room of the three packages, in the order of their layers, and no file that is not there."""

from __future__ import annotations

import re
import tomllib

from django.conf import settings

ROOT = settings.BASE_DIR
MAP = (ROOT / "docs" / "map.md").read_text()
NO_ROOMS = {"__init__.py", "__pycache__", "apps.py", "migrations", "models.py", "files"}


def rooms(package: str) -> set[str]:
    """Folders and loose files of a package, as the map writes them."""
    return {
        path.name + ("/" if path.is_dir() else "")
        for path in (ROOT / package).iterdir()
        if path.name not in NO_ROOMS and (path.is_dir() or path.suffix == ".py")
    }


def mapped(package: str) -> list[str]:
    """The first cells of the package's table."""
    table = MAP.split(f"## The rooms of {package}/")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]*) \|", table, re.M)
    return [name for cell in cells for name in re.findall(r"`([^`]+)`", cell)]


def test_every_room_is_on_the_map_and_every_mapped_room_is_there():
    for package in ("consent", "cookiebanner", "fairgate_enforce"):
        assert set(mapped(package)) - {"apps.py"} == rooms(package), package
        assert len(mapped(package)) == len(set(mapped(package)))


def test_the_map_is_in_the_order_of_the_layers():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    for contract in contracts:
        if contract["type"] != "layers":
            continue
        [package] = contract["containers"]
        layers = [set(re.split(r"\s*\|\s*", layer)) for layer in contract["layers"]]
        place = {name: number for number, layer in enumerate(layers) for name in layer}
        order = [place[name.rstrip("/").removesuffix(".py")] for name in mapped(package) if name != "banner/"]
        assert order == sorted(order), package


def test_every_file_that_the_map_names_is_there():
    named = set(re.findall(r"`((?:consent|cookiebanner|packages|tests|scripts|deploy|docs|templates)/[^`<>*]*?)`", MAP))
    assert named
    # consent/ledger/erasure.also is a function of a file.
    lost = {name for name in named if not (ROOT / name).exists() and not (ROOT / name).with_suffix(".py").exists()}
    assert lost == set()
