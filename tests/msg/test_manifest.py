"""The manifest's JSON: canonical out, strict in."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intergestan_msg.errors import MessageError, NewerRelease, Unreadable
from intergestan_msg.kinds import Kind
from intergestan_msg.manifest import Manifest, decode, encode
from tests.msg.letters import answers_batch, orders_batch

ORDERS = orders_batch().manifest
ANSWERS = answers_batch().manifest


def claims(**changes: Any) -> bytes:
    """The orders manifest's JSON with some claims changed; None takes one away."""
    value = json.loads(encode(ORDERS)) | changes
    return json.dumps({name: claim for name, claim in value.items() if claim is not None}).encode()


def document(**changes: Any) -> bytes:
    return claims(documents=[json.loads(encode(ORDERS))["documents"][0] | changes])


@pytest.mark.parametrize("manifest", [ORDERS, ANSWERS], ids=["orders", "answers"])
def test_what_is_written_is_read_back(manifest: Manifest) -> None:
    assert decode(encode(manifest)) == manifest


def test_a_heartbeat_needs_no_documents_and_no_number() -> None:
    heartbeat = replace(ORDERS, kind=Kind.HEARTBEAT, epoch=0, seq=0, documents=())
    assert decode(encode(heartbeat)) == heartbeat


def test_the_json_is_canonical() -> None:
    """Sorted keys, no white space, UTF-8, and nothing for what is absent."""
    payload = encode(ORDERS)
    again = json.dumps(json.loads(payload), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert payload == again.encode()
    assert b"null" not in payload
    assert b"in_reply_to" not in payload


def test_unknown_claims_are_ignored() -> None:
    assert decode(claims(priority={"deep": [1]})) == ORDERS


@pytest.mark.parametrize(
    "payload",
    [
        claims(v=2),
        claims(v=2, kind="something", documents="not even a list"),
        claims(kind="despatch"),
        document(type="despatch"),
    ],
)
def test_a_later_release_is_told_apart(payload: bytes) -> None:
    with pytest.raises(NewerRelease):
        decode(payload)


LINE = b'{"v":1,'
WRONG = {
    "no JSON": b"orders",
    "no object": b"[]",
    "empty": b"",
    "byte order mark": b"\xef\xbb\xbf" + encode(ORDERS),
    "not UTF-8": claims().replace(b"CFR1", b"CFR\xff"),
    "utf-16": encode(ORDERS).decode().encode("utf-16-le"),
    "duplicate key": LINE + encode(ORDERS)[1:],
    "duplicate key inside": encode(ORDERS).replace(b'"revision":1', b'"revision":1,"revision":2', 1),
    "NaN": claims().replace(b'"iat": ', b'"iat": NaN, "x": ', 1),
    "infinity": claims(extra=float("inf")),
    "1e999": claims().replace(b'"iat": ', b'"x": 1e999, "iat": ', 1),
    "a fraction": claims(iat=1.5),
    "5000 digits": claims().replace(b'"iat": ', b'"iat": ' + b"9" * 5000, 1),
    "30 digits": claims(iat=10**30),
    "17 levels": claims(extra=json.loads("[" * 16 + "]" * 16)),
    "100 000 levels": LINE + b'"x":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "unclosed levels": b"[" * 100_000,
    "a bool for a number": claims(seq=True),
    "a string for a number": claims(iat="1605432600"),
    "negative": claims(iat=-1),
    "version 0": claims(v=0),
    "no version": claims(v=None),
    "no aud": claims(aud=None),
    "iss with a path": claims(iss="../../etc"),
    "iss with a line end": claims(iss="73282932000074\n"),
    "aud with a direction mark": claims(aud="SITE\u202eA"),
    "jti no uuid": claims(jti="1"),
    "jti in capitals": claims(jti=ORDERS.jti.upper()),
    "jti of version 4": claims(jti="0190f8a0-1b2c-4d3e-8f40-5162738495a6"),
    "jti in braces": claims(jti="{" + ORDERS.jti + "}"),
    "id with a control": document(id="CFR1\x1b[31m"),
    "id with a lone surrogate": document(id="CFR\ud800"),
    "id too long": document(id="C" * 201),
    "no id": document(id=""),
    "name with a path": document(name="../CFR1.xml"),
    "digest in capitals": document(sha256="AB" * 32),
    "digest too short": document(sha256="ab" * 31),
    "media type with a header": document(media_type="text/xml\r\nBcc: x"),
    "no documents": claims(documents=[]),
    "documents no list": claims(documents={"0": {}}),
    "the same document twice": claims(documents=json.loads(encode(ORDERS))["documents"][:1] * 2),
    "too many documents": claims(documents=json.loads(encode(ORDERS))["documents"][:1] * 1001),
    "no seq": claims(seq=None),
    "a response among orders": document(type="response"),
    "an answer's reference in orders": claims(in_reply_to={"jti": ORDERS.jti, "digest": "ab" * 32}),
    "answers without a reference": claims(kind="answers"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_manifest_is_unreadable(name: str) -> None:
    """reliability.md H8."""
    with pytest.raises(Unreadable):
        decode(WRONG[name])


def test_depth_is_counted_outside_strings() -> None:
    assert decode(claims(extra='[[[[[[[[[[[[[[[[[[ \\" [[[[ {{{{')) == ORDERS


def test_many_quotes_take_no_time() -> None:
    with pytest.raises(Unreadable):
        decode(b'{"x' + b'\\"' * 500_000 + b"[" * 20)


@pytest.mark.parametrize(
    "manifest",
    [
        replace(ORDERS, seq=0),
        replace(ORDERS, iss="a b"),
        replace(ORDERS, documents=()),
        replace(ANSWERS, in_reply_to=None),
        replace(ANSWERS, answers=ANSWERS.answers[:1]),
        replace(ANSWERS, answers=ANSWERS.answers[:1] * 4),
    ],
)
def test_what_no_reader_takes_is_not_written(manifest: Manifest) -> None:
    with pytest.raises(ValueError, match="refuse this manifest"):
        encode(manifest)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(st.dictionaries(st.sampled_from([*json.loads(encode(ANSWERS)), "other"]), JSON))
def test_any_claims_give_a_verdict(changes: dict[str, Any]) -> None:
    payload = json.dumps(json.loads(encode(ANSWERS)) | changes).encode()
    try:
        manifest = decode(payload)
    except MessageError:
        return
    assert decode(encode(manifest)) == manifest


@given(st.binary())
def test_any_bytes_give_a_verdict(payload: bytes) -> None:
    with pytest.raises(MessageError):
        decode(payload)
