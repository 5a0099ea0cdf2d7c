"""Subject tokens: what the document's lines make is taken, whatever is wrong with one is refused."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils import timezone

from consent.common import InvalidChange
from consent.models import Site, SubjectKey
from consent.preferences import subject_tokens
from consent.preferences.subject_tokens import Claims, InvalidToken, end_key, make_key, read
from consent.sites.actions import create_site
from tests.consent.preferences.tokens import lines_of, subject_token
from tests.values import present

pytestmark = pytest.mark.django_db
PERSON = "customer-4711"


@pytest.fixture
def site() -> Site:
    return create_site("shop.test", "alice@example.org")


@pytest.fixture
def key(site) -> str:
    return make_key(site, "alice@example.org")[1]


def encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def sealed(key: str, claims: Any, header: dict[str, Any] | None = None, part: str = "") -> str:
    """A token that says whatever it is told to, made with the right key."""
    name, _, secret = key.partition(".")
    first = encoded(json.dumps({"alg": "dir", "enc": "A256GCM", "kid": name} | (header or {})).encode())
    iv = os.urandom(12)
    text = AESGCM(base64.urlsafe_b64decode(secret + "=")).encrypt(iv, json.dumps(claims).encode(), first.encode())
    return ".".join([first, part, encoded(iv), encoded(text[:-16]), encoded(text[-16:])])


def claims(site: Site, **changes: Any) -> dict[str, Any]:
    now = int(timezone.now().timestamp())
    said = {"sub": PERSON, "aud": str(site.uuid), "iat": now, "exp": now + 600} | changes
    return {name: value for name, value in said.items() if value is not None}


def why(site: Site, token: str) -> str:
    with pytest.raises(InvalidToken) as refused:
        read(site, token, timezone.now())
    assert PERSON not in str(refused.value)
    return str(refused.value)


def test_the_lines_of_the_document_make_tokens_that_are_taken(site, key) -> None:
    name = key.partition(".")[0]
    token = subject_token()(key, str(site.uuid), PERSON, email="ada@example.org")
    assert read(site, token, timezone.now()) == Claims(PERSON, "ada@example.org", name)
    node = f"{lines_of('js')}\nconsole.log(subjectToken({json.dumps(key)}, '{site.uuid}', '{PERSON}'));"
    command = [present(shutil.which("node")), "--input-type=module", "-e", node]
    made = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()
    assert read(site, made, timezone.now()) == Claims(PERSON, "", name)
    for one in (token, made):  # nothing of the person can be read in it
        parts = [base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in one.split(".")]
        assert not any(b"4711" in part or b"ada@" in part for part in parts)


def test_the_document_s_php_does_the_same(site, key) -> None:
    """Where there is no PHP its lines are held to say what the others say."""
    php = lines_of("php")
    if command := shutil.which("php"):
        code = f"{php} echo subject_token({json.dumps(key)}, '{site.uuid}', '{PERSON}');"
        made = subprocess.run([command, "-r", code], capture_output=True, text=True, check=True, timeout=30).stdout
        assert read(site, made, timezone.now()).identifier == PERSON
    for word in ("'dir'", "'A256GCM'", "'kid'", "'sub'", "'aud'", "'iat'", "'exp'", "aes-256-gcm", "random_bytes(12)"):
        assert word in php


def test_a_token_is_taken_by_its_own_site_only(site, key) -> None:
    other = create_site("other.test", "bob@example.org")
    foreign = make_key(other, "bob@example.org")[1]
    assert "none of the site’s" in why(other, subject_token()(key, str(other.uuid), PERSON))
    borrowed = f"{key.partition('.')[0]}.{foreign.partition('.')[2]}"
    assert "another key, or changed" in why(site, subject_token()(borrowed, str(site.uuid), PERSON))
    assert "audience" in why(site, subject_token()(key, str(other.uuid), PERSON))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"aud": None}, "audience"),
        ({"aud": []}, "audience"),
        ({"exp": None}, "when it was made"),
        ({"iat": None}, "when it was made"),
        ({"exp": 9.5e9}, "when it was made"),
        ({"exp": True}, "when it was made"),
        ({"exp": 9_999_999_999}, "lives longer"),
        ({"exp": 0}, "lives longer"),
        ({"iat": 1_000_000_000, "exp": 1_000_000_600}, "expired"),
        ({"iat": 9_000_000_000, "exp": 9_000_000_600}, "in the future"),
        ({"sub": None}, "who is signed in"),
        ({"sub": 4711}, "who is signed in"),
        ({"sub": " "}, "is no id"),
        ({"sub": "x" * 255}, "is no id"),
        ({"email": "nobody"}, "is no id"),
        ({"email": 1}, "who is signed in"),
    ],
)
def test_what_it_says_must_be_all_there_and_true(site, key, changes, reason) -> None:
    assert reason in why(site, sealed(key, claims(site, **changes)))


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "A256KW"},
        {"alg": "PBES2-HS256+A128KW", "p2c": 2**31},
        {"enc": "A128GCM"},
        {"enc": "A256CBC-HS512"},
        {"zip": "DEF"},
        {"crit": ["exp"]},
        {"jku": "https://evil.test/keys"},
        {"kid": 1},
    ],
)
def test_its_header_chooses_no_algorithm(site, key, header) -> None:
    assert "header" in why(site, sealed(key, claims(site), header))


def test_what_is_no_such_token_is_refused(site, key) -> None:
    good = sealed(key, claims(site))
    parts = good.split(".")
    raw = base64.urlsafe_b64decode(key.partition(".")[2] + "=")
    none, said = (encoded(json.dumps(one).encode()) for one in ({"alg": "none"}, claims(site)))
    unsigned = f"{none}.{said}."
    for token in (
        "", "x", unsigned, unsigned + "x", "a.b.c.d.e", good + ".", f"{good}=", good.replace(".", ". ", 1),
        ".".join([parts[0], encoded(raw), *parts[2:]]), ".".join([*parts[:4], parts[4][:-2]]),
        ".".join([*parts[:2], encoded(b"0" * 16), *parts[3:]]), "a" * 4_000,
        sealed(key, ["no", "object"]), sealed(key, "text"),
    ):  # fmt: skip
        assert why(site, token)
    for place in (0, 2, 3, 4):
        flipped = ("A" if parts[place][5] != "A" else "B").join([parts[place][:5], parts[place][6:]])
        assert why(site, ".".join([*parts[:place], flipped, *parts[place + 1 :]]))
    assert read(site, good, timezone.now()).identifier == PERSON


def test_a_key_is_followed_by_the_next_and_then_ended(site, key, settings) -> None:
    token = subject_token()(key, str(site.uuid), PERSON)
    row, second = make_key(site, "alice@example.org")
    with pytest.raises(InvalidChange, match="two keys already"):
        make_key(site, "alice@example.org")
    assert read(site, token, timezone.now()).key == key.partition(".")[0]
    assert read(site, subject_token()(second, str(site.uuid), PERSON), timezone.now()).key == row.name
    assert end_key(site, "alice@example.org", key.partition(".")[0])
    assert not end_key(site, "alice@example.org", key.partition(".")[0])
    assert "was ended" in why(site, token)
    # Of another SECRET_KEY: only as long as the old one is kept.
    old = settings.SECRET_KEY
    later = subject_token()(second, str(site.uuid), PERSON)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [old]
    assert read(site, later, timezone.now()).identifier == PERSON
    settings.SECRET_KEY_FALLBACKS = []
    assert "another key, or changed" in why(site, later)


def test_no_row_holds_what_makes_a_token_and_the_trail_says_who_made_the_key(site, key) -> None:
    name, _, secret = key.partition(".")
    row = SubjectKey.objects.get()
    assert (row.name, row.by) == (name, "alice@example.org")
    assert secret not in str(SubjectKey.objects.values())
    assert site.audit_events.filter(verb="subject_key.make", detail={"key": name}).count() == 1


def test_it_ends_with_its_time(site, key) -> None:
    token = subject_token()(key, str(site.uuid), PERSON)
    now = timezone.now()
    assert read(site, token, now + timedelta(seconds=598)).identifier == PERSON
    with pytest.raises(InvalidToken, match="expired"):
        read(site, token, now + timedelta(seconds=601))
    assert subject_tokens.LONGEST_LIFE == 900
