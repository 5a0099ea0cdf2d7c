"""Which host names a site may have, whatever door they come in by."""

from __future__ import annotations

import socket
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from consent.common import InvalidChange
from consent.models import Host, Site
from consent.publishing import lint, queries
from consent.scanner.actions import adopt
from consent.sites import actions
from consent.sites.hosts import clean_host, site_host

PUBLIC = (
    "co.uk", "com", "github.io", "CO.UK", "com.", "*.co.uk", "https://github.io/", "github.io:443", "http://GitHub.io.",
    "de", "co.jp", "kawasaki.jp", "shop.kawasaki.jp", "ck", "myshopify.com", "s3.amazonaws.com", "blogspot.com",
    "公司.cn", "xn--55qx5d.cn", "рф", "xn--p1ai", "香港", "home.arpa",
)  # fmt: skip
SHARED = ("local", "internal", "example", "LAN", "test.", "*.local")
OURS = (
    ("Example.com", "example.com"), ("example.com.", "example.com"), ("*.example.com", "example.com"),
    ("https://example.com:8443/a?b=c", "example.com"), ("shop.co.uk", "shop.co.uk"), ("me.github.io", "me.github.io"),
    ("www.ck", "www.ck"), ("localhost", "localhost"), ("intranet-7", "intranet-7"), ("127.0.0.1:8000", "127.0.0.1"),
    ("[::1]:8000", "::1"), ("[2001:DB8:0::1]", "2001:db8::1"), ("shop.example", "shop.example"),
    ("printer.local", "printer.local"), ("食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"), ("faß.de", "xn--fa-hia.de"),
    ("XN--FA-HIA.de", "xn--fa-hia.de"), ("i❤.ws", "xn--i-7iq.ws"), ("shop。example", "shop.example"),
)  # fmt: skip
NONE = (
    "", ".", "*", "*.", "a b", "example..com", "example.com..", "-a.example", "http://", "example.com:99999",
    "user:pw@example.com", "1.2.3", "256.1.1.1", "1", "0x7f.1", "[::1%eth0]", "[::g]", "xn--a-ecp.ru\n.com", "xn--.example",
    "xn--abc.example", "a" * 64 + ".example", "a." * 127 + "a.example", "a" * 5000, "exa\x00mple.com",
)  # fmt: skip


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_suffix_is_no_sites_host(text):
    with pytest.raises(ValueError, match="is a public suffix: strangers have their sites under it"):
        site_host(text)


@pytest.mark.parametrize("text", SHARED)
def test_an_ending_of_networks_is_no_sites_host(text):
    with pytest.raises(ValueError, match="an ending that many hosts share"):
        site_host(text)


@pytest.mark.parametrize(("text", "host"), OURS)
def test_a_name_of_ones_own_is_written_as_browsers_write_it(text, host):
    assert (site_host(text), clean_host(host if ":" not in host else f"[{host}]")) == (host, host)


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_host_is_refused_in_words(text):
    with pytest.raises(ValueError, match="is not a host name, such as example.com"):
        clean_host(text)


def test_no_network_is_asked(monkeypatch):
    def refuse(*_arguments, **_options):
        raise AssertionError("a connection")

    from consent.sites import hosts

    hosts._suffixes.cache_clear()
    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(ValueError, match="public suffix"):
        site_host("github.io")


@pytest.mark.django_db
@pytest.mark.parametrize("text", ["co.uk", "com", "github.io", "公司.cn", "*.com"])
def test_every_door_has_the_check(text):
    site = actions.create_site("shop.example", "x")
    with pytest.raises(InvalidChange, match="public suffix"):
        actions.create_site(["a.example", text], "x")
    with pytest.raises(InvalidChange, match="public suffix"):
        actions.set_hosts(site, ["shop.example", text], "x")
    with pytest.raises(InvalidChange, match="public suffix"):
        adopt("<p>Hello</p>", [text], "x")
    with pytest.raises(CommandError, match="public suffix"):
        call_command("site", "--host", text, stdout=StringIO())
    assert list(Host.objects.values_list("name", flat=True)) == ["shop.example"]


@pytest.mark.django_db
def test_a_public_suffix_of_an_older_version_is_not_published():
    site = actions.create_site("shop.example", "x")
    Host.objects.create(site=site, name="co.uk")
    Host.objects.create(site=site, name="::1")
    found = [f for f in lint.check(queries.draft(site)) if f.rule == "F08"]
    assert [(f.subject, f.blocks) for f in found] == [("co.uk", True)]


@pytest.mark.django_db
def test_a_host_of_another_site_is_not_taken_and_not_told_of():
    actions.create_site("zebracorn.example", "x", name="Zebracorn Ltd")
    site = actions.create_site("shop.example", "x")
    for act in (
        lambda: actions.create_site("Zebracorn.example.", "x"),
        lambda: actions.set_hosts(site, ["shop.example", "zebracorn.example"], "x"),
    ):
        with pytest.raises(InvalidChange) as refused:
            act()
        assert "already has the host zebracorn.example" in str(refused.value)
        assert "Zebracorn Ltd" not in str(refused.value)
    actions.set_hosts(site, ["shop.example", "zebracorn.example"], "x", share_host=True)
    actions.set_hosts(site, ["zebracorn.example", "shop.example", "new.example"], "x")  # it has it by now
    assert Site.objects.filter(hosts__name="zebracorn.example").count() == 2
