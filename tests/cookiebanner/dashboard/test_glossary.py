"""Our own words are explained on a page, and at the words."""

from __future__ import annotations

import html
import re

import pytest
from django.conf import settings
from django.urls import reverse

from cookiebanner.templatetags.glossary import WORDS, anchor

pytestmark = pytest.mark.django_db


def test_every_word_has_its_place_on_the_page(alice, shop):
    body = alice.get(reverse("dashboard:glossary")).content.decode()
    assert re.findall(r'<dt id="([^"]+)">([^<]+)</dt>', body) == [(anchor(word), word) for word in WORDS]


def test_a_word_in_a_page_says_what_it_means_and_where(alice, shop):
    body = html.unescape(alice.get(reverse("dashboard:releases", kwargs={"uuid": shop.uuid})).content.decode())
    assert re.findall(r'<a class="word" href="([^"]+)" title="([^"]+)">([^<]+)</a>', body) == [
        (f"/dashboard/words/#{anchor(word)}", WORDS[word], word.lower()) for word in ("Release", "Ledger")
    ]


def test_templates_name_only_words_that_are_explained():
    named = set()
    for path in (settings.BASE_DIR / "templates").rglob("*.html"):
        named |= set(re.findall(r'{% word "([^"]+)"', path.read_text()))
    assert len(named) > 6
    assert named - set(WORDS) == set()
