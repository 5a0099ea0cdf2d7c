"""The wheel's dependencies are requirements.txt: one list of what Fairgate needs to run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface


class RequirementsHook(MetadataHookInterface):
    """Fills in `dependencies`; hatchling looks for it here (pyproject.toml, tool.hatch.metadata.hooks.custom)."""

    def update(self, metadata: dict[str, Any]) -> None:
        lines = Path(self.root, "requirements.txt").read_text().splitlines()
        words = (line.partition("#")[0].strip() for line in lines)
        metadata["dependencies"] = [word for word in words if word]
