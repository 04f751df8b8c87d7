"""What wakes a thread that waits."""

from __future__ import annotations

import select
import socket

_MANY = 65536  # rings that one wait hears together


class Bell:
    """Wakes a thread that waits for a time, or for a socket as well."""

    def __init__(self) -> None:
        self._ear, self._rope = socket.socketpair()
        self._ear.setblocking(False)
        self._rope.setblocking(False)

    def ring(self) -> None:
        """End the wait under way, or else the next one."""
        try:
            self._rope.send(b"!")
        except OSError:
            return  # rung thousands of times already, or nobody waits any more

    def wait(self, seconds: float, other: socket.socket | None = None) -> bool:
        """Until the bell rings, `other` has something to read, or so many seconds have passed; whether it rang."""
        poll = select.poll()
        for watched in (self._ear, other):
            if watched is not None:
                poll.register(watched.fileno(), select.POLLIN)
        woken = poll.poll(max(0.0, seconds) * 1000)
        rang = any(fileno == self._ear.fileno() for fileno, _ in woken)
        if rang:
            self._ear.recv(_MANY)
        return rang

    def close(self) -> None:
        """Of no use after this."""
        self._rope.close()
        self._ear.close()
