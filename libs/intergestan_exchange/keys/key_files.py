"""Where the site's private keys are: in its key file, and in files beside it."""

from __future__ import annotations

from pathlib import Path


def file_of(key_file: Path, kid: str) -> Path:
    """Where the private key with this id is: in a file of its own, or in the first one."""
    own = own_file(key_file, kid)
    return own if own.exists() else key_file


def own_file(key_file: Path, kid: str) -> Path:
    """The file that a new key gets."""
    return key_file.with_name(f"{key_file.name}.{kid}")
