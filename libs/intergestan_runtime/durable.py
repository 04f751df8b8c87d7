"""What must still be there after a power cut."""

from __future__ import annotations

import errno
import os
from pathlib import Path


def sync_folder(folder: Path) -> None:
    """What was made, renamed or removed in a folder stays so. Raises OSError, after which nothing is certain."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_new(file: Path, content: bytes) -> None:
    """A new file that only its owner can read: whole or not at all, whenever we are killed.

    Raises FileExistsError, and OSError.
    """
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o600), "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        _give_name(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    sync_folder(file.parent)


def _give_name(draft: Path, file: Path) -> None:
    """Unless another file has it."""
    try:
        file.hardlink_to(draft)
    except OSError as error:
        if error.errno not in {errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS}:  # a disk without hard links
            raise
        if file.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(file)) from error
        draft.rename(file)
