"""One maker of the lines that pages carry, and nobody beside it."""

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import pytest

from consent.sites import snippets

ROOT = Path(__file__).resolve().parents[3]
SERVER, SITE = "https://consent.example.org", "6f1b0b3e-52a4-4c6e-9d5a-0c8f5a2b7e11"
# Documented by the optimisers: Rocket Loader, LiteSpeed, delaying and joining plug-ins, WP Rocket.
WANTED = {
    "data-cfasync": "false", "data-no-optimize": "1", "data-no-defer": "1", "data-no-minify": "1", "nowprocket": None,
}  # fmt: skip
TAG = re.compile(r"<script\b[^>]*(?:gate\.js|OtAutoBlock\.js|otSDKStub\.js)[^>]*>")
# Not shown to anybody as what to paste: our own tests, and what is about OneTrust's tags themselves.
ELSEWHERE = ("tests/", "static/", "bench/", "docs/reference/", "CHANGELOG.md")


class Scripts(HTMLParser):
    def __init__(self, markup: str) -> None:
        super().__init__()
        self.found: list[list[tuple[str, str | None]]] = []
        self.feed(markup)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "script":
            self.found.append(attrs)


@pytest.mark.parametrize("maker", [snippets.gate, snippets.snippet, snippets.strict, snippets.drop_in])
def test_every_script_of_ours_keeps_optimisers_off_before_its_address(maker):
    scripts = [attributes for attributes in Scripts(maker(SERVER, SITE)).found if dict(attributes).get("src")]
    assert len(scripts) == (2 if maker is snippets.drop_in else 1)
    for attributes in scripts:
        names = [name for name, _ in attributes]
        assert dict(attributes[: len(WANTED)]) == WANTED
        assert names[len(WANTED)] == "src"  # Rocket Loader reads its attribute only before it
        assert not {"async", "defer", "type"} & {*names}


def test_the_lines():
    assert snippets.snippet(SERVER, SITE) == (
        '<script data-cfasync="false" data-no-optimize="1" data-no-defer="1" data-no-minify="1" nowprocket '
        f'src="{SERVER}/v1/{SITE}/gate.js"></script>\n'
        '<meta http-equiv="Content-Security-Policy" content="script-src-attr \'unsafe-inline\'">'
        '<script type="text/plain">--></script>'
    )
    assert snippets.drop_in(SERVER, SITE).splitlines()[1] == (
        '<script data-cfasync="false" data-no-optimize="1" data-no-defer="1" data-no-minify="1" nowprocket '
        f'src="{SERVER}/scripttemplates/otSDKStub.js" charset="UTF-8" data-domain-script="{SITE}"></script>'
    )


MADE = {
    line
    for site in ("ID", "SITE")
    for line in (snippets.gate(SERVER, site), *snippets.drop_in(SERVER, site).splitlines())
}


def printed() -> dict[str, list[str]]:
    """File → the tags of ours in it, as they are written there."""
    names = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\n")
    found = {}
    for name in names:
        if name.endswith((".md", ".html", ".py", ".txt", ".conf", ".js", ".yml")) and not name.startswith(ELSEWHERE):
            if tags := TAG.findall((ROOT / name).read_text(encoding="utf-8")):
                found[name] = tags
    return found


def test_what_docs_show_is_what_the_maker_makes_and_nobody_else_makes_one():
    for name, tags in printed().items():
        assert name.endswith(".md"), f"{name}: {tags}"
        for tag in tags:
            plain = tag.replace(" data-headless", "").replace(" data-member", "")
            assert f"{plain}</script>" in MADE, f"{name}: {tag}"


def test_the_scan_finds_them():
    assert {"README.md", "docs/enforce.md", "docs/install.md", "docs/onetrust.md"} <= printed().keys()
