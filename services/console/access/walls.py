"""The walls against what other people's pages make a browser send, and against names that are not ours. Pure."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

LOOPBACK_NAMES: Final = frozenset({"127.0.0.1", "localhost", "[::1]"})
SAME: Final = frozenset({"same-origin", "none"})
TOKEN: Final = "jeton"  # noqa: S105 - the name of a field
"""The field of every form that changes something."""


def is_our_host(host: str, public_host: str | None) -> bool:
    """Whether a request was meant for us: another name may be a page that had its own name point here."""
    lowered = host.lower()
    return lowered == public_host or _name(lowered) in LOOPBACK_NAMES


def is_ours(headers: Mapping[str, str], own_origins: frozenset[str]) -> bool:
    """Whether a form was sent from a page of ours: the browser says so, an older one by the page's origin."""
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site in SAME
    return headers.get("origin", "").lower() in own_origins


def masked(token: str) -> str:
    """A token as a page carries it: other characters each time, so that packing pages tells nothing about it."""
    plain = token.encode()
    mask = secrets.token_bytes(len(plain))
    return base64.urlsafe_b64encode(mask + _xor(plain, mask)).decode()


def is_token(sent: str, token: str) -> bool:
    """Whether what a form sent is this token, masked."""
    try:
        mixed = base64.urlsafe_b64decode(sent)
    except ValueError:
        return False
    half = len(mixed) // 2
    return hmac.compare_digest(_xor(mixed[half:], mixed[:half]), token.encode())


def own_path(path: str) -> str:
    """A path of ours to go on to; the start for anything else: another site, or what a browser would read as one."""
    parts = urlsplit(path)
    is_plain = path.isprintable() and path.isascii() and "\\" not in path and "%09" not in path.lower()
    if is_plain and path.startswith("/") and not path.startswith("//") and not parts.scheme and not parts.netloc:
        return path
    return "/"


def _name(host: str) -> str:
    name, _, port = host.rpartition(":")
    return name if name and port.isdigit() else host


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=False))
