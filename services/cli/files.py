"""Files that people hand in and get: read within a limit, written whole or not at all."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from intergestan_db.file_tables.zip_safety import MAX_FILE
from intergestan_db.problem import Problem, ProblemCode
from intergestan_runtime.durable import sync_folder
from intergestan_runtime.private import mode_in


def read_file(file: Path) -> bytes:
    """The bytes of a file.

    :raises Problem: when it is too large to be what is meant.
    """
    with file.open("rb") as opened:
        return whole(opened, file)


def read_input() -> bytes:
    """The same of standard input."""
    return whole(sys.stdin.buffer, "-")


def whole(opened: IO[bytes], name: object) -> bytes:
    """The same of an opened one."""
    data = opened.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise Problem(
            "{file} has more than {limit} megabytes: split it.",
            ProblemCode.TOO_LARGE,
            file=name,
            limit=MAX_FILE // 1024**2,
        )
    return data


def write_whole(file: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees a part of it; what had its name is replaced (`write_parts`)."""
    write_parts(file, (data,))


def write_parts(file: Path, parts: Iterable[bytes]) -> None:
    """Write a file of many parts so that nobody ever sees some of them; what had its name is replaced.

    It is for its owner only (0600); in a folder with the set-group-ID bit for that group to read as well (0640).
    """
    growing = file.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        descriptor = os.open(growing, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "wb") as opened:
            os.fchmod(descriptor, mode_in(file.parent))
            opened.writelines(parts)
            opened.flush()
            os.fsync(opened.fileno())
        growing.replace(file)
    except BaseException as error:
        growing.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(file)  # nobody knows the other name
        raise
    sync_folder(file.parent)
