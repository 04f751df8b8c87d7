"""Named points at which a test lets a process die, as if by kill -9."""

from __future__ import annotations

import os
import signal

ENVIRONMENT = "INTERGESTAN_CRASH"


def crashpoint(name: str) -> None:
    """Die here, at once, where the environment says INTERGESTAN_CRASH=<name>; else do nothing."""
    if os.environ.get(ENVIRONMENT) == name:
        os.kill(os.getpid(), signal.SIGKILL)
