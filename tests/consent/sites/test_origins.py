"""What is a host name, and which Origin has one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.sites.origins import LONGEST_HOST, host_name, host_of, origin_host, suffixes

LONGEST = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 61])


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://shop.example", "shop.example"),
        ("http://localhost:8000", "localhost"),
        ("HTTPS://SHOP.EXAMPLE:8443", "shop.example"),
        ("https://shop.example.", "shop.example"),
        ("https://xn--bcher-kva.example", "xn--bcher-kva.example"),
        ("https://a_b.-c-.example", "a_b.-c-.example"),
        ("http://192.0.2.1:65535", "192.0.2.1"),
        ("http://[2001:DB8:0:0::1]:8000", "2001:db8::1"),
        ("http://[::1]", "::1"),
        (f"https://{LONGEST}:65535", LONGEST),
        (f"https://{LONGEST}.:65535", LONGEST),
        ("https://" + "a." * 126 + "a", "a." * 126 + "a"),
        ("null", ""),
        ("", ""),
        ("shop.example", ""),
        ("//shop.example", ""),
        ("ftp://shop.example", ""),
        ("file://", ""),
        ("chrome-extension://abcdef", ""),
        ("https://user:pw@shop.example", ""),
        ("https://user@shop.example", ""),
        ("https://evil.example\\.shop.example", ""),
        ("https://evil.example%2eshop.example", ""),
        ("https://shop.example:99999999", ""),
        ("https://shop.example:65536", ""),
        ("https://shop.example:0", ""),
        ("https://shop.example:080", ""),
        ("https://shop.example:", ""),
        ("https://shop.example:٣", ""),
        ("https://shop.example/", ""),
        ("https://shop.example?", ""),
        ("https://shop.example#", ""),
        ("https://shop.example ", ""),
        (" https://shop.example", ""),
        ("https://shop.example\n", ""),
        ("https://shop.example\x00", ""),
        ("https://shop.example, https://evil.example", ""),
        ("https://shop.example,https://shop.example", ""),
        ("https://shop.example..", ""),
        ("https://.shop.example", ""),
        ("https://a..example", ""),
        ("https://", ""),
        ("https:///shop.example", ""),
        ("https:shop.example", ""),
        ("https://bücher.example", ""),
        ("https://\u212aelvin.example", ""),
        ("https://[::1", ""),
        ("https://[::1].", ""),
        ("https://[fe80::1%25eth0]", ""),
        ("https://[::g]", ""),
        ("https://" + "a." * 127 + "a", ""),
        (f"https://{LONGEST}a", ""),
        ("https://" + "a" * 64 + ".example", ""),
        ("https://" + "a." * 30_000 + "evil.example", ""),
    ],
    ids=lambda value: value[:40],
)
def test_an_origin_is_scheme_host_and_port_or_none(origin, host):
    assert origin_host(origin) == host


@given(st.text(max_size=300))
def test_whatever_is_taken_for_a_host_name_is_one(text):
    for made in (
        host_name(text),
        origin_host(text),
        origin_host("https://" + text),
        host_of(text),
        host_of("//" + text),
    ):
        assert len(made) <= LONGEST_HOST
        assert made.isascii() and made == made.lower() and not set(made) & set(" /?#@\\%[],")
        assert host_name(made) == made


@given(st.lists(st.sampled_from(["a", "b-c", "_x", ""]), min_size=1, max_size=140).map(".".join))
def test_a_name_has_as_many_suffixes_as_labels_or_none(name):
    found = suffixes(name)
    assert len(found) == (name.count(".") + 1 if name.count(".") < 127 and len(name) <= LONGEST_HOST else 0)
    assert all(name.endswith(suffix) for suffix in found)


def test_only_the_beginning_of_a_url_is_looked_at():
    assert host_of("https://shop.example/" + "a" * 100_000) == "shop.example"
    assert host_of("https://" + "a" * 100_000 + "@shop.example/") == ""
