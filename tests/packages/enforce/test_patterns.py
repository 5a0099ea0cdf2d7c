import json
from pathlib import Path

import pytest

from fairgate_enforce import patterns

VECTORS = json.loads((Path(__file__).parents[2] / "vectors/patterns.json").read_text())


@pytest.mark.parametrize("vector", VECTORS, ids=lambda v: f"{v['name']}: {v['url']!r}")
def test_vector(vector):
    table = patterns.compile(vector["patterns"])
    assert table == vector["table"]
    assert patterns.match(table, vector["url"], vector["page_host"]) == vector["service"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("/", "the whole of your own site"),
        ("https://", "the whole of your own site"),
        ("?only=1", "the whole of your own site"),
        ("com", "whole top-level domain"),
        ("*.com", "whole top-level domain"),
        ("*", "not a host name"),
        ("track*.example.com", "not a host name"),
        ("example.com/*/x.js", "no \\*"),
        ("example.com/a b", "no blanks"),
        ("exa_mple..com", "not a host name"),
        ("-a.example.com", "not a host name"),
        ("example.com/?a=1&b=2", "one query parameter"),
        ("re:", "needs a regular expression"),
        ("re:(", "unterminated"),
        ("re:.*", "matches everything"),
        ("re:(?P<x>a)", "browsers do not know"),
        ("re:(?i)abc", "browsers do not know"),
        ("re:a++b", "browsers do not know"),
    ],
)
def test_a_wrong_pattern_is_refused_in_words(text, says):
    with pytest.raises(ValueError, match=says):
        patterns.parse(text)


@pytest.mark.parametrize(
    ("text", "parsed"),
    [
        ("example.com", ("example.com", "", "", "")),
        ("HTTPS://*.Example.COM:443/", ("example.com", "", "", "")),
        ("//example.com/Path*", ("example.com", "/Path", "", "")),
        ("example.com?id", ("example.com", "", "id", "")),
        ("/js/a.js?v=1#x", ("", "/js/a.js", "v=1", "")),
        ("re:^https://a\\.b/", ("", "", "", "^https://a\\.b/")),
    ],
)
def test_a_pattern_is_read(text, parsed):
    assert tuple(patterns.parse(text)) == parsed
