"""Keys and signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from importlib import resources
from typing import Any
from unicodedata import combining, normalize

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from hypothesis import given
from hypothesis import strategies as st
from joserfc.jwk import OKPKey
from mnemonic import Mnemonic

from intergestan_msg.errors import BadSignature, UnknownSigner
from intergestan_msg.seal import (
    CARD_TYPE,
    PublicKey,
    SigningKey,
    is_said,
    sign,
    signer,
    transfer_digest,
    verify,
)
from tests.msg.letters import BUYER_KEY, KEYS, STRANGER_KEY

PAYLOAD = b'{"v":1}'
COMPACT = sign(PAYLOAD, BUYER_KEY)
WORDS = "stand asset pudding loop raven render hold rebel solar wrap raven old"
HEADER = {"alg": "Ed25519", "kid": BUYER_KEY.public.kid, "typ": "intergestan+jws"}


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def forged(header: dict[str, Any] | str, signature: bytes | None = None) -> str:
    """Our payload under another header, signed by the true key: only the header is wrong."""
    text = header if isinstance(header, str) else json.dumps(header)
    signed = f"{base64url(text.encode())}.{base64url(PAYLOAD)}"
    if signature is None:
        key = load_pem_private_key(BUYER_KEY.to_pem(), password=None)
        signature = key.sign(signed.encode())  # type: ignore[union-attr, call-arg]
    return f"{signed}.{base64url(signature)}"


@given(st.binary(max_size=5000))
def test_what_is_signed_is_read_back(payload: bytes) -> None:
    assert verify(sign(payload, BUYER_KEY), KEYS) == payload


def test_the_same_bytes_give_the_same_signature() -> None:
    assert sign(PAYLOAD, BUYER_KEY) == COMPACT


def test_an_unpinned_key_is_named() -> None:
    with pytest.raises(UnknownSigner) as caught:
        verify(sign(PAYLOAD, STRANGER_KEY), KEYS)
    assert caught.value.kid == STRANGER_KEY.public.kid


def test_the_header_may_be_written_in_another_order() -> None:
    assert verify(forged({"typ": HEADER["typ"], "kid": HEADER["kid"], "alg": "Ed25519"}), KEYS) == PAYLOAD


@pytest.mark.parametrize(
    "header",
    [
        HEADER | {"alg": "none"},
        HEADER | {"alg": "EdDSA"},
        HEADER | {"alg": "HS256"},
        HEADER | {"alg": ["Ed25519"]},
        HEADER | {"jku": "https://site.example/keys"},
        HEADER | {"x5u": "https://site.example/cert"},
        HEADER | {"jwk": STRANGER_KEY.public.jwk()},
        HEADER | {"crit": ["exp"]},
        HEADER | {"b64": False, "crit": ["b64"]},
        HEADER | {"cty": "json"},
        HEADER | {"typ": "JWT"},
        HEADER | {"typ": CARD_TYPE},
        HEADER | {"kid": "../../key"},
        HEADER | {"kid": HEADER["kid"][:-1]},
        HEADER | {"kid": HEADER["kid"] + "\n"},
        HEADER | {"kid": 7},
        {"alg": "Ed25519", "typ": HEADER["typ"]},
        json.dumps(HEADER)[:-1] + ',"alg":"Ed25519"}',
        json.dumps(HEADER) + " " * 600,
        "[]",
        "",
    ],
)
def test_any_other_header_is_refused(header: dict[str, Any] | str) -> None:
    """reliability.md H1: even with a true signature over it."""
    with pytest.raises(BadSignature):
        verify(forged(header), KEYS)


def test_no_signature_and_a_public_key_as_a_secret_are_refused() -> None:
    """reliability.md H1."""
    signed = COMPACT.rpartition(".")[0]
    mac = hmac.digest(BUYER_KEY.public.raw, signed.encode(), "sha256")
    for text in (f"{signed}.", f"{signed}.{base64url(mac)}", forged(HEADER | {"alg": "HS256"}, mac)):
        with pytest.raises(BadSignature):
            verify(text, KEYS)


def test_no_character_can_be_changed() -> None:
    """Nor can a signature be spelt in two ways, for the digest of the text names the transfer."""
    for position in range(len(COMPACT)):
        for character in ("A", "B", "_", ".", "=", "\n"):
            if COMPACT[position] != character:
                changed = COMPACT[:position] + character + COMPACT[position + 1 :]
                with pytest.raises(BadSignature):
                    verify(changed, KEYS)


@pytest.mark.parametrize("text", ["", ".", "..", "a.b", "a.b.c.d", COMPACT + "=", COMPACT + "A", "é.é.é"])
def test_what_is_no_jws_is_refused(text: str) -> None:
    with pytest.raises(BadSignature):
        verify(text, KEYS)


def test_a_signature_of_another_key_under_our_key_id_is_refused() -> None:
    foreign = sign(PAYLOAD, STRANGER_KEY).rpartition(".")[2]
    with pytest.raises(BadSignature):
        verify(f"{COMPACT.rpartition('.')[0]}.{foreign}", KEYS)


def test_the_key_id_is_the_rfc_7638_thumbprint() -> None:
    """Another implementation agrees, and so does the example of RFC 8037 appendix A.3."""
    public = BUYER_KEY.public
    assert OKPKey.import_key(dict(public.jwk())).thumbprint() == public.kid == signer(COMPACT)
    example = {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}
    assert PublicKey.from_jwk(example).kid == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_the_french_words_say_the_same_bits() -> None:
    """BIP-39's own French list, composed; either list is known again however it is typed, no mixture is."""
    raw = resources.files("mnemonic").joinpath("wordlist", "french.txt").read_bytes()
    assert hashlib.sha256(raw).hexdigest() == "ebc3959ab7801a1df6bac4fa7d970652f1df76b683cd2f4003c941c63d517e59"
    lists = {name: Mnemonic(name).wordlist for name in ("english", "french")}
    key = BUYER_KEY.public
    english, french = key.words(), key.words("fr")
    assert [lists["english"].index(word) for word in english] == [
        lists["french"].index(normalize("NFKD", word)) for word in french
    ]
    assert all(word == normalize("NFC", word) for word in french)
    plain = "".join(each for each in normalize("NFD", " ".join(french)) if not combining(each))
    for said in (" ".join(english), "  ".join(french).upper(), plain, normalize("NFD", ", ".join(french))):
        assert is_said(key, said)
        assert not is_said(STRANGER_KEY.public, said)
    assert not is_said(key, " ".join([*english[:6], *french[6:]]))
    assert not is_said(key, " ".join(french[:11]))
    assert len({"".join(c for c in normalize("NFD", word) if not combining(c)) for word in lists["french"]}) == 2048


def test_twelve_words_hold_132_bits() -> None:
    words = BUYER_KEY.public.words()
    assert " ".join(words) == WORDS
    assert len(words) == 12
    assert STRANGER_KEY.public.words() != words


def test_keys_survive_their_files() -> None:
    key = SigningKey.generate()
    assert SigningKey.from_pem(key.to_pem()).public == key.public
    assert PublicKey.from_jwk(key.public.jwk()) == key.public == PublicKey(key.public.raw)


def test_other_keys_are_refused() -> None:
    curve = generate_private_key(SECP256R1()).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    ours = load_pem_private_key(BUYER_KEY.to_pem(), password=None)
    locked = ours.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    for pem in (curve, locked, b"", b"no key"):
        with pytest.raises(ValueError):  # noqa: PT011 - the words are cryptography's
            SigningKey.from_pem(pem)
    with pytest.raises(ValueError, match="32 bytes"):
        PublicKey(b"short")


@pytest.mark.parametrize(
    "change", [{"d": "secret"}, {"crv": "X25519"}, {"kty": "EC"}, {"x": "AA"}, {"x": 7}, {"x": "é" * 43}]
)
def test_other_jwks_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="JWK"):
        PublicKey.from_jwk(BUYER_KEY.public.jwk() | change)


PRIME = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493  # of the points that keys are (RFC 8032 §5.1)
D = -121665 * pow(121666, -1, PRIME) % PRIME
Point = tuple[int, int]


def added(one: Point, other: Point) -> Point:
    """The sum of two points (RFC 8032 §5.1.4, in affine coordinates)."""
    (x, y), (u, v) = one, other
    product = D * x * u * y * v % PRIME
    return (
        (x * v + u * y) * pow(1 + product, -1, PRIME) % PRIME,
        (y * v + x * u) * pow(1 - product, -1, PRIME) % PRIME,
    )


def times(count: int, point: Point) -> Point:
    total = (0, 1)
    for bit in f"{count:b}":
        total = added(total, total)
        if bit == "1":
            total = added(total, point)
    return total


def point_at(y: int) -> Point | None:
    square = (y * y - 1) * pow(D * y * y + 1, -1, PRIME) % PRIME
    root = pow(square, (PRIME + 3) // 8, PRIME)
    for x in (root, root * pow(2, (PRIME - 1) // 4, PRIME) % PRIME):
        if x * x % PRIME == square:
            return x, y
    return None


def points_of_small_order() -> set[Point]:
    """The 8 of them: what is left of points when the part of the large order is taken away."""
    for y in range(2, 100):
        point = point_at(y)
        left = times(ORDER, point) if point is not None else (0, 1)
        if len(found := {times(count, left) for count in range(8)}) == 8:
            return found
    raise AssertionError


def test_a_key_that_anybody_can_sign_for_is_none() -> None:
    """However its x is written: there are 8 such points, of which two have an x that is 0."""
    points = points_of_small_order()
    assert len(points) == 8
    for _, y in points:
        for highest in (0, 1 << 255):
            with pytest.raises(ValueError, match="anybody could sign"):
                PublicKey((y | highest).to_bytes(32, "little"))


@pytest.mark.parametrize("y", [PRIME, PRIME + 1, PRIME + 3, 2**255 - 1])
def test_a_key_is_written_in_one_way(y: int) -> None:
    for highest in (0, 1 << 255):
        raw = (y | highest).to_bytes(32, "little")
        with pytest.raises(ValueError, match="canonical"):
            PublicKey(raw)
        with pytest.raises(ValueError, match="canonical"):
            PublicKey.from_jwk({"kty": "OKP", "crv": "Ed25519", "x": base64url(raw)})


def test_a_payload_beyond_two_megabytes_is_not_signed() -> None:
    assert verify(sign(b"x" * 1_500_000, BUYER_KEY), KEYS) == b"x" * 1_500_000
    with pytest.raises(ValueError, match="too long"):
        sign(b"x" * 2_000_000, BUYER_KEY)


def test_a_private_key_does_not_show_itself() -> None:
    assert repr(BUYER_KEY) == f"SigningKey({BUYER_KEY.public.kid})"


def test_the_transfer_digest_ignores_white_space() -> None:
    folded = "\r\n ".join(COMPACT[i : i + 60] for i in range(0, len(COMPACT), 60)) + "\n"
    assert transfer_digest(folded) == transfer_digest(COMPACT)
    assert transfer_digest(COMPACT) == hashlib.sha256(COMPACT.encode()).hexdigest()
