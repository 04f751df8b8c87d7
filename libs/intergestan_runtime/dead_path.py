"""How soon the kernel gives up a TCP connection over a network that has fallen silent.

Without this a connection on which we only listen lives for ever, and one on which we say something for a quarter of an
hour (net.ipv4.tcp_retries2); and once the network is back, what waits is sent again after up to two minutes.
"""

from __future__ import annotations

import socket

_OPTIONS = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 2), ("TCP_USER_TIMEOUT", 20_000))


def end_dead_path(sock: socket.socket) -> None:
    """Have a TCP connection end within 20 s where nothing is heard from the other machine's kernel any more."""
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in _OPTIONS:
        if (option := getattr(socket, name, None)) is not None:  # not every system has all of them
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
