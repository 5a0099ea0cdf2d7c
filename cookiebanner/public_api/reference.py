"""`/api/docs/`: the API's OpenAPI document as a page that needs no script."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe
from drf_spectacular.generators import SchemaGenerator

CODE = re.compile(r"`([^`]+)`")
DEEPEST = 2  # what lies deeper in a type is in the OpenAPI document


@require_safe
def reference(request: HttpRequest) -> HttpResponse:
    """All operations, then the objects that they take and give."""
    return render(request, "api_reference.html", document())


@lru_cache(1)
def document() -> dict[str, Any]:
    """What the page shows; the API is the same as long as the process lives."""
    schema = SchemaGenerator().get_schema(request=None, public=True)
    operations = [
        _operation(path, method, given)
        for path, of_path in schema["paths"].items()
        for method, given in of_path.items()
    ]
    objects = [
        (name, _prose(one.get("description", "")), _fields(one))
        for name, one in schema["components"]["schemas"].items()
    ]
    return {"about": schema["info"], "operations": operations, "objects": objects}


def _operation(path: str, method: str, given: dict[str, Any]) -> dict[str, Any]:
    responses = [
        (status, _prose(one.get("description") or ""), _bodies(one))
        for status, one in sorted(given["responses"].items())
    ]
    parameters = [
        (
            one["name"],
            one["in"],
            one.get("required", False),
            type_words(one["schema"]),
            _prose(one.get("description", "")),
        )
        for one in given.get("parameters", ())
    ]
    return {
        "id": given["operationId"], "method": method.upper(), "path": path,
        "about": _prose(given.get("description", "")),
        "parameters": parameters, "body": _bodies(given.get("requestBody", {})), "responses": responses,
    }  # fmt: skip


def _bodies(given: dict[str, Any]) -> list[tuple[str, str]]:
    """(content type, what it holds), of a request or a response."""
    return [(kind, type_words(one["schema"])) for kind, one in given.get("content", {}).items()]


def _fields(schema: dict[str, Any]) -> list[tuple[str, str, bool, SafeString]]:
    required = schema.get("required", ())
    return [
        (name, type_words(one), name in required, _prose(one.get("description", "")))
        for name, one in schema.get("properties", {}).items()
    ]


def type_words(schema: dict[str, Any], depth: int = 0) -> str:
    """A JSON Schema in words: `text (uuid) or null`."""
    if "$ref" in schema:
        return str(schema["$ref"].rpartition("/")[2])
    if "enum" in schema:
        return " | ".join(str(one) for one in schema["enum"])
    if "const" in schema:
        return str(schema["const"])
    if parts := schema.get("anyOf") or schema.get("oneOf"):
        return " or ".join(dict.fromkeys(type_words(one, depth) for one in parts))
    kind = schema.get("type", "anything")
    if isinstance(kind, list):
        return " or ".join(type_words({**schema, "type": one}, depth) for one in kind)
    if kind == "array":
        return f"list of {type_words(schema.get('items', {}), depth + 1)}" if depth < DEEPEST else "list"
    if kind == "object":
        values = schema.get("additionalProperties")
        return (
            f"object of {type_words(values, depth + 1)}" if isinstance(values, dict) and depth < DEEPEST else "object"
        )
    return {"string": "text", "integer": "whole number", "boolean": "true or false"}.get(kind, kind) + _bounds(schema)


def _bounds(schema: dict[str, Any]) -> str:
    said = [schema["format"]] if "format" in schema else []
    said += [f"at most {schema['maxLength']} characters"] if "maxLength" in schema else []
    if "minimum" in schema and "maximum" in schema:
        said.append(f"{schema['minimum']} to {schema['maximum']}")
    return f" ({', '.join(said)})" if said else ""


def _prose(text: str) -> SafeString:
    """Paragraphs with `code` in them."""
    paragraphs = [" ".join(one.split()) for one in text.split("\n\n") if one.strip()]
    return format_html_join(mark_safe("<br>"), "{}", [(_coded(one),) for one in paragraphs])


def _coded(text: str) -> SafeString:
    pieces = CODE.split(text)
    coded = [format_html("<code>{}</code>", one) if number % 2 else one for number, one in enumerate(pieces)]
    return format_html_join("", "{}", [(one,) for one in coded])
