"""Files that never change under their name: style sheet, scripts, icons. They are read once, and kept packed, too."""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent / "static"
NAMES: Final = ("app.css", "app.js", "live.js", "icons.svg", "vendor/htmx.min.js")
_TYPES: Final = {".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class File:
    """A file as it is sent."""

    content_type: str
    plain: bytes
    packed: bytes


@dataclass(frozen=True, slots=True)
class Fixed:
    """All of them by the path under which they are asked for.

    :ivar urls: that path by the file's name.
    """

    files: Mapping[str, File]
    urls: Mapping[str, str]

    @classmethod
    def read(cls) -> Fixed:
        """Those of this release."""
        files, urls = {}, {}
        for name in NAMES:
            content = (FOLDER / name).read_bytes()
            stem, _, suffix = name.rpartition("/")[2].rpartition(".")
            path = f"/static/{stem}.{hashlib.sha256(content).hexdigest()[:12]}.{suffix}"
            files[path] = File(_TYPES[f".{suffix}"], content, gzip.compress(content, 9, mtime=0))
            urls[name] = path
        return cls(files, urls)
