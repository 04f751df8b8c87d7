"""What a library would import only to see whether it is there, and nobody here uses."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def unavailable(*names: str) -> Iterator[None]:
    """Let these modules be as if they were not installed, unless they are in use already."""
    hidden = [name for name in names if name not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None: `import` raises ImportError
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]
