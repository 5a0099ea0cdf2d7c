"""The documentation says what the schemas of msgspec take, and a fuzzer that knows only the documentation agrees."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
import schemathesis
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis.specs.openapi.checks import positive_data_acceptance

from consent.answers.schema import Answer
from consent.preferences.schema import ChoicesAsked, ChoicesMade
from consent.stats.schema import Impression, Reports
from cookiebanner.public_api import openapi, reference
from cookiebanner.wsgi import application
from tests import corpus
from tests.cookiebanner.sample_releases import release, site

PATHS: dict[str, tuple[type[msgspec.Struct], str]] = {
    "/api/v1/consents": (Answer, "Answer"),
    "/api/v1/choices": (ChoicesMade, "ChoicesMade"),
    "/api/v1/choices/state": (ChoicesAsked, "ChoicesAsked"),
    "/api/v1/impressions": (Impression, "Impression"),
    "/api/v1/reports": (Reports, "Reports"),
}


def document():
    return json.loads(json.dumps(SchemaGenerator().get_schema(request=None, public=True)))


def test_the_bodies_are_those_of_msgspec_field_for_field():
    made = document()
    assert made["openapi"].startswith("3.1.")
    for path, (struct, name) in PATHS.items():
        body = made["paths"][path]["post"]["requestBody"]
        assert body["required"] is True
        assert {kind: said["schema"] for kind, said in body["content"].items()} == {
            kind: {"$ref": f"#/components/schemas/{name}"} for kind in ("application/json", "text/plain")
        }
        said = made["components"]["schemas"][name]
        fields = msgspec.structs.fields(struct)
        assert list(said["properties"]) == [field.encode_name for field in fields]
        assert said["additionalProperties"] is False
        assert said["required"] == [field.encode_name for field in fields if field.required]
    assert made["components"]["schemas"].items() >= openapi.schemas().items()
    assert "\\Z" not in json.dumps(made)


def test_every_public_post_tells_its_refusals_in_one_form():
    made = document()
    for path in (*PATHS, "/.well-known/fairgate/state"):
        responses = made["paths"][path]["post"]["responses"]
        refusals = {int(status): said for status, said in responses.items() if int(status) >= 400}
        assert {400, 403, 404, 413, 415, 429} <= refusals.keys()
        for said in refusals.values():
            assert said["content"] == {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}


def test_the_documentation_and_the_reader_judge_the_corpus_alike():
    """Of each body in the corpus: what the schema of the documentation refuses, the server calls malformed (400)."""
    made = document()
    validators = {
        path: Draft202012Validator(
            {"$ref": f"#/components/schemas/{name}", "components": made["components"]},
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        for path, (_, name) in PATHS.items()
    }
    # JSON Schema's regular expressions have no name for the first ones, its reader no way into the fourth; the last is
    # understood for gates that are out there, and nothing that a new client should send.
    only_the_reader = {
        "a page that turns the writing round", "a NUL in a signal's name", "a key of the signals that is not ASCII",
        "a thousand brackets", "the regime notice, which the release lacks, as gates up to 1b79d33 say it",
    }  # fmt: skip
    judged = 0
    for name, request, expected in corpus.cases():
        body_is_read = request.method == "POST" and expected.status not in (403, 413, 415)
        if not body_is_read or expected.code in ("invalid_json", "invalid_utf8") or name in only_the_reader:
            continue
        sound = validators[request.path].is_valid(json.loads(request.body))
        assert (name, sound) == (name, expected.code not in ("invalid_field", "unknown_field"))
        judged += 1
    assert judged > 80


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("path", PATHS)
def test_a_fuzzer_that_reads_the_documentation_gets_no_answer_that_is_not_in_it(path, monkeypatch):
    monkeypatch.setattr("cookiebanner.visitors.counts.Counters.start", lambda self: None)
    shop = site()
    release(shop)
    api = schemathesis.openapi.from_wsgi("/api/schema/?format=json", application)
    statuses = set()

    @settings(
        max_examples=30,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=api[path]["POST"].as_strategy(), ours=st.booleans())
    def fuzz(case, ours):
        if ours and isinstance(case.body, dict):  # so that some come beyond "unknown site"
            case.body |= {"site": str(shop.uuid)} | ({} if "choices" in path else {"release": 1})
        response = case.call(headers={"Origin": "https://www.shop.example", "Content-Type": "application/json"})
        # A release refuses what the schema can't know (422).
        case.validate_response(response, excluded_checks=[positive_data_acceptance])
        generated = case.meta is None or case.meta.generation.mode.is_positive
        # Printable means more to us than a regular expression can say, and 1.0 is an integer to JSON Schema.
        malformed = response.status_code == 400 and not re.search("printable|`float`", response.json()["title"])
        assert not (malformed and generated)
        statuses.add(response.status_code)

    fuzz()
    assert 404 in statuses
    assert statuses & {403 if "choices" in path else 204, 422}  # of a person, only a token speaks


def test_the_page_of_the_api_names_all_of_it_without_a_script(client, db):
    page = client.get("/api/docs/")
    body = page.content.decode()
    made = document()
    for path, operations in made["paths"].items():
        for method, operation in operations.items():
            assert (
                f'<h2 id="{operation["operationId"]}" class="break"><code>{method.upper()} {path}</code></h2>' in body
            )
    for name, schema in made["components"]["schemas"].items():
        assert f'id="object-{name}"><summary>{name}</summary>' in body
        assert [field for field in schema.get("properties", {}) if f"<code>{field}</code>" not in body] == []
    assert (page.status_code, "unsafe" in page["Content-Security-Policy"], "{'" in body, "$ref" in body) == (
        200, False, False, False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "format": "uuid"}, "text (uuid)"),
        (
            {"anyOf": [{"type": "integer", "minimum": 0, "maximum": 9}, {"type": "null"}]},
            "whole number (0 to 9) or null",
        ),
        ({"type": "array", "items": {"$ref": "#/components/schemas/Item"}}, "list of Item"),
        ({"type": "object", "additionalProperties": {"type": "boolean"}}, "object of true or false"),
        ({"enum": ["a", "b"]}, "a | b"),
        ({}, "anything"),
    ],
)
def test_types_are_in_words(schema, words):
    assert reference.type_words(schema) == words
