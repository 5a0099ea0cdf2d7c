"""Settings that would silently match nothing are refused in words."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured

from cookiebanner import env


@pytest.mark.parametrize(
    "wrong",
    ["*.example.org", "https://consent.example.org", "consent.example.org:8000", "a.example,consent.example.org/", "**",
     '["*"]', ".", ".*", "[::1]:8000", "a@b.example"],
)  # fmt: skip
def test_a_host_that_no_request_can_have_is_refused(monkeypatch, wrong):
    monkeypatch.setenv("FAIRGATE_HOSTS", wrong)
    with pytest.raises(ImproperlyConfigured, match=r"FAIRGATE_HOSTS must be host names such as .*, not '"):
        env.host_names("FAIRGATE_HOSTS", "*")


@pytest.mark.parametrize(
    "right", ["*", "consent.example.org, shop.example", ".example.org", "127.0.0.1 [::1] localhost"]
)
def test_what_django_understands_is_taken(monkeypatch, right):
    monkeypatch.setenv("FAIRGATE_HOSTS", right)
    assert env.host_names("FAIRGATE_HOSTS", "*") == right.replace(",", " ").split()
