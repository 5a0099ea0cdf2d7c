"""Sitemaps: plain, an index, gzip, and what only looks like one."""

from __future__ import annotations

import gzip

from consent.scanner import sitemap

PAGES = b"""<?xml version="1.0"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">
<url><loc> https://shop.example/a?x=1&amp;y=2 </loc></url><url><loc><![CDATA[https://shop.example/b]]></loc></url>
<url><loc>https://shop.example/b</loc></url></urlset>"""
INDEX = b"<sitemapindex><sitemap><loc>https://shop.example/1.xml.gz</loc></sitemap></sitemapindex>"


def test_pages_are_named_once_each():
    assert sitemap.parse(PAGES) == (False, ["https://shop.example/a?x=1&y=2", "https://shop.example/b"])
    assert sitemap.parse(gzip.compress(PAGES)) == sitemap.parse(PAGES)


def test_an_index_names_sitemaps():
    assert sitemap.parse(INDEX) == (True, ["https://shop.example/1.xml.gz"])


def test_what_is_no_sitemap_names_nothing():
    for body in (b"", b"<html>", b"\x1f\x8b not gzip", gzip.compress(PAGES)[:20]):
        assert sitemap.parse(body) == (False, [])


def test_a_small_file_that_unpacks_to_gigabytes_is_cut(monkeypatch):
    monkeypatch.setattr(sitemap, "LARGEST", 1_000)
    bomb = gzip.compress(b"<loc>https://shop.example/x</loc>" * 1_000_000)
    assert len(bomb) < 200_000
    assert len(sitemap.unpacked(bomb)) == 1_000
    assert sitemap.parse(bomb).urls == ["https://shop.example/x"]


def test_a_list_without_end_is_cut(monkeypatch):
    monkeypatch.setattr(sitemap, "MOST", 3)
    body = b"".join(b"<loc>https://shop.example/%d</loc>" % number for number in range(10))
    assert len(sitemap.parse(body).urls) == 3


def test_an_address_tells_by_its_ending():
    found = [sitemap.looks_like_one(f"https://a.example/{name}") for name in ("m.xml", "m.XML.gz?x", "m", "xml/")]
    assert found == [True, True, False, False]
