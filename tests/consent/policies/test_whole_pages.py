"""Pages as they are found are taken over whole: each stands for a kind of real privacy notice, in sentences of its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from consent.policies import markdown
from consent.policies.actions import publish_version, save_draft
from consent.policies.page_text import page_text
from consent.sites.actions import create_site
from tests.consent.policies.sample_documents import WHO, written
from tests.values import RESPONSIBLE

PAGES = Path(__file__).parent / "pages"
ADDRESS = "https://kettle.example/rules/data"
# File → its title, what is lost, whether headings are a guess, how many of each heading's element there are.
KINDS = {
    # A content system's page: empty headings, a title above the main part, named places, a table without a head.
    "cms.html": ("Data | Notice", {"picture": 1}, False, {"h2": 3, "h3": 2, "h4": 1}),
    # Markdown that an archive made: a note above the title, indented lists, many empty lines.
    "archived.md": ("Data Notice | Mill", {"link": 1}, False, {"h3": 4}),
    # Text that was copied out of a browser: a paragraph a line, headings within them.
    "run_in.txt": ("Data Notice", {}, True, {}),
    # Text with headings between empty lines, indented bullets, an address.
    "spaced.txt": ("Data Notice", {}, True, {"h2": 5}),
    # Text of a wiki: dashes for lists, marks of Markdown that mean nothing in it.
    "app.txt": ("Data Notice - Lantern App", {}, True, {"h2": 4}),
}


@pytest.mark.parametrize("name", KINDS)
def test_a_page_is_taken_over_whole(name) -> None:
    found = page_text((PAGES / name).read_text(encoding="utf-8"), ADDRESS)
    title, lost, guessed, headings = KINDS[name]
    assert (found.title, +found.lost, found.guessed) == (title, lost, guessed)
    assert found.text + "\n" == (PAGES / name).with_suffix(".expected").read_text(encoding="utf-8")
    opened = re.findall(r"<(h\d)\b", markdown.to_html(found.text))
    assert {one: opened.count(one) for one in opened} == headings


@pytest.mark.django_db
@pytest.mark.parametrize("name", KINDS)
def test_what_was_taken_over_can_be_published_and_imported_again(name) -> None:
    site = create_site(["kettle.example"], WHO, name="Kettle Works", **RESPONSIBLE)
    found = page_text((PAGES / name).read_text(encoding="utf-8"), ADDRESS)
    document = written(site)
    save_draft(document, WHO, "en", title=found.title, text=found.text)
    version = publish_version(document, WHO, base=0)
    assert version.texts["en"]["text"] == found.text
    shown = f"<main><h1>{found.title}</h1>{markdown.to_html(found.text)}</main>"
    again = page_text(f"<html><body>{shown}</body></html>", ADDRESS)
    assert (again.title, words(again.text)) == (found.title, words(found.text))


def words(text: str) -> list[str]:
    """The words that a reader sees."""
    return re.findall(r"\w+", re.sub(r"<[^>]*>", " ", markdown.to_html(text)))
