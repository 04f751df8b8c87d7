"""The form of every signature of ours: its algorithm, and how long it may be (RFC 7515, RFC 9864)."""

from __future__ import annotations

from typing import Final

ALGORITHM: Final = "Ed25519"
MAX_COMPACT: Final = 2 * 1024 * 1024
"""Characters of a compact JWS: a manifest of 1 000 documents with long names stays below it."""
