"""The signatures themselves, by joserfc. Apart from `seal`, because joserfc costs a process a tenth of a second and
most that know keys neither sign nor verify.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import OKPKey

from intergestan_msg.diagnosis import Wrong
from intergestan_msg.errors import BadSignature
from intergestan_msg.signature_form import ALGORITHM, MAX_COMPACT

if TYPE_CHECKING:
    from collections.abc import Mapping


class _Registry(jws.JWSRegistry):
    max_payload_length = MAX_COMPACT  # joserfc's own limit stops at some 300 documents


_REGISTRY = _Registry(algorithms=[ALGORITHM])


def private_key(key: Ed25519PrivateKey) -> OKPKey:
    """A private key to `sign` with."""
    return OKPKey.import_key(key)


def sign(header: Mapping[str, str], payload: bytes, key: OKPKey) -> str:
    """A compact JWS."""
    return jws.serialize_compact(dict(header), payload, key, registry=_REGISTRY)


def verify(compact: str, raw: bytes) -> bytes:
    """The payload that this public key vouches for. Raises `BadSignature`."""
    try:
        return jws.deserialize_compact(compact, _public_key(raw), registry=_REGISTRY).payload
    except (JoseError, ValueError) as error:
        raise BadSignature(Wrong.SIGNATURE_FALSE) from error


@lru_cache(maxsize=1024)
def _public_key(raw: bytes) -> OKPKey:
    return OKPKey.import_key(Ed25519PublicKey.from_public_bytes(raw))
