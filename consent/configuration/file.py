"""The file: YAML without its traps, and references to secrets.

`no`, `on` and `12:30` are texts, as in YAML 1.2; a key that stands twice, and anchors, are refused. `${env:NAME}`
stands for a variable of the environment, `$${env:` for itself.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import yaml

from consent.common import InvalidChange

REFERENCE = re.compile(r"(\$?)\$\{env:([^}]*)\}")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LARGEST = 4 * 2**20  # characters of a file
_BOOL, _INT, _NULL = (f"tag:yaml.org,2002:{name}" for name in ("bool", "int", "null"))


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[str, Any] = {}

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            raise InvalidChange(f"{_place(self.peek_event())}: anchors are not used here; write it out.")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise InvalidChange(f"{_place(key)}: a key is a plain text.")
            if key.value in seen:
                raise InvalidChange(f"{_place(key)}: {key.value} stands twice.")
            seen.add(key.value)
        # Keys are texts, whatever they look like.
        return {key.value: self.construct_object(value, deep=True) for key, value in node.value}


def _mapping(loader: _Loader, node: Any) -> dict[Any, Any]:
    return loader.construct_mapping(node, deep=True)


_Loader.add_implicit_resolver(_BOOL, re.compile("^(?:true|false)$"), list("tf"))
_Loader.add_implicit_resolver(_INT, re.compile("^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789"))
_Loader.add_implicit_resolver(_NULL, re.compile("^(?:~|null|)$"), ["~", "n", ""])
_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _place(thing: Any) -> str:
    return f"line {thing.start_mark.line + 1}"


def read(text: str) -> Any:
    """Plain values, with references as they are written. Raises InvalidChange."""
    if len(text) > LARGEST:
        raise InvalidChange(f"The file has more than {LARGEST:,} characters.")
    try:
        value = yaml.load(text, _Loader)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise InvalidChange(f"This is no YAML: {error}") from None
    except RecursionError:
        raise InvalidChange("The file is nested too deeply.") from None
    if not isinstance(value, dict):
        raise InvalidChange("A configuration is a mapping that begins with format: fairgate-site/1")
    return value


def written(value: Any) -> str:
    """The file of plain values."""
    made: str = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    return made


def resolved(value: Any, environment: Mapping[str, str], where: str = "") -> Any:
    """With what the references stand for. Raises InvalidChange for a variable that is not set."""
    if isinstance(value, dict):
        return {key: resolved(inner, environment, f"{where}.{key}".strip(".")) for key, inner in value.items()}
    if isinstance(value, list):
        return [resolved(inner, environment, f"{where}[{place}]") for place, inner in enumerate(value)]
    if not isinstance(value, str):
        return value
    if "\0" in value:
        raise InvalidChange(f"{where} holds a character that can't be stored (U+0000).")

    def stands_for(found: re.Match[str]) -> str:
        if found[1]:
            return found[0][1:]
        if not NAME.fullmatch(found[2]) or found[2] not in environment:
            raise InvalidChange(f"{where} asks for the variable {found[2]}, which is not set.")
        return environment[found[2]]

    return REFERENCE.sub(stands_for, value)


def literal(value: Any) -> Any:
    """Plain values whose texts are no references, whatever they look like."""
    if isinstance(value, dict):
        return {key: literal(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [literal(inner) for inner in value]
    return REFERENCE.sub(lambda found: f"${found[0]}", value) if isinstance(value, str) else value
