"""Hashes of passwords: argon2id with the parameters that OWASP names for it, cheap enough for two cores."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher


def hash_of(password: bytes) -> str:
    """What is kept of a password."""
    return _hasher().hash(password)


def is_password(kept: str | None, password: bytes) -> bool:
    """Whether this is the password of which that was kept; without one it takes as long to say no."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(kept or _nobodys(), password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether it was made with other parameters than those of today."""
    return _hasher().check_needs_rehash(kept)


@cache
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)


@cache
def _nobodys() -> str:
    return _hasher().hash(b"nobody")
