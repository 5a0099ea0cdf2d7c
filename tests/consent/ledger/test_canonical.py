from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.ledger import canonical

text = st.text(st.characters(exclude_categories=["Cs"]))
keys = st.text(st.characters(max_codepoint=127))
values = st.recursive(
    text | st.booleans() | st.integers(-canonical.LARGEST, canonical.LARGEST),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
)


@given(values)
def test_it_is_compact_json_with_sorted_keys_and_shortest_escapes(value):
    expected = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    assert canonical.encode(value) == expected
    assert json.loads(expected) == value


def test_the_escapes_of_rfc_8785():
    assert canonical.encode({"b": '\x00\x08\t\n\x0b\x0c\r\x1f"\\/\x7fé€😀', "a": [True, -1]}) == (
        '{"a":[true,-1],"b":"\\u0000\\b\\t\\n\\u000b\\f\\r\\u001f\\"\\\\/\x7fé€😀"}'.encode()
    )


@pytest.mark.parametrize("value", [1.0, None, {"é": "x"}, {1: "x"}, 2**53, [b"x"], "\udc00", {"a": [{"b": (1,)}]}])
def test_the_rest_is_refused(value):
    with pytest.raises(ValueError):
        canonical.encode(value)
