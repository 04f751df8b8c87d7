"""How long a mail that was asked for may wait for whoever thinks better of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

LONGEST_UNDO: Final = timedelta(seconds=60)
