"""What a zip file announces is checked before anything of it is unpacked: a small file may hold a huge one."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections import Counter
from lzma import LZMAError

from intergestan_db.problem import Fault, FileProblems

MAX_FILE = 64 * 1024 * 1024
"""Of any file that people hand in, in bytes."""
_MAX_ENTRIES = 1000
_MAX_UNPACKED = 256 * 1024 * 1024
_MAX_RATIO = 250
_SMALL = 1024 * 1024
"""Below this many bytes the ratio means nothing: a table of equal rows packs to almost none."""

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
"""How a zip begins, and how an empty one does."""


def open_zip(file: str, data: bytes) -> zipfile.ZipFile:
    """A zip whose parts can be read without harm.

    :raises FileProblems: for what is no zip, is encrypted, too large, packed too densely, or names a part outside
        of itself or twice.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
        raise FileProblems(file, [Fault(None, None, "This is no zip file, or a damaged one.")]) from error
    entries = archive.infolist()
    if len(entries) > _MAX_ENTRIES or sum(entry.file_size for entry in entries) > _MAX_UNPACKED:
        raise FileProblems(file, [Fault(None, None, "The file is too large when it is unpacked: split it.")])
    faults = [fault for entry in entries for fault in _faults(entry)]
    counted = Counter(entry.filename for entry in entries)
    faults += [
        Fault(None, None, "The part stands twice: remove one.", part=name)
        for name, count in sorted(counted.items())
        if count > 1
    ]
    if faults:
        raise FileProblems(file, faults)
    return archive


def read_part(file: str, archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of a part, never more than the zip announced.

    :raises FileProblems: when the part is damaged.
    """
    try:
        return archive.read(name)
    except (zipfile.BadZipFile, zlib.error, LZMAError, NotImplementedError, ValueError, EOFError, OSError) as error:
        fault = Fault(None, None, "The part is damaged: make the file again.", part=name)
        raise FileProblems(file, [fault]) from error


def _faults(entry: zipfile.ZipInfo) -> list[Fault]:
    name = entry.filename
    if name.startswith(("/", "\\")) or ".." in name.replace("\\", "/").split("/") or ":" in name:
        return [Fault(None, None, "The part has a name that leads out of the file.", part=name)]
    if entry.flag_bits & 1:
        return [Fault(None, None, "The part is encrypted: save it without a password.", part=name)]
    if entry.file_size > _SMALL and entry.file_size > _MAX_RATIO * entry.compress_size:
        return [Fault(None, None, "The part is packed too densely to be a table.", part=name)]
    return []
