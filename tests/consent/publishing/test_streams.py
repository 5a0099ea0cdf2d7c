"""Joined streams are what they are made of, whatever that is."""

from __future__ import annotations

import gzip

import brotli
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consent.publishing import streams

BODIES = st.one_of(
    st.binary(max_size=300),
    st.text(max_size=300).map(str.encode),
    st.builds(lambda part, times: part * times, st.binary(min_size=1, max_size=40), st.integers(1, 4000)),
)


@given(BODIES, BODIES, st.sampled_from((1, 5, 9, 11)))
def test_both_parts_come_out_as_they_went_in(body, more, quality):
    stream = streams.to_brotli(body, quality)
    assert brotli.decompress(stream) == body
    assert brotli.decompress(streams.join_brotli(stream, more)) == body + more
    file = streams.to_gzip(body)
    assert gzip.decompress(file) == body
    assert gzip.decompress(streams.join_gzip(file, more)) == body + more


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537, 200_000])
def test_what_is_longer_than_a_block_goes_into_several(size):
    more = bytes(n * n % 251 for n in range(size))
    assert brotli.decompress(streams.join_brotli(streams.to_brotli(b"a gate", 5), more)) == b"a gate" + more


def test_the_same_body_is_the_same_stream():
    assert streams.to_gzip(b"a gate") == streams.to_gzip(b"a gate")
    assert streams.to_brotli(b"a gate", 9) == streams.to_brotli(b"a gate", 9)


def test_a_joined_stream_costs_little_more_than_one_that_was_compressed_whole():
    body, more = (b"".join(b"const name%d = %d;" % (n, n * n) for n in range(times)) for times in (3000, 30))
    assert (
        len(streams.join_brotli(streams.to_brotli(body, 11), more)) - len(streams.to_brotli(body, 11)) == len(more) + 3
    )
