"""Files that people hand in and get: read within a limit, written whole or not at all."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from intergestan_site.problem import Problem
from intergestan_site.zip_safety import MAX_FILE


def read_file(file: Path) -> bytes:
    """The bytes of a file.

    :raises Problem: when it is too large to be what is meant.
    """
    with file.open("rb") as opened:
        data = opened.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise Problem("{file} has more than {limit} megabytes: split it.", file=file, limit=MAX_FILE // 1024**2)
    return data


def write_whole(file: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees a part of it; what had its name is replaced."""
    growing = file.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        with growing.open("xb") as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        growing.replace(file)
    except BaseException:
        growing.unlink(missing_ok=True)
        raise
    sync_folder(file.parent)


def sync_folder(folder: Path) -> None:
    """What was renamed in a folder stays so after a power cut."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
