"""Every error of the API is application/problem+json (RFC 9457)."""

from __future__ import annotations

import pytest
from django.conf import settings


@pytest.mark.parametrize("path", ["/api/v1/nope", "/api/nope", "/api/v1/consents/x/receipt"])
@pytest.mark.django_db
def test_an_unknown_address_below_api_is_a_problem_document(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


@pytest.mark.django_db
def test_elsewhere_it_is_a_page(client):
    answer = client.get("/nope")
    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")


def test_one_function_makes_every_problem_document():
    makers, types = [], []
    for package in ("consent", "cookiebanner"):
        for path in (settings.BASE_DIR / package).rglob("*.py"):
            text = path.read_text()
            makers += [path.name] * text.count("about:blank")
            types += [path.name] * text.count('application/problem+json"')
    assert (makers, types) == (["problems.py"], ["problems.py"])


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("path", "kind"), [("/api/admin/v1/token", "application/problem+json"), ("/livez", "text/html")]
)
def test_a_mistake_of_ours_is_told_in_the_form_of_the_address(path, kind):
    """The error pages are asked for as Django asks for them: nothing here breaks on purpose."""
    from django.test import RequestFactory
    from django.urls import get_resolver

    made = get_resolver().resolve_error_handler(500)(RequestFactory().get(path))
    assert (made.status_code, made["Content-Type"].partition(";")[0]) == (500, kind)
