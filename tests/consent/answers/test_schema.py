"""What an answer may hold, and that what is stored of the largest one is bounded."""

from __future__ import annotations

import json
import unicodedata
from types import SimpleNamespace
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consent.answers import intake, schema, validate
from consent.answers.errors import RejectedSubmission
from consent.answers.published import PublishedRelease
from consent.jurisdictions.locate import Decision
from consent.ledger import canonical
from consent.ledger.append import committed
from consent.stats import schema as stats_schema
from tests import corpus

BODY = 8192
BEYOND = 1500  # bytes of a record beside the body's own and the release's whole vector
HOST = ".".join(["a" * 63, "b" * 63, "c" * 63, "d" * 44, "shop.example"])
RELEASE = PublishedRelease(
    number=1,
    sha256="0" * 64,
    hosts=frozenset({"shop.example"}),
    record_path=True,
    categories={"C0001": True, **{f"C{n:079}": False for n in range(5)}},
    purposes={f"p{n:078}": "C0001" for n in range(5)},
    services={f"s{n:078}": "C0001" for n in range(40)},
    variants={"eu_opt_in": {"model": "opt_in"}},
    regimes={},
    overrides={},
)
SITE: Any = SimpleNamespace(id=1, uuid=UUID(corpus.DATA["site"]), record_path=True, has_host=lambda host: True)
PLACE = Decision("US-CA", "us_ca", "eu_opt_in-IT", "fallback")


def stored(answer: schema.Answer) -> bytes:
    """What is committed to, as the ledger writes it."""
    draft, _ = intake.draft(
        answer, SITE, RELEASE, PLACE, origin_host=HOST, user_agent="SamsungBrowser" + "x" * 60_000, sent=["gpc"]
    )
    draft.record["jurisdiction_by"] = "fallback"
    whole = committed(draft, "2026-11-21T10:00:00.000000Z")
    written = canonical.encode_checked(whole | draft.encoded)
    assert written == canonical.encode(whole)  # what was encoded before is what it stands for
    return written


printable = st.text(
    st.characters(exclude_categories=("C", "Z"), max_codepoint=0x1FFFF) | st.sampled_from(' "\\/'), max_size=4000
)
texts = printable | st.integers(1, 4000).flatmap(lambda n: st.sampled_from('a"\\é€😀').map(lambda c: c * n))
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
ascii_keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=80)
inner = scalars | st.lists(scalars, max_size=5) | st.dictionaries(ascii_keys, scalars, max_size=5)
signals = st.dictionaries(
    st.sampled_from(schema.SIGNALS) | ascii_keys,
    inner | st.lists(inner, max_size=5) | st.dictionaries(ascii_keys, inner, max_size=5),
    max_size=8,
)
answers = st.fixed_dictionaries(
    {
        "signals": st.none() | signals,
        "page": st.none() | texts.map(lambda text: "https://" + HOST + "/" + text),
        "layer": st.none() | st.integers(0, 99) | texts.map(lambda text: text[:40]),
        "client_time": st.none() | st.integers(-(10**15), 10**15) | texts.map(lambda text: text[:64]),
    }
)


@settings(max_examples=300)
@given(answers)
def test_the_record_of_the_largest_answer_is_bounded_and_all_of_it_printable(given):
    body = corpus.DATA["body"] | {
        "id": str(uuid4()), "action": "reject_all", "language": "e" * 20, "replaces": str(uuid4()),
        "choices": {"categories": {key: "granted" if must else "denied" for key, must in RELEASE.categories.items()}},
    } | given  # fmt: skip
    data = json.dumps(body, ensure_ascii=False).encode()
    if len(data) > BODY:
        return
    try:
        answer = schema.decode(data)
        record = stored(answer)
    except RejectedSubmission as refused:
        # Only what is printable to us but not to Python (unassigned characters), or longer than its field.
        assert refused.code == "invalid_field"
        return
    vector = len(json.dumps(validate.completed(answer.choices, RELEASE), separators=(",", ":")).encode())
    assert len(record) <= BODY + vector + BEYOND
    for text in _texts(json.loads(record)):
        assert not any(unicodedata.category(letter)[0] == "C" for letter in text), text


def _texts(value):
    if isinstance(value, dict):
        for key, held in value.items():
            yield key
            yield from _texts(held)
    elif isinstance(value, list):
        for held in value:
            yield from _texts(held)
    elif isinstance(value, str):
        yield value


def test_the_origin_of_60_kilobytes_that_was_stored_is_none():
    from cookiebanner.visitors import door

    with pytest.raises(RejectedSubmission) as refused:
        door.admit("consents", b"{}", None, "https://" + "a." * 30_000 + "shop.example", {}, "203.0.113.7")
    assert refused.value.code == "origin_not_allowed"


def decoded(**changes):
    return schema.decode(json.dumps(corpus.DATA["body"] | {"id": str(uuid4())} | changes).encode())


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("banner", "banner"), ("preferences", "preferences"), ("api", "api"), ("signal", "signal"),
        (0, "0"), (1, "1"), (99, "99"), ("2", "other"), ("floating", "other"), ("", "other"), ("Überlagerung", "other"),
    ],
)  # fmt: skip
def test_a_layer_is_one_of_a_few_words(sent, kept):
    assert intake.layer(decoded(layer=sent).layer) == kept


def test_every_layer_that_our_code_sends_is_known():
    import re
    from pathlib import Path

    sent = set()
    for path in (Path(__file__).parents[3] / "cookiebanner/banner/src").rglob("*.js"):
        code = path.read_text()
        sent |= set(re.findall(r"(?:decide|answer|record)\([^;\n]*, '(\w+)'\)", code))
        sent |= set(re.findall(r"layer(?: \|\||:| =) '(\w+)'", code))
    assert {"banner", "preferences", "api", "signal"} <= sent
    assert sent - schema.LAYERS == set()


@pytest.mark.parametrize(
    "text", ["\x00", "\x1f", "\x7f", "\x85", "\x9f", "\u2028", "\u202e", "\u2066", "\u200b", "\ufeff", "\ue000"]
)
@pytest.mark.parametrize("field", ["page", "client_time", "layer", "signal", "signal's name"])
def test_no_text_holds_what_cannot_be_seen(field, text):
    change = {"signals": {"vendors": {"google": f"x{text}"}}} if field == "signal" else {field: f"x{text}"}
    if field == "signal's name":
        change = {"signals": {"vendors": {f"x{text}": "a"}}}
    with pytest.raises(RejectedSubmission) as refused:
        validate.signals(decoded(**change).signals)
    assert refused.value.code == "invalid_field"


def test_known_signals_are_kept_and_others_dropped_without_losing_the_answer():
    vendors = {"google": {"ad_storage": "denied"}, "meta": {"consent": "revoke", "limited_data_use": True}, "x": None}
    given = {"gpc": True, "vendors": vendors, "gpp": "DBABLA~BVQqAAAAAgA.YA", "tc": None, "weather": {"sun": ["a", 1]}}
    assert validate.signals(decoded(signals=given).signals) == {
        "gpc": True, "vendors": {"google": vendors["google"], "meta": vendors["meta"]}, "gpp": "DBABLA~BVQqAAAAAgA.YA",
    }  # fmt: skip


def test_what_an_older_server_hashed_hashes_alike():
    """A queue may send again what the server before stored: the same id, and it must be the same content."""
    body = corpus.DATA["body"] | {
        "id": "5a1e0000-0000-4000-8000-0000000000cc",
        "signals": {"b": [1, None], "a": {"x": "y"}},
    }
    answer = schema.decode(json.dumps(body).encode())
    # What 1b79d33 said of this body.
    assert schema.request_hash(answer).hex() == "d6b5d1d334863279be4f46ab987ed5e8efb66825c872b3a9bf6aa5c2eb5a8ba2"


def test_remembered_vectors_of_all_releases_have_one_bound(monkeypatch):
    monkeypatch.setattr(validate, "MOST_STATES", 1000)
    made = []
    for number in range(50):
        keys = {f"s{n}": "C0002" for n in range(30)}
        release = PublishedRelease(
            number, "0" * 64, frozenset(), False, {"C0001": True, "C0002": False}, {}, keys, {}, {}, {}
        )
        made.append(release)
        for n in range(30):
            states: dict[str, schema.GrantState] = {"C0001": "granted", "C0002": "denied"}
            validate.vector(schema.Choices(states, {}, {f"s{n}": "granted"}), release)
    held = sum(sum(map(len, one.choices.values())) for release in made for one in release.vectors.values())
    assert 0 < held <= 1000
    assert max(len(release.vectors) for release in made) <= validate.REMEMBERED


def test_gates_up_to_1b79d33_call_the_regime_notice_1():
    """Their sites may not be published again for months: the answer must not be lost meanwhile."""
    body = corpus.DATA["body"] | {"id": str(UUID(int=7))}
    old = schema.decode(json.dumps(body | {"regime": 1}).encode())
    assert old == schema.decode(json.dumps(body | {"regime": "notice"}).encode())
    count = {"site": corpus.DATA["site"], "kind": "banner"}
    told = schema.read(stats_schema.impression, json.dumps(count | {"regime": 1}).encode())
    assert told.regime == "notice"
    for regime in (True, 2, 1.5, [1], None):
        with pytest.raises(RejectedSubmission) as refused:
            schema.decode(json.dumps(body | {"regime": regime}).encode())
        assert refused.value.code == "invalid_field"
